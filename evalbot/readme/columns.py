"""The columns of a table by what they hold: names, numbers that may be scores, or something else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from evalbot.readme import words
from evalbot.readme.header import heads_of, parts_of
from evalbot.readme.labels import joint_names
from evalbot.readme.numbers import A_BOUND, A_DIFFERENCE, Readings
from evalbot.readme.profile import looks_measured
from evalbot.readme.roles import COUNTS_SHOTS, Kind, Role, role_of
from evalbot.readme.wording import core, fold, is_known_benchmark, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """Every column of the table, each read by its own words and numbers alone."""
    return tuple(_column(table, readings, index, header_rows, body) for index in range(table.width))


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


def values_of(readings: Readings, column: int, rows: Sequence[int]) -> list[Decimal]:
    return [number.value for row in rows for number in readings[row][column].numbers if number is not None]


def _column(
    table: Table, readings: Readings, index: int, header_rows: tuple[int, ...], body: tuple[int, ...]
) -> Column:
    head, notes, group = heads_of(table, index, header_rows)
    parts = parts_of(table.header[index])
    role, content = _by_words(head, notes, group, parts), _content(readings, index, body)
    if index == 0 and role.kind is Kind.OTHER_MODEL and core(head).endswith(" models"):
        role = Role(Kind.MODEL)  # `Base models` heads the models themselves; `Base model` what they were made from
    column = Column(index=index, head=head, notes=notes, group=group, parts=parts, role=role, content=content)
    column = replace(column, role=_by_numbers(column, readings, body))
    if column.content == "value" and column.role.kind is Kind.OTHER_MODEL:
        column = replace(column, role=Role(Kind.UNKNOWN))  # `Original model` over numbers is one of the models
    if index == 0 and column.content == "label" and core(head) in _FILES:
        column = replace(column, role=Role(Kind.MODEL))
    if index > 0 and column.content == "label" and fold(head) in _MADE_FROM and role.kind is not Kind.MODEL:
        column = replace(column, role=Role(Kind.OTHER_MODEL))
    names = index == 0 and _names_rows(column, table, readings, body)
    return replace(column, content="label") if names else column


def _by_words(head: str, notes: tuple[str, ...], group: str, parts: tuple[str, ...]) -> Role:
    role = role_of(head)
    if role.kind is Kind.NOT_A_SCORE and parts and all(map(is_known_benchmark, parts)):
        role = Role(Kind.UNKNOWN)  # `MMLU<br>DROP` is two benchmarks, not a drop
    if group and role.kind is Kind.UNKNOWN and _is_time_or_space(role_of(group)):
        role = role_of(group)
    if mentions_metric(group) and role.reason in _WHERE:
        role = Role(Kind.UNKNOWN)
    # `acc | time (s)` below a model's name: the note says what the column holds.
    noted = (note_role for note in notes if (note_role := role_of(note)).kind in _NOT_SCORED and not joint_names(note))
    found = next(noted, role)
    # `last layer | best layer` below `top-1`: where it was measured.
    return role if found.reason in _WHERE and mentions_metric(head) and found is not role else found


def _by_numbers(column: Column, readings: Readings, body: tuple[int, ...]) -> Role:
    """What the numbers say against the words: `Id` over decimals is Indonesian, `Few-shot` a group of tasks."""
    role = column.role
    if column.content != "value":
        return role
    if role.kind in {Kind.UNKNOWN, Kind.EMPTY} and _counts_up(readings, column.index, body):
        return Role(Kind.NOT_A_SCORE, "an index")
    values = values_of(readings, column.index, body)
    if fold(column.head) in _PRECISION and set(values) <= _BIT_WIDTHS:
        return Role(Kind.NOT_A_SCORE, "a number format")
    doubtful = fold(column.head) in _INDEX_WORDS or role.reason == COUNTS_SHOTS
    return Role(Kind.UNKNOWN) if doubtful and looks_measured(values) else role


def _names_rows(column: Column, table: Table, readings: Readings, body: tuple[int, ...]) -> bool:
    """Whether the first column says what the rows are, though it may hold numbers."""
    told = column.role.kind in {Kind.MODEL, Kind.SUBSET} or fold(column.head) in words.ROW_PROPERTIES
    if told or column.content != "value" or _are_conditions(table, readings, body):
        return True
    # Numbers under a blank head count the rows where another column names them.
    others = (_content(readings, other, body) for other in range(1, table.width))
    return column.role.kind is Kind.EMPTY and "label" not in others


def _is_time_or_space(role: Role) -> bool:
    """`Batch time` over several columns is what they hold; `Sequence length` is where they were measured."""
    return role.reason in {"a speed or time", "memory", "an amount of compute", "a price", "hardware or energy"}


def _are_conditions(table: Table, readings: Readings, body: tuple[int, ...]) -> bool:
    """Whole numbers that rise or fall down the first column, beside measured ones: `K | Recall@K`."""
    first = values_of(readings, 0, body)
    ordered = sorted(set(first)) in (first, first[::-1])
    whole = all("." not in str(value) for value in first)
    beside = [values_of(readings, column, body) for column in range(1, table.width)]
    return len(first) == len(body) >= MIN_CONDITIONS and ordered and whole and any(map(looks_measured, beside))


_PRECISION = {"precision", "精度", "정밀도"}
_BIT_WIDTHS = {*map(Decimal, (2, 3, 4, 5, 6, 8, 16, 32, 64))}
"""Of a classifier no precision is one of these in every row, of a number format every one is."""
_MADE_FROM = {"base", "original", "start", "parent", "source"}
"""Over names, these say what a row was made from; over numbers they are models themselves."""
_FILES = {"weight", "weights", "filename", "file", "file name", "checkpoint file"}
"""At the left these head the files that the rows are about."""
_WHERE = {"a hyper-parameter", "a length or resolution"}
MIN_CONDITIONS = 3
"""Rows from which an order of numbers is no coincidence."""


_INDEX_WORDS = {"id", "no", "index", "context"}
_NOT_SCORED = {Kind.NOT_A_SCORE, Kind.STDERR, Kind.VERSION}


UNCERTAIN = {A_BOUND, A_DIFFERENCE}
"""Cells that are measured, but no value: a column of them is no column of names."""


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
        measured = reading.is_number or reading.displaced or reading.reason in UNCERTAIN
        numbers += measured
        texts += not measured and not reading.missing
    if numbers and numbers >= texts:
        return "value"
    return "label" if texts else "empty"
