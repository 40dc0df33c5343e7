"""A job's command as a process group of this machine: started, read, and ended with all its offspring."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.sandbox.jobs.log import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_EVERY = 0.02  # seconds
_LAST_WORDS = 2.0  # seconds for the rest of the output once all processes are gone
_SIGNALLED = 128
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` as a container has it: 128 + N for signal N. `early` says who ended it: nobody, the clock, a caller."""

    code: int
    early: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`job_id` is in `environment` as JOB_ID, by which stray processes are found."""

    words: list[str]
    environment: dict[str, str] = field(repr=False)
    folder: Path
    job_id: str
    timeout: float
    grace: float
    """Seconds between the request to end (SIGTERM) and the end (SIGKILL)."""


def run(command: Command, emit: Callable[[str], None], stopping: threading.Event) -> Ended:
    """Run it to its end, to its timeout or until `stopping` is set; every line goes to `emit`.

    Raises OSError where the program cannot be started. Once this returns, none of its processes is left.
    """
    process = subprocess.Popen(  # noqa: S603 - to run what a job says is what this is for
        command.words,
        env=command.environment,
        cwd=command.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    reader = threading.Thread(target=_read, args=(process, emit), daemon=True, name=f"job-{command.job_id}")
    reader.start()
    early = _wait(process, command.timeout, stopping)
    if early is not None:
        _signal(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(command.grace)
    _signal(process.pid, signal.SIGKILL)
    kill_strays(command.job_id)
    code = process.wait()
    reader.join(_LAST_WORDS)
    return Ended(_SIGNALLED - code if code < 0 else code, early)


def _wait(process: subprocess.Popen[bytes], timeout: float, stopping: threading.Event) -> str | None:
    deadline = time.monotonic() + timeout
    while process.poll() is None:
        if time.monotonic() > deadline:
            return "timeout"
        if stopping.wait(_LOOK_EVERY):
            return "stopped"
    return None


def _read(process: subprocess.Popen[bytes], emit: Callable[[str], None]) -> None:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with process.stdout as output:
        for line in iter(lambda: output.readline(LONGEST_LINE), b""):
            emit(line.decode("utf-8", "replace").removesuffix("\n"))


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nobody is left; PermissionError is how macOS says so
        os.killpg(group, number)


def kill_strays(job_id: str) -> None:
    """End the processes that left the job's group, as the end of a container does. Linux only: elsewhere none."""
    for _ in range(_ROUNDS):  # one that was just being made may be missed by the first
        found = pids(job_id)
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return
        time.sleep(_LOOK_EVERY)


def pids(job_id: str) -> list[int]:
    """The processes that carry this job's id in their environment, this one excepted."""
    wanted = f"JOB_ID={job_id}".encode()
    return [pid for pid in _all_pids() if pid != os.getpid() and wanted in _environment(pid)]


def _all_pids() -> list[int]:
    with suppress(FileNotFoundError):
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 - names are enough
    return []


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone meanwhile, or somebody else's
        return []


def memory(job_id: str) -> int:
    """Bytes that its processes hold in memory; 0 where that cannot be told."""
    pages = 0
    for pid in pids(job_id):
        with suppress(OSError, IndexError, ValueError):
            pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
