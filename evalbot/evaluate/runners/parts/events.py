"""How the parts of a run tell each other: lines of JSON in files, which need no port and survive whoever wrote them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .record import Problem, Task


class EventWriter:
    """Appends events to a file. OSError where the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, event: str, **members: Any) -> None:
        """One event is one write, so that lines of two threads do not mix."""
        line = json.dumps({"event": event, **members}, allow_nan=False) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def packages(self, packages: dict[str, str]) -> None:
        self.send("packages", packages=packages)

    def plan(self, spec: str, names: list[str]) -> None:
        """`spec`, as it was asked for, stands for the tasks `names`."""
        self.send("plan", spec=spec, names=names)

    def task(self, task: Task) -> None:
        self.send("task", task=task)

    def progress(self, task: str, samples_done: int | None = None, samples: int | None = None) -> None:
        self.send("progress", task=task, samples_done=samples_done, samples=samples)

    def failure(self, problem: Problem) -> None:
        """The engine as a whole could not go on."""
        self.send("failure", problem=problem)


class EventReader:
    """Reads what was appended since the last time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[dict[str, Any]]:
        """The events that are complete; a line that is half written waits for its end."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [event for event in map(_event, whole.splitlines()) if event is not None]


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:  # written by a process that was killed, or to a full disk
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
