"""What a card would gain from results: added, already there, there in another layout, or in conflict with the card.

Identity of a metric: task type, dataset (type, config, split, revision, args), metric (name or type, args); the rules
stand in `sameness`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import yaml

from evalbot.card.document import CardDocument, get, items, parse_card
from evalbot.card.model_index import (
    Published,
    index_models,
    published,
    published_in,
    same_number,
    text_of,
)
from evalbot.card.sameness import same_identity, same_place, same_score
from evalbot.card.splice import CardSplicer
from evalbot.errors import InvalidCard
from evalbot.model_names import same_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.card.results import Metric, Result


Standing = Literal["added", "unchanged", "conflict", "stands-elsewhere"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A metric of ours and one that the card publishes, with the same value or another."""

    metric: Metric
    published: Published

    def describe(self) -> str:
        """`MMLU: 80.1 (model-index) → 85.2 (table)`."""
        return f"{self.metric.name}: {self.published.value} (model-index) → {self.metric.value} (table)"

    def describe_elsewhere(self) -> str:
        """`MMLU = 54.0 stands in the model-index for cais/mmlu; the table says 55.1`."""
        other = self.published
        where = f"{other.name or other.dataset_name} = {other.value} stands in the model-index for {self.place}"
        if same_number(self.metric.value, other.value):
            return where
        return f"{where}; the table says {self.metric.value}"

    @property
    def place(self) -> str:
        """The published metric's dataset, for people."""
        return self.published.dataset[0] or "another dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One result held against one card."""

    result: Result
    added: tuple[Metric, ...]
    unchanged: tuple[Metric, ...]
    conflicts: tuple[Pair, ...]
    """The card publishes another value under the same identity."""
    stands_elsewhere: tuple[Pair, ...]
    """Metrics whose benchmark the card publishes with the same value for another task or dataset: not added."""
    elsewhere: tuple[Pair, ...]
    """Added metrics whose benchmark the card publishes with another value for another task or dataset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The outcome of holding results against one card. `model` is the entry's name; it may not exist yet."""

    model: str
    parts: tuple[Part, ...]
    other_models: tuple[str, ...]
    """Names of entries that are left alone because they are not this model's."""

    @property
    def added(self) -> tuple[Metric, ...]:
        return tuple(metric for part in self.parts for metric in part.added)

    @property
    def unchanged(self) -> tuple[Metric, ...]:
        return tuple(metric for part in self.parts for metric in part.unchanged)

    @property
    def conflicts(self) -> tuple[Pair, ...]:
        return tuple(pair for part in self.parts for pair in part.conflicts)

    @property
    def stands_elsewhere(self) -> tuple[Pair, ...]:
        return tuple(pair for part in self.parts for pair in part.stands_elsewhere)

    @property
    def elsewhere(self) -> tuple[Pair, ...]:
        return tuple(pair for part in self.parts for pair in part.elsewhere)


def plan_merge(document: CardDocument, name: str, results: Sequence[Result]) -> Merge:
    """Compare results with the card's entry for the model of this name.

    Raises InvalidCard where the model-index is not a list of models with results.
    """
    models = index_models(document)
    entries = _entries(models, name)
    entry_name = (text_of(get(entries[0], "name")) if entries else None) or name
    known = [m for entry in entries for node in items(get(entry, "results")) for m in published_in(node, entry_name)]
    return Merge(
        model=entry_name,
        parts=tuple(_part(result, known) for result in results),
        other_models=tuple(text_of(get(model, "name")) or "" for model in models if model not in entries),
    )


def _part(result: Result, known: Sequence[Published]) -> Part:
    judged = [(metric, *_judge(result, metric, known)) for metric in result.metrics]

    def metrics(standing: Standing) -> tuple[Metric, ...]:
        return tuple(metric for metric, found, _ in judged if found == standing)

    def pairs(standing: Standing) -> tuple[Pair, ...]:
        return tuple(pair for _, found, others in judged if found == standing for pair in others)

    return Part(
        result=result,
        added=metrics("added"),
        unchanged=metrics("unchanged"),
        conflicts=pairs("conflict"),
        stands_elsewhere=pairs("stands-elsewhere"),
        elsewhere=pairs("added"),
    )


