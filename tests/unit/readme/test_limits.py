"""Nothing a README holds may crash the reader, slow it down, or make it say what does not stand there."""

# ruff: noqa: RUF001, E501, PT017 - look-alikes are input here, and a refusal is one of two right outcomes

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalbot.errors import EvalbotError, InvalidCard
from evalbot.readme.extract import Wanted, extract
from evalbot.readme.plain import plain
from evalbot.readme.survey import survey
from evalbot.readme.tables import MAX_CARD_CELLS, MAX_CHARACTERS, MAX_PIPES, MAX_TABLE_LINES, MAX_TABLES, find_tables
from evalbot.score import cell_of

HEAD = "| Benchmark | Mine | Other |\n|---|---|---|\n"
SECONDS = 30.0
"""No measurement: on these inputs anything quadratic takes minutes, and each takes well under a second."""

LABELS = [
    "",
    "Model",
    "Benchmark",
    "Mine",
    "Other-7B",
    "MMLU",
    "Average",
    "# Params",
    "F1",
    "5-shot",
    "Size",
    "Zebra",
    "EM/F1",
]
CELLS = [
    "", "-", "85.2", "**85.2**", "1,234", "85,2", "1 234", "85.2 ± 0.3", "60.1 (0.4)", "84.8/93.4", "1/2", ">99", "12 ms",
    "nan", "５", "−0.5", "[1](u)", "`80`", "$85_{.3}$", "<b>8</b>", "8*", "3**4", "Mine", "MMLU", "acc", "x\\|y", "7<sub>3</sub>",
]  # fmt: skip


def values_stand_in_their_cells(readme: str, wanted: Wanted) -> None:
    """The digits of every value returned stand, in order, in the cell its evidence names."""
    found = extract(readme, wanted)
    for score in found.scores:
        evidence = cell_of(score)
        cell = found.report.table.rows[evidence.row][evidence.column]
        assert (cell.raw, cell.line) == (evidence.cell, evidence.line)
        line = re.split(r"\r\n|\r|\n", readme)[evidence.line - 1]
        assert evidence.cell in line
        printed = re.sub(r"[^0-9]", "", format(score.value, "f"))
        digits = re.sub(r"[^0-9]", "", evidence.cell)
        assert printed in digits or printed.removeprefix("0") in digits


def try_all(readme: str) -> None:
    for table in (None, 1, 2, 0, "html:1", "x"):
        for name in ("Mine", "Other-7B", "MMLU", ""):
            for wanted in (
                Wanted(table=table, model_name=name),
                Wanted(table=table, exact_label=name, include_derived=True),
                Wanted(table=table, column_index=1),
            ):
                try:
                    values_stand_in_their_cells(readme, wanted)
                except EvalbotError as refusal:
                    assert str(refusal)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text__is_read_or_refused(text: str) -> None:
    survey(text)
    try_all(text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(CELLS + LABELS) | st.text(alphabet="ab1.,%±/()[]*_`<>&$~ |\\", max_size=12), max_size=5
        ),
        max_size=7,
    ),
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_table__returns_only_what_stands_in_it(rows: list[list[str]], head: list[str], end: str) -> None:
    lines = ["---", "a: b", "---", "# Results", ""] if len(rows) % 2 else [""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    try_all(end.join(lines))


@pytest.mark.parametrize(
    "readme",
    [
        pytest.param("word " * 200_000, id="1 MB of prose"),
        pytest.param(HEAD + "| Zebra | 50.5 | 40.5 |\n" * 20_000, id="20,000 rows"),
        pytest.param(HEAD + "| Zebra | 50.5 | 40.5 |\n" * 1_990, id="1,990 rows"),
        pytest.param(
            "|Model" + "|Zebra" * 190 + "|\n" + "|---" * 191 + "|\n" + ("|Mine" + "|50.5" * 190 + "|\n") * 100,
            id="190 columns",
        ),
        pytest.param(HEAD + "| Zebra | " + "x" * 100_000 + " | 40.5 |\n", id="a long cell"),
        pytest.param(HEAD + "| Zebra | " + "9" * 100_000 + " | 40.5 |\n", id="a long number"),
        pytest.param(HEAD + "| Zebra | " + "[" * 100_000 + " | 40.5 |\n", id="brackets in a cell"),
        pytest.param(HEAD + "| Zebra | " + "[" * 50_000 + "](" * 50_000 + " | 40.5 |\n", id="half links in a cell"),
        pytest.param(
            HEAD + "| Zebra | " + "<sup>" * 20_000 + "</sup>" * 20_000 + " | 40.5 |\n", id="scripts in a cell"
        ),
        pytest.param(HEAD + "| " + "a_" * 50_000 + " | 1.5 | 40.5 |\n", id="a long label"),
        pytest.param("[" * 100_000, id="brackets in prose"),
        pytest.param("|a" * 100_000 + "|\n" + "|-" * 100_000 + "|\n" + "|1" * 100_000 + "|\n", id="100,000 columns"),
        pytest.param((HEAD + "| Zebra | 50.5 | 40.5 |\n\n") * 400, id="400 tables"),
        pytest.param("> " * 2_000 + HEAD, id="nested quotes"),
        pytest.param("---\n" + "a: b\n" * 100_000 + "---\n" + HEAD, id="long front matter"),
    ],
)
def test_large_input__ends_soon(readme: str) -> None:
    started = time.perf_counter()
    try:
        survey(readme)
        extract(readme, Wanted(model_name="Mine"))
    except EvalbotError as refusal:
        assert str(refusal)
    assert time.perf_counter() - started < SECONDS


def test_a_card_over_the_limit__is_refused_with_the_limit() -> None:
    with pytest.raises(InvalidCard, match=str(MAX_CHARACTERS)):
        find_tables("x" * (MAX_CHARACTERS + 1))


def test_too_many_tables__are_refused_with_the_limit() -> None:
    with pytest.raises(InvalidCard, match=str(MAX_TABLES)):
        find_tables((HEAD + "\n") * (MAX_TABLES + 1))


def test_too_many_table_lines__are_refused_with_the_limit() -> None:
    with pytest.raises(InvalidCard, match=str(MAX_TABLE_LINES)):
        find_tables("a | b\n" * (MAX_TABLE_LINES + 1))


def test_too_many_cells__are_refused_with_the_limit() -> None:
    with pytest.raises(InvalidCard, match=str(MAX_CARD_CELLS)):
        find_tables(HEAD + ("|1" * 100 + "|\n") * 600)


def test_escaped_pipes_in_a_cell__are_no_columns() -> None:
    (table,) = find_tables(HEAD + "| Zebra | " + "a\\|" * MAX_PIPES + " | 1 |\n")
    assert table.width == 3


def test_too_wide_a_line__is_refused_with_the_limit() -> None:
    with pytest.raises(InvalidCard, match=str(MAX_PIPES)):
        find_tables("|a" * (MAX_PIPES + 1))


def test_too_many_rows__are_no_evaluation_and_keep_the_numbering() -> None:
    reports = survey(HEAD + "| Zebra | 50.5 | 40.5 |\n" * 3_000 + "\n" + HEAD + "| MMLU | 50.5 | 40.5 |\n")
    assert [report.is_evaluation for report in reports] == [False, True]
    assert "2000 are read" in reports[0].reason


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_plain__never_fails_and_leaves_no_control_characters(text: str) -> None:
    assert not any(character in plain(text) for character in "\n\r\t\x00\x07\x1b\u202e\u200d")
