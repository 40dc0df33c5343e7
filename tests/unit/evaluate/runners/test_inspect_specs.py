from __future__ import annotations

from typing import Any

import pytest

from evalbot.evaluate.runners.parts.failures import Failure
from evalbot.evaluate.runners.parts.inspect_specs import parse_inspect_spec, shots_of


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("inspect_evals/gsm8k", {}),
        ("inspect_evals/gsm8k?fewshot=5", {"fewshot": 5}),
        ("inspect_evals/gsm8k?fewshot=false&fewshot_seed=7", {"fewshot": False, "fewshot_seed": 7}),
        ("inspect_evals/mmlu_0_shot?language=FR_FR", {"language": "FR_FR"}),
        ("inspect_evals/mmlu_0_shot?subjects=anatomy%2Castronomy", {"subjects": ["anatomy", "astronomy"]}),
        ('inspect_evals/mmlu_0_shot?subjects=["anatomy"]', {"subjects": ["anatomy"]}),
        ("inspect_evals/x?a=1.5&b=none&c=NaN&d=", {"a": 1.5, "b": None, "c": "NaN", "d": ""}),
    ],
)
def test_spec__values_are_read_as_inspect_reads_them(text: str, arguments: dict[str, Any]) -> None:
    spec = parse_inspect_spec(text)
    assert spec.arguments == arguments
    assert spec.name == text.partition("?")[0]


@pytest.mark.parametrize(
    "text",
    ["", "?", "a b", "../x.py@y", "a/b/c", "gsm8k?", "gsm8k?fewshot", "gsm8k?few-shot=1", "gsm8k?a=1&a=2", "é?=1"],
)
def test_spec__that_is_none__is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Failure) as told:
        parse_inspect_spec(text)
    assert told.value.kind == "unknown-task"
    assert text.partition("?")[0] in told.value.message


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("inspect_evals/gsm8k?fewshot=5", "inspect_evals/gsm8k"),
        ("inspect_evals/mmlu_0_shot?subjects=anatomy", "inspect_evals/mmlu_0_shot?subjects=anatomy"),
        ("inspect_evals/x?b=true&a=1&fewshot=0", "inspect_evals/x?a=1&b=true"),
    ],
)
def test_recorded_name__keeps_what_makes_it_another_benchmark(text: str, name: str) -> None:
    assert parse_inspect_spec(text).recorded_name == name


@pytest.mark.parametrize(
    ("name", "arguments", "shots"),
    [
        ("inspect_evals/gsm8k", {"fewshot": 10}, 10),
        ("inspect_evals/gsm8k", {"fewshot": False}, 0),
        ("inspect_evals/drop", {"fewshot": None}, 0),
        ("inspect_evals/mmlu_0_shot", {"cot": False}, 0),
        ("inspect_evals/mmlu_5_shot", {}, 5),
        ("inspect_evals/sec_qa_v1_5_shot", {}, 5),
        ("inspect_evals/hellaswag", {}, 0),
        ("inspect_evals/ifeval", {}, None),
        ("inspect_evals/gsm8k", {"fewshot": "many"}, None),
        ("inspect_evals/gsm8k", {"fewshot": -1}, None),
    ],
)
def test_shots__are_known_or_none(name: str, arguments: dict[str, Any], shots: int | None) -> None:
    assert shots_of(name, arguments) == shots
