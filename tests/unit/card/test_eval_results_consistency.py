"""Two formats in one repository may say one thing each: it is pointed out, and only where both speak of the same."""

from __future__ import annotations

import pytest

from evalbot.card.document import parse_card
from evalbot.card.eval_results.benchmark_dataset import BenchmarkDataset, Task
from evalbot.card.eval_results.consistency import disagreements
from evalbot.card.eval_results.entries import read_entries
from evalbot.card.model_index import published

GPQA: dict[str, BenchmarkDataset | str] = {
    "Idavidrein/gpqa": BenchmarkDataset(
        "Idavidrein/gpqa", (Task("d", "gpqa_diamond", "train"), Task("m", "gpqa_main", "train"))
    )
}


def card(metrics: str, dataset: str = "name: Benchmarks, type: benchmark") -> str:
    return (
        "---\nmodel-index:\n- name: Demo-7B\n  results:\n"
        f"  - task: {{type: text-generation}}\n    dataset: {{{dataset}}}\n    metrics: [{metrics}]\n---\n"
    )


def entry(value: str, dataset: str = "cais/hle", task: str = "hle", notes: str | None = None) -> str:
    noted = "" if notes is None else f"\n  notes: {notes}"
    return f"- dataset: {{id: {dataset}, task_id: {task}}}\n  value: {value}{noted}\n"


def found(
    text: str,
    *entries: str,
    path: str = ".eval_results/hle.yaml",
    registered: dict[str, BenchmarkDataset | str] | None = None,
) -> list[str]:
    files = {path: read_entries(path, "".join(entries).encode())}
    return [each.describe() for each in disagreements(published(parse_card(text)), files, registered)]


def test_disagreements__another_value__is_one_line() -> None:
    assert found(card("{name: HLE, type: hle, value: 22.1}"), entry("24.8")) == [
        "cais/hle (hle): 24.8 in .eval_results/hle.yaml, 22.1 in the model-index (HLE)"
    ]


@pytest.mark.parametrize(
    ("metrics", "dataset", "value", "notes"),
    [
        ("{name: HLE, type: hle, value: 22.1}", "name: Benchmarks, type: benchmark", "22", None),
        ("{name: HLE (0-shot), type: hle, value: 22.1}", "name: Benchmarks, type: benchmark", "22", None),
        ("{name: HLE (w/ tools), type: hle, value: 22.1}", "name: Benchmarks, type: benchmark", "22", "With tools"),
        ("{name: HLE (tools), type: hle, value: 22.1}", "name: Benchmarks, type: benchmark", "22", "tools"),
        ("{type: accuracy, value: 22.1}", "name: HLE, type: cais/hle", "22", None),
        ("{type: accuracy, value: 22.1}", "name: HLE, type: cais/hle, config: default, split: test", "22", None),
        ("{type: accuracy, value: 22.1}", "name: x, type: CAIS/hle, args: {num_few_shot: 5}", "22", "5-shot"),
    ],
)
def test_disagreements__the_same_benchmark__is_found_by_name_or_dataset(
    metrics: str, dataset: str, value: str, notes: str | None
) -> None:
    assert len(found(card(metrics, dataset), entry(value, notes=notes))) == 1
    assert found(card(metrics, dataset), entry("22.1", notes=notes)) == []


@pytest.mark.parametrize(("one", "other"), [("64.8", "0.648"), ("0.648", "64.8"), ("64.80", "64.8"), ("1", "100")])
def test_disagreements__percent_and_fraction_of_one_value__agree(one: str, other: str) -> None:
    assert found(card(f"{{name: HLE, type: hle, value: {one}}}"), entry(other)) == []


@pytest.mark.parametrize(("one", "other"), [("64.8", "0.65"), ("64.8", "6.48"), ("0.648", "6480")])
def test_disagreements__nearly_one_value__is_another(one: str, other: str) -> None:
    assert len(found(card(f"{{name: HLE, type: hle, value: {one}}}"), entry(other))) == 1


