"""The seconds one command may spend on a Hub, waits included, and the word to the reader while it waits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalbot.errors import ServiceFailure

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_WAIT = 20.0
"""Seconds we are willing to wait because a server asks for it; longer waits are the user's decision."""
_WORTH_A_WORD = 1.0
"""Seconds of waiting from which a reader wants to know why nothing moves."""


class WaitRefused(ServiceFailure):
    """The Hub refused a request for now, and asks for a longer wait than a command should take."""


@dataclass(slots=True)
class Budget:
    """Counts down from its making. `notify` is told of every wait that a person would notice."""

    seconds: float
    notify: Callable[[str], None] = lambda _: None
    _started: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """The seconds that are left. Raises ServiceFailure where there are none."""
        left = self._started + self.seconds - time.monotonic()
        if left <= 0:
            raise self.used_up()
        return left

    def allow(self, seconds: float) -> None:
        """From now on, requests may take this long together: what came between two of them was not the Hub's time."""
        self._started = time.monotonic()
        self.seconds = seconds

    def used_up(self) -> ServiceFailure:
        return ServiceFailure(
            f"The Hub took more than the {self.seconds:g} seconds this command may take.",
            hint="Run again later, or give it more time with --timeout SECONDS.",
        )

    def refuse_to_wait(self, seconds: float) -> None:
        """Raise WaitRefused for a wait too long to be ours to decide, ServiceFailure where no time is left for it."""
        if seconds > LONGEST_WAIT:
            raise WaitRefused(
                f"The Hub asks to wait {seconds:,.0f} seconds before the next request.", hint="Run again after that."
            )
        if seconds > self.left():
            raise self.used_up()

    def announce(self, seconds: float, why: str) -> None:
        """Say that we are about to wait. Raises ServiceFailure as `refuse_to_wait` does."""
        self.refuse_to_wait(seconds)
        if seconds >= _WORTH_A_WORD:
            self.notify(f"Waiting {seconds:.0f} s: {why}.")

    def wait(self, seconds: float, why: str) -> None:
        """Wait, and say so. Raises ServiceFailure as `announce` does."""
        self.announce(seconds, why)
        time.sleep(seconds)
