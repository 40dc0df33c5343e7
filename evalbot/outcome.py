"""What became of a proposal: what flows return, reports tell and `--json` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from evalbot.card_source import ReadCard
    from evalbot.changes import Planned
    from evalbot.hub.overlap import Overlap
    from evalbot.hub.records import PullRequest
    from evalbot.proposal import Proposal

Publish = Literal["preview", "apply", "create-pr"]
Status = Literal[
    "preview", "up-to-date", "written", "pushed", "proposed", "updated", "already-proposed", "declined", "skipped"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a proposal. `would` is what a dry run would have done."""

    status: Status
    card: ReadCard
    proposal: Proposal
    pull_request: PullRequest | None = None
    """Ours, where there is one."""
    step: Planned | None = None
    """What the scores changed in the pull request of ours that was open already."""
    closed: PullRequest | None = None
    """One of ours that proposed nothing any more, and was therefore closed."""
    also_ours: tuple[PullRequest, ...] = ()
    """Further open ones of ours: one is enough, so a person should close these."""
    commit_url: str | None = None
    overlaps: tuple[Overlap, ...] = ()
    declined: tuple[Overlap, ...] = ()
    """Pull requests of ours that were closed unmerged, with the scores that are therefore not proposed again."""
    would: Status | None = None
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was written anywhere."""
        return self.status in ("written", "pushed", "proposed", "updated")
