"""A table as a grid of readings: header rows, sections, body, columns of names and columns of values."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from evalbot.readme.columns import Column, columns_of, label_columns_of, may_hold_scores
from evalbot.readme.company import in_company
from evalbot.readme.header import below_other_heads, header_rows_of, heads_again, parts_of
from evalbot.readme.labels import joint_names
from evalbot.readme.numbers import CommaHabit, Reading, Readings, comma_habit, read
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.wording import is_known_benchmark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.readme.table import Cell, Table

_RULE = re.compile(r"[-—–─═=_]{3,}")  # noqa: RUF001 - dashes as they are printed
"""Drawn in every other cell of a row, it makes the row a section's title."""
MAX_ROWS = 2_000
MAX_COLUMNS = 200
MAX_CELLS = 20_000
"""Larger tables are data, not comparisons; the longest evaluation table seen in public cards has 187 rows."""


# Compared by identity, so that what follows from a whole grid is worked out once (orientation.py).
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    table: Table
    readings: Readings
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
    readings = _without_short_rows(table, readings)
    header_rows = header_rows_of(table, readings)
    readings = below_other_heads(table, _without_scales(readings, parts))
    body, sections = _body(table, readings, header_rows[-1] + 1)
    columns = in_company(columns_of(table, readings, header_rows, body), readings, body)
    return Grid(
        table=table,
        readings=readings,
        header_rows=header_rows,
        body=body,
        sections=sections,
        columns=columns,
        label_columns=label_columns_of(columns),
        value_columns=tuple(column for column in columns if may_hold_scores(column)),
    )


def _parts(table: Table) -> list[int]:
    """How many numbers side by side each column announces; a corner such as `F1 - EM` speaks for all."""
    counts = [max(1, len(parts_of(cell))) for cell in table.header]
    return [counts[0], *(count if count > 1 else counts[0] for count in counts[1:])]


def _without_short_rows(table: Table, readings: Readings) -> Readings:
    """No values from a row that ends before a column in which another row has one: which cell is missing is unknown."""
    if not any(row[-1].absent for row in table.rows[table.head + 1 :]):
        return readings
    ends = [next((at for at, cell in enumerate(row) if cell.absent), table.width) for row in table.rows]
    measured = {at for row in readings[table.head + 1 :] for at, reading in enumerate(row) if reading.is_number}
    last = max((at for at in measured if not _ASIDE.match(table.header[at].text)), default=0)
    return tuple(
        tuple(_SHORT if reading.is_number and end <= last else reading for reading in row)
        for row, end in zip(readings, ends, strict=True)
    )


_ASIDE = re.compile(r"(?:other|others|notes?|comments?|remarks?|references?|reported)\b", re.IGNORECASE)
"""Heads of a last column that many rows do without."""


def _row_readings(table: Table, row: int, habit: CommaHabit, parts: Sequence[int]) -> tuple[Reading, ...]:
    cells = table.rows[row]
    readings = tuple(_reading(cell, habit, count) for cell, count in zip(cells, parts, strict=True))
    labels = zip(cells[:3], table.header, strict=False)
    naming = [cell for cell, head in labels if role_of(head.text).kind is not Kind.MODEL]
    readings = _stacked(naming, cells, readings, habit)
    if not any(len(reading.numbers) > 1 for reading in readings):
        return readings
    named = any(len(joint_names(cell.text)) > 1 for cell in cells if not cell.text[:1].isdigit())
    return tuple(
        _UNNAMED if not named and part == 1 and _are_small_integers(reading) else reading
        for reading, part in zip(readings, parts, strict=True)
    )


_FULL_MARKS = {*map(Decimal, (1, 5, 10, 50, 100, 1000))}


