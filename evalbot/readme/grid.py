"""One table's rows and columns by what they hold: header rows, sections, label columns, value columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from evalbot.readme import words
from evalbot.readme.labels import joint_names
from evalbot.readme.numbers import CommaHabit, Reading, comma_habit, read
from evalbot.readme.profile import looks_measured, looks_set
from evalbot.readme.roles import COUNTS_SHOTS, Kind, Role, role_of
from evalbot.readme.wording import fold, is_known_benchmark, is_metric, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from evalbot.readme.table import Table

_RULE = re.compile(r"[-—–─═=_]{3,}")  # noqa: RUF001 - dashes as they are printed
"""Drawn in every other cell of a row, it makes the row a section's title."""
MAX_ROWS = 2_000
MAX_COLUMNS = 200
MAX_CELLS = 20_000
"""Larger tables are data, not comparisons; the longest evaluation table seen in public cards has 187 rows."""
MAX_HEADER_ROWS = 3

Content = Literal["label", "value", "empty"]

ASIDE = {
    Kind.NOT_A_SCORE, Kind.VERSION, Kind.STDERR, Kind.METRIC_COLUMN, Kind.OTHER_MODEL,
}  # fmt: skip
"""Columns that say something about a row but hold no scores."""

_NAMES_AT_NEED = {"a size", "a parameter count", "a hyper-parameter", "a rank"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    index: int
    head: str
    """The header row's text."""
    notes: tuple[str, ...]
    """What further header rows add: shots, metrics."""
    group: str
    """The name of the group of columns it stands in, where a row above names groups."""
    role: Role
    content: Content


# Compared by identity, so that what follows from a whole grid is worked out once (orientation.py).
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    table: Table
    readings: tuple[tuple[Reading, ...], ...]
    header_rows: tuple[int, ...]
    body: tuple[int, ...]
    """Rows that hold data: no header, section or blank rows."""
    sections: dict[int, str]
    """The section a body row stands in."""
    columns: tuple[Column, ...]
    label_columns: tuple[Column, ...]
    """Columns of names, left to right."""
    value_columns: tuple[Column, ...]
    """Columns of numbers that may be scores."""

    def text(self, row: int, column: int) -> str:
        return self.table.rows[row][column].text


def _label_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Sizes or settings name the rows only where nothing else does."""
    texts = tuple(column for column in columns if column.content == "label")
    named = tuple(column for column in texts if column.role.kind is not Kind.NOT_A_SCORE)
    return named or tuple(column for column in texts[:1] if column.role.reason in _NAMES_AT_NEED)


def _may_hold_scores(column: Column) -> bool:
    return (
        column.content == "value"
        and column.role.kind not in ASIDE
        and column.role.reason != COUNTS_SHOTS
        and fold(column.head) not in words.ROW_PROPERTIES
        and fold(column.head) not in words.COUNTED_ALONE
        and any(character.isalnum() for character in column.head + "".join(column.notes))
    )


def unreadable(table: Table) -> str | None:
    """Why a table is not looked into: an obstacle of its notation, or its size."""
    if table.obstacle is not None:
        return table.obstacle
    if len(table.rows) > MAX_ROWS:
        return f"it has {len(table.rows)} rows; at most {MAX_ROWS} are read"
    if len(table.rows) * table.width > MAX_CELLS:
        return f"it has {len(table.rows) * table.width} cells; at most {MAX_CELLS} are read"
    return f"it has {table.width} columns; at most {MAX_COLUMNS} are read" if table.width > MAX_COLUMNS else None


def build_grid(table: Table) -> Grid:
    habit = comma_habit(cell.text for row in table.rows[table.head + 1 :] for cell in row)
    parts = _parts(table)
    readings = tuple(_row_readings(table, row, habit, parts) for row in range(len(table.rows)))
    header_rows = _header_rows(table, readings)
    body, sections = _body(table, readings, header_rows[-1] + 1)
    columns = [_column(table, readings, index, header_rows, body) for index in range(table.width)]
    columns = _without_settings(_in_company(columns), readings, body)
    return Grid(
        table=table,
        readings=readings,
        header_rows=header_rows,
        body=body,
        sections=sections,
        columns=tuple(columns),
        label_columns=_label_columns(columns),
        value_columns=tuple(column for column in columns if _may_hold_scores(column)),
    )


def _parts(table: Table) -> list[int]:
    """How many numbers side by side each column announces; a corner such as `F1 - EM` speaks for all."""
    counts = [max(1, len(joint_names(cell.text))) for cell in table.header]
    return [counts[0], *(count if count > 1 else counts[0] for count in counts[1:])]


def _without_settings(
    columns: list[Column], readings: tuple[tuple[Reading, ...], ...], body: Sequence[int]
) -> list[Column]:
    """Beside columns of decimals, whole numbers that repeat under a label that says nothing are settings."""
    if any(column.role.kind is Kind.BENCHMARK for column in columns):
        return columns  # the columns of numbers are models
    values = {column.index: _values(readings, column.index, body) for column in columns if _may_hold_scores(column)}
    measured = any(looks_measured(numbers) for numbers in values.values())
    return [
        replace(column, role=Role(Kind.NOT_A_SCORE, "whole numbers that look like a setting"))
        if measured and _says_nothing(column) and _are_settings(column, values.get(column.index, ()))
        else column
        for column in columns
    ]


def _are_settings(column: Column, values: Sequence[Decimal]) -> bool:
    whole = bool(values) and all("." not in str(value) for value in values)
    return looks_set(values) or (whole and fold(column.head) in words.COUNTABLE)


def _says_nothing(column: Column) -> bool:
    known = is_known_benchmark(column.head) or any(map(mentions_metric, (column.head, *column.notes)))
    return column.role.kind is Kind.UNKNOWN and column.index > 0 and not known


def _values(readings: tuple[tuple[Reading, ...], ...], column: int, rows: Sequence[int]) -> list[Decimal]:
    return [number.value for row in rows for number in readings[row][column].numbers if number is not None]


def _in_company(columns: Sequence[Column]) -> list[Column]:
    """Labels that mean something by what stands beside them: `P | R | F`, `CI` among two-letter tasks."""
    heads = {fold(column.head) for column in columns}
    by_f = {"p", "r"} <= heads and bool(heads & _F_SCORES)
    scored = [column for column in columns if column.role.kind is Kind.SCORE and column.content == "value"]
    whose = {column.index for column in scored if len(scored) > 1 and _says_whose(column.head)}
    short = sum(_is_abbreviation(column.head) for column in columns) >= MIN_ABBREVIATED
    return [
        replace(column, role=Role(Kind.METRIC))
        if by_f and fold(column.head) in {"p", "r"}
        else replace(column, role=Role(Kind.UNKNOWN))
        if column.index in whose or (short and _is_abbreviation(column.head))
        else column
        for column in columns
    ]


def _says_whose(head: str) -> bool:
    """`2B Value | 4B Value`: beside another column of scores, a word that is no measure says whose they are."""
    known = words.SCORE | words.SPLITS | words.METRIC_QUALIFIERS | words.OTHERS | {"development", "training", "train"}
    rest = [word for word in fold(head).split() if word not in known and not mentions_metric(word)]
    return bool(rest) and not is_known_benchmark(head)


_F_SCORES = {"f", "f1", "f 1", "f score", "f1 score", "f measure", "f beta"}
MIN_ABBREVIATED = 6


def _is_abbreviation(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()  # noqa: PLR2004 - two letters


def _row_readings(table: Table, row: int, habit: CommaHabit, parts: Sequence[int]) -> tuple[Reading, ...]:
    cells = table.rows[row]
    readings = tuple(
        _SPANNING if cell.spans > 1 and any(c.isdigit() for c in cell.text) else read(cell.text, habit, parts=count)
        for cell, count in zip(cells, parts, strict=True)
    )
    if not any(len(reading.numbers) > 1 for reading in readings):
        return readings
    named = any(len(joint_names(cell.text)) > 1 for cell in cells if not cell.text[:1].isdigit())
    return tuple(
        _UNNAMED if not named and part == 1 and _are_small_integers(reading) else reading
        for reading, part in zip(readings, parts, strict=True)
    )


_SPANNING = Reading(reason="one cell over several rows or columns")
_UNNAMED = Reading(reason="whole numbers that nothing names: a ratio, a setting or two values")


def _are_small_integers(reading: Reading) -> bool:
    """`2/128` or `45/50` may be a setting or a count of right answers; `74.1/72.3` and `1631/397` are two scores."""
    values = [number.value for number in reading.numbers if number]
    whole = all("." not in str(value) for value in values)
    return len(reading.numbers) > 1 and whole and (len(reading.numbers) > 2 or min(values) < 100)  # noqa: PLR2004


def _header_rows(table: Table, readings: tuple[tuple[Reading, ...], ...]) -> tuple[int, ...]:
    """Row 0, and the rows right below it that go on naming the columns: shots, metrics, members of a group."""
    end = table.head + 1
    last = min(len(table.rows) - 1, table.head + MAX_HEADER_ROWS)
    while end < last and _continues_header(table, readings, end):
        end += 1
    return tuple(range(table.head, end))


def _continues_header(table: Table, readings: tuple[tuple[Reading, ...], ...], row: int) -> bool:
    texts = [cell.text for cell in table.rows[row]]
    filled = [text for text in texts[1:] if text.strip("- ")]
    if table.rows[row][0] is table.header[0] and table.header[0].spans > 1:
        return True
    if all(cell.is_header for cell in table.rows[row]):
        return not any(reading.is_number for reading in readings[row])
    if any(reading.is_number for reading in readings[row]) or len(filled) < min(2, len(texts) - 1):
        return False
    corner = role_of(texts[0]).kind
    if corner in _NOTE_CORNERS and all(_is_column_note(text) for text in filled):
        return True
    spanned = any(cell.spans > 1 for cell in table.header[1:])
    return (corner in _NAME_CORNERS or spanned) and _is_grouped(table, row)


_NOTE_CORNERS = {Kind.EMPTY, Kind.SHOTS, Kind.METRIC, Kind.METRIC_COLUMN}
_NAME_CORNERS = {Kind.EMPTY, Kind.MODEL, Kind.BENCHMARK, Kind.METRIC_COLUMN}


def _is_column_note(text: str) -> bool:
    bare = text.strip("()[] ")
    return role_of(bare).kind is Kind.SHOTS or is_metric(bare) or len(joint_names(bare)) > 1


def _is_grouped(table: Table, row: int) -> bool:
    """`GLUE | (blank) | SQuAD | (blank)` above `MNLI | QNLI | v1 | v2`: the row above names groups of columns."""
    named = [index for index in range(1, table.width) if _below(table, row, index).strip("- ")]
    above = [table.rows[row - 1][index].text for index in named]
    return len(set(above)) < len(above)


def _below(table: Table, row: int, column: int) -> str:
    """What a further header row says of a column; a head that reaches down into it says nothing new."""
    cell = table.rows[row][column]
    return "" if cell is table.header[column] else cell.text


def _repeats(table: Table) -> bool:
    """`func | param | func | param` below the groups: the groups are the names, these are measures of each."""
    row = table.rows[table.head + 1]
    below = [
        text
        for column in range(1, table.width)
        if (text := _below(table, table.head + 1, column)) and row[column] is not row[column - 1]
    ]
    return len(set(below)) < len(below)


def _body(
    table: Table, readings: tuple[tuple[Reading, ...], ...], start: int
) -> tuple[tuple[int, ...], dict[int, str]]:
    body: list[int] = []
    sections: dict[int, str] = {}
    section = ""
    for row in range(start, len(table.rows)):
        texts = [cell.text for cell in table.rows[row]]
        filled = {text for text in texts if text and not _RULE.fullmatch(text)}
        if not filled:
            continue
        if len(filled) == 1 and (texts[0] in filled) and not readings[row][0].is_number and len(texts) > 1:
            section = texts[0]
            continue
        body.append(row)
        sections[row] = section
    return tuple(body), sections


def _column(
    table: Table,
    readings: tuple[tuple[Reading, ...], ...],
    index: int,
    header_rows: tuple[int, ...],
    body: tuple[int, ...],
) -> Column:
    head, notes, group = _heads(table, index, header_rows)
    # `acc | time (s)` below a model's name: the note says what the column holds.
    role = next(
        (role for note in notes if (role := role_of(note)).kind in _NOT_SCORED and len(joint_names(note)) < _PAIR),
        role_of(head),
    )
    content = _content(table, readings, index, body)
    if content == "value" and role.kind in {Kind.UNKNOWN, Kind.EMPTY} and _counts_up(readings, index, body):
        role = Role(Kind.NOT_A_SCORE, "an index")
    if role.reason == COUNTS_SHOTS and content == "value" and looks_measured(_values(readings, index, body)):
        role = Role(Kind.UNKNOWN)  # `Few-shot` as a group of tasks
    if (index == 0 and (content != "value" or role.kind in {Kind.MODEL, Kind.SUBSET})) or (
        index == 0 and _are_conditions(table, readings, body)
    ):
        content = "label"
    elif index == 0 and role.kind is Kind.EMPTY:
        # Numbers under a blank head count the rows where another column names them.
        others = (_content(table, readings, other, body) for other in range(1, table.width))
        content = content if "label" in others else "label"
    return Column(index=index, head=head, notes=notes, group=group, role=role, content=content)


def _are_conditions(table: Table, readings: tuple[tuple[Reading, ...], ...], body: tuple[int, ...]) -> bool:
    """Whole numbers that rise or fall down the first column, beside measured ones: `K | Recall@K`."""
    first = _values(readings, 0, body)
    ordered = sorted(set(first)) in (first, first[::-1])
    whole = all("." not in str(value) for value in first)
    beside = [_values(readings, column, body) for column in range(1, table.width)]
    return len(first) == len(body) >= MIN_CONDITIONS and ordered and whole and any(map(looks_measured, beside))


MIN_CONDITIONS = 3
"""Rows from which an order of numbers is no coincidence."""
_NOT_SCORED = {Kind.NOT_A_SCORE, Kind.STDERR, Kind.VERSION}
_PAIR = 2
MIN_COUNTED = 4
"""Rows from which 1, 2, 3, … is no coincidence."""


def _counts_up(readings: tuple[tuple[Reading, ...], ...], index: int, body: tuple[int, ...]) -> bool:
    """Whether a column is the table's own row numbers."""
    numbers = [readings[row][index].numbers for row in body]
    values = [str(cell[0].value) if len(cell) == 1 and cell[0] else "" for cell in numbers]
    counted = [[str(start + place) for place in range(len(body))] for start in (0, 1)]
    return len(body) >= MIN_COUNTED and values in counted


def _unwrapped(text: str) -> str:
    """`(5-shot)` → `5-shot`; brackets inside, as in `time (s)`, belong to the text."""
    wrapped = text[:1] in ("(", "[") and text[-1:] in (")", "]")
    return text[1:-1].strip() if wrapped else text.strip()


def _heads(table: Table, index: int, header_rows: tuple[int, ...]) -> tuple[str, tuple[str, ...], str]:
    """A column's name, its notes, and the name of the group it stands in."""
    head = table.header[index].text
    below = [_unwrapped(_below(table, row, index)) for row in header_rows[1:]]
    if not below or not _is_grouped(table, table.head + 1):
        return head, tuple(note for note in below if note), ""
    if title := _title_over_all(table):
        # `Model` or `Accuracy` over every column tells no column from another.
        said = (title,) if is_metric(title) and below[0] else ()
        return below[0] or head, tuple(note for note in (*below[1:], *said) if note), ""
    group = _group(table, index)
    if _is_column_note(below[0]) or _repeats(table):
        return group or head, tuple(note for note in below if note), ""
    return below[0] or head, tuple(below[1:]), group if below[0] else ""


def _title_over_all(table: Table) -> str | None:
    row = table.head + 1
    above = {table.header[column].text for column in range(1, table.width) if _below(table, row, column)}
    return above.pop() if len(above) == 1 else None


def _group(table: Table, index: int) -> str:
    """The name above a column: of its block where the measures below repeat, else the next to its left."""
    heads = [cell.text for cell in table.header]
    if blocks := name_blocks(table):
        return next(
            (
                heads[place]
                for start, end in blocks
                if start <= index < end
                for place in range(start, end)
                if heads[place]
            ),
            "",
        )
    return next((heads[left] for left in range(index, 0, -1) if heads[left]), "")


def name_blocks(table: Table) -> list[tuple[int, int]]:
    """Equal blocks of columns with one name above each, wherever it stands: `(blank) | Crowd | (blank)`.

    None where the measures below do not repeat, or where a block has no name or two.
    """
    heads = [cell.text for cell in table.header]
    below = [cell.text for cell in table.rows[table.head + 1]]
    start = next((place for place, text in enumerate(below) if place and text), len(below))
    measures = below[start:]
    sizes = (size for size in range(2, len(measures) // 2 + 1) if measures == measures[:size] * (len(measures) // size))
    size = next(sizes, 0)
    blocks = [(at, at + size) for at in range(start, len(below), size)] if size else []
    named = all(len({text for text in heads[first:last] if text}) == 1 for first, last in blocks)
    return blocks if named else []


def _content(table: Table, readings: tuple[tuple[Reading, ...], ...], index: int, body: tuple[int, ...]) -> Content:
    numbers = texts = 0
    for row in body:
        reading = readings[row][index]
        numbers += reading.is_number
        texts += not reading.is_number and not reading.missing
    if numbers and numbers >= texts:
        return "value"
    return "label" if texts else "empty"
