from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evalbot.evaluate.runners.parts.failures import Failure
from evalbot.evaluate.runners.parts.lighteval_engine import blank
from evalbot.evaluate.runners.parts.settings import RunSettings
from evalbot.evaluate.runners.parts.tally import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.evaluate.runners.parts.record import Problem

PROBLEM: Problem = {"kind": "server-died", "message": "It ended."}


@pytest.fixture
def tally(tmp_path: Path) -> Tally:
    settings = RunSettings(model="owner/name", output_dir=tmp_path)
    asked = {"lighteval": ["leaderboard|mmlu|5", "gsm8k|0", "gsm8k|5"], "inspect": ["mmlu", "gsm8k?fewshot=0"]}
    return Tally(settings, asked, ["x"])  # type: ignore[arg-type]


def task(name: str, status: Any = "complete") -> Any:
    return {**blank(name, 5), "status": status}


def test_give_up__group_that_was_begun__what_is_left_of_it(tally: Tally) -> None:
    tally.plan("lighteval", "leaderboard|mmlu|5", ["mmlu:a", "mmlu:b"])
    tally.task(task("mmlu:a"))
    tally.task(task("gsm8k"))
    tally.give_up("lighteval", PROBLEM)
    left = [(each["name"], each["shots"]) for each in tally.results["tasks"] if each["problem"]]
    assert left == [("mmlu:b", 5), ("gsm8k", 5)]


def test_give_up__engine_that_never_spoke__every_task_as_it_was_asked_for(tally: Tally) -> None:
    tally.give_up("inspect", PROBLEM)
    assert [(each["name"], each["status"]) for each in tally.results["tasks"]] == [
        ("inspect_evals/mmlu_0_shot", "failed"),
        ("inspect_evals/gsm8k", "failed"),
    ]


def test_give_up__cancelled__the_tasks_are_cancelled(tally: Tally) -> None:
    tally.give_up("inspect", {"kind": "cancelled", "message": "The run was stopped."})
    assert {each["status"] for each in tally.results["tasks"]} == {"cancelled"}


def test_counts__averages__are_no_tasks(tally: Tally) -> None:
    tally.plan("lighteval", "leaderboard|mmlu|5", ["mmlu:a", "mmlu:b"])
    for name in ("mmlu:a", "mmlu:b", "mmlu:_average"):
        tally.task(task(name))
    assert tally.counts() == (2, 6)


@pytest.mark.parametrize(
    ("statuses", "kind", "status", "good"),
    [
        (["complete", "complete"], None, "complete", True),
        (["complete", "partial"], None, "partial", True),
        (["complete", "failed"], None, "partial", False),
        (["failed"], None, "failed", False),
        ([], "no-weights", "failed", False),
        (["complete"], "timeout", "partial", False),
        (["complete"], "cancelled", "cancelled", False),
    ],
)
def test_finish__what_became_of_the_tasks__is_the_run_as_a_whole(
    tally: Tally, *, statuses: list[str], kind: str | None, status: str, good: bool
) -> None:
    for number, each in enumerate(statuses):
        tally.task(task(str(number), each))
    tally.finish(Failure(kind, "words") if kind else None)
    assert tally.results["run"]["status"] == status
    assert tally.good() is good
    assert tally.results["run"]["finished_at"] is not None


def test_packages__two_environments_differ__both_are_kept(tally: Tally) -> None:
    tally.packages("server", {"transformers": "5.19.0", "vllm": "0.32.0"})
    tally.packages("lighteval", {"transformers": "5.23.0", "vllm": "0.32.0"})
    assert tally.results["packages"] == {
        "transformers": "5.19.0",
        "vllm": "0.32.0",
        "transformers (lighteval)": "5.23.0",
    }


def test_log_url__in_a_workflow__is_its_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    monkeypatch.setenv("JOB_ID", "job-1")
    run = Tally(RunSettings(model="o/n", output_dir=tmp_path), {}, []).results["run"]
    assert (run["log_url"], run["job_id"]) == ("https://github.example/o/r/actions/runs/7", "job-1")
