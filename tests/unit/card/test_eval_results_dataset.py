"""A score goes to a task only where the benchmark's eval.yaml leaves no doubt, in the scale its leaderboard shows."""

from __future__ import annotations

from typing import Any

import pytest

from evalbot.card.eval_results.benchmark_dataset import (
    BenchmarkDataset,
    LeaderboardScale,
    Task,
    read_eval_yaml,
    read_scale,
)
from evalbot.card.placement import Placement
from evalbot.errors import InvalidCard

GPQA = b"""\
name: GPQA
evaluation_framework: inspect-ai
tasks:
  - id: diamond
    config: gpqa_diamond
    split: train
    solvers: [{name: multiple_choice}]
  - id: main
    config: gpqa_main
"""


def tasks(*pairs: tuple[str, str | None, str | None]) -> BenchmarkDataset:
    return BenchmarkDataset("a/b", tuple(Task(*pair) for pair in pairs))


def test_read_eval_yaml__tasks__are_read_with_config_and_split() -> None:
    assert read_eval_yaml("Idavidrein/gpqa", GPQA) == BenchmarkDataset(
        "Idavidrein/gpqa", (Task("diamond", "gpqa_diamond", "train"), Task("main", "gpqa_main", None))
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "defines no tasks"),
        (b"- a", "defines no tasks"),
        (b"tasks: []", "defines no tasks"),
        (b"tasks: {id: x}", "defines no tasks"),
        (b"tasks: [text]", "tasks[0] has no id"),
        (b"tasks: [{id: a}, {config: x}]", "tasks[1] has no id"),
        (b"tasks: [{id: 5}]", "tasks[0].id is not a short plain text"),
        (b"tasks: [{id: ''}]", "tasks[0].id is not a short plain text"),
        (b'tasks: [{id: "a\\nb"}]', "tasks[0].id is not a short plain text"),
        (b"tasks: [{id: a, split: [x]}]", "tasks[0].split is not a short plain text"),
        (b"tasks: [{id: a}, {id: a}]", "gives two tasks one id"),
        (b"tasks: [", "a/b/eval.yaml is not valid YAML"),
    ],
)
def test_read_eval_yaml__what_is_none__is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidCard) as caught:
        read_eval_yaml("a/b", data)
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("dataset", "config", "split", "expected"),
    [
        (tasks(("hle", None, None)), "default", "test", "hle"),
        (tasks(("hle", "default", "test")), None, None, "hle"),
        (tasks(("diamond", "gpqa_diamond", "train"), ("main", "gpqa_main", "train")), "gpqa_main", "train", "main"),
        (tasks(("val", None, "validation"), ("test", None, "test")), None, "validation", "val"),
        (tasks(("all", None, "test"), ("math", "math", "test")), "math", "test", "math"),
    ],
)
def test_task_for__one_that_fits__is_taken(
    dataset: BenchmarkDataset, config: str | None, split: str | None, expected: str
) -> None:
    task = dataset.task_for(Placement(config=config, split=split), split_is_printed=False)
    assert isinstance(task, Task)
    assert task.id == expected


@pytest.mark.parametrize(
    ("dataset", "config", "split", "reason"),
    [
        (
            tasks(("x", "other", None)),
            "main",
            "test",
            "no task of a/b has config main and split test; its tasks: x (co",
        ),
        (tasks(("x", None, "test")), None, "validation", "no task of a/b has split validation; its tasks: x (split t"),
        (tasks(("x", None, None), ("y", None, None)), "main", None, "does not say which task of a/b it is: x, y"),
        (tasks(("x", "c", "test"), ("y", "d", "test")), None, "test", "which task of a/b it is: x (config c, split te"),
        (tasks(("x", "c", None), ("y", None, None)), "d", None, "does not say which task of a/b it is: y"),
    ],
)
def test_task_for__several_or_none__names_the_candidates(
    dataset: BenchmarkDataset, config: str | None, split: str | None, reason: str
) -> None:
    found = dataset.task_for(Placement(config=config, split=split), split_is_printed=False)
    assert isinstance(found, str)
    assert reason in found


