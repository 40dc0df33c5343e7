"""The registry: a label is one benchmark by its exact name, or none; and the file keeps to its own rules."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from importlib import resources

import pytest
import yaml

from evalbot.benchmarks import NOT_LISTED, Benchmark, all_benchmarks, find, folded, why_unknown
from evalbot.card.task_types import TASK_TYPES

ENTRY_KEYS = {
    *("key", "name", "aliases", "ambiguous", "ambiguous_because", "dataset", "varies", "task_type", "metric"),
    *("usual_shots", "unverified", "evidence", "note"),
}
UNVERIFIED = {"dataset.id", "dataset.config", "dataset.split", "usual_shots"}


def key_of(label: str) -> str | None:
    found = find(label)
    return found.key if found else None


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("MMLU", "mmlu"),
        (" mmlu ", "mmlu"),
        ("MMMLU", "mmmlu"),
        ("MMMU", "mmmu"),
        ("MMLU-Pro", "mmlu_pro"),
        ("mmlu_pro", "mmlu_pro"),
        ("GSM8K", "gsm8k"),
        ("GSM 8k", "gsm8k"),
        ("MGSM", "mgsm"),
        ("GSM+", "gsm_plus"),
        ("HumanEval", "humaneval"),
        ("Human-Eval", "humaneval"),
        ("HumanEval+", "humaneval_plus"),
        ("HumanEval Plus", "humaneval_plus"),
        ("MBPP", "mbpp"),
        ("MBPP +", "mbpp_plus"),
        ("ARC-C", "arc_challenge"),
        ("ARC Easy", "arc_easy"),
        ("ARC-AGI-2", "arc_agi_2"),
        ("GPQA-Diamond", "gpqa_diamond"),
        ("GPQA (diamond)", "gpqa_diamond"),
        ("SuperGPQA", "supergpqa"),
        ("AIME 2024", "aime24"),
        ("AIME25", "aime25"),
        ("SWE-bench Verified", "swe_bench_verified"),
        ("SWE-bench Lite", "swe_bench_lite"),
        ("MATH", "math"),
        ("MATH-500", "math_500"),
        ("TruthfulQA MC2", "truthfulqa_mc2"),
        ("truthfulqa_mc1", "truthfulqa_mc1"),
    ],
)
def test_find__look_alikes__stay_apart(label: str, key: str) -> None:
    assert key_of(label) == key
    assert why_unknown(label) == ""


@pytest.mark.parametrize(
    "label", ["GPQA", "gpqa", "SWE-bench", "TruthfulQA", "AIME", "ARC", "C-Eval", "CEval", "Math", "MNLI", "STS-B"]
)
def test_find__a_label_that_names_several__is_none_and_says_so(label: str) -> None:
    assert find(label) is None
    assert why_unknown(label).startswith("ambiguous: ")


@pytest.mark.parametrize(
    "label",
    [
        *("", "MMLU 2", "MMLU*", "M-MMLU", "MMLU-STEM", "MGSM-zh", "MBPP++", "LiveCodeBench v6", "HLE (w/ tools)"),
        *("ARC-AGI", "ARCD", "Architecture", "Dropout rate", "drop path rate", "Chinese-Alpaca-2-13B"),
        "ММLU",  # noqa: RUF001 - Cyrillic
    ],
)
def test_find__a_name_that_is_only_alike__is_none(label: str) -> None:
    assert find(label) is None
    assert why_unknown(label) == NOT_LISTED


def test_registry__every_label__names_one_benchmark_or_is_listed_as_ambiguous() -> None:
    ambiguous = {folded(label) for entry in all_benchmarks() for label in entry.ambiguous}
    labels = Counter(folded(label) for e in all_benchmarks() for label in {folded(x): x for x in names(e)}.values())
    assert {label for label, count in labels.items() if count > 1} <= ambiguous
    for entry in all_benchmarks():
        assert all(find(alias) == entry for alias in entry.aliases), entry.key
        assert find(entry.name) == entry or entry.name in entry.ambiguous, entry.key


def names(entry: Benchmark) -> tuple[str, ...]:
    return (entry.name, *entry.aliases)


def test_registry__keys_are_unique_and_plain() -> None:
    keys = [entry.key for entry in all_benchmarks()]
    assert len(keys) == len(set(keys)) > 100
    assert all(re.fullmatch(r"[a-z0-9_]+", key) for key in keys)


@pytest.mark.parametrize("entry", all_benchmarks(), ids=lambda entry: entry.key)
def test_registry__an_entry__keeps_to_the_format(entry: Benchmark) -> None:
    assert entry.dataset is None or re.fullmatch(r"[\w.-]+/[\w.-]+", entry.dataset, re.ASCII)
    assert entry.dataset is not None or "dataset.id" not in entry.unverified
    assert all(isinstance(text, str) or text is None for text in (entry.config, entry.split))
    assert entry.task_type in TASK_TYPES
    assert re.fullmatch(r"[a-z][a-z0-9_@]*", entry.metric)
    assert re.fullmatch(r"fraction|percent|ppl|0-\d+", entry.scale)
    assert isinstance(entry.higher_is_better, bool)
    assert all(isinstance(shots, int) for shots in entry.usual_shots)
    assert entry.unverified <= UNVERIFIED
    assert entry.varies <= {"config", "split"}
    assert all(getattr(entry, field) for field in entry.varies)
    assert bool(entry.ambiguous) == (entry.ambiguous_because is not None)


def test_registry__the_file__has_no_key_that_nobody_knows() -> None:
    entries = yaml.safe_load(resources.files("evalbot").joinpath("benchmarks.yaml").read_text("utf-8"))["benchmarks"]
    assert {key for entry in entries for key in entry} == ENTRY_KEYS
    assert {key for entry in entries for key in entry["dataset"]} == {"id", "config", "split"}


def test_registry__what_is_unverified_or_one_of_several__is_not_known() -> None:
    livecodebench, humaneval, mbpp = find("LiveCodeBench"), find("HumanEval"), find("MBPP")
    assert livecodebench is not None
    assert (livecodebench.dataset is not None, livecodebench.known_dataset) == (True, None)
    assert humaneval is not None
    assert (humaneval.known_dataset, humaneval.known("config")) == ("openai/openai_humaneval", None)
    assert mbpp is not None
    assert (mbpp.known("config"), mbpp.verified("config"), mbpp.known("split")) == (None, "full", "test")


def test_registry__the_help__does_not_read_it() -> None:
    code = (
        "import sys, evalbot.cli\n"
        "try: evalbot.cli.run(['extract-readme', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit('evalbot.benchmarks' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
