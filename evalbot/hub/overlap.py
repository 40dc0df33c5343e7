"""Open pull requests that already propose some of what we are about to propose, compared by content."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalbot.card.document import decode_card, parse_card
from evalbot.card.model_index import Published, published, same_number
from evalbot.card.sameness import same_identity, same_score
from evalbot.errors import InvalidCard, MissingCard, NothingFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalbot.card.merge import Merge
    from evalbot.card.results import Metric, Result
    from evalbot.hub.client import Hub, PullRequest, RemoteCard

MAX_NAMES = 5
"""Metric names one line of an error lists; the JSON answer has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """One open pull request and the names of our metrics that it brings with the same or with another value."""

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


def overlaps(hub: Hub, card: RemoteCard, merge: Merge, open_prs: Sequence[PullRequest]) -> tuple[Overlap, ...]:
    """Read the card in each open pull request and keep those that bring a metric of ours, newest first.

    What a pull request brings is what its card publishes and main does not. It is known by its benchmark alone: under
    another model name, task, dataset or layout it is the same proposal in other words, and a person should decide.
    """
    here = Counter(published(parse_card(decode_card(card.data))))
    return tuple(_overlaps(hub, card, merge, open_prs, here))


def _overlaps(
    hub: Hub, card: RemoteCard, merge: Merge, open_prs: Sequence[PullRequest], here: Counter[Published]
) -> Iterator[Overlap]:
    for pull_request in open_prs:
        try:
            version = hub.card_version(card.repo_id, pull_request.ref)
            if version.blob_id == card.blob_id:
                continue  # it does not touch the card
            theirs = hub.read_card(card.repo_id, version)
            brought = Counter(published(parse_card(decode_card(theirs.data)))) - here
        except MissingCard:
            continue  # it removes the card: nothing of ours is in it
        except (InvalidCard, NothingFound):
            yield Overlap(pull_request=pull_request, unreadable=True)
            continue
        overlap = _overlap(pull_request, merge, brought)
        if overlap.same or overlap.other_value:
            yield overlap


def _overlap(pull_request: PullRequest, merge: Merge, brought: Counter[Published]) -> Overlap:
    same: list[str] = []
    other_value: list[str] = []
    for part in merge.parts:
        for metric in part.added:
            values = _values(part.result, metric, brought)
            if any(same_number(metric.value, value) for value in values):
                same.append(metric.name)
            elif values:
                other_value.append(metric.name)
    return Overlap(pull_request=pull_request, same=tuple(same), other_value=tuple(other_value))


def _values(result: Result, metric: Metric, brought: Counter[Published]) -> list[str]:
    """The values a pull request brings for a metric's benchmark."""
    return [
        other.value for other in brought if same_identity(result, metric, other) or same_score(result, metric, other)
    ]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MAX_NAMES])
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names) - MAX_NAMES} more"
