"""The record of an inspect task, from the header of its log (JSON form of inspect-ai's EvalLog) and its samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .failures import Failure, explain, shorten

if TYPE_CHECKING:
    from .inspect_tasks import LoadedTask
    from .record import EngineScore, Problem, Task, TaskStatus

_NO_ANSWER = frozenset({"no_response", "invalid_response_format", "refusal"})
"""What inspect-ai's scorers say of an answer they could not read (ScoreReason, the model's own part)."""
_ERRORS = {"stderr": 1, "bootstrap_stderr": 2}
_SPREADS = frozenset({"std", "var"})
_HIGHER = frozenset({"accuracy", "mean", "f1", "exact", "max", "pass_at_1", "pass@1", "em", "exact_match", "pass_rate"})
_AVERAGES = frozenset({"all", "average", "overall"})


@dataclass
class SampleTally:
    """What became of the samples so far. `answers` are what a scorer looked at, `invalid` those it could not read."""

    done: int = 0
    failed: int = 0
    answers: int = 0
    invalid: int = 0
    generation: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def add(self, sample: Mapping[str, Any]) -> None:
        """`sample`: members `scores` {scorer: {value, answer, reason}} and `error` of an EvalSample in JSON form."""
        self.done += 1
        error = sample.get("error")
        if error:
            self.failed += 1
            self.error = self.error or str(error.get("traceback") or error.get("message"))
            return
        scores = [score for score in (sample.get("scores") or {}).values() if isinstance(score, Mapping)]
        if scores:
            self.answers += 1
            self.invalid += all(is_invalid(score) for score in scores)


def is_invalid(score: Mapping[str, Any]) -> bool:
    """Whether a scorer found no answer. Older scorers leave the answer empty and say no reason."""
    if score.get("reason") in _NO_ANSWER:
        return True
    answer, value = score.get("answer"), score.get("value")
    wrong = isinstance(value, (str, int, float)) and value in {"I", "N", 0}
    return wrong and (answer is None or not str(answer).strip())


def failed_inspect_task(name: str, failure: Failure, limit: int | None) -> Task:
    """The record of a task that could not begin."""
    record = _empty(name, limit)
    record["problem"] = failure.problem()
    return record


def inspect_record(
    loaded: LoadedTask, log: Mapping[str, Any], tally: SampleTally, *, limit: int | None, chat_template: bool | None
) -> Task:
    """`log`: the members status, results and error of an EvalLog in JSON form; the rest is not looked at."""
    record = _empty(loaded.spec.recorded_name, limit)
    record["version"], record["dataset"], record["shots"] = loaded.version, loaded.dataset, loaded.shots
    record["chat_template"] = chat_template
    results = log.get("results") or {}
    asked = loaded.total if limit is None else min(limit, loaded.total // loaded.epochs) * loaded.epochs
    completed = int(results.get("completed_samples") or 0) if results else tally.done - tally.failed
    record["samples"] = {
        "total": loaded.total,
        "asked": asked,
        "completed": completed,
        "invalid": tally.invalid if tally.answers else None,
    }
    record["scores"] = scores_of_log(results)
    record["generation"] = {**tally.generation, **loaded.notes}
    record["problem"] = _problem(log, tally, asked, completed)
    record["status"] = _status(str(log.get("status")), record)
    return record


def scores_of_log(results: Mapping[str, Any]) -> list[EngineScore]:
    """The metrics of a log's results. Several scorers' are told apart by the scorer's name before the metric's."""
    scorers = results.get("scores") or []
    found: list[EngineScore] = []
    for scorer in scorers:
        metrics: Mapping[str, Any] = scorer.get("metrics") or {}
        prefix = f"{scorer.get('name')}/" if len(scorers) > 1 else ""
        stderr = _stderr(metrics)
        for name, metric in metrics.items():
            value = _finite(metric.get("value"))
            if value is None or name in _ERRORS or name in _SPREADS:
                continue
            found.append(
                {
                    "metric": prefix + name,
                    "value": value,
                    "stderr": stderr if name in {"accuracy", "mean"} or len(metrics) <= 2 else None,  # noqa: PLR2004
                    "higher_is_better": True if name in _HIGHER else None,
                    "derived": name in _AVERAGES,
                }
            )
    return found


def _stderr(metrics: Mapping[str, Any]) -> float | None:
    return next((_finite(metrics[name].get("value")) for name in _ERRORS if name in metrics), None)


def _status(said: str, record: Task) -> TaskStatus:
    samples = record["samples"]
    if said == "cancelled":
        return "cancelled"
    if said != "success" or not record["scores"] or not samples["completed"]:
        return "failed"
    return "complete" if samples["completed"] == samples["total"] else "partial"


def _problem(log: Mapping[str, Any], tally: SampleTally, asked: int, completed: int) -> Problem | None:
    status = log.get("status")
    if status == "cancelled":
        return Failure("cancelled", "It was stopped before its end.").problem()
    if status != "success":
        error = log.get("error") or {}
        text = f"{error.get('traceback') or ''}\n{error.get('message') or ''}".strip() or tally.error or ""
        return explain(text or f"inspect-ai left the task as {status!r}.").problem()
    if completed < asked:
        said = f" The first: {explain(tally.error).message}" if tally.error else ""
        kind = explain(tally.error).kind if tally.error else "engine-error"
        return {"kind": kind, "message": shorten(f"{asked - completed} of {asked} samples failed.{said}")}
    if not scores_of_log(log.get("results") or {}):
        return Failure("engine-error", "The task gave no score that is a number.").problem()
    return None


def _finite(value: Any) -> float | None:
    """inspect-ai writes NaN where there was nothing to average."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _empty(name: str, limit: int | None) -> Task:
    return {
        "engine": "inspect",
        "name": name,
        "version": None,
        "status": "failed",
        "problem": None,
        "dataset": None,
        "shots": None,
        "chat_template": None,
        "limit": limit,
        "samples": {"total": None, "asked": None, "completed": 0, "invalid": None},
        "scores": [],
        "generation": {},
        "seconds": 0.0,
        "log": None,
    }
