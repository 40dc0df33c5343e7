"""What a card would gain from a result: added, already there, or in conflict with what it publishes.

Identity of a metric: task type, dataset (type, config, split, revision, args), metric (name, args). A published metric
without a name is known by its type; one of our name and another type would be a second value for the same thing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from evalbot.card.document import CardDocument, get, items, parse_card
from evalbot.card.model_index import (
    Metric,
    Published,
    Result,
    index_models,
    published,
    published_in,
    same_number,
    text_of,
)
from evalbot.card.splice import CardSplicer
from evalbot.errors import InvalidCard
from evalbot.model_names import same_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Conflict:
    """The card publishes another value under the same identity."""

    metric: Metric
    published: Published

    def describe(self) -> str:
        """`MMLU: 80.1 (model-index) → 85.2 (table)`."""
        return f"{self.metric.name}: {self.published.value} (model-index) → {self.metric.value} (table)"

    def describe_elsewhere(self) -> str:
        """`MMLU = 54.0 stands in the model-index for cais/mmlu; the table says 55.1`."""
        name = self.published.name or self.published.dataset_name
        place = self.published.dataset[0] or "another dataset"
        return (
            f"{name} = {self.published.value} stands in the model-index for {place}; the table says {self.metric.value}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The outcome of holding one result against one card. `model` is the entry's name; it may not exist yet."""

    model: str
    result: Result
    added: tuple[Metric, ...]
    unchanged: tuple[Metric, ...]
    conflicts: tuple[Conflict, ...]
    elsewhere: tuple[Conflict, ...]
    """Added metrics whose name the card publishes with another value for another task or dataset: worth a look."""
    other_models: tuple[str, ...]
    """Names of entries that are left alone because they are not this model's."""


def plan_merge(document: CardDocument, name: str, result: Result) -> Merge:
    """Compare a result with the card's entry for the model of this name.

    Raises InvalidCard where the model-index is not a list of models with results.
    """
    models = index_models(document)
    entries = _entries(models, name)
    entry_name = (text_of(get(entries[0], "name")) if entries else None) or name
    known = [m for entry in entries for node in items(get(entry, "results")) for m in published_in(node, entry_name)]
    added, unchanged, conflicts = [], [], []
    for metric in result.metrics:
        same = [other for other in known if _same_identity(metric, result, other)]
        if not same:
            added.append(metric)
        elif all(same_number(metric.value, other.value) for other in same):
            unchanged.append(metric)
        else:
            other = next(other for other in same if not same_number(metric.value, other.value))
            conflicts.append(Conflict(metric, other))
    others = tuple(text_of(get(model, "name")) or "" for model in models if model not in entries)
    return Merge(
        model=entry_name,
        result=result,
        added=tuple(added),
        unchanged=tuple(unchanged),
        conflicts=tuple(conflicts),
        elsewhere=tuple(_elsewhere(added, known)),
        other_models=others,
    )


def _elsewhere(added: Sequence[Metric], known: Sequence[Published]) -> Iterator[Conflict]:
    for metric in added:
        for other in known:
            named = any(name is not None and same_name(name, metric.name) for name in (other.name, other.dataset_name))
            if named and not same_number(metric.value, other.value):
                yield Conflict(metric, other)


def apply_merge(text: str, merge: Merge) -> str:
    """The card with the merge's added metrics, the same text where there are none.

    Raises InvalidCard where the card cannot be edited without changing anything else.
    """
    if not merge.added:
        return text
    document = parse_card(text)
    splicer, result = CardSplicer(document), merge.result
    entries = _entries(index_models(document), merge.model)
    if not entries:
        splicer.append_models([{"name": merge.model, "results": [result.as_data(merge.added)]}])
    elif (home := _home(entries[0], result)) is not None:
        splicer.append(get(home, "metrics"), home, "metrics", [metric.as_data() for metric in merge.added])
    else:
        splicer.append(get(entries[0], "results"), entries[0], "results", [result.as_data(merge.added)])
    after = splicer.render()
    _assert_gained(document=parse_card(text), after=parse_card(after), merge=merge)
    return after


def _assert_gained(document: CardDocument, after: CardDocument, merge: Merge) -> None:
    """The card publishes exactly the added metrics more than before, under this model's name and no other.

    An alias may make one list serve two models; what is added to it would be published for both.
    """
    gained = Counter(published(after))
    gained.subtract(published(document))
    now = Counter((metric.model, metric.name, metric.type, metric.value) for metric in (+gained).elements())
    wanted = Counter((merge.model, metric.name, metric.type, format(metric.value, "f")) for metric in merge.added)
    if now != wanted or -gained:
        raise InvalidCard(
            "This card's model-index shares lists between entries, so nothing can be added to one alone.",
            hint="Write the entries out without YAML anchors and aliases, then run again.",
        )


def _entries(models: Sequence[yaml.MappingNode], name: str) -> list[yaml.MappingNode]:
    """The entries of this model; a card may have it twice, and both speak for it."""
    return [model for model in models if same_name(text_of(get(model, "name")) or "", name)]


def _same_identity(metric: Metric, result: Result, other: Published) -> bool:
    return (
        other.task_type == result.task_type
        and other.dataset == (result.dataset_type, None, None, None, None)
        and other.args is None
        and (other.type == metric.type if other.name is None else same_name(other.name, metric.name))
    )


def _home(entry: yaml.MappingNode, result: Result) -> yaml.MappingNode | None:
    """The existing result that says all that ours says but the metrics, so that ours can join it."""
    ours = result.as_data(())
    for node in items(get(entry, "results")):
        named = {
            key: {name: text_of(get(get(node, key), name)) for name in value}
            for key, value in ours.items()
            if key != "metrics"
        }
        metrics = published_in(node, "")
        plain = metrics and metrics[0].dataset[1:] == (None, None, None, None)
        if (
            isinstance(node, yaml.MappingNode)
            and plain
            and all(named[key] == ours[key] for key in named)
            and ("source" in ours or get(node, "source") is None)
        ):
            return node
    return None
