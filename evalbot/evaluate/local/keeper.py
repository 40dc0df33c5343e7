"""Runs one command and answers for all that comes of it: when this ends, nothing of it is left.

Started by run.py as a process of its own, `python -I -S keeper.py PARENT COMMAND...`; the standard library alone. Why
another process: on Linux it takes in whatever processes lose their parent below it (a child subreaper), so that one
that left its group and its session is still known as ours; and the kernel tells it when evalbot is killed, so that no
server stays behind on the GPU. Neither could be done within evalbot, whose other children are none of our business.

It ends with the command's exit code, 128 + N where signal N ended it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

POLITE_SECONDS = 8.0
"""For the runner to stop its server and engines, which get 7.5 from it, and to write down what it has."""
TOLD_SECONDS = 0.5
KILLED_SECONDS = 0.5
"""All three together stay below the ten seconds that are promised."""
POLL_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_NOT_STARTED = 127
_IS_LINUX = sys.platform.startswith("linux")


class Keeper:
    """The command, all that comes of it, and whether somebody asked to stop."""

    def __init__(self, command: list[str]) -> None:
        self._asked_to_stop = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        # A group of its own: it gets signals that this process must outlive.
        self._runner = subprocess.Popen(  # noqa: S603 - no shell
            command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - there is no other thread here
        )
        self._code: int | None = None

    def keep(self) -> int:
        """Wait for the end, or bring it about when asked to."""
        while not self._asked_to_stop and not self._has_ended():
            time.sleep(POLL_SECONDS)
        if not self._has_ended():
            _signal_group(self._runner.pid, signal.SIGINT)
            until = time.monotonic() + POLITE_SECONDS
            while time.monotonic() < until and not self._has_ended():
                time.sleep(POLL_SECONDS)
        self._end_the_rest()
        self._runner.returncode = self._code  # Popen must not wait for what was waited for here
        if self._code is None:
            return _NOT_STARTED
        return self._code if self._code >= 0 else 128 - self._code

    def _stop(self, number: int, frame: object) -> None:
        del number, frame
        self._asked_to_stop = True

    def _has_ended(self) -> bool:
        """Whether the runner has. Takes note of all children that ended, adopted ones too, or they would stay."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._runner.pid:
                    self._code = os.waitstatus_to_exitcode(ended[1])
        except ChildProcessError:
            pass
        return self._code is not None

    def _end_the_rest(self) -> None:
        """Whatever still runs is told, then killed, as often as it takes."""
        for number, seconds in ((signal.SIGTERM, TOLD_SECONDS), (signal.SIGKILL, KILLED_SECONDS)):
            self._signal_all(number)
            until = time.monotonic() + seconds
            while self._is_anything_left() and time.monotonic() < until:
                if number == signal.SIGKILL:
                    self._signal_all(number)  # those that were just born too
                time.sleep(POLL_SECONDS)

    def _is_anything_left(self) -> bool:
        self._has_ended()
        return bool(_descendants()) if _IS_LINUX else _signal_group(self._runner.pid, 0)

    def _signal_all(self, number: int) -> None:
        if not _IS_LINUX:
            _signal_group(self._runner.pid, number)
        for pid in _descendants():
            _signal(pid, number)


def main(parent: int, command: list[str]) -> int:
    """Run the command to its end, or until a signal asks to stop."""
    _adopt(parent)
    try:
        keeper = Keeper(command)
    except OSError as error:
        sys.stderr.write(f"could not start {command[0]}: {error.strerror}\n")
        return _NOT_STARTED
    return keeper.keep()


def _adopt(parent: int) -> None:
    """Linux: become the parent of processes that lose theirs, and stop when our own parent is gone."""
    if _IS_LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _end_with_parent()
        if os.getppid() != parent:  # it ended before it could be asked for
            sys.exit(_NOT_STARTED)


def _end_with_parent() -> None:
    """Linux: be told to end when the parent is gone. So the runner, too, where somebody killed this very process."""
    if _IS_LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def _descendants() -> set[int]:
    """All processes below this one that run; none where there is no /proc."""
    parents: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
        except (OSError, ValueError):  # it ended while we looked
            continue
        if state not in "ZX":
            parents[int(process.name)] = int(parent)
    found = fresh = {os.getpid()}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
        found = found | fresh
    return found - {os.getpid()}


def _signal_group(group: int, number: int) -> bool:
    """False where nobody is left in it; macOS says PermissionError of a group that has ended."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
