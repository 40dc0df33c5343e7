"""The columns of a table by what they hold: names, numbers that may be scores, or something else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from evalbot.readme import words
from evalbot.readme.header import heads_of, parts_of
from evalbot.readme.labels import joint_names
from evalbot.readme.numbers import A_BOUND, A_DIFFERENCE, Readings
from evalbot.readme.profile import are_whole, looks_measured, looks_set
from evalbot.readme.roles import COUNTS_SHOTS, Kind, Role, role_of
from evalbot.readme.wording import fold, is_known_benchmark, looks_like_model, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from evalbot.readme.table import Table

Content = Literal["label", "value", "empty"]


ASIDE = {
    Kind.NOT_A_SCORE, Kind.VERSION, Kind.STDERR, Kind.METRIC_COLUMN, Kind.OTHER_MODEL,
}  # fmt: skip
"""Columns that say something about a row but hold no scores."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    index: int
    head: str
    """The header row's text."""
    notes: tuple[str, ...]
    """What further header rows add: shots, metrics."""
    group: str
    """The name of the group of columns it stands in, where a row above names groups."""
    parts: tuple[str, ...]
    """The names of the numbers that its head announces in each cell."""
    role: Role
    content: Content


def columns_of(
    table: Table, readings: Readings, header_rows: tuple[int, ...], body: tuple[int, ...]
) -> tuple[Column, ...]:
    """Every column of the table, each read by its own words, by its company and by its numbers."""
    columns = [_column(table, readings, index, header_rows, body) for index in range(table.width)]
    return tuple(_without_settings(_in_company(columns), readings, body))


