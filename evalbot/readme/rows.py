"""The names every row of models goes by: its label cells, a name split over columns, what tells equal names apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.readme.labelling import primary_label, row_refusal, scored_rows
from evalbot.readme.roles import Kind
from evalbot.readme.systems import is_backbone, names_a_part
from evalbot.readme.wording import fold, looks_like_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalbot.readme.columns import Column
    from evalbot.readme.grid import Grid

_SIZE_FELLOWS = {"model", "total", "of", "scale", "llm", "b", "m", "#", "number", "count"}
"""Beside a size these speak of the model's own; `Teacher size` and `Training size` speak of something else's."""
_SIZES = {"a size", "a parameter count"}
_SIZED = {"params", "param", "parameters", "parameter", "size", "sizes", "参数", "参数量", "模型大小", "大小"}
_BARE_SIZE = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?")
_MAGNITUDE = re.compile(r"\([MB]\)")
"""`Params (B)` over 70 makes a 70B model; `Size` over 7 may be gigabytes."""
MAX_QUALIFIER = 40
"""Longer texts beside a name describe it; they do not tell it apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNames:
    """The names one row goes by."""

    row: int
    label: str
    """The name as a refusal shows it, qualified where another row has the same."""
    printed: tuple[tuple[str, str], ...]
    """Label cells as (text, raw)."""
    names: tuple[str, ...]
    """The label texts, and the name joined with a size or version in the next column."""
    qualified: str
    """The name with everything that may tell it from an equal one: `GLM-4 (Agentless)`."""


def row_names(grid: Grid) -> Iterator[RowNames]:
    """One entry for every row with a score, or with digits that could not be read as one."""
    primary = primary_label(grid)
    columns = [column for column in grid.label_columns if _names_models(grid, column, primary)]
    name = section = ""
    told = set(_told_rows(grid))
    for row in grid.body:  # a row without a score still names the blank one below it
        if grid.sections[row] != section:
            name, section = "", grid.sections[row]
        own = grid.text(row, primary.index) if primary else ""
        opened = primary and any(grid.text(row, c.index) for c in grid.label_columns if c.index < primary.index)
        # A blank cell repeats the name above it, so both rows are that model's, unless the row opens another group.
        name = own or ("" if opened else name)
        if row in told:
            yield _named_row(grid, row, name, columns, primary)


def _told_rows(grid: Grid) -> Iterator[int]:
    """A second row of the same name is a second row also where nothing in it can be read."""
    scored = set(scored_rows(grid))
    for row in grid.body:
        unread = any(
            grid.readings[row][column.index].reason and grid.text(row, column.index)[:1].isdigit()
            for column in grid.value_columns
        )
        if row in scored or (unread and row_refusal(grid, row) is None):
            yield row


def _named_row(grid: Grid, row: int, name: str, columns: Sequence[Column], primary: Column | None) -> RowNames:
    cells = [grid.table.rows[row][column.index] for column in columns]
    joined = [f"{name} {piece}" for piece in _completions(grid, row, primary) if name]
    printed = [(cell.text, cell.raw) for cell in cells if cell.text]
    printed += [(label, label) for label in (name, *joined) if label]
    qualified = _qualify(name, _qualifiers(grid, row, primary))
    label = qualified if _is_repeated(grid, name, primary) else name
    return RowNames(
        row=row,
        label=label,
        printed=tuple(printed),
        names=tuple(text for text, _ in printed),
        qualified=qualified,
    )


def _names_models(grid: Grid, column: Column, primary: Column | None) -> bool:
    """Only columns that may hold the row's own name: beside a column of models every other one names something else."""
    if column == primary:
        return True
    if column.role.kind is Kind.OTHER_MODEL or names_a_part(column):
        return False
    if primary is None:
        return True
    if primary.role.kind is Kind.MODEL or _name_columns(grid) > 1:
        return column.role.kind is Kind.EMPTY
    return column.role.kind in {Kind.EMPTY, Kind.UNKNOWN}


def _name_columns(grid: Grid) -> int:
    """Columns with texts that look like names: of two, one is what the other is made of."""
    return sum(
        any(looks_like_model(grid.text(row, column.index)) for row in grid.body) for column in grid.label_columns
    )


def _completions(grid: Grid, row: int, primary: Column | None) -> Iterator[str]:
    """What completes a name that is split over columns: `Llama 2` and `70B`."""
    for column in grid.columns:
        text = grid.text(row, column.index)
        completes = _says_size_or_version(column)
        # `Method | Backbone`: a system goes by both, in either order.
        completes = completes or (column.role.kind is Kind.MODEL and (is_backbone(column) or _is_framed(primary)))
        if not primary or column == primary or not completes or not text:
            continue
        if not grid.readings[row][column.index].is_number:
            yield text
        elif _BARE_SIZE.fullmatch(text) and (unit := _MAGNITUDE.search(column.head)):
            yield f"{text}{unit[0][1]}"


def _says_size_or_version(column: Column) -> bool:
    said = set(fold(column.head).split())
    if column.role.reason in _SIZES or said & _SIZED:
        return said <= _SIZED | _SIZE_FELLOWS
    return column.role.kind is Kind.EMPTY or (column.role.kind is Kind.VERSION and len(said) == 1)


def _is_framed(primary: Column | None) -> bool:
    return primary is not None and is_backbone(primary)


def _is_repeated(grid: Grid, label: str, primary: Column | None) -> bool:
    if primary is None:
        return False
    texts = [grid.text(row, primary.index) for row in scored_rows(grid)]
    return texts.count(label) > 1 or (label in texts and "" in texts[texts.index(label) + 1 : texts.index(label) + 2])


def _qualifiers(grid: Grid, row: int, primary: Column | None) -> list[str]:
    columns = [column for column in grid.columns if column != primary and column not in grid.value_columns]
    texts = [grid.text(row, column.index) for column in columns if len(grid.text(row, column.index)) <= MAX_QUALIFIER]
    return [text for text in [grid.sections[row], *texts] if text and any(c.isalnum() for c in text)]


def _qualify(label: str, qualifiers: Sequence[str]) -> str:
    return f"{label} ({', '.join(qualifiers)})" if qualifiers else label
