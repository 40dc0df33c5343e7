"""What the Hub says of benchmarks: the tasks their datasets declare, and the scale their leaderboards use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evalbot.card.eval_results.benchmark_dataset import BenchmarkDataset, Leaderboards, read_eval_yaml, read_scale
from evalbot.errors import AccessDenied, AnswerTooLong, InvalidCard, NothingFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalbot.hub.client import Hub

EVAL_YAML = "eval.yaml"


def read_leaderboards(hub: Hub, dataset_ids: Iterable[str], *, but: str | None = None) -> Leaderboards:
    """The benchmarks of these datasets, or the reason why one is none; dated today (UTC).

    Entries of the repository `but` (owner/name, the one that is written to) are no evidence for a leaderboard's scale.
    Raises ServiceFailure where the Hub cannot be asked: without it nobody knows a task's id or scale.
    """
    registered = {dataset: _benchmark(hub, dataset) for dataset in dataset_ids}
    scales = {
        dataset: read_scale(hub.leaderboard(dataset), but=but)
        for dataset, found in registered.items()
        if isinstance(found, BenchmarkDataset)
    }
    return Leaderboards(registered=registered, scales=scales, date=datetime.now(UTC).date().isoformat())


def _benchmark(hub: Hub, dataset: str) -> BenchmarkDataset | str:
    try:
        return read_eval_yaml(dataset, hub.read_file(dataset, EVAL_YAML, repo_type="dataset").data)
    except (NothingFound, AccessDenied, AnswerTooLong):
        return f"it has no {EVAL_YAML} that can be read"
    except InvalidCard as error:
        return error.message.rstrip(".")