def _judge(result: Result, metric: Metric, known: Sequence[Published]) -> tuple[Standing, list[Pair]]:
    """How a metric stands against the card, and what of the card says so."""
    if same := [Pair(metric, other) for other in known if same_identity(result, metric, other)]:
        differing = [pair for pair in same if not _agree(pair)]
        return ("conflict", differing[:1]) if differing else ("unchanged", same)
    others = [Pair(metric, other) for other in known if same_score(result, metric, other)]
    agreeing = [pair for pair in others if _agree(pair)]
    return ("stands-elsewhere", agreeing[:1]) if agreeing else ("added", others)


def _agree(pair: Pair) -> bool:
    return same_number(pair.metric.value, pair.published.value)


def apply_merge(text: str, merge: Merge) -> str:
    """The card with the merge's added metrics, the same text where there are none.

    Raises InvalidCard where the card cannot be edited without changing anything else.
    """
    if not merge.added:
        return text
    before, after, new = parse_card(text), text, []
    for part in (part for part in merge.parts if part.added):
        if _home(before, merge.model, part.result) is None:
            new.append(part.result.as_data(part.added))
        else:
            after = _join(after, merge.model, part)
    if new:
        after = _append(after, merge.model, new)
    _assert_gained(document=parse_card(text), after=parse_card(after), merge=merge)
    return after


def _join(text: str, model: str, part: Part) -> str:
    """The card with a part's metrics in the result they belong to."""
    document = parse_card(text)
    home = _home(document, model, part.result)
    if home is None:
        raise AssertionError("the result was there before other results were edited")
    splicer = CardSplicer(document)
    splicer.append(get(home, "metrics"), home, "metrics", [metric.as_data() for metric in part.added])
    return splicer.render()


def _append(text: str, model: str, results: list[dict[str, Any]]) -> str:
    document = parse_card(text)
    splicer = CardSplicer(document)
    entries = _entries(index_models(document), model)
    if entries:
        splicer.append(get(entries[0], "results"), entries[0], "results", results)
    else:
        splicer.append_models([{"name": model, "results": results}])
    return splicer.render()


def _assert_gained(document: CardDocument, after: CardDocument, merge: Merge) -> None:
    """The card publishes exactly the added metrics more than before, under this model's name and no other.

    An alias may make one list serve two models; what is added to it would be published for both.
    """
    gained = Counter(published(after))
    gained.subtract(published(document))
    now = Counter((m.model, m.task_type, m.dataset, m.name, m.type, m.value) for m in (+gained).elements())
    wanted = Counter(
        (merge.model, part.result.task_type, part.result.dataset, m.name, m.type, format(m.value, "f"))
        for part in merge.parts
        for m in part.added
    )
    if now != wanted or -gained:
        raise InvalidCard(
            "This card's model-index shares lists between entries, so nothing can be added to one alone.",
            hint="Write the entries out without YAML anchors and aliases, then run again.",
        )


def _entries(models: Sequence[yaml.MappingNode], name: str) -> list[yaml.MappingNode]:
    """The entries of this model; a card may have it twice, and both speak for it."""
    return [model for model in models if same_name(text_of(get(model, "name")) or "", name)]


def _home(document: CardDocument, model: str, result: Result) -> yaml.MappingNode | None:
    """The result of the model's first entry that says all that ours says but the metrics, so that ours can join it."""
    entries = _entries(index_models(document), model)
    nodes = items(get(entries[0], "results")) if entries else []
    return next((node for node in nodes if isinstance(node, yaml.MappingNode) and _is_home(node, result)), None)


def _is_home(node: yaml.MappingNode, result: Result) -> bool:
    ours = result.as_data(())
    plain = {
        key: {name: text for name, text in ours[key].items() if name != "args"} for key in ours if key != "metrics"
    }
    written = {key: {name: text_of(get(get(node, key), name)) for name in value} for key, value in plain.items()}
    metrics = published_in(node, "")
    return (
        bool(metrics)
        and same_place(result, metrics[0])
        and written == plain
        and ("source" in ours or get(node, "source") is None)
    )
