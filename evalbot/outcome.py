"""What became of a proposal: what flows return, reports tell and `--json` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from evalbot.card_source import ReadCard
    from evalbot.hub.client import PullRequest
    from evalbot.hub.overlap import Overlap
    from evalbot.proposal import Proposal

Publish = Literal["preview", "apply", "create-pr"]
Status = Literal["preview", "up-to-date", "written", "pushed", "proposed", "already-proposed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a proposal. `would` is what a dry run would have done."""

    status: Status
    card: ReadCard
    proposal: Proposal
    pull_request: PullRequest | None = None
    commit_url: str | None = None
    overlaps: tuple[Overlap, ...] = ()
    would: Status | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was written anywhere."""
        return self.status in ("written", "pushed", "proposed")
