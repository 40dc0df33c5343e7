"""Pull requests that propose some of what we are about to propose, compared by content, score by score."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from evalbot.card.document import decode_card, parse_card
from evalbot.card.eval_results.entries import read_entries
from evalbot.card.eval_results.variant import Variant, noted_variant, variant_of
from evalbot.card.model_index import Published, published, same_value
from evalbot.card.placement import place
from evalbot.card.sameness import same_identity, same_score
from evalbot.errors import AnswerTooLong, InvalidCard, MissingCard, NothingFound
from evalbot.hub.contents import read_results, result_files
from evalbot.model_names import same_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evalbot.card.eval_results.entries import Entry
    from evalbot.hub.client import Hub
    from evalbot.hub.records import PullRequest, RemoteFile
    from evalbot.proposal import Proposal
    from evalbot.score import Score

MAX_HISTORY = 1000
"""Commits of main, and of a pull request, among which its base is looked for."""
MAX_NAMES = 5
"""Labels one line of an error lists; the JSON answer has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """One pull request and our scores that it brings with the same or with another value."""

    pull_request: PullRequest
    same: tuple[Score, ...] = ()
    other_value: tuple[Score, ...] = ()
    deletes: tuple[Published, ...] = ()
    """What of our deletions it deletes as well."""
    unreadable: bool = False
    """What it changes cannot be read: treated as an overlap, for what it proposes is unknown."""

    def covers(self, proposal: Proposal) -> bool:
        """Whether it proposes every one of our scores with our value."""
        return set(self.same) >= set(proposal.written)

    def describe(self) -> str:
        """What it proposes, for people."""
        if self.unreadable:
            return "its card cannot be read, so what it proposes is unknown"
        parts = [("proposes the same value for", self.same), ("proposes another value for", self.other_value)]
        said = "; ".join(f"{what} {_some([score.label for score in scores])}" for what, scores in parts if scores)
        gone = f"deletes {_some([each.name or each.type or '' for each in self.deletes])}" if self.deletes else ""
        said = "; ".join(filter(None, (said, gone)))
        return said or self.pull_request.title

    def as_json(self) -> dict[str, Any]:
        same, other = ([score.label for score in scores] for scores in (self.same, self.other_value))
        return {**self.pull_request.as_json(), "same": same, "other_value": other, "unreadable": self.unreadable}


@dataclass(frozen=True, slots=True)
class _Brought:
    """What a pull request publishes and the commit it branched from does not, and what it deletes."""

    metrics: Counter[Published]
    gone: Counter[Published]
    entries: tuple[tuple[str, Entry], ...]
    """With the path of the file that each stands in."""


def overlaps(
    hub: Hub, card: RemoteFile, proposal: Proposal, pull_requests: Sequence[PullRequest]
) -> tuple[Overlap, ...]:
    """Read card and evaluation results in each pull request and keep those that bring a score of ours, in their order.

    A score is known by its benchmark alone: under another task, dataset, layout or format, or a name that is no other
    model's, it is the same proposal in other words, and a person should decide.
    """
    bases = _Bases(hub, card)
    return tuple(found for each in pull_requests if (found := _overlap(hub, card, proposal, each, bases)) is not None)


class _Bases:
    """Where pull requests branched from, as far as main's history tells; else they are held against main itself."""

    def __init__(self, hub: Hub, card: RemoteFile) -> None:
        self._hub = hub
        self._card = card
        self._history: frozenset[str] | None = None
        self._cards: dict[str, Counter[Published]] = {}
        self._results: dict[str, Mapping[str, str]] = {}

    def of(self, pull_request: PullRequest) -> str:
        if self._history is None:
            self._history = frozenset(islice(self._hub.history(self._card.repo_id, "main"), MAX_HISTORY))
        theirs = islice(self._hub.history(self._card.repo_id, pull_request.ref), MAX_HISTORY)
        return next((commit for commit in theirs if commit in self._history), self._card.commit)

    def metrics(self, commit: str) -> Counter[Published]:
        if commit not in self._cards:
            self._cards[commit] = Counter(metrics_of(self._read(commit)))
        return self._cards[commit]

    def results(self, commit: str) -> Mapping[str, str]:
        if commit not in self._results:
            self._results[commit] = result_files(self._hub, self._card.repo_id, commit)
        return self._results[commit]

    def _read(self, commit: str) -> bytes:
        if commit == self._card.commit:
            return self._card.data
        try:
            return self._hub.read_card(self._card.repo_id, commit).data
        except MissingCard:
            return b""


