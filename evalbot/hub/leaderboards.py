"""What the Hub says of benchmarks: the tasks their datasets declare, and the scale their leaderboards use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evalbot.card.eval_results.benchmark_dataset import (
    BenchmarkDataset,
    Leaderboards,
    LeaderboardScale,
    read_eval_yaml,
    read_scale,
)
from evalbot.errors import AccessDenied, AnswerTooLong, InvalidCard, NothingFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalbot.hub.client import Hub

EVAL_YAML = "eval.yaml"


def read_leaderboards(hub: Hub, dataset_ids: Iterable[str], *, but: str | None = None) -> Leaderboards:
    """The benchmarks of these datasets, or the reason why one is none; dated today (UTC).

    Results of the repository `but` are no evidence for a scale: they may be our own. Raises ServiceFailure where the
    Hub cannot be asked: without it nobody knows a task's id or scale.
    """
    registered: dict[str, BenchmarkDataset | str] = {}
    scales: dict[str, LeaderboardScale] = {}
    for dataset in dataset_ids:
        registered[dataset] = found = _benchmark(hub, dataset)
        if isinstance(found, BenchmarkDataset):
            try:
                scales[dataset] = read_scale(hub.leaderboard(dataset), but=but)
            except (AccessDenied, AnswerTooLong) as error:
                registered[dataset] = f"its leaderboard cannot be read ({error.message.rstrip('.')})"
    return Leaderboards(registered=registered, scales=scales, date=datetime.now(UTC).date().isoformat())


def _benchmark(hub: Hub, dataset: str) -> BenchmarkDataset | str:
    try:
        return read_eval_yaml(dataset, hub.read_file(dataset, EVAL_YAML, repo_type="dataset").data)
    except (NothingFound, AccessDenied, AnswerTooLong):
        return f"it has no {EVAL_YAML} that can be read"
    except InvalidCard as error:
        return error.message.rstrip(".")
