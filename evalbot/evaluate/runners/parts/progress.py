"""Lines for whoever watches a run: `evalbot-progress {json}` on stderr, and the results as log lines on stdout."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sys
import time
from typing import Any, Final, TextIO

PROGRESS_MARK: Final = "evalbot-progress"
RESULTS_MARK: Final = "evalbot-results"
PIECE_CHARACTERS: Final = 4000
"""Of a line of results: log collectors cut longer lines."""


class ProgressLines:
    """Writes a line when something changed, and no more than one in `interval` seconds where only counts did.

    What has not changed is said again after `pulse` seconds: readers may pass over lines that follow close on another.
    """

    def __init__(self, stream: TextIO | None = None, interval: float = 1.0, pulse: float = 5.0) -> None:
        self._stream = stream
        self._interval = interval
        self._pulse = pulse
        self._started = time.monotonic()
        self._last_time = float("-inf")
        self._last: dict[str, Any] = {}

    def say(self, phase: str, **members: Any) -> None:
        """`members`: task, engine, tasks_done, tasks, samples_done, samples; those that are None are left out."""
        now = time.monotonic()
        fresh = {"phase": phase, **{name: value for name, value in members.items() if value is not None}}
        steps = ("phase", "tasks_done", "tasks")
        step = any(fresh.get(name) != self._last.get(name) for name in steps)
        pause = self._pulse if fresh == self._last else self._interval
        if not step and now - self._last_time < pause:
            return
        self._last, self._last_time = fresh, now
        line = json.dumps({**fresh, "seconds": round(now - self._started, 1)})
        write_line(self._stream or sys.stderr, f"{PROGRESS_MARK} {line}")


def write_line(stream: TextIO, line: str) -> None:
    """Print a line at once. A reader that went away does not end the run."""
    try:
        stream.write(line + "\n")
        stream.flush()
    except (BrokenPipeError, ValueError):
        return


def result_lines(results: Any) -> list[str]:
    """The results as lines `evalbot-results I/N SHA256 PIECE`.

    The pieces joined are the base64 form of a gzip file of the JSON; SHA256 is that of the gzip file, in hexadecimal,
    and tells which pieces belong together. I counts from 1.
    """
    packed = gzip.compress(json.dumps(results, separators=(",", ":"), allow_nan=False).encode(), mtime=0)
    digest = hashlib.sha256(packed).hexdigest()
    text = base64.b64encode(packed).decode()
    pieces = [text[start : start + PIECE_CHARACTERS] for start in range(0, len(text), PIECE_CHARACTERS)]
    return [f"{RESULTS_MARK} {number}/{len(pieces)} {digest} {piece}" for number, piece in enumerate(pieces, 1)]
