from __future__ import annotations

import copy
from typing import Any, cast

import pytest

from evalbot.errors import EvaluationFailed
from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.jobs.asked import Asked, asked_of, check

COMMIT, OTHER = "a" * 40, "b" * 40
ASKED = Asked(
    model="alice/Aurora-7B",
    revision=COMMIT,
    tasks=(("lighteval", "mmlu"), ("lighteval", "arc:challenge"), ("inspect", "inspect_evals/gsm8k")),
)


def results(**changes: Any) -> Any:
    names = changes.pop("tasks", ["mmlu:anatomy", "arc:challenge", "inspect_evals/gsm8k"])
    engines = {"inspect_evals/gsm8k": "inspect", "gsm8k": "inspect"}
    made: dict[str, Any] = {
        "run": {"status": "complete", "job_id": "j1"},
        "model": {"id": "alice/Aurora-7B", "commit": COMMIT},
        "tasks": [{"engine": engines.get(name, "lighteval"), "name": name} for name in names],
    }
    for member, change in changes.items():
        made[member] = {**made[member], **change}
    return cast("Any", copy.deepcopy(made))


def test_asked_of__the_runners_arguments__are_understood() -> None:
    command = RunnerCommand(
        model="alice/Aurora-7B",
        revision=COMMIT,
        lighteval_tasks=("mmlu|5", "arc:challenge|25"),
        inspect_tasks=("inspect_evals/gsm8k?fewshot=0",),
        output_dir="x",
        trust_remote_code=True,
    )
    assert asked_of(command.arguments()) == ASKED


@pytest.mark.parametrize("arguments", [[], ["true"], ["--revision", COMMIT], ["--model"]])
def test_asked_of__other_arguments__ask_for_nothing(arguments: list[str]) -> None:
    assert asked_of(arguments) is None


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model": {"commit": None}},
        {"run": {"job_id": None}},
        {"run": {"status": "partial"}, "tasks": ["arc:challenge"]},
        {"run": {"status": "failed"}, "tasks": []},
        {"tasks": ["mmlu:anatomy", "mmlu:astronomy", "arc:challenge", "gsm8k"]},
    ],
    ids=str,
)
def test_check__what_was_asked_for__passes(changes: dict[str, Any]) -> None:
    check(results(**changes), ASKED, "j1")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": {"id": "bob/Borealis"}}, "about bob/Borealis, not alice/Aurora-7B"),
        ({"model": {"commit": OTHER}}, f"about commit {OTHER}, not {COMMIT}"),
        ({"run": {"job_id": "j0"}}, "of job j0"),
        ({"tasks": ["mmlu:anatomy", "arc:challenge"]}, "inspect_evals/gsm8k is missing"),
        ({"tasks": ["mmlu:anatomy", "arc:challenge", "arc:challenges", "gsm8k"]}, "nobody asked for arc:challenges"),
        ({"run": {"status": "partial"}, "tasks": ["hellaswag"]}, "nobody asked for hellaswag"),
        ({"tasks": []}, "mmlu, arc:challenge, inspect_evals/gsm8k is missing"),
    ],
    ids=str,
)
def test_check__what_was_not_asked_for__is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(EvaluationFailed) as refused:
        check(results(**changes), ASKED, "j1")
    assert reason in refused.value.message
