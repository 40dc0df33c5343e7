"""Logs in inspect_logs/ were written by inspect-ai 0.3.285, of made-up tasks and a random model, and trimmed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from evalbot.evaluate.runners.parts.failures import Failure
from evalbot.evaluate.runners.parts.inspect_record import (
    SampleTally,
    failed_inspect_task,
    inspect_record,
    is_invalid,
    scores_of_log,
)
from evalbot.evaluate.runners.parts.inspect_specs import parse_inspect_spec
from evalbot.evaluate.runners.parts.inspect_tasks import LoadedTask

if TYPE_CHECKING:
    from evalbot.evaluate.runners.parts.record import Task

_LOGS = Path(__file__).parent / "inspect_logs"
_SCHEMA = json.loads((Path(__file__).parents[4] / "evalbot/evaluate/results.schema.json").read_text(encoding="utf-8"))


def _log(name: str) -> dict[str, Any]:
    log: dict[str, Any] = json.loads((_LOGS / f"{name}.json").read_text(encoding="utf-8"))
    return log


def _record(log: dict[str, Any], *, limit: int | None = None, total: int | None = None, epochs: int = 1) -> Task:
    tally = SampleTally(generation={"temperature": 0.0, "max_tokens": 8})
    for sample in log["samples"]:
        tally.add(sample)
    loaded = LoadedTask(
        spec=parse_inspect_spec("inspect_evals/gsm8k?fewshot=5"),
        task=None,
        version="2-A",
        dataset={"id": "openai/gsm8k", "config": "main", "split": "test", "revision": "c" * 40},
        shots=5,
        epochs=epochs,
        total=log["eval"]["dataset"]["samples"] if total is None else total,
        runs_code=False,
    )
    record = inspect_record(loaded, log, tally, limit=limit, chat_template=True)
    jsonschema.validate(record, _SCHEMA["properties"]["tasks"]["items"])
    return record


@pytest.mark.parametrize(
    ("name", "status", "completed", "invalid", "value"),
    [
        ("all_answered", "complete", 4, 0, 0.5),
        ("no_choice_in_any_answer", "complete", 24, 24, 0.0),
        ("no_number_in_any_answer", "complete", 24, 24, 0.0),
        ("one_sample_failed", "partial", 19, 0, 1.0),
        ("every_sample_failed", "failed", 0, None, None),
    ],
)
def test_record__of_a_real_log__says_what_became_of_the_samples(
    name: str, status: str, completed: int, invalid: int | None, value: float | None
) -> None:
    record = _record(_log(name))
    assert record["status"] == status
    assert record["samples"]["completed"] == completed
    assert record["samples"]["invalid"] == invalid
    assert [score["value"] for score in record["scores"]] == ([] if value is None else [value])


def test_record__has_the_error_of_the_mean_beside_it() -> None:
    (score,) = _record(_log("all_answered"))["scores"]
    assert score["metric"] == "accuracy"
    assert score["stderr"] == pytest.approx(0.2887, abs=1e-4)
    assert score["higher_is_better"] is True


def test_record__says_what_was_evaluated_and_how() -> None:
    record = _record(_log("all_answered"))
    assert record["name"] == "inspect_evals/gsm8k"
    assert (record["version"], record["shots"], record["chat_template"]) == ("2-A", 5, True)
    assert record["dataset"] == {"id": "openai/gsm8k", "config": "main", "split": "test", "revision": "c" * 40}
    assert record["generation"] == {"temperature": 0.0, "max_tokens": 8}


def test_record__a_limit_makes_it_partial() -> None:
    record = _record(_log("all_answered"), limit=4, total=100)
    assert (record["status"], record["problem"]) == ("partial", None)
    assert record["samples"] == {"total": 100, "asked": 4, "completed": 4, "invalid": 0}


def test_record__a_limit_larger_than_the_dataset_is_the_whole_of_it() -> None:
    record = _record(_log("all_answered"), limit=1000)
    assert (record["status"], record["samples"]["asked"]) == ("complete", 4)


def test_record__repeated_samples_count_as_often_as_they_ran() -> None:
    record = _record(_log("all_answered"), limit=1, total=40, epochs=4)
    assert (record["status"], record["samples"]["asked"]) == ("partial", 4)


def test_record__a_failed_sample__is_named_and_its_task_not_complete() -> None:
    problem = _record(_log("one_sample_failed"))["problem"]
    assert problem is not None
    assert "1 of 20 samples failed" in problem["message"]
    assert "sample 7 broke" in problem["message"]


def test_record__a_log_in_error__has_the_engines_own_words() -> None:
    problem = _record(_log("every_sample_failed"))["problem"]
    assert problem == {"kind": "engine-error", "message": "RuntimeError: solver broke"}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory.", "out-of-memory"),
        ("ValueError: As of transformers v4.44, default chat template is no longer allowed", "missing-chat-template"),
        ("OSError: [Errno 28] No space left on device", "disk-full"),
    ],
)
def test_record__an_error_that_can_be_acted_on__is_told_apart(words: str, kind: str) -> None:
    log = _log("every_sample_failed")
    log["error"] = {"message": words, "traceback": f"Traceback (most recent call last):\n{words}\n"}
    problem = _record(log)["problem"]
    assert problem is not None
    assert problem["kind"] == kind


@pytest.mark.parametrize("status", ["started", "nothing known"])
def test_record__a_log_that_did_not_end__is_failed(status: str) -> None:
    assert _record({**_log("all_answered"), "status": status})["status"] == "failed"


def test_record__a_cancelled_log__is_cancelled() -> None:
    record = _record({**_log("all_answered"), "status": "cancelled"})
    assert record["status"] == "cancelled"
    assert record["problem"] is not None
    assert record["problem"]["kind"] == "cancelled"


def test_record__a_success_without_a_number__is_failed() -> None:
    log = copy.deepcopy(_log("all_answered"))
    for metric in log["results"]["scores"][0]["metrics"].values():
        metric["value"] = float("nan")
    record = _record(log)
    assert (record["status"], record["scores"]) == ("failed", [])
    assert record["problem"] is not None


@pytest.mark.parametrize(
    ("score", "invalid"),
    [
        ({"value": "I", "answer": "", "reason": "invalid_response_format"}, True),
        ({"value": "N", "answer": "", "reason": "no_response"}, True),
        ({"value": "I", "answer": "no", "reason": "refusal"}, True),
        ({"value": "I", "answer": "", "reason": None}, True),
        ({"value": "I", "answer": None}, True),
        ({"value": 0, "answer": " "}, True),
        ({"value": "I", "answer": "41", "reason": None}, False),
        ({"value": "C", "answer": "", "reason": None}, False),
        ({"value": "I", "answer": "x", "reason": "grader_failed"}, False),
        ({"value": 0.5, "answer": None}, False),
        ({"value": {"a": 1}, "answer": None}, False),
        ({"value": ["I"], "answer": None}, False),
    ],
)
def test_invalid__is_what_a_scorer_could_not_read(score: dict[str, Any], invalid: bool) -> None:
    assert is_invalid(score) is invalid


def test_scores__of_several_scorers__bear_their_names() -> None:
    metric = {"accuracy": {"value": 0.25}, "stderr": {"value": 0.1}}
    found = scores_of_log({"scores": [{"name": "choice", "metrics": metric}, {"name": "match", "metrics": metric}]})
    assert [score["metric"] for score in found] == ["choice/accuracy", "match/accuracy"]


def test_scores__spreads_and_errors_are_no_scores_and_averages_are_derived() -> None:
    metrics = {name: {"value": 0.5} for name in ("accuracy", "std", "var", "bootstrap_stderr", "anatomy", "all")}
    found = {score["metric"]: score for score in scores_of_log({"scores": [{"name": "choice", "metrics": metrics}]})}
    assert set(found) == {"accuracy", "anatomy", "all"}
    assert found["all"]["derived"] is True
    assert found["accuracy"]["stderr"] == 0.5
    assert found["anatomy"]["stderr"] is None


def test_failed_task__fits_the_schema() -> None:
    record = failed_inspect_task("nosuch", Failure("unknown-task", "The task nosuch is not found."), 5)
    jsonschema.validate(record, _SCHEMA["properties"]["tasks"]["items"])
    assert record["status"] == "failed"
