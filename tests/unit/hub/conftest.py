"""A clock that moves only when somebody sleeps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from evalbot.hub.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Clock:
    """Stands in for time.monotonic and time.sleep; `slept` holds every wait in seconds."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def budget(self, seconds: float, notify: Callable[[str], None] = lambda _: None) -> Budget:
        """One that begins now, by this clock."""
        return Budget(seconds, notify, self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "sleep", made.sleep)
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    return made
