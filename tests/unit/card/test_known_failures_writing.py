"""What another tool does wrong when it writes a model-index, a case for each: what is right here.

That tool loads the front matter as data and dumps it again; its losses were seen on cards such as these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evalbot.card.document import parse_card
from evalbot.card.model_index import published
from evalbot.cli import run
from tests.unit.card.card_file import MODEL, TABLE, apply_to, before_and_after
from tests.unit.card.untouched import assert_only_the_model_index_grew

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PUBLISHED = (
    "---\nmodel-index:\n- name: Demo-7B\n  results:\n  - task: {type: text-generation}\n"
    "    dataset: {name: Benchmarks, type: benchmark}\n    metrics:\n    - {name: Word count, type: wc, value: 7}\n"
)


@pytest.fixture
def edit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], bytes]:
    """Runs the command line on a marked card, twice; returns the card as both runs must leave it."""

    def twice(marked: str) -> bytes:
        before, after = before_and_after(marked + TABLE)
        for given, word in ((before, "Wrote"), (after, "Up to date")):
            done = apply_to(given, tmp_path, capsys)
            assert (done.code, word in done.said) == (0, True), done.said
            assert done.card == after
        return after

    return twice


def said_by(card: bytes) -> list[tuple[str, str | None, str]]:
    return [(metric.model, metric.name, metric.value) for metric in published(parse_card(card.decode()))]


def test_a_card_that_has_a_model_index__gains_the_new_scores(edit: Callable[[str], bytes]) -> None:
    after = edit(f"{PUBLISHED}«+metrics 4»\n---\n")
    assert said_by(after) == [(MODEL, "Word count", "7"), (MODEL, "MMLU", "85.20"), (MODEL, "GSM8K", "50.5")]


@pytest.mark.parametrize("option", ["--apply", "--dry-run"])
def test_a_later_value_over_an_earlier_one__is_shown_as_a_difference_and_never_lost_in_silence(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "README.md"
    path.write_text(f"{PUBLISHED}    - {{name: MMLU, type: mmlu, value: 0.5}}\n---\n{TABLE.replace('85.20', '0.9')}")
    before = path.read_bytes()
    options = ("--apply",) if option == "--apply" else ("--apply", "--dry-run")
    assert run(["extract-readme", "--readme", str(path), "--model-name", MODEL, *options]) == 6
    said = capsys.readouterr()
    assert "MMLU: 0.5 (model-index) → 0.9 (table)" in said.out + said.err
    assert path.read_bytes() == before


def test_two_model_index_entries__stay_two_with_their_own_names_and_sources(edit: Callable[[str], bytes]) -> None:
    entry = (
        "- name: {0}\n  results:\n  - task: {{type: text-generation}}\n    dataset: {{name: D, type: d}}\n"
        "    metrics: [{{type: acc, value: 1}}]\n    source: {{name: {0} report, url: https://example.org/{0}}}\n"
    )
    after = edit("---\nmodel-index:\n" + entry.format("One") + entry.format("Two") + "«+entry»\n---\n")
    index = published(parse_card(after.decode()))
    assert [(metric.model, metric.source_name, metric.source_url) for metric in index] == [
        ("One", "One report", "https://example.org/One"),
        ("Two", "Two report", "https://example.org/Two"),
        (MODEL, None, None),
        (MODEL, None, None),
    ]


RESULT = "  - task: {type: text-generation}\n    dataset: {name: Benchmarks, type: benchmark%s}\n"
METRICS = "    metrics: [{name: F1, type: f1, value: %s}]\n"


@pytest.mark.parametrize(
    "results",
    [
        pytest.param([RESULT % f", args: {{num_few_shot: {n}}}" + METRICS % n for n in (0, 5)], id="other args"),
        pytest.param(
            [
                RESULT % "" + METRICS % n + f"    source: {{name: S{n}, url: 'https://example.org/{n}'}}\n"
                for n in (1, 2)
            ],
            id="other source",
        ),
    ],
)
def test_two_results_on_one_dataset__are_kept_apart(results: list[str], edit: Callable[[str], bytes]) -> None:
    after = edit("---\nmodel-index:\n- name: Demo-7B\n  results:\n" + "".join(results) + "«+result 2»\n---\n")
    index = [m for m in published(parse_card(after.decode())) if m.name == "F1"]
    assert len({(metric.value, metric.dataset, metric.source_url) for metric in index}) == 2


def test_comments_quotes_flow_lists_anchors_folded_text_and_null_keys__keep_their_bytes(
    edit: Callable[[str], bytes],
) -> None:
    edit(
        "---\n# first\nlicense: 'mit'  # why 'mit'\ntags: [ \"a\",b , c ]\nbase: &b {x: 1}\nagain: *b\n"
        "about: >-\n    folded\n    text\n\n    more\ndatasets:\n-   one\n\n-   two\n"
        "nothing:\n~: null key\n? \n: empty key\n"
        "«+index»\n# last\n---\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "language: [no]",
        "language: no",
        "version: 0123456",
        "version: 1.10",
        "tags: [a, b, a]",
        "tags:\n- a\n- a",
        "at: 12:30",
        "on_date: 2024-01-01",
    ],
)
def test_scalars_that_a_reader_takes_for_something_else__keep_their_bytes(
    line: str, edit: Callable[[str], bytes]
) -> None:
    edit(f"---\n{line}\nlicense: mit\n«+index»\n---\n")


@pytest.mark.parametrize("key", ["no", "on", "yes", "off", "y", "true", "1", "1.5", "~", "2024-01-01"])
def test_top_level_keys_that_are_no_text_to_some_readers__are_no_obstacle(
    key: str, edit: Callable[[str], bytes]
) -> None:
    edit(f"---\n{key}: a\nlicense: mit\n«+index»\n---\n")


def test_an_index_without_dataset__is_reported_and_the_scores_are_read_and_added_all_the_same(
    edit: Callable[[str], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = "---\nmodel-index:\n- name: Demo-7B\n  results:\n  - task: {type: text-generation}\n"
    lacking += "    metrics: [{type: a, value: 1}]\n"
    (tmp_path / "README.md").write_text(f"{lacking}---\n{TABLE}")
    assert run(["validate", "--readme", str(tmp_path / "README.md")]) == 0
    assert '"model-index[0].results[0].dataset" is missing' in "".join(capsys.readouterr())
    assert run(["inspect-tables", "--readme", str(tmp_path / "README.md")]) == 0
    edit(f"{lacking}«+result 2»\n---\n")


@pytest.mark.parametrize("marked", ["---\nlicense: mit\n«+index»\n---\n", "«+front»\n# T\n"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_byte_order_mark__is_kept_where_it_is(marked: str, line_end: str, edit: Callable[[str], bytes]) -> None:
    after = edit("\ufeff" + marked.replace("\n", line_end))
    assert after.startswith(b"\xef\xbb\xbf---")
    assert after.count(b"\xef\xbb\xbf") == 1


def test_a_repeated_run__changes_nothing_however_odd_the_formatting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = (
        "---\nlicense:   mit   \ntags: [  a ,b]\n\n\nmodel-index: \n-   name:  'Demo-7B'\n    results:   []   # none\n"
    )
    odd += f"\n\nlast:   # nothing\n---\n{TABLE}"
    first = apply_to(odd.encode(), tmp_path, capsys)
    assert_only_the_model_index_grew(odd.encode(), first.card)
    for _ in range(3):
        again = apply_to(first.card, tmp_path, capsys)
        assert (again.code, again.card, "Up to date" in again.said) == (0, first.card, True)
