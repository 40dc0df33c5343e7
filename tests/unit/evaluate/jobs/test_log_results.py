from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from evalbot.errors import EvaluationFailed
from evalbot.evaluate.jobs import log_results
from evalbot.evaluate.jobs.log_results import problem_in, results_in
from evalbot.evaluate.runners.parts import progress

if TYPE_CHECKING:
    from collections.abc import Callable

NOISE = random.Random(7)  # noqa: S311 - incompressible, not secret
LARGE = {"noise": [NOISE.random() for _ in range(3000)]}
LINES = progress.result_lines(LARGE)
OTHER = progress.result_lines({"small": 1})
BEFORE = ["loading the model", "evalbot-progress {}", ""]


def test_results_in__what_the_runner_prints__comes_back() -> None:
    assert len(LINES) > 5
    found = results_in([*BEFORE, *LINES, "the end"])
    assert found is not None
    assert json.loads(found) == LARGE


@pytest.mark.parametrize("lines", [[], BEFORE, ["see evalbot-results 1/1"]], ids=str)
def test_results_in__none_were_printed__is_none(lines: list[str]) -> None:
    assert results_in(lines) is None


@pytest.mark.parametrize(
    "arrange",
    [
        pytest.param(lambda lines: lines[::-1], id="backwards"),
        pytest.param(lambda lines: lines + lines, id="twice"),
        pytest.param(lambda lines: [lines[0], "between", *lines[1:]], id="others between"),
        pytest.param(lambda lines: [f"  {line}\r" for line in lines], id="with blanks around"),
        pytest.param(lambda lines: [*OTHER, *lines], id="after earlier ones"),
        pytest.param(lambda lines: [*lines[:3], *OTHER, *lines], id="after half of them"),
    ],
)
def test_results_in__however_the_lines_arrive__are_whole(arrange: Callable[[list[str]], list[str]]) -> None:
    found = results_in(arrange(LINES))
    assert found is not None
    assert json.loads(found) in (LARGE, {"small": 1})


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        pytest.param(LINES[:-1], f"of {len(LINES)} pieces, {len(LINES)} missing", id="the last piece"),
        pytest.param(LINES[2:], f"of {len(LINES)} pieces, 1, 2 missing", id="the first pieces"),
        pytest.param(LINES[:1], "2, 3, 4, 5, 6, … missing", id="nearly all"),
        pytest.param([*LINES[:-1], LINES[-1][:-40]], "damaged", id="cut short"),
        pytest.param([*LINES[1:], LINES[0].replace(LINES[0][-9:], "AAAAAAAAA")], "checksum differs", id="changed"),
        pytest.param(["evalbot-results 1/1 xyz"], "damaged: 1 line", id="no piece"),
        pytest.param([OTHER[0].replace("1/1", "2/1")], "damaged", id="more than there are"),
        pytest.param([OTHER[0].replace("1/1", "1/99999")], "damaged", id="far too many"),
        pytest.param([OTHER[0].rsplit(" ", 1)[0] + " ===="], "damaged", id="not base64"),
    ],
)
def test_results_in__not_whole_or_damaged__says_what_is_missing(lines: list[str], reason: str) -> None:
    with pytest.raises(EvaluationFailed) as refused:
        results_in(lines)
    assert reason in refused.value.message


def test_results_in__a_small_piece_that_unpacks_to_very_much__is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_results, "MAX_BYTES", 1000)
    with pytest.raises(EvaluationFailed, match="larger than any"):
        results_in(progress.result_lines({"zeros": "0" * 100_000}))


@pytest.mark.parametrize("lines", [[], BEFORE, LINES, LINES[:-1], ["evalbot-results 1/1 xyz"]], ids=str)
def test_problem_in__no_results_of_ours__is_none(lines: list[str]) -> None:
    assert problem_in(lines) is None
