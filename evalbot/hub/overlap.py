"""Open pull requests that already propose some of what we are about to propose, compared by content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalbot.card.document import decode_card, parse_card
from evalbot.card.merge import plan_merge
from evalbot.errors import InvalidCard, NothingFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalbot.card.merge import Merge
    from evalbot.hub.client import Hub, PullRequest, RemoteCard

MAX_NAMES = 5
"""Metric names one line of an error lists; the JSON answer has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """One open pull request and the names of our metrics that it holds with the same or with another value."""

    pull_request: PullRequest
    same: tuple[str, ...] = ()
    other_value: tuple[str, ...] = ()
    unreadable: bool = False
    """Its card cannot be compared: treated as an overlap, for what it proposes is unknown."""

    def covers(self, merge: Merge) -> bool:
        """Whether it proposes every one of our metrics with our value."""
        return len(self.same) == len(merge.added)

    def describe(self) -> str:
        """What it proposes, for people."""
        if self.unreadable:
            return "its card cannot be read, so what it proposes is unknown"
        parts = [("the same value", self.same), ("another value", self.other_value)]
        return "; ".join(f"proposes {what} for {_some(names)}" for what, names in parts if names)

    def as_json(self) -> dict[str, Any]:
        return {**self.pull_request.as_json(), "same": list(self.same), "other_value": list(self.other_value)}


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MAX_NAMES])
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names) - MAX_NAMES} more"


def overlaps(hub: Hub, card: RemoteCard, merge: Merge, open_prs: Sequence[PullRequest]) -> tuple[Overlap, ...]:
    """Read the card in each open pull request and keep those that share a metric with us, newest first."""
    return tuple(_overlaps(hub, card, merge, open_prs))


def _overlaps(hub: Hub, card: RemoteCard, merge: Merge, open_prs: Sequence[PullRequest]) -> Iterator[Overlap]:
    for pull_request in open_prs:
        try:
            version = hub.card_version(card.repo_id, pull_request.ref)
            if version.blob_id == card.blob_id:
                continue  # it does not touch the card
            theirs = hub.read_card(card.repo_id, version)
            document = parse_card(decode_card(theirs.data))
            held = plan_merge(document, merge.model, merge.result)
        except NothingFound:
            continue  # it removes the card, or its branch is gone: nothing of ours is in it
        except InvalidCard:
            yield Overlap(pull_request=pull_request, unreadable=True)
            continue
        ours = {metric.name for metric in merge.added}
        same = tuple(metric.name for metric in held.unchanged if metric.name in ours)
        other = tuple(conflict.metric.name for conflict in held.conflicts if conflict.metric.name in ours)
        if same or other:
            yield Overlap(pull_request=pull_request, same=same, other_value=other)
