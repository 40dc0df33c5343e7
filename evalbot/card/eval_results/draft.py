"""A score as an entry for a benchmark's leaderboard, or the reason why it is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalbot.card.eval_results.benchmark_dataset import BenchmarkDataset, LeaderboardScale, Task
from evalbot.card.eval_results.value import leaderboard_value
from evalbot.card.eval_results.variant import Variant, variant_of
from evalbot.card.metric_types import metric_type, slug
from evalbot.card.placement import Placement, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from evalbot.benchmarks import Benchmark
    from evalbot.score import Score

_NOT_READ = LeaderboardScale(None, "the leaderboard was not read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be said of a score; where it goes, the files that are there decide."""

    score: Score
    benchmark: Benchmark
    dataset: BenchmarkDataset
    task: Task
    variant: Variant
    value: Decimal
    evidence: str
    """Why the value is written in this scale."""

    @property
    def identity(self) -> tuple[str, str, Variant]:
        """What a leaderboard has one place for: how it was measured makes no other one."""
        return (self.dataset.id, self.task.id, replace(self.variant, more=""))

    @property
    def name(self) -> str:
        """The benchmark as a file's name says it: its key, and the task where its dataset has several."""
        key, task = self.benchmark.key, slug(self.task.id)
        said = key == task or key.endswith(f"_{task}")
        return key if said or len(self.dataset.tasks) == 1 else f"{key}_{task}"

    def describe(self) -> str:
        """`cais/hle (hle), With tools`."""
        notes = self.variant.notes
        return f"{self.dataset.id} ({self.task.id})" + ("" if notes is None else f", {notes}")


def benchmark_datasets(scores: Iterable[Score]) -> tuple[str, ...]:
    """The dataset ids whose eval.yaml and leaderboard have to be read for these scores, each once."""
    found = (_placed(score) for score in scores)
    ids = (placed[1].dataset for placed in found if not isinstance(placed, str))
    return tuple(dict.fromkeys(dataset for dataset in ids if dataset is not None))


def draft_of(
    score: Score, registered: Mapping[str, BenchmarkDataset | str], scales: Mapping[str, LeaderboardScale]
) -> Draft | str:
    """The entry of a score, or the reason why it is left out."""
    placed = _placed(score)
    if isinstance(placed, str):
        return placed
    benchmark, placement, variant = placed
    dataset = _registered(str(placement.dataset), registered)
    if isinstance(dataset, str):
        return dataset
    task = dataset.task_for(placement, split_is_printed=score.split is not None)
    if isinstance(task, str):
        return task
    value = leaderboard_value(score, benchmark, scales.get(dataset.id, _NOT_READ))
    if isinstance(value, str):
        return value
    return Draft(
        score=score,
        benchmark=benchmark,
        dataset=dataset,
        task=task,
        variant=variant,
        value=value[0],
        evidence=value[1],
    )


def measures_of(benchmark: Benchmark) -> frozenset[str]:
    """The metric of a benchmark under each of its names: those of the other metrics it is reported in are not there."""
    named = metric_type(benchmark.metric_name)
    return frozenset({benchmark.metric, *benchmark.also_called} | ({named} if named is not None else set()))


def _placed(score: Score) -> tuple[Benchmark, Placement, Variant] | str:
    """The benchmark of a score, where its dataset is known and its metric is the benchmark's own."""
    bare, variant = variant_of(score)
    placement = place(bare)
    benchmark = placement.benchmark
    if benchmark is None or placement.dataset is None:
        return placement.note or "the registry knows no dataset of it"
    if isinstance(variant, str):
        return variant
    if placement.metric_type not in measures_of(benchmark):
        given = f"the {score.evidence.noun} gives {placement.metric_type}"
        return f"{given}, and the metric of {benchmark.name} is {benchmark.metric}"
    return benchmark, placement, variant


def _registered(dataset: str, registered: Mapping[str, BenchmarkDataset | str]) -> BenchmarkDataset | str:
    found = registered.get(dataset)
    if found is None:
        return f"{dataset} is not a registered benchmark on the Hub"
    if isinstance(found, str):
        return f"{dataset} is not known to be a registered benchmark on the Hub: {found}"
    return found
