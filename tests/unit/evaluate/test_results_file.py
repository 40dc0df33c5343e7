from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.errors import NothingFound, UsageError
from evalbot.evaluate.results_file import MAX_BYTES, parse_results, read_results
from evalbot.evaluate.runners.parts.record import write_json

if TYPE_CHECKING:
    from pathlib import Path

RESULTS: dict[str, Any] = {
    "schema": "evalbot-results/1",
    "run": {
        "status": "complete",
        "problem": None,
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": "2026-11-23T10:05:00Z",
        "seconds": 300.0,
        "command": ["evaluate_uv.py", "--model", "alice/Aurora-7B"],
        "job_id": None,
        "log_url": None,
    },
    "model": {
        "id": "alice/Aurora-7B",
        "revision": "main",
        "commit": "a" * 40,
        "dtype": "bfloat16",
        "max_model_len": 4096,
        "trust_remote_code": False,
    },
    "server": None,
    "packages": {"lighteval": "0.13.0"},
    "hardware": {"accelerators": []},
    "tasks": [
        {
            "engine": "lighteval",
            "name": "gsm8k",
            "version": "0",
            "status": "complete",
            "problem": None,
            "dataset": {"id": "openai/gsm8k", "config": "main", "split": "test", "revision": None},
            "shots": 5,
            "chat_template": False,
            "limit": None,
            "samples": {"total": 1319, "asked": 1319, "completed": 1319, "invalid": 4},
            "scores": [
                {
                    "metric": "extractive_match",
                    "value": 0.41,
                    "stderr": 0.013,
                    "higher_is_better": True,
                    "derived": False,
                }
            ],
            "generation": {"temperature": 0.0},
            "seconds": 120.5,
            "log": "lighteval/details.parquet",
        }
    ],
}
WHOLE = json.dumps(RESULTS, indent=1)


def changed(**members: Any) -> str:
    return json.dumps({**copy.deepcopy(RESULTS), **members})


def test_read_results__what_a_runner_wrote__comes_back_as_it_is(tmp_path: Path) -> None:
    write_json(tmp_path / "results.json", RESULTS)
    assert read_results(tmp_path / "results.json") == RESULTS
    assert read_results(tmp_path / "results.json", model="alice/Aurora-7B") == RESULTS


def test_read_results__of_another_model__are_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "results.json", RESULTS)
    with pytest.raises(UsageError, match=r"results of alice/Aurora-7B, not of bob/Borealis"):
        read_results(tmp_path / "results.json", model="bob/Borealis")


def test_read_results__no_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match="no results file"):
        read_results(tmp_path / "results.json")


def test_read_results__a_folder__says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file") as refused:
        read_results(tmp_path)
    assert "results.json" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param(" \n", "is empty", id="blank"),
        pytest.param(WHOLE.replace("0.41", "NaN"), "NaN is not a number", id="nan"),
        pytest.param(WHOLE.replace("0.41", "-Infinity"), "-Infinity is not a number", id="infinity"),
        pytest.param(WHOLE.replace("0.41", "1e400"), "too large for a number", id="overflow"),
        pytest.param(WHOLE.replace("1319", "9" * 5000), "too large for a number", id="5,000 digits"),
        pytest.param("[" * 10_000 + "]" * 10_000, "nested too deeply", id="10,000 lists"),
        pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply", id="100,000 objects"),
        pytest.param(changed(hardware={"x": json.loads("[" * 60 + "]" * 60)}), "nested too deeply", id="60 lists"),
        pytest.param(WHOLE.replace('"shots": 5', '"shots": 5, "shots": 0'), "one thing twice", id="said twice"),
        pytest.param("[]", "does not say", id="a list"),
        pytest.param("12", "does not say", id="a number"),
        pytest.param('{"results": {}}', "does not say", id="another tool's"),
        pytest.param(changed(schema=1), "does not say", id="schema no text"),
        pytest.param(changed(schema="evalbot-results/2"), "of version 2; this evalbot reads version 1", id="newer"),
        pytest.param(changed(schema="evalbot-results/0"), "of version 0", id="older"),
        pytest.param(changed(run=None), r"run: None is not of type 'object'", id="no run"),
        pytest.param(changed(extra=1), "at the top: Additional properties", id="a member more"),
        pytest.param(WHOLE.replace("0.41", '"41%"'), r"tasks\[0\]\.scores\[0\]\.value: '41%' is not", id="text"),
        pytest.param(WHOLE.replace("0.41", "true"), r"tasks\[0\]\.scores\[0\]\.value: True is not", id="a truth"),
        pytest.param(WHOLE.replace('"completed": 1319', '"completed": -1'), "less than the minimum", id="below 0"),
        pytest.param(WHOLE.replace('"lighteval",', '"lm_eval",'), r"tasks\[0\]\.engine", id="engine"),
        pytest.param(WHOLE.replace('"complete"', '"great"'), "'great' is not one of", id="status"),
        pytest.param("<html>502 Bad Gateway</html>", "is not JSON", id="an error page"),
    ],
)
def test_parse_results__what_cannot_be_trusted__is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as refused:
        parse_results(text.encode(), origin="results.json")
    assert "results.json" in refused.value.message
    assert len(refused.value.message) < 400


@pytest.mark.parametrize("length", range(1, len(WHOLE), 37))
def test_parse_results__cut_anywhere__is_refused(length: int) -> None:
    with pytest.raises(UsageError, match=r"not whole|is not JSON"):
        parse_results(WHOLE[:length].encode(), origin="results.json")


@pytest.mark.parametrize("marker", ["0.41", '"alice', "extractive_ma", '"tasks": ['])
def test_parse_results__cut_within_a_value__says_that_it_is_not_whole(marker: str) -> None:
    cut = WHOLE[: WHOLE.index(marker) + len(marker)]
    with pytest.raises(UsageError, match="is not whole: it breaks off"):
        parse_results(cut.encode(), origin="results.json")


def test_parse_results__not_text__is_refused() -> None:
    with pytest.raises(UsageError, match="not text in UTF-8"):
        parse_results(WHOLE.encode("utf-16"), origin="results.json")


def test_read_results__larger_than_any__is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "results.json").open("wb") as file:
        file.truncate(MAX_BYTES * 1000)
    with pytest.raises(UsageError, match="larger than any results file"):
        read_results(tmp_path / "results.json")


def test_parse_results__half_a_character__becomes_text_that_a_file_can_hold() -> None:
    text = WHOLE.replace('"0",', '"\\ud83d",').replace("bfloat16", "\\ud83d\\ude00")
    results = parse_results(text.encode(), origin="results.json")
    assert results["tasks"][0]["version"] == "�"
    assert results["model"]["dtype"] == "\U0001f600"
