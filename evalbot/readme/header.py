"""The rows that name a table's columns: one header row, and those below it that go on with groups, metrics, shots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalbot.readme.labels import joint_names
from evalbot.readme.numbers import Reading
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.wording import fold, is_known_benchmark, is_metric, mentions_metric

if TYPE_CHECKING:
    from evalbot.readme.numbers import Readings
    from evalbot.readme.table import Cell, Table

MAX_HEADER_ROWS = 3


def parts_of(cell: Cell) -> tuple[str, ...]:
    """The names of the numbers a header announces side by side: `EM/F1`, or lines such as `MMLU<br>DROP`."""
    lines = cell.lines
    stacked = len(lines) > 1 and all(is_known_benchmark(line) or is_metric(line) for line in lines)
    return lines if stacked else joint_names(cell.text)


def header_rows_of(table: Table, readings: Readings) -> tuple[int, ...]:
    """Row 0, and the rows right below it that go on naming the columns: shots, metrics, members of a group."""
    end = table.head + 1
    last = min(len(table.rows) - 1, table.head + MAX_HEADER_ROWS)
    while end < last and (_continues_header(table, readings, end) or _are_conditions(table, readings, end)):
        end += 1
    return tuple(range(table.head, end))


def _continues_header(table: Table, readings: Readings, row: int) -> bool:
    texts = [cell.text for cell in table.rows[row]]
    filled = [text for text in texts[1:] if text.strip("- ")]
    if table.rows[row][0] is table.header[0] and table.header[0].spans > 1:
        return True
    if all(cell.is_header for cell in table.rows[row]):
        return not any(reading.is_number for reading in readings[row])
    if any(reading.is_number for reading in readings[row]) or len(filled) < min(2, len(texts) - 1):
        return False
    if texts[0] and any(cell.spans > 1 and cell.text[:1].isdigit() for cell in table.rows[row]):
        return False  # a row of values, one of them over several columns
    corner = role_of(texts[0]).kind
    if corner in _NOTE_CORNERS and all(_is_column_note(text) for text in filled):
        return True
    spanned = any(cell.spans > 1 for cell in table.header[1:])
    return (corner in _NAME_CORNERS or spanned) and _is_grouped(table, row)


def _are_conditions(table: Table, readings: Readings, row: int) -> bool:
    """`Input length` over every column, and under it 2851, 5568, 8313: at what the scores below were measured."""
    titles = {cell.text for cell in table.header[1:]}
    values = [
        reading.numbers[0].value for reading in readings[row][1:] if len(reading.numbers) == 1 and reading.numbers[0]
    ]
    conditions = len(titles) == 1 and role_of(*titles).kind is Kind.NOT_A_SCORE and not table.rows[row][0].text
    rising = len(values) == table.width - 1 >= MIN_CONDITIONS and sorted(set(values)) == values
    return conditions and rising and all(value == value.to_integral_value() for value in values)


MIN_CONDITIONS = 3
"""Columns from which an order of numbers is no coincidence."""
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


def _unwrapped(text: str) -> str:
    """`(5-shot)` → `5-shot`; brackets inside, as in `time (s)`, belong to the text."""
    wrapped = text[:1] in ("(", "[") and text[-1:] in (")", "]")
    return text[1:-1].strip() if wrapped else text.strip()


def heads_of(table: Table, index: int, header_rows: tuple[int, ...]) -> tuple[str, tuple[str, ...], str]:
    """A column's name, its notes, and the name of the group it stands in."""
    head = table.header[index].text
    below = [_unwrapped(_below(table, row, index)) for row in header_rows[1:]]
    if not below or not _is_grouped(table, table.head + 1):
        return head, tuple(note for note in below if note), ""
    if title := _title_over_all(table):
        if below[0] and mentions_metric(title) and not is_metric(title):
            return below[0], tuple(below[1:]), title  # `top-1 IN-1k` over `last layer | best layer`
        # `Model` or `Accuracy` over every column tells no column from another.
        said = (title,) if is_metric(title) and below[0] else ()
        named = any(character.isalpha() for character in below[0])
        own = below[0] if named else f"{head} {below[0]}".strip()  # `Sequence length` over 1024, 2048
        return own if below[0] else head, tuple(note for note in (*below[1:], *said) if note), ""
    group = _group(table, index)
    if _is_column_note(below[0]) or (_repeats(table) and not any(below[1:])):
        return group or head, tuple(note for note in below if note), ""
    return below[0] or head, tuple(below[1:]), group if below[0] else ""


def _title_over_all(table: Table) -> str | None:
    """The one name over all further header cells, unless it tells them from columns with a head of their own."""
    row = table.head + 1
    named = [column for column in range(1, table.width) if _below(table, row, column)]
    above = {table.header[column].text for column in named}
    title = above.pop() if len(above) == 1 else None
    everywhere = len(named) == table.width - 1
    return title if title and (everywhere or role_of(title).kind in {Kind.MODEL, Kind.METRIC}) else None


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


def below_other_heads(table: Table, readings: Readings) -> Readings:
    """Where a nameless row of texts gives columns another head, what stands below it under the old one is not read."""
    began = next((row for row, cells in enumerate(readings) if row and any(cell.is_number for cell in cells)), None)
    rows = range(len(readings) if began is None else began, len(readings))
    if not any(heads_again(table, readings, row) for row in rows):
        return readings
    heads: dict[int, str] = {}
    told: list[tuple[Reading, ...]] = list(readings[: rows.start])
    for row in rows:
        if heads_again(table, readings, row):
            texts = [cell.text for cell in table.rows[row]]
            changed = {at: text for at, text in enumerate(texts) if text and fold(text) != fold(table.header[at].text)}
            heads = {at: text for at, text in (heads | changed).items() if at in changed or not texts[at]}
        told.append(
            tuple(
                Reading(reason=f"below another head, {heads[at]}", displaced=True)
                if at in heads and reading.is_number
                else reading
                for at, reading in enumerate(readings[row])
            )
        )
    return tuple(told)


def heads_again(table: Table, readings: Readings, row: int) -> bool:
    """A row without a name and without a number that says two things or more."""
    # Asked of every row, and most have a name.
    if table.rows[row][0].text or any(reading.is_number for reading in readings[row]):
        return False
    texts = {cell.text for cell in table.rows[row] if any(map(str.isalnum, cell.text))}
    return len(texts) > 1 and 2 * len(texts) > table.width - 1