@pytest.mark.parametrize(
    ("metrics", "dataset", "value", "notes"),
    [
        ("{name: HLE, type: hle, value: 22.1}", "name: Benchmarks, type: benchmark", "44.9", "With tools"),
        ("{name: HLE (w/ tools), type: hle, value: 44.9}", "name: Benchmarks, type: benchmark", "22.1", None),
        ("{name: HLE (5-shot), type: hle, value: 44.9}", "name: Benchmarks, type: benchmark", "22.1", "0-shot"),
        ("{type: accuracy, value: 44.9}", "name: x, type: cais/hle, args: {num_few_shot: 5}", "22.1", "0-shot"),
        ("{type: f1, value: 44.9}", "name: HLE, type: cais/hle", "22.1", None),
        ("{name: HLE, type: hle, value: n/a}", "name: Benchmarks, type: benchmark", "22.1", None),
        ("{name: HLE, type: hle, value: 22.1}", "name: Benchmarks, type: benchmark", "n/a", None),
        ("{name: MMLU, type: mmlu, value: 44.9}", "name: Benchmarks, type: benchmark", "22.1", None),
        ("{type: accuracy, value: 44.9}", "name: HLE, type: somebody/hle", "22.1", None),
        ("{name: LiveCodeBench, type: x, value: 44.9}", "name: Benchmarks, type: benchmark", "22.1", None),
        ("{type: accuracy, value: 44.9}, {type: accuracy, value: 22.1}", "name: HLE, type: cais/hle", "22.1", None),
    ],
)
def test_disagreements__what_does_not_speak_of_the_same__is_none(
    metrics: str, dataset: str, value: str, notes: str | None
) -> None:
    assert found(card(metrics, dataset), entry(value, notes=notes)) == []


@pytest.mark.parametrize(
    ("name", "task", "registered", "expected"),
    [
        ("GPQA Diamond", "diamond", None, 1),
        ("GPQA Diamond", "gpqa_diamond", None, 1),
        ("GPQA Diamond", "main", None, 0),
        ("GPQA (main)", "gpqa_main", None, 1),
        ("GPQA Diamond", "d", GPQA, 1),
        ("GPQA Diamond", "m", GPQA, 0),
    ],
)
def test_disagreements__one_of_several_tasks__is_told_by_eval_yaml_or_by_its_name(
    name: str, task: str, registered: dict[str, BenchmarkDataset | str] | None, expected: int
) -> None:
    text = card(f"{{name: {name}, type: x, value: 60}}")
    assert len(found(text, entry("70", "Idavidrein/gpqa", task), registered=registered)) == expected


@pytest.mark.parametrize(
    ("dataset", "id_", "task", "expected"),
    [
        ("type: cais/mmlu, config: all", "cais/mmlu", "mmlu", 1),
        ("type: cais/mmlu, config: abstract_algebra", "cais/mmlu", "mmlu", 0),
        ("type: cais/mmlu, config: all, split: validation", "cais/mmlu", "mmlu", 0),
        ("type: openai/gsm8k, config: main", "openai/gsm8k", "gsm8k", 1),
        ("type: openai/gsm8k, config: socratic", "openai/gsm8k", "gsm8k", 0),
        ("type: somebody/bench, config: hard", "somebody/bench", "bench_hard", 1),
        ("type: somebody/bench, config: easy", "somebody/bench", "bench_hard", 0),
    ],
)
def test_disagreements__a_part_of_a_benchmark__is_not_held_against_the_whole(
    dataset: str, id_: str, task: str, expected: int
) -> None:
    assert len(found(card("{type: x, value: 60}", f"name: x, {dataset}"), entry("70", id_, task))) == expected


def test_disagreements__two_tasks_and_a_metric_that_names_neither__are_not_compared() -> None:
    text = card("{type: accuracy, value: 60}", "name: GPQA, type: Idavidrein/gpqa")
    tasks = (entry("70", "Idavidrein/gpqa", "d"), entry("50", "Idavidrein/gpqa", "m"))
    assert found(text, *tasks) == found(text, *tasks, registered=GPQA) == []


def test_disagreements__a_file_that_says_its_variant_by_its_name__is_that_variant() -> None:
    text = card("{name: HLE, type: hle, value: 22.1}, {name: HLE (w/ tools), type: x, value: 44.9}")
    path = ".eval_results/hle_with_tools.yaml"
    assert found(text, entry("44.9"), path=path) == []
    assert found(text, entry("22.1"), path=path) == [
        f"cais/hle (hle): 22.1 in {path}, 44.9 in the model-index (HLE (w/ tools))"
    ]


@pytest.mark.parametrize("filler", [",", " ", "(", "(,", "w/ ", "no ", "5-", "tools,"])
def test_disagreements__a_name_without_end__costs_one_pass(filler: str) -> None:
    name = f"HLE (w/ tools){filler * 100_000}x"
    assert found(card(f"{{name: '{name}', type: x, value: 60}}"), entry("70", notes=f"'{name}'")) == []
