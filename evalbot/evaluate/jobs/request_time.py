"""A command's time for requests, while it waits for something that takes hours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from evalbot.errors import ServiceFailure

if TYPE_CHECKING:
    from evalbot.hub.budget import Budget


class RequestTime:
    """The Hub's seconds of this command: the time we wait for a job is not time the Hub takes for its answers."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        try:
            self.left_at_first = budget.left()
        except ServiceFailure:
            self.left_at_first = 0.0
        self._ends = time.monotonic() + self.left_at_first

    def allow(self, seconds: float) -> None:
        """From now on, requests may take this long together."""
        now = time.monotonic()
        self._budget.seconds += now + seconds - self._ends
        self._ends = now + seconds