def label_columns_of(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Sizes or settings name the rows only where nothing else does."""
    texts = tuple(column for column in columns if column.content == "label")
    named = tuple(column for column in texts if column.role.kind is not Kind.NOT_A_SCORE)
    return named or tuple(column for column in texts[:1] if column.role.reason in _NAMES_AT_NEED)


_NAMES_AT_NEED = {"a size", "a parameter count", "a hyper-parameter", "a rank"}


def may_hold_scores(column: Column) -> bool:
    return (
        column.content == "value"
        and column.role.kind not in ASIDE
        and column.role.reason != COUNTS_SHOTS
        and fold(column.head) not in words.ROW_PROPERTIES
        and fold(column.head) not in words.COUNTED_ALONE
        and any(character.isalnum() for character in column.head + "".join(column.notes))
    )


def _without_settings(columns: list[Column], readings: Readings, body: Sequence[int]) -> list[Column]:
    """Beside columns of decimals, whole numbers that repeat under a label that says nothing are settings."""
    if any(column.role.kind is Kind.BENCHMARK for column in columns):
        return columns  # the columns of numbers are models
    values = {column.index: _values(readings, column.index, body) for column in columns if may_hold_scores(column)}
    measured = any(looks_measured(numbers) for numbers in values.values())
    return [
        replace(column, role=Role(Kind.NOT_A_SCORE, "whole numbers that look like a setting"))
        if measured and _says_nothing(column) and _are_settings(column, values.get(column.index, ()))
        else column
        for column in columns
    ]


def _are_settings(column: Column, values: Sequence[Decimal]) -> bool:
    """Two whole numbers are enough where the head does not look like a model's, whose scores may all be whole."""
    whole = are_whole(values) and (len(values) > 1 or fold(column.head) in words.COUNTABLE)
    return looks_set(values) or (whole and not looks_like_model(column.head))


def _says_nothing(column: Column) -> bool:
    known = is_known_benchmark(column.head) or any(map(mentions_metric, (column.head, *column.notes)))
    known = known or any(word in fold(column.head) for word in words.RATINGS)
    return column.role.kind is Kind.UNKNOWN and column.index > 0 and not known


def _values(readings: Readings, column: int, rows: Sequence[int]) -> list[Decimal]:
    return [number.value for row in rows for number in readings[row][column].numbers if number is not None]


def _in_company(columns: Sequence[Column]) -> list[Column]:
    """Labels that mean something by what stands beside them: `P | R | F`, `CI` among two-letter tasks."""
    heads = {fold(column.head) for column in columns}
    by_f = {"p", "r"} <= heads and bool(heads & _F_SCORES)
    spread = {column.index for column in columns if _is_spread(column.head, heads)}
    scored = [column for column in columns if column.role.kind is Kind.SCORE and column.content == "value"]
    whose = {column.index for column in scored if len(scored) > 1 and _says_whose(column.head)}
    short = sum(_is_abbreviation(column.head) for column in columns) >= MIN_ABBREVIATED
    return [
        replace(column, role=Role(Kind.STDERR))
        if column.index in spread
        else replace(column, role=Role(Kind.METRIC))
        if by_f and fold(column.head) in {"p", "r"}
        else replace(column, role=Role(Kind.UNKNOWN))
        if column.index in whose or (short and _is_abbreviation(column.head))
        else column
        for column in columns
    ]


def _is_spread(head: str, heads: set[str]) -> bool:
    """`AUC (std)`, `std AUC` beside `AUC` or `Mean AUC`: how far the other column's numbers spread."""
    tokens = fold(head).split()
    rest = [token for token in tokens if token not in _SPREAD]
    if len(rest) == len(tokens):
        return False
    if not rest:
        return not _is_abbreviation(head)
    name = " ".join(rest)
    return bool({name, *(f"{mean} {name}" for mean in _MEANS), *(f"{name} {mean}" for mean in _MEANS)} & heads)


_MEANS = ("mean", "avg", "average")
_SPREAD = frozenset("std stdev stddev sd se sem stderr variance var ci".split()) | {"\N{GREEK SMALL LETTER SIGMA}"}  # noqa: SIM905


def _says_whose(head: str) -> bool:
    """`2B Value | 4B Value`: beside another column of scores, a word that is no measure says whose they are."""
    known = words.SCORE | words.SPLITS | words.METRIC_QUALIFIERS | words.OTHERS | {"development", "training", "train"}
    rest = [word for word in fold(head).split() if word not in known and not mentions_metric(word)]
    return bool(rest) and not is_known_benchmark(head)


_F_SCORES = {"f", "f1", "f 1", "f score", "f1 score", "f measure", "f beta"}


MIN_ABBREVIATED = 6


def _is_abbreviation(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()  # noqa: PLR2004 - two letters


def _column(
    table: Table,
    readings: Readings,
    index: int,
    header_rows: tuple[int, ...],
    body: tuple[int, ...],
) -> Column:
    head, notes, group = heads_of(table, index, header_rows)
    parts = parts_of(table.header[index])
    # `acc | time (s)` below a model's name: the note says what the column holds.
    role = next(
        (role for note in notes if (role := role_of(note)).kind in _NOT_SCORED and len(joint_names(note)) < _PAIR),
        role_of(head),
    )
    if group and role.kind is Kind.UNKNOWN and _is_time_or_space(role_of(group)):
        role = role_of(group)
    if role.kind is Kind.NOT_A_SCORE and parts and all(map(is_known_benchmark, parts)):
        role = Role(Kind.UNKNOWN)  # `MMLU<br>DROP` is two benchmarks, not a drop
    content = _content(readings, index, body)
    if content == "value" and role.kind in {Kind.UNKNOWN, Kind.EMPTY} and _counts_up(readings, index, body):
        role = Role(Kind.NOT_A_SCORE, "an index")
    if fold(head) in _INDEX_WORDS and looks_measured(_values(readings, index, body)):
        role = Role(Kind.UNKNOWN)  # `Id` over decimals is Indonesian, not an index
    if role.reason == COUNTS_SHOTS and content == "value" and looks_measured(_values(readings, index, body)):
        role = Role(Kind.UNKNOWN)  # `Few-shot` as a group of tasks
    if (
        index == 0
        and (fold(head) in words.ROW_PROPERTIES or content != "value" or role.kind in {Kind.MODEL, Kind.SUBSET})
    ) or (index == 0 and _are_conditions(table, readings, body)):
        content = "label"
    elif index == 0 and role.kind is Kind.EMPTY:
        # Numbers under a blank head count the rows where another column names them.
        others = (_content(readings, other, body) for other in range(1, table.width))
        content = content if "label" in others else "label"
    return Column(
        index=index,
        head=head,
        notes=notes,
        group=group,
        parts=parts,
        role=role,
        content=content,
    )


def _is_time_or_space(role: Role) -> bool:
    """`Batch time` over several columns is what they hold; `Sequence length` is where they were measured."""
    return role.reason in {"a speed or time", "memory", "an amount of compute", "a price", "hardware or energy"}


def _are_conditions(table: Table, readings: Readings, body: tuple[int, ...]) -> bool:
    """Whole numbers that rise or fall down the first column, beside measured ones: `K | Recall@K`."""
    first = _values(readings, 0, body)
    ordered = sorted(set(first)) in (first, first[::-1])
    whole = all("." not in str(value) for value in first)
    beside = [_values(readings, column, body) for column in range(1, table.width)]
    return len(first) == len(body) >= MIN_CONDITIONS and ordered and whole and any(map(looks_measured, beside))


MIN_CONDITIONS = 3
"""Rows from which an order of numbers is no coincidence."""


_INDEX_WORDS = {"id", "no", "index"}
_NOT_SCORED = {Kind.NOT_A_SCORE, Kind.STDERR, Kind.VERSION}


UNCERTAIN = {A_BOUND, A_DIFFERENCE}
"""Cells that are measured, but no value: a column of them is no column of names."""
_PAIR = 2


MIN_COUNTED = 4
"""Rows from which 1, 2, 3, … is no coincidence."""


def _counts_up(readings: Readings, index: int, body: tuple[int, ...]) -> bool:
    """Whether a column is the table's own row numbers."""
    numbers = [readings[row][index].numbers for row in body]
    values = [str(cell[0].value) if len(cell) == 1 and cell[0] else "" for cell in numbers]
    counted = [[str(start + place) for place in range(len(body))] for start in (0, 1)]
    return len(body) >= MIN_COUNTED and values in counted


def _content(readings: Readings, index: int, body: Sequence[int]) -> Content:
    numbers = texts = 0
    for row in body:
        reading = readings[row][index]
        measured = reading.is_number or reading.reason in UNCERTAIN
        numbers += measured
        texts += not measured and not reading.missing
    if numbers and numbers >= texts:
        return "value"
    return "label" if texts else "empty"
