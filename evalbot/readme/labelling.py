"""Which column names the rows of a table, and which rows hold scores."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from evalbot.readme.measures import is_spread_of
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.systems import is_backbone, names_a_framework, naming_rank
from evalbot.readme.wording import fold, looks_like_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.readme.columns import Column
    from evalbot.readme.grid import Grid

_ON_TRAINING = re.compile(r"\((?:train|training)(?: set)?\)|\bon (?:the )?train(?:ing)?(?: set)?\b")
_OPTION = re.compile(r"--?[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*(?:[ =].{0,40})?")
"""A command's option; `--Existence` is a benchmark's part, drawn as one."""
_TRAINING_ROWS = {"train", "training", "train set", "training set", "trainset"}


RECENT_GRIDS = 16
"""Answers about a whole grid are asked for by every row: kept for the grids at hand."""


@lru_cache(maxsize=RECENT_GRIDS)
def primary_label(grid: Grid) -> Column | None:
    """The column whose cells name the rows: of models, before parts of them; else of benchmarks; else the first."""
    for kind in (Kind.MODEL, Kind.BENCHMARK):
        columns = [c for c in grid.label_columns if c.role.kind is kind and _tells_rows_apart(grid, c)]
        if columns:
            first = min(columns, key=naming_rank)
            alike = [column for column in columns if fold(column.head) == fold(first.head)]
            best = max(alike, key=lambda column: _distinct(grid, column))
            best = _told_apart(grid, best, columns)
            # `Backbone | Method` over many backbones in one or two frameworks: the backbones are the models.
            named = [column for column in columns if is_backbone(column) and names_a_framework(best)]
            return max((best, *named), key=lambda column: _distinct(grid, column))
    return grid.label_columns[0] if grid.label_columns else None


def _told_apart(grid: Grid, best: Column, columns: Sequence[Column]) -> Column:
    """`Model name | Model path` over families and repositories: the column that names every row once."""
    rows = len(grid.body)
    full = [
        column
        for column in columns
        if naming_rank(column) == naming_rank(best) and _distinct(grid, column) == rows and _all_words(grid, column)
    ]
    return full[0] if full and _distinct(grid, best) < rows else best


def _all_words(grid: Grid, column: Column) -> bool:
    """Text in every row, and no running numbers: `47430278_4`."""
    return all(any(character.isalpha() for character in grid.text(row, column.index)) for row in grid.body)


def _tells_rows_apart(grid: Grid, column: Column) -> bool:
    return _distinct(grid, column) >= min(2, len(grid.body))


def _distinct(grid: Grid, column: Column) -> int:
    return len({grid.text(row, column.index) for row in grid.body})


@lru_cache(maxsize=RECENT_GRIDS)
def naming_columns(grid: Grid) -> tuple[Column, ...]:
    """The columns whose cells say what the row is, not what belongs to it."""
    primary = primary_label(grid)
    kinds = {Kind.BENCHMARK, Kind.METRIC_COLUMN}
    return tuple(
        column
        for column in grid.label_columns
        if column == primary or (column.role.kind in kinds and _tells_rows_apart(grid, column))
    )


@lru_cache(maxsize=RECENT_GRIDS)
def scored_rows(grid: Grid) -> tuple[int, ...]:
    """Body rows with a number in a value column whose label does not say that it is no score."""
    return tuple(row for row in grid.body if has_value(grid, row) and row_refusal(grid, row) is None)


def row_refusal(grid: Grid, row: int) -> str | None:
    """Why the numbers of this row are no scores, by its labels and its section."""
    classes = _rows_are_classes(grid)
    for column in naming_columns(grid):
        label = grid.text(row, column.index)
        if fold(label) in _TRAINING_ROWS or _ON_TRAINING.search(label.lower()):
            return "a measure on training data"
        if _OPTION.fullmatch(label):
            return "a hyper-parameter"
        role = role_of(label)
        if role.kind is Kind.STDERR or is_spread_of(label, _row_labels(grid, column)):
            return "an uncertainty of another row"
        is_class = classes and role.reason not in {"a count", "a training loss"}
        named = _is_model_id(label) or (column.role.kind is Kind.MODEL and " " not in label and not label.isalpha())
        if role.kind is Kind.NOT_A_SCORE and not is_class and not named:
            return role.reason
    section = role_of(grid.sections[row]) if grid.sections[row] else None
    if section and section.kind is Kind.STDERR:
        return "an uncertainty of other rows"
    return section.reason if section and section.kind is Kind.NOT_A_SCORE else None


@lru_cache(maxsize=RECENT_GRIDS)
def _row_labels(grid: Grid, column: Column) -> frozenset[str]:
    return frozenset(fold(grid.text(row, column.index)) for row in grid.body)


@lru_cache(maxsize=RECENT_GRIDS)
def _rows_are_classes(grid: Grid) -> bool:
    """Under `precision | recall | f1` or beside `Language`, `DATE`, `NUM` and `id` are classes, not quantities."""
    label = primary_label(grid)
    metrics = [column for column in grid.value_columns if column.role.kind is Kind.METRIC]
    return len(metrics) > 1 or (label is not None and label.role.kind is Kind.SUBSET)


def _is_model_id(label: str) -> bool:
    """`bert-base-nli-mean-tokens` does not count tokens."""
    return " " not in label and sum(label.count(mark) for mark in "-_/") > 1 and looks_like_model(label)


def has_value(grid: Grid, row: int) -> bool:
    return any(grid.readings[row][column.index].is_number for column in grid.value_columns)
