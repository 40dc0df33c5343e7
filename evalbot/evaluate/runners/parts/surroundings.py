"""What a run does to the process and the folder it is in: signals, the folder's lock, the children's environment."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from typing import TYPE_CHECKING, Any

from .failures import Failure

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path


def child_environment() -> dict[str, str]:
    """For children: ours, without what belongs to our own interpreter, and with nothing reported to anybody."""
    own = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT"}
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONUNBUFFERED": "1"}
    return {**{name: value for name, value in os.environ.items() if name not in own}, **quiet}


@contextlib.contextmanager
def signals_to(stopped: threading.Event) -> Iterator[None]:
    """Let a signal end the run in order, not in the middle of a line."""
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def results_folder(out: Path) -> Iterator[None]:
    """Make the folder for the results, and keep other runs out of it. Raises `Failure`."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / ".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise writing_failure(f"{out} cannot be written", error) from error
    with lock:
        _lock(lock, out)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                (out / ".lock").unlink()


def _lock(file: Any, out: Path) -> None:
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Failure("engine-error", f"Another run writes to {out}; choose another --output-dir.") from error
    except (ImportError, OSError):
        return  # a folder that knows no locks, as mounted ones may


def writing_failure(what: str, error: OSError) -> Failure:
    """The failure to write something: a full disk is told apart."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return Failure("disk-full" if full else "engine-error", f"{what}: {error}")
