"""What came of a run: its results, or why there are none and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evalbot.errors import EvaluationFailed, NothingFound, UsageError
from evalbot.evaluate.results_file import RESULTS_NAME, read_results
from evalbot.evaluate.runners.parts.failures import explain
from evalbot.report.evaluation import advice, duration, failures, kinds_of_failure, last_lines, logs

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.evaluate.runners.parts.record import Results

Stopped = Literal["timeout", "cancelled"]
"""Who ended the run before it ended itself: its time, or somebody at the keyboard or in charge of the machine."""
_NOT_DONE = frozenset({"failed", "cancelled"})


class LocalRunFailed(EvaluationFailed):
    """A run that did not do all it was to do. `results` are those of what it did, None where there are none."""

    def __init__(
        self, message: str, *, hint: str, candidates: tuple[str, ...], folder: Path, kinds: tuple[str, ...]
    ) -> None:
        details: dict[str, object] = {"output_dir": str(folder), "failures": list(kinds)}
        if (folder / RESULTS_NAME).is_file():
            details["results_path"] = str(folder / RESULTS_NAME)
        super().__init__(message, hint=hint, candidates=candidates, details=details)
        self.results: Results | None = None


def judge(folder: Path, *, model: str, code: int, stopped: Stopped | None, seconds: float, tail: str) -> Results:
    """The results of a run that did what it was to do. Raises LocalRunFailed for any other.

    `code` is the runner's exit code, `seconds` how long it ran, `tail` the end of what it said.
    """
    try:
        results = read_results(folder / RESULTS_NAME, model=model)
    except NothingFound:
        raise _without_results(folder, code=code, stopped=stopped, seconds=seconds, tail=tail) from None
    except UsageError as error:
        kind = stopped or explain(tail).kind
        raise LocalRunFailed(
            error.message, hint=_hint((kind,), folder), candidates=last_lines(tail), folder=folder, kinds=(kind,)
        ) from None
    not_done = [task for task in results["tasks"] if task["status"] in _NOT_DONE]
    if stopped is None and code == 0 and not not_done and results["run"]["status"] not in _NOT_DONE:
        return results
    kinds = _kinds(stopped, results)
    done = len(results["tasks"]) - len(not_done)
    failure = LocalRunFailed(
        f"{_what(stopped, seconds)}: {done} of {len(results['tasks'])} tasks were done",
        hint=_hint(kinds, folder),
        candidates=tuple(failures(results)) or last_lines(tail),
        folder=folder,
        kinds=kinds,
    )
    failure.results = results
    raise failure


def _without_results(folder: Path, *, code: int, stopped: Stopped | None, seconds: float, tail: str) -> LocalRunFailed:
    found = explain(tail)
    kinds = (stopped or found.kind,)
    said = "" if stopped is not None or not tail.strip() else f": {found.message}"
    ended = f" with exit code {code}" if stopped is None else ""
    message = f"{_what(stopped, seconds)}{ended}, before there were results{said}"
    return LocalRunFailed(message, hint=_hint(kinds, folder), candidates=last_lines(tail), folder=folder, kinds=kinds)


def _what(stopped: Stopped | None, seconds: float) -> str:
    if stopped == "timeout":
        return f"The evaluation ran out of time after {duration(seconds)}"
    return "The evaluation was stopped" if stopped == "cancelled" else "The evaluation failed"


def _kinds(stopped: Stopped | None, results: Results) -> tuple[str, ...]:
    """What stopped it comes first; that its tasks were cancelled then says nothing more."""
    found = kinds_of_failure(results)
    if stopped is None:
        return found or ("engine-error",)
    return (stopped, *(kind for kind in found if kind not in {"cancelled", stopped}))


def _hint(kinds: tuple[str, ...], folder: Path) -> str:
    return " ".join((*advice(kinds), logs(folder)))
