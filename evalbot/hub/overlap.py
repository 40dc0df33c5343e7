"""Pull requests that propose some of what we are about to propose, compared by content, score by score."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalbot.card.document import CARD_PATH, decode_card, parse_card
from evalbot.card.eval_results import read_entries
from evalbot.card.eval_results_variant import Variant, noted_variant, variant_of
from evalbot.card.model_index import Published, published, same_number
from evalbot.card.placement import place
from evalbot.card.sameness import same_identity, same_score
from evalbot.errors import InvalidCard, MissingCard, NothingFound
from evalbot.hub.contents import read_results, result_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from evalbot.card.eval_results import Entry
    from evalbot.hub.client import Hub
    from evalbot.hub.records import PullRequest, RemoteFile
    from evalbot.proposal import Proposal
    from evalbot.score import Score

MAX_NAMES = 5
"""Labels one line of an error lists; the JSON answer has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """One pull request and our scores that it brings with the same or with another value."""

    pull_request: PullRequest
    same: tuple[Score, ...] = ()
    other_value: tuple[Score, ...] = ()
    unreadable: bool = False
    """What it changes cannot be read: treated as an overlap, for what it proposes is unknown."""

    def covers(self, proposal: Proposal) -> bool:
        """Whether it proposes every one of our scores with our value."""
        return set(self.same) >= set(proposal.written)

    def describe(self) -> str:
        """What it proposes, for people."""
        if self.unreadable:
            return "its card cannot be read, so what it proposes is unknown"
        parts = [("the same value", self.same), ("another value", self.other_value)]
        said = "; ".join(f"proposes {what} for {_some(scores)}" for what, scores in parts if scores)
        return said or self.pull_request.title

    def as_json(self) -> dict[str, Any]:
        same, other = ([score.label for score in scores] for scores in (self.same, self.other_value))
        return {**self.pull_request.as_json(), "same": same, "other_value": other, "unreadable": self.unreadable}


@dataclass(frozen=True, slots=True)
class _Brought:
    """What a pull request publishes and main does not."""

    metrics: Counter[Published]
    entries: tuple[tuple[str, Entry], ...]
    """With the path of the file that each stands in."""


def overlaps(
    hub: Hub, card: RemoteFile, proposal: Proposal, pull_requests: Sequence[PullRequest]
) -> tuple[Overlap, ...]:
    """Read card and evaluation results in each pull request and keep those that bring a score of ours, in their order.

    A score is known by its benchmark alone: under another model name, task, dataset, layout or format it is the same
    proposal in other words, and a person should decide.
    """
    if not pull_requests:
        return ()
    main = _Main(Counter(metrics_of(card.data)), result_files(hub, card.repo_id, card.commit))
    return tuple(_overlaps(hub, card, proposal, pull_requests, main))


@dataclass(frozen=True, slots=True)
class _Main:
    metrics: Counter[Published]
    result_files: Mapping[str, str]


def _overlaps(
    hub: Hub, card: RemoteFile, proposal: Proposal, pull_requests: Iterable[PullRequest], main: _Main
) -> Iterator[Overlap]:
    for pull_request in pull_requests:
        try:
            brought = _read(hub, card, pull_request, main)
        except MissingCard:
            continue  # it removes the card: nothing of ours is in it
        except (InvalidCard, NothingFound):
            yield Overlap(pull_request=pull_request, unreadable=True)
            continue
        overlap = _overlap(pull_request, proposal, brought)
        if overlap.same or overlap.other_value:
            yield overlap


def _read(hub: Hub, card: RemoteFile, pull_request: PullRequest, main: _Main) -> _Brought:
    theirs = hub.read_file(card.repo_id, CARD_PATH, pull_request.ref).data
    metrics = Counter() if theirs == card.data else Counter(metrics_of(theirs)) - main.metrics
    results = read_results(hub, card.repo_id, pull_request.ref, but=main.result_files)
    return _Brought(metrics, tuple((path, entry) for path, data in results.items() for entry in _entries(path, data)))


def metrics_of(data: bytes) -> tuple[Published, ...]:
    """What a card's model-index publishes. Raises InvalidCard where it cannot be read."""
    return published(parse_card(decode_card(data)))


def _entries(path: str, data: bytes) -> tuple[Entry, ...]:
    try:
        return read_entries(path, data)
    except InvalidCard:
        return ()  # the Hub does not show a file that it does not accept


def _overlap(pull_request: PullRequest, proposal: Proposal, brought: _Brought) -> Overlap:
    same: list[Score] = []
    other_value: list[Score] = []
    for score, values in _values(proposal, brought).items():
        if any(values):
            same.append(score)
        elif values:
            other_value.append(score)
    return Overlap(pull_request=pull_request, same=tuple(same), other_value=tuple(other_value))


def _values(proposal: Proposal, brought: _Brought) -> dict[Score, list[bool]]:
    """For each of our scores, whether each value that a pull request brings for its benchmark is ours."""
    found: dict[Score, list[bool]] = {score: [] for score in proposal.written}
    for result, metric in () if proposal.merge is None else proposal.merge.written:
        if metric.score is not None:
            found[metric.score] += [
                same_number(metric.value, other.value)
                for other in brought.metrics
                if same_identity(result, metric, other) or same_score(result, metric, other)
            ]
    for score, agreements in found.items():
        agreements += [_agrees(score, entry) for path, entry in brought.entries if _is_of(score, path, entry)]
    return found


def _is_of(score: Score, path: str, entry: Entry) -> bool:
    """Whether an entry is about a score's benchmark, as far as both say."""
    bare, variant = variant_of(score)
    noted = noted_variant(entry.notes, path)
    return place(bare).dataset == entry.dataset_id and (not isinstance(variant, Variant) or variant.may_be(noted))


def _agrees(score: Score, entry: Entry) -> bool:
    """Whether an entry's value is a score's: on its leaderboard it may stand as a fraction, or in percent."""
    return any(same_number(score.value.scaleb(digits), entry.value) for digits in (0, 2, -2))


def _some(scores: Sequence[Score]) -> str:
    shown = ", ".join(score.label for score in scores[:MAX_NAMES])
    return shown if len(scores) <= MAX_NAMES else f"{shown} and {len(scores) - MAX_NAMES} more"
