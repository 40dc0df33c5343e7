"""Where refs pointed before they moved, so that a lagging read can be answered with what was true then."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class RefJournal:
    """Moves that came over the wire while this process ran; what git pushed past it, or before it, is not known."""

    _moves: list[tuple[float, str, str | None]] = field(default_factory=list)

    def note(self, ref: str, before: str | None) -> None:
        """To be called right after a ref moved: where it had pointed, None where it is new."""
        self._moves.append((time.time(), ref, before))

    def since(self, moment: float) -> dict[str, str | None]:
        """For every ref that moved after the moment (seconds since 1970): where it pointed at that moment."""
        past: dict[str, str | None] = {}
        for at, ref, before in list(self._moves):
            if at > moment:
                past.setdefault(ref, before)
        return past