def _without_scales(readings: Readings, parts: Sequence[int]) -> Readings:
    """`8.5/10` in every cell of a column: the second number is what the first is out of."""
    scaled = {index for index, part in enumerate(parts) if part == 1 and _is_scaled([row[index] for row in readings])}
    return (
        tuple(
            tuple(
                replace(reading, numbers=reading.numbers[:1])
                if index in scaled and len(reading.numbers) > 1
                else reading
                for index, reading in enumerate(row)
            )
            for row in readings
        )
        if scaled
        else readings
    )


def _is_scaled(column: Sequence[Reading]) -> bool:
    pairs = [reading.numbers for reading in column if len(reading.numbers) > 1]
    seconds = {pair[1].value if len(pair) == 2 and pair[1] else None for pair in pairs}  # noqa: PLR2004 - a pair
    return bool(seconds) and seconds <= _FULL_MARKS


def _stacked(
    labels: Sequence[Cell], cells: Sequence[Cell], readings: tuple[Reading, ...], habit: CommaHabit
) -> tuple[Reading, ...]:
    """`AIME<br>MATH` beside `87.3<br>94.3`: each line of a value belongs to the line of the name at its height."""
    names = next((cell.lines for cell in labels if len(cell.lines) > 1 and all(map(_is_name, cell.lines))), ())
    if not names:
        return readings
    return tuple(_by_line(cell, names, habit) or reading for cell, reading in zip(cells, readings, strict=True))


def _is_name(line: str) -> bool:
    return any(character.isalpha() for character in line) and line[:1] not in "(["


def _by_line(cell: Cell, names: tuple[str, ...], habit: CommaHabit) -> Reading | None:
    found = [read(line, habit) for line in cell.lines] if len(cell.lines) == len(names) else []
    if not found or not all(len(reading.numbers) == 1 or reading.missing for reading in found):
        return None
    numbers = tuple(reading.numbers[0] if reading.numbers else None for reading in found)
    return Reading(numbers=numbers, names=names) if any(numbers) else None


def _reading(cell: Cell, habit: CommaHabit, parts: int) -> Reading:
    if cell.overfull:
        return replace(_OVERFULL, displaced=cell.text[:1].isdigit())
    if cell.spans > 1 and any(character.isdigit() for character in cell.text):
        return _SPANNING
    if not cell.raw.isascii() and _REORDERING.search(cell.raw):
        return _REORDERED
    return read(cell.text, habit, parts=parts)


_REORDERING = re.compile("[\u202a\u202b\u202d\u202e\u2066-\u2068]")
_REORDERED = Reading(reason="marks in it make its digits appear in another order")
_OVERFULL = Reading(
    reason="in a row with more cells than the header, so which column it belongs to is not known", displaced=True
)
_SHORT = Reading(
    reason="in a row with fewer cells than others, so which column it belongs to is not known", displaced=True
)
_SPANNING = Reading(reason="one cell over several rows or columns")
_UNNAMED = Reading(reason="whole numbers that nothing names: a ratio, a setting or two values")


def _are_small_integers(reading: Reading) -> bool:
    """`2/128` or `45/50` may be a setting or a count of right answers; `74.1/72.3` and `1631/397` are two scores."""
    if all(number and number.unit == "%" for number in reading.numbers):
        return False
    values = [number.value for number in reading.numbers if number]
    whole = all("." not in str(value) for value in values)
    return len(reading.numbers) > 1 and whole and (len(reading.numbers) > 2 or min(values) < 100)  # noqa: PLR2004


def _body(table: Table, readings: Readings, start: int) -> tuple[tuple[int, ...], dict[int, str]]:
    body: list[int] = []
    sections: dict[int, str] = {}
    section = ""
    for row in range(start, len(table.rows)):
        texts = [cell.text for cell in table.rows[row]]
        filled = {text for text in texts if text and not _RULE.fullmatch(text)}
        if not filled or (body and heads_again(table, readings, row)):
            continue
        if len(filled) == 1 and (texts[0] in filled) and not readings[row][0].is_number and len(texts) > 1:
            section = section if is_known_benchmark(texts[0]) else texts[0]
            continue
        body.append(row)
        sections[row] = section
    return tuple(body), sections
