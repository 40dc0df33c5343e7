"""Where the two formats of one repository disagree: the card's model-index and the files of `.eval_results`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from evalbot.benchmarks import Benchmark, all_benchmarks, find, folded
from evalbot.card.eval_results.benchmark_dataset import BenchmarkDataset, Task
from evalbot.card.eval_results.draft import measures_of
from evalbot.card.eval_results.entries import read_entries
from evalbot.card.eval_results.variant import Variant, bare_name, named_variant, noted_variant
from evalbot.card.metric_types import known_type
from evalbot.card.model_index import published, same_number
from evalbot.errors import InvalidCard
from evalbot.model_names import same_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evalbot.card.document import CardDocument
    from evalbot.card.eval_results.entries import Entry
    from evalbot.card.model_index import Published

_SHOTS_ARGUMENT = re.compile(r"'num_few_shot': (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One benchmark with two values: for the same dataset, and the same config, task and shots as far as both say."""

    path: str
    entry: Entry
    published: Published

    def describe(self) -> str:
        """`cais/hle (hle): 24.8 in .eval_results/hle.yaml, 22.1 in the model-index (HLE)`."""
        entry, other = self.entry, self.published
        name = other.name or other.dataset_name or other.type or "unnamed"
        where = f"{entry.dataset_id} ({entry.task_id})"
        return f"{where}: {entry.value} in {self.path}, {other.value} in the model-index ({name})"


@dataclass(frozen=True, slots=True)
class _Place:
    """What a published metric says of itself, its name looked up in the registry where it names no dataset."""

    dataset: str
    config: str | None
    split: str | None
    variant: Variant
    measure: str | None


def disagreements_of(document: CardDocument, files: Mapping[str, bytes], model: str | None) -> tuple[str, ...]:
    """The disagreements of one repository, as lines for people. Raises InvalidCard for an index of another shape.

    `model` is the repository's own name: where the card speaks of several models, `.eval_results` speaks of that one.
    """
    index = published(document)
    names = {metric.model for metric in index}
    own = [metric for metric in index if len(names) == 1 or (model is not None and same_name(metric.model, model))]
    entries = {path: _accepted(path, data) for path, data in sorted(files.items())}
    return tuple(found.describe() for found in disagreements(own, entries))


def _accepted(path: str, data: bytes) -> tuple[Entry, ...]:
    try:
        return read_entries(path, data)
    except InvalidCard:
        return ()  # the Hub does not show it


def disagreements(
    metrics: Sequence[Published],
    entries: Mapping[str, Sequence[Entry]],
    registered: Mapping[str, BenchmarkDataset | str] | None = None,
) -> tuple[Disagreement, ...]:
    """Entries whose benchmark the model-index gives with other values only.

    `metrics` are this model's, `entries` those of each file by its path; `registered` tells, where it is
    given, which config and split a task is. 64.8 and 0.648 are one value in two scales.
    """
    places = [(metric, place) for metric in metrics if (place := _place(metric)) is not None]
    tasks = {(entry.dataset_id, entry.task_id) for found in entries.values() for entry in found}
    several = {dataset for dataset, _ in tasks if sum(dataset == other for other, _ in tasks) > 1}
    disagreeing: list[Disagreement] = []
    for path, found in entries.items():
        for entry in found:
            task = _task(entry, registered or {})
            same = [
                metric
                for metric, place in places
                if _speak_of_one(place, entry, noted_variant(entry.notes, path))
                and _is_task(place, entry, task, alone=entry.dataset_id not in several)
            ]
            if same and not any(_one_value(entry.value, metric.value) for metric in same):
                disagreeing.append(Disagreement(path=path, entry=entry, published=same[0]))
    return tuple(disagreeing)


def _place(metric: Published) -> _Place | None:
    """None for a metric of a dataset that neither it nor the registry names."""
    dataset, config, split = metric.dataset[:3]
    benchmark = _benchmark_named(metric)
    if dataset is None or "/" not in dataset:
        if benchmark is None or benchmark.known_dataset is None:
            return None
        dataset = benchmark.known_dataset
    if benchmark is not None and benchmark.known_dataset == dataset:
        config, split = config or benchmark.known("config"), split or benchmark.known("split")
    return _Place(dataset, config, split, _variant(metric), known_type(metric.type))


def _benchmark_named(metric: Published) -> Benchmark | None:
    names = (bare_name(name) for name in (metric.name, metric.dataset_name) if name)
    return next((found for name in names if (found := find(name)) is not None), None)


def _variant(metric: Published) -> Variant:
    said = named_variant(f"{metric.name or ''}, {metric.dataset_name or ''}")
    shots = _SHOTS_ARGUMENT.search(metric.dataset[4] or "")
    return said if shots is None else Variant(said.tools, int(shots[1]))


def _speak_of_one(place: _Place, entry: Entry, variant: Variant) -> bool:
    """Whether dataset, variant and metric are the same, as far as both say."""
    if place.dataset.casefold() != entry.dataset_id.casefold() or not place.variant.may_be(variant):
        return False
    measures = [measures_of(benchmark) for benchmark in _on_dataset(entry.dataset_id)]
    return place.measure is None or not measures or any(place.measure in names for names in measures)


def _is_task(place: _Place, entry: Entry, task: Task | None, *, alone: bool) -> bool:
    """Whether a metric's config and split can be the entry's task.

    Where the task is not known, the registry's one config and split are taken for it; for any other config the task's
    id has to be like it.
    """
    if task is not None:
        pairs = ((task.config, place.config), (task.split, place.split))
        agreeing = [one == other for one, other in pairs if one is not None and other is not None]
        return False not in agreeing and (alone or bool(agreeing))
    benchmarks = _on_dataset(entry.dataset_id)
    splits = {split for benchmark in benchmarks if (split := benchmark.known("split")) is not None}
    if place.split is not None and splits and place.split not in splits:
        return False
    if place.config is None or {benchmark.config for benchmark in benchmarks} == {place.config}:
        return alone
    one, other = folded(entry.task_id), folded(place.config)
    return one in other or other in one


def _task(entry: Entry, registered: Mapping[str, BenchmarkDataset | str]) -> Task | None:
    dataset = registered.get(entry.dataset_id)
    tasks = dataset.tasks if isinstance(dataset, BenchmarkDataset) else ()
    return next((task for task in tasks if task.id == entry.task_id), None)


def _on_dataset(dataset_id: str) -> list[Benchmark]:
    return [each for each in all_benchmarks() if (each.known_dataset or "").casefold() == dataset_id.casefold()]


def _one_value(one: str, other: str) -> bool:
    """Whether two texts are one number, in percent or as a fraction. A text that is no number says nothing."""
    value, theirs = _number(one), _number(other)
    if value is None or theirs is None:
        return True
    return theirs in (value, value.scaleb(2), value.scaleb(-2))


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if same_number(value, text) else None
