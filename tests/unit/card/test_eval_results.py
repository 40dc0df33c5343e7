"""Files of `.eval_results` are read as the Hub reads them, and refused with the path and the reason."""

from __future__ import annotations

import pytest

from evalbot.card.eval_results.check import problems_of_entries
from evalbot.card.eval_results.entries import Entry, EntrySource, read_entries
from evalbot.card.validation import Problem
from evalbot.errors import InvalidCard

PATH = ".eval_results/hle.yaml"
FULL = b"""\
- dataset:
    id: cais/hle  # a benchmark
    task_id: hle
    revision: 5503434ddd753f426f4b38109466949a1217c2bb
  value: 20.90
  verifyToken: abc
  date: "2025-01-15T10:30:00Z"
  source: {url: "https://huggingface.co/datasets/cais/hle", name: CAIS HLE, user: ada, org: cais}
  notes: no-tools
  seen_by: nobody
"""
LEAST = b"[{dataset: {id: a/b, task_id: t}, value: 0.5}]"


def entry(text: str) -> bytes:
    """A file of one entry with more lines."""
    return f"- dataset: {{id: a/b, task_id: t}}\n  value: 1\n  {text}\n".encode()


def test_read_entries__a_full_entry__is_read_with_the_digits_it_has() -> None:
    assert read_entries(PATH, FULL) == (
        Entry(
            dataset_id="cais/hle",
            task_id="hle",
            value="20.90",
            revision="5503434ddd753f426f4b38109466949a1217c2bb",
            date="2025-01-15T10:30:00Z",
            verify_token="abc",
            source=EntrySource(url="https://huggingface.co/datasets/cais/hle", name="CAIS HLE", user="ada", org="cais"),
            notes="no-tools",
        ),
    )


@pytest.mark.parametrize("data", [LEAST, b"\xef\xbb\xbf" + LEAST, LEAST + b"\r\n"])
def test_read_entries__the_least_entry__is_read(data: bytes) -> None:
    assert read_entries(PATH, data) == (Entry(dataset_id="a/b", task_id="t", value="0.5"),)


def test_read_entries__an_empty_list__has_none() -> None:
    assert read_entries(PATH, b"[]") == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", '".eval_results/hle.yaml" must be a list'),
        (b"# nothing\n", '".eval_results/hle.yaml" must be a list'),
        (b"dataset: x", '".eval_results/hle.yaml" must be a list'),
        (b"- text", '".eval_results/hle.yaml[0]" must be an object'),
        (b"- value: 1", '".eval_results/hle.yaml[0].dataset" is required'),
        (b"- dataset: {id: a/b, task_id: t}", '".eval_results/hle.yaml[0].value" is required'),
        (b"- dataset: {id: a/b}\n  value: 1", '".eval_results/hle.yaml[0].dataset.task_id" is required'),
        (b"- dataset: {id: a/b, task_id: 5}\n  value: 1", '".eval_results/hle.yaml[0].dataset.task_id" must be a str'),
        (entry("source: {name: x}"), '".eval_results/hle.yaml[0].source.url" is required'),
        (entry("notes: [x]"), '".eval_results/hle.yaml[0].notes" must be a string'),
        (b"- a: [", "hle.yaml is not valid YAML"),
        (b"a: 1\nb: {\n", "(line 3)"),
        (b"- 1\n---\n- 2\n", "hle.yaml is not valid YAML"),
        (b"- a: 1\n  a: 2\n", "The key 'a' stands twice in .eval_results/hle.yaml (line 2)"),
        (b"- &x {a: 1}\n- <<: *x\n", "merge key (<<, line 2)"),
        (b"- *missing\n", "hle.yaml is not valid YAML"),
        (b"- caf\xe9\n", "not valid UTF-8: byte 0xe9 in line 1"),
        ("- a\u2028b\n".encode(), "line separator U+2028"),
        (b"[" * 80 + b"]" * 80, ".eval_results/hle.yaml is nested more than 64 levels deep"),
        (b"- !!python/object:os.system x", "hle.yaml holds a value that is not plain data"),
        (b"#" * (1024 * 1024 + 1), "too large"),
    ],
)
def test_read_entries__a_file_the_hub_does_not_accept__is_refused_by_path_and_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidCard) as caught:
        read_entries(PATH, data)
    assert reason in caught.value.message
    assert PATH in caught.value.message


def test_read_entries__an_alias_bomb__is_refused_before_it_is_expanded() -> None:
    levels = ["- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    with pytest.raises(InvalidCard, match="holds more than 250,000 values"):
        read_entries(PATH, "\n".join(levels).encode())


@pytest.mark.parametrize("data", [FULL, LEAST, entry("date: '2026-01-31'")])
def test_problems_of_entries__what_the_hub_documents__has_none(data: bytes) -> None:
    assert problems_of_entries(PATH, data) == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[]", '".eval_results/hle.yaml" is empty'),
        (b"[{dataset: {id: a/b, task_id: t}, value: n/a}]", "\".eval_results/hle.yaml[0].value\" is 'n/a', not a fin"),
        (b"[{dataset: {id: a/b, task_id: t}, value: .nan}]", "not a finite number"),
        (b"[{dataset: {id: a/b, task_id: t}, value: true}]", "not a finite number"),
        (entry("source: {url: 'http://example.org'}"), '".eval_results/hle.yaml[0].source.url" is not an https addr'),
        (entry("date: last week"), "\".eval_results/hle.yaml[0].date\" is 'last week', which is no ISO 8601 date"),
        (entry("date: 2026-01-31"), '".eval_results/hle.yaml[0].date" stands without quotes'),
    ],
)
def test_problems_of_entries__what_readers_stumble_over__is_a_warning(data: bytes, message: str) -> None:
    (problem,) = problems_of_entries(PATH, data)
    assert problem.level == "warning"
    assert message in problem.message


def test_problems_of_entries__several_errors__are_all_listed() -> None:
    assert problems_of_entries(PATH, b"- dataset: {}\n- value: 1\n") == tuple(
        Problem("error", f'".eval_results/hle.yaml{where}" is required')
        for where in ("[0].value", "[0].dataset.id", "[0].dataset.task_id", "[1].dataset")
    )


def test_problems_of_entries__a_file_that_cannot_be_read__is_one_error() -> None:
    (problem,) = problems_of_entries(PATH, b"- [")
    assert (problem.level, "is not valid YAML" in problem.message) == ("error", True)