def _overlap(
    hub: Hub, card: RemoteFile, proposal: Proposal, pull_request: PullRequest, bases: _Bases
) -> Overlap | None:
    try:
        brought = _read(hub, card, pull_request, bases)
    except MissingCard:
        return None  # it removes the card: nothing of ours is in it
    except (InvalidCard, NothingFound, AnswerTooLong):
        return Overlap(pull_request=pull_request, unreadable=True)
    same, other_value = _compared(proposal, brought)
    deletes = tuple(gone for gone in (proposal.merge.pruned if proposal.merge else ()) if gone in brought.gone)
    if not (same or other_value or deletes):
        return None
    return Overlap(pull_request=pull_request, same=same, other_value=other_value, deletes=deletes)


def _read(hub: Hub, card: RemoteFile, pull_request: PullRequest, bases: _Bases) -> _Brought:
    theirs = hub.read_card(card.repo_id, pull_request.ref)
    if theirs.commit == card.commit:
        return _Brought(Counter(), Counter(), ())  # a draft that nothing was pushed to yet
    touched = set(result_files(hub, card.repo_id, pull_request.ref).items()) - set(bases.results(card.commit).items())
    if theirs.data == card.data and not touched:
        return _Brought(Counter(), Counter(), ())
    base = bases.of(pull_request)
    there, here = Counter(metrics_of(theirs.data)), bases.metrics(base)
    results = read_results(hub, card.repo_id, pull_request.ref, but=bases.results(base)) if touched else {}
    return _Brought(
        there - here,
        here - there,
        tuple((path, entry) for path, data in results.items() for entry in _entries(path, data)),
    )


def metrics_of(data: bytes) -> tuple[Published, ...]:
    """What a card's model-index publishes. Raises InvalidCard where it cannot be read."""
    return published(parse_card(decode_card(data)))


def _entries(path: str, data: bytes) -> tuple[Entry, ...]:
    try:
        return read_entries(path, data)
    except InvalidCard:
        return ()  # the Hub does not show a file that it does not accept


def _compared(proposal: Proposal, brought: _Brought) -> tuple[tuple[Score, ...], tuple[Score, ...]]:
    """Our scores that are brought with our value, and those that are brought with another one only."""
    found = _agreements(proposal, brought)
    same = tuple(score for score, values in found.items() if any(values))
    return same, tuple(score for score, values in found.items() if values and not any(values))


def _agreements(proposal: Proposal, brought: _Brought) -> dict[Score, list[bool]]:
    """For each of our scores, whether each value that a pull request brings for its benchmark is ours."""
    found: dict[Score, list[bool]] = {score: [] for score in proposal.written}
    metrics = [other for other in brought.metrics if not _is_another_models(other, proposal)]
    for result, metric in [(each, metric) for each in proposal.results for metric in each.metrics]:
        if metric.score in found:
            found[metric.score] += [
                same_value(metric.value, other.value)
                for other in metrics
                if same_identity(result, metric, other) or same_score(result, metric, other)
            ]
    tasks = {} if proposal.entries is None else {entry.score: entry.task_id for entry in proposal.entries.written}
    for score, agreements in found.items():
        agreements += [
            same_value(score.value, each.value) for path, each in brought.entries if _is_of(score, path, each, tasks)
        ]
    return found


def _is_another_models(other: Published, proposal: Proposal) -> bool:
    """Whether an entry is named like another model of the table that our scores were read from."""
    if same_name(other.model, proposal.model):
        return False
    return any(same_name(other.model, label) for label in proposal.origin.other_models)


def _is_of(score: Score, path: str, entry: Entry, tasks: Mapping[Score, str]) -> bool:
    """Whether an entry is about a score's benchmark, as far as both say; `tasks` are the ids that ours go under."""
    bare, variant = variant_of(score)
    noted = noted_variant(entry.notes, path)
    return (
        (place(bare).dataset or "").casefold() == entry.dataset_id.casefold()
        and tasks.get(score, entry.task_id) == entry.task_id
        and (not isinstance(variant, Variant) or variant.may_be(noted))
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MAX_NAMES])
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names) - MAX_NAMES} more"
