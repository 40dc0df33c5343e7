"""Child processes that end when they should: when asked, in bounded time, and when this process is killed.

Each child leads a process group of its own, which gets every signal. Its standard input is a pipe that nobody writes
to: when this process is gone, however it went, the pipe ends, and the child's lifeline ends its group.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from .failures import Failure
from .requirements import PYTHON, requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

PATIENCE: Final = ((signal.SIGINT, 4.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 1.5))
"""What a child gets when it is to end, and how many seconds it then has. Together below the ten that are promised."""
POLL_SECONDS: Final = 0.05
TAIL_BYTES: Final = 200_000


class Child:
    """A running command. Its output goes to the file `log`, which is made anew."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - a list, and no shell
                list(command),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the leader, and so the number of its group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative where a signal ended it."""
        return self._process.poll()

    def was_killed(self) -> bool:
        """Whether it, or what it ran, got the signal that systems send when memory runs out. Ours counts too."""
        return self.exit_code() in {-signal.SIGKILL, 128 + signal.SIGKILL}

    def signal(self, number: int) -> bool:
        """Send a signal to the whole group. False when nobody is left in it."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:  # macOS says so of a group whose processes have all ended
            return False
        return True

    def gone(self) -> bool:
        """Whether the leader and all it started in its group have ended."""
        return self.exit_code() is not None and not self.signal(0)

    def tail(self) -> str:
        """The end of its output."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def close(self) -> None:
        """Let go of its standard input; only for a child that has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()


def stop(children: Iterable[Child], patience: Sequence[tuple[int, float]] = PATIENCE) -> None:
    """End all of them at once: asked, then told, then killed. Returns when they are gone, or the time is up."""
    left = [child for child in children if not child.gone()]
    ended = list(children)
    for number, seconds in patience:
        for child in left:
            child.signal(number)
        until = time.monotonic() + seconds
        while left and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
            left = [child for child in left if not child.gone()]
        if not left:
            break
    for child in ended:
        child.close()


def lifeline() -> None:
    """In a child: end the whole group when standard input ends, because then nobody is left to stop it."""
    line = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # an engine that reads its input finds none, and does not take ours
    os.close(nothing)
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()


def _end_with(line: int) -> None:
    try:
        while os.read(line, 1024):
            pass
    except OSError:
        pass
    for number, seconds in PATIENCE[1:]:
        os.killpg(os.getpgid(0), number)
        time.sleep(seconds)


def uv_command(engine: str, backend: str, script: Path, arguments: Sequence[str]) -> list[str]:
    """How to run this script's part `engine` in the environment that it needs.

    In the environment of this very process, where that has the engine because it stands in the script's header. Raises
    `Failure` where there is no uv.
    """
    tail = [str(script), "--role", engine, *arguments]
    if _has(engine, backend):
        return [sys.executable, *tail]
    python = () if os.environ.get("UV_PYTHON") else ("--python", PYTHON)
    packages = [word for each in requirements(engine, backend) for word in ("--with", each)]
    return [find_uv(), "run", "--no-project", "--isolated", *python, *packages, "python", *tail]


def find_uv() -> str:
    """The uv that runs us, else the one on PATH."""
    found = os.environ.get("UV") or shutil.which("uv")
    if not found:
        raise Failure("engine-error", "uv was not found; it makes the environments the engines run in.")
    return found


def _has(engine: str, backend: str) -> bool:
    from importlib.util import find_spec

    modules = {"lighteval": ["lighteval"], "inspect": ["inspect_ai", "inspect_evals"], "server": ["vllm"]}[engine]
    if engine == "inspect" and backend == "transformers":
        modules = [*modules, "transformers"]
    return all(find_spec(module) is not None for module in modules)
