"""What a job printed, line by line with its time, in memory and in a file that outlives the sandbox."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.sandbox.records import as_date

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_LINE = 64 * 1024
"""Bytes; a longer line comes as several."""

_MOST_LINES = 200_000
_MOST_CHARACTERS = 32 * 1024 * 1024
_FULL = "[the sandbox keeps no more of this log]"


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    at: str

    def as_json(self) -> str:
        """In ASCII: clients split what they read at every line end that Unicode knows."""
        return json.dumps({"data": self.text, "timestamp": self.at}, separators=(",", ":"))


class JobLog:
    """Append and read from any thread. What is beyond the limits is dropped, and the last line says so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._lines = _stored(path)
        self._room = _MOST_CHARACTERS - sum(len(line.text) for line in self._lines)

    def add(self, text: str) -> None:
        with self._lock:
            if self._room < 0:
                return
            self._room = self._room - len(text) if len(self._lines) < _MOST_LINES else -1
            line = Line(text if self._room >= 0 else _FULL, as_date(time.time()))
            self._lines.append(line)
            with self._path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(line.as_json() + "\n")

    def since(self, index: int) -> list[Line]:
        with self._lock:
            return self._lines[index:]


def _stored(path: Path) -> list[Line]:
    if not path.exists():
        return []
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.endswith("}")]
    return [Line(record["data"], record["timestamp"]) for record in records]