def test_task_for__a_split_the_table_prints__is_not_the_test_split_of_a_task_that_names_none() -> None:
    placement = Placement(split="validation")
    assert tasks(("mmmu", None, None)).task_for(placement, split_is_printed=False) == Task("mmmu")
    assert isinstance(tasks(("mmmu", None, None)).task_for(placement, split_is_printed=True), str)


def board(*values: Any, model: str = "a/b") -> list[dict[str, Any]]:
    return [{"rank": rank, "modelId": model, "value": value} for rank, value in enumerate(values, 1)]


@pytest.mark.parametrize(
    ("values", "scale", "evidence"),
    [
        ([24.8, 44, 1.5], "percent", "3 of 3 values on the leaderboard are above 1: percent"),
        ([0.248, 1, 0.5], "fraction", "3 of 3 values on the leaderboard are at most 1: fraction"),
        ([24.8] * 9 + [0.5], "percent", "9 of 10 values on the leaderboard are above 1: percent"),
        ([24.8] + [0.5] * 9, "fraction", "9 of 10 values on the leaderboard are at most 1: fraction"),
        ([24.8] * 18 + [0.5] * 2, "percent", "18 of 20 values on the leaderboard are above 1: percent"),
        ([24.8] * 17 + [0.5] * 2, None, "values on both sides of 1 stand on the leaderboard (17 above it, 2 not)"),
        ([24.8] * 8 + [0.5], None, "values on both sides of 1 stand on the leaderboard (8 above it, 1 not)"),
        ([0.5, 24.8, 30], None, "values on both sides of 1 stand on the leaderboard (2 above it, 1 not)"),
        ([0.5, 24.8], None, "values on both sides of 1 stand on the leaderboard (1 above it, 1 not)"),
        ([24.8, 44], None, "the 2 values on the leaderboard do not tell its scale"),
        ([0.9], None, "the only value on the leaderboard does not tell its scale"),
        ([], None, "the leaderboard has no values yet"),
    ],
)
def test_read_scale__three_values_and_nine_in_ten_on_one_side__tell_it(
    values: list[Any], scale: str | None, evidence: str
) -> None:
    found = read_scale(board(*values))
    assert (found.scale, found.evidence) == (scale, evidence)
    assert (found.above, found.at_most) == (sum(v > 1 for v in values), sum(v <= 1 for v in values))


@pytest.mark.parametrize(
    "bogus",
    [0, -12.5, -0.5, 100.01, 1e30, 10**400, float("nan"), float("inf"), float("-inf"), None, "12", True, [24.8]],
)
def test_read_scale__a_value_of_no_scale__says_nothing(bogus: Any) -> None:
    assert read_scale(board(91.2, bogus, 88.1, 77)) == read_scale(board(91.2, 88.1, 77))
    assert read_scale(board(0.9, bogus, bogus)) == read_scale(board(0.9))
    assert read_scale(board(bogus)) == LeaderboardScale(None, "nothing on the leaderboard tells its scale")


@pytest.mark.parametrize("repo_id", ["alice/Demo-7B", "Alice/demo-7b"])
def test_read_scale__our_own_entries__are_no_evidence(repo_id: str) -> None:
    ours, others = board(0.589, 0.6, 0.61, model="alice/Demo-7B"), board(80.1, 70.2, 60.3)
    assert read_scale(ours + others, but=repo_id) == read_scale(others)
    assert read_scale(ours, but=repo_id) == LeaderboardScale(None, "nothing on the leaderboard tells its scale")
    assert read_scale(ours, but="alice/Demo-70B") == read_scale(ours)


def test_read_scale__entries_of_another_shape__say_nothing() -> None:
    shapes: list[Any] = ["text", {}, None, {"value": 0.5, "modelId": None}]
    assert read_scale(shapes[:3]) == LeaderboardScale(None, "nothing on the leaderboard tells its scale")
    assert read_scale(shapes, but="none") == read_scale(board(0.5))
