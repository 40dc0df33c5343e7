"""The keeper and its runner as one child of evalbot: started, listened to, and stopped in bounded time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from evalbot.console import MASK
from evalbot.evaluate.local import keeper
from evalbot.evaluate.local.progress import Progress, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MAX_LOG = 64 * 2**20
"""Bytes of runner.log; the servers and engines have logs of their own."""
MAX_LINE = 64 * 2**10
TAIL_LINES = 200
_ASIDE = 0.5
"""Seconds that the keeper has beyond its own nine, before it is killed itself."""
_STOP_SECONDS = keeper.POLITE_SECONDS + keeper.TOLD_SECONDS + keeper.KILLED_SECONDS + _ASIDE
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if os.name == "posix" else (signal.SIGINT, signal.SIGTERM)


class Child:
    """A running command. What it says goes to the file `log`, but for news of its progress."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path, hidden: Sequence[str]
    ) -> None:
        self._log = log
        self._hidden = [secret.encode() for secret in hidden if secret]
        self._news: deque[Progress] = deque(maxlen=100)
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        # -I and -S: nothing of the user's Python settings has a say in it.
        python = [sys.executable, "-I", "-S", str(Path(keeper.__file__).resolve()), str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603 - a list, and no shell
            [*python, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=log.parent,
            start_new_session=True,  # what the terminal sends on Ctrl-C is for evalbot, which then stops this
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def has_ended(self, seconds: float) -> bool:
        """Wait so long for its end, and say whether it came."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode is not None

    @property
    def exit_code(self) -> int:
        """Only of a child that has ended."""
        return -1 if self._process.returncode is None else self._process.returncode

    def news(self) -> Iterator[Progress]:
        """What it told of its progress since the last time, the oldest first."""
        while self._news:
            yield self._news.popleft()

    def stop(self) -> None:
        """End it and all that came of it; returns within ten seconds."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            if not self.has_ended(_STOP_SECONDS):
                self._process.kill()
                self._process.wait()

    def close(self) -> str:
        """The end of what it said. Only for a child that has ended."""
        self._reader.join(2.0)  # not for ever: whoever got away from the keeper may hold the pipe
        return "\n".join(self._tail)

    def _listen(self) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        with stream, self._open_log() as log:
            written = 0
            while line := stream.readline(MAX_LINE):
                for secret in self._hidden:
                    line = line.replace(secret, MASK.encode())
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                progress = parse(text)
                if progress is not None:
                    self._news.append(progress)
                    continue
                self._tail.append(text)
                written += len(line)
                if written <= MAX_LOG:
                    with suppress(OSError):  # a full disk ends the run by itself; here somebody must go on listening
                        log.write(line)

    def _open_log(self) -> BinaryIO:
        try:
            return self._log.open("ab", buffering=0)
        except OSError:
            return Path(os.devnull).open("ab", buffering=0)


@contextmanager
def told_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether SIGINT, SIGTERM or SIGHUP came meanwhile; they end nothing by themselves then.

    Those that were ignored before, as by nohup, still are. In another thread than the main one, signals are the
    caller's to look at: then it is never so.
    """
    told = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield told.is_set
        return
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda _number, _frame: told.set()) for number in heard}
    try:
        yield told.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
