"""Where the models stand in a table, and whether it is an evaluation at all, by the roles of both its axes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from evalbot.readme import words
from evalbot.readme.numbers import read
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.systems import is_backbone, names_a_framework, naming_rank
from evalbot.readme.wording import fold, is_known_benchmark, is_metric, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evalbot.readme.grid import Column, Grid

_TRAINING_ROWS = {"train", "training", "train set", "training set", "trainset"}
RECENT_GRIDS = 16
"""Answers about a whole grid are asked for by every row: kept for the grids at hand."""
MAX_TITLE = 80
"""A caption up to this length is a title; longer ones speak of many things."""

Orientation = Literal["benchmarks-as-rows", "models-as-rows", "single", "none"]

_MODEL_LOOK = re.compile(
    r"(?<![a-z0-9])[0-9]+(?:\.[0-9]+)?x?[0-9]*[bm](?![a-z])"  # a size: 7B, 1.5b, 8x7B
    r"|[a-z]-?v[0-9]|(?<![a-z])v[0-9]+(?:\.[0-9]+)+"  # a version
    r"|\((?:ours|this model)\)|(?<![a-z])ours(?![a-z])"
    r"|[a-z][a-z0-9.]*/[a-z][a-z0-9._-]*-[a-z0-9._-]+"  # organisation/model-name
    r"|(?<![a-z])(?:base|large|small|tiny|instruct|chat|mini|xl|xxl|baseline|sota)(?![a-z])"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    orientation: Orientation
    reason: str
    both_axes: bool = False
    """Neither axis is known to hold the models: labels of both are candidates, and only a name decides."""

    @property
    def is_evaluation(self) -> bool:
        return self.orientation != "none"


def judge(grid: Grid) -> Verdict:
    """Decide by refusal first: what a table is not, then where its models are."""
    refusal = (
        _no_numbers(grid)
        or _no_header(grid)
        or _training_log(grid)
        or _tokenizers(grid)
        or _made_of(grid)
        or _dataset_statistics(grid)
    )
    if refusal:
        return Verdict("none", refusal)
    verdict = _orient(grid)
    refusal = _nothing_to_score(grid, verdict.orientation) or _about_something_else(grid)
    return Verdict("none", refusal) if refusal else verdict


@lru_cache(maxsize=RECENT_GRIDS)
def primary_label(grid: Grid) -> Column | None:
    """The column whose cells name the rows: of models, before parts of them; else of benchmarks; else the first."""
    for kind in (Kind.MODEL, Kind.BENCHMARK):
        columns = [c for c in grid.label_columns if c.role.kind is kind and _tells_rows_apart(grid, c)]
        if columns:
            best = min(columns, key=naming_rank)
            # `Backbone | Method` over many backbones in one or two frameworks: the backbones are the models.
            named = [column for column in columns if is_backbone(column) and names_a_framework(best)]
            return max((best, *named), key=lambda column: _distinct(grid, column))
    return grid.label_columns[0] if grid.label_columns else None


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
    return tuple(row for row in grid.body if _has_value(grid, row) and row_refusal(grid, row) is None)


def row_refusal(grid: Grid, row: int) -> str | None:
    """Why the numbers of this row are no scores, by its labels and its section."""
    classes = _rows_are_classes(grid)
    for column in naming_columns(grid):
        label = grid.text(row, column.index)
        if fold(label) in _TRAINING_ROWS:
            return "a measure on training data"
        role = role_of(label)
        if role.kind is Kind.STDERR:
            return "an uncertainty of another row"
        is_class = classes and role.reason not in {"a count", "a training loss"}
        if role.kind is Kind.NOT_A_SCORE and not is_class and not _is_model_id(label):
            return role.reason
    section = role_of(grid.sections[row]) if grid.sections[row] else None
    return section.reason if section and section.kind is Kind.NOT_A_SCORE else None


@lru_cache(maxsize=RECENT_GRIDS)
def _rows_are_classes(grid: Grid) -> bool:
    """Under `precision | recall | f1` or beside `Language`, `DATE`, `NUM` and `id` are classes, not quantities."""
    label = primary_label(grid)
    metrics = [column for column in grid.value_columns if column.role.kind is Kind.METRIC]
    return len(metrics) > 1 or (label is not None and label.role.kind is Kind.SUBSET)


def _is_model_id(label: str) -> bool:
    """`bert-base-nli-mean-tokens` does not count tokens."""
    return " " not in label and sum(label.count(mark) for mark in "-_/") > 1 and looks_like_model(label)


def _has_value(grid: Grid, row: int) -> bool:
    return any(grid.readings[row][column.index].is_number for column in grid.value_columns)


def _no_numbers(grid: Grid) -> str | None:
    if not grid.body:
        return "it has no rows with values"
    numeric = [column for column in grid.columns if column.content == "value"]
    if not numeric:
        return "it holds no plain numbers"
    if not grid.value_columns:
        reasons = dict.fromkeys(column.role.reason or "no score" for column in numeric)
        return "its numbers are " + ", ".join(reasons)
    return None


def _no_header(grid: Grid) -> str | None:
    """An HTML table may begin with data; a Markdown table has a header row by its notation."""
    table = grid.table
    if isinstance(table.number, int) or any(cell.is_header for cell in table.header):
        return None
    numbers = all(grid.readings[table.head][column.index].is_number for column in grid.value_columns)
    return "its first row holds numbers, so nothing names its columns" if numbers else None


def _training_log(grid: Grid) -> str | None:
    heads = [fold(column.head) for column in grid.columns]
    counts = any(head.split()[-1:] and head.split()[-1] in words.TRAINING_LOG for head in heads)
    losses = any(head.endswith(("loss", "losses")) for head in heads)
    named = any(column.role.kind in {Kind.MODEL, Kind.BENCHMARK} for column in grid.label_columns)
    return "it is a training log" if counts and (losses or not named) else None


def _tokenizers(grid: Grid) -> str | None:
    primary = primary_label(grid)
    head = fold(primary.head).split()[-1:] if primary else []
    return "it compares tokenizers" if head and head[0] in {"tokenizer", "tokenizers", "分词器"} else None


def _made_of(grid: Grid) -> str | None:
    """`Hyperparameter | Value`, `Model structure | A | B`: what something is made of."""
    corner = fold(grid.columns[0].head).split()
    if not corner or corner[-1] not in words.HYPER_TABLE or _benchmark_like(c.head for c in grid.value_columns):
        return None
    if _share([grid.text(row, 0) for row in grid.body]) * 2 > 1:
        return None
    return f"its first column lists settings ({grid.columns[0].head})"


def _dataset_statistics(grid: Grid) -> str | None:
    columns = {fold(column.head): column for column in grid.columns if column.content == "value"}
    splits = columns.keys() & {"dev", "test", "validation", "valid", "val", "total"}
    if not splits or not columns.keys() & {"train", "training", "train set"}:
        return None
    counted = [cell for row in grid.body for head in splits if (cell := grid.text(row, columns[head].index))]
    return None if any(_has_fraction(cell) for cell in counted) else "it counts the data of splits"


def _has_fraction(text: str) -> bool:
    """`0.91` and `91.2` are measured; `1,204` and `12.5k` are counted."""
    number = read(text, "thousands")
    return any(part is not None and "." in str(part.value) for part in number.numbers)


def _orient(grid: Grid) -> Verdict:
    heads = [column.head for column in grid.value_columns]
    label = primary_label(grid)
    if label is None or (len(grid.body) == 1 and not any(grid.text(grid.body[0], c.index) for c in grid.label_columns)):
        return _without_labels(grid, heads)
    measured = all(column.role.kind in {Kind.METRIC, Kind.SCORE, Kind.AVERAGE} for column in grid.value_columns)
    rows = [grid.text(row, label.index) for row in grid.body]
    kind = label.role.kind
    if kind is Kind.MODEL:
        return _under_model_head(grid, heads, rows)
    if kind in {Kind.BENCHMARK, Kind.METRIC_COLUMN}:
        return (
            Verdict("single", "a column of scores") if measured else Verdict("benchmarks-as-rows", "models as columns")
        )
    if measured:
        return _under_measures(kind, grid, rows)
    if _share(rows) == 1 and (_are_splits(heads) or kind is Kind.SUBSET):
        return Verdict("single", "metrics of splits or classes")
    return _by_evidence(heads, rows)


def _without_labels(grid: Grid, heads: Sequence[str]) -> Verdict:
    averaged = any(role_of(head).kind is Kind.AVERAGE for head in heads)
    if len(grid.body) == 1 and (_benchmark_like(heads) or _are_splits(heads) or averaged):
        return Verdict("single", "one row of scores under benchmark names")
    return Verdict("none", "no column names its rows and no header names a known benchmark")


def _under_model_head(grid: Grid, heads: Sequence[str], rows: Sequence[str]) -> Verdict:
    """`Model | A-7B | B-7B` over rows of benchmarks: the corner names the header row, not the first column."""
    models = _count_models(heads) or sum(column.role.kind is Kind.MODEL for column in grid.value_columns)
    named = (models and _benchmark_like(rows)) or all(is_metric(row) for row in rows)
    if named and not _benchmark_like(heads) and _count_models(rows) == 0:
        return Verdict("benchmarks-as-rows", "models as columns")
    return Verdict("models-as-rows", "models as rows")


def _are_splits(heads: Sequence[str]) -> bool:
    return bool(heads) and all(set(fold(head).split()) & words.SPLITS for head in heads)


def _under_measures(kind: Kind, grid: Grid, rows: Sequence[str]) -> Verdict:
    """Every value column is a metric or a score: the rows are this model's subsets, or models."""
    report = any(fold(row) in words.REPORT_AVERAGES for row in rows)
    report = report or any(fold(column.head) == "support" for column in grid.columns)
    bare = all(column.role.kind is Kind.SCORE for column in grid.value_columns)
    named = _count_models(rows) * 3 >= max(1, len(rows))
    told = kind in {Kind.CATEGORY, Kind.SUBSET} or _share(rows) == 1
    told = told or any(column.role.kind is Kind.METRIC_COLUMN for column in grid.label_columns)
    if not named and (report or told or (bare and _share(rows) * 2 >= 1)):
        return Verdict("single", "a column of scores")
    return Verdict("models-as-rows", "metrics as columns")


def _by_evidence(heads: Sequence[str], rows: Sequence[str]) -> Verdict:
    columns_are_models = _count_models(heads) / max(1, len(heads)) + _share(rows)
    rows_are_models = _count_models(rows) / max(1, len(rows)) + _share(heads)
    if rows_are_models > columns_are_models:
        return Verdict("models-as-rows", "models as rows")
    if columns_are_models > rows_are_models:
        return Verdict("benchmarks-as-rows", "models as columns")
    return Verdict("benchmarks-as-rows", "nothing says which axis holds the models", both_axes=True)


def _nothing_to_score(grid: Grid, orientation: Orientation) -> str | None:
    """The chosen orientation must leave benchmarks on one axis."""
    if orientation == "none":
        return None
    if not scored_rows(grid):
        reasons = dict.fromkeys(reason for row in grid.body if (reason := row_refusal(grid, row)))
        return "its numbers are " + ", ".join(reasons or ["no scores"])
    label = primary_label(grid)
    rows = [grid.text(row, label.index) for row in scored_rows(grid)] if label else []
    heads = [column.head for column in grid.value_columns]
    return _only_precisions(rows, heads) or _only_precisions(heads, rows)


def _only_precisions(axis: Sequence[str], other: Sequence[str]) -> str | None:
    """Numeric formats on one axis and only models on the other: memory or speed, never said to be a score."""
    if axis and all(role_of(label).kind is Kind.PRECISION for label in axis) and not _benchmark_like(other):
        return "one axis holds numeric formats and nothing names a benchmark"
    return None


def _about_something_else(grid: Grid) -> str | None:
    """Where nothing is a known benchmark or metric, quantities beside the numbers or the heading are believed."""
    label = primary_label(grid)
    rows = [grid.text(row, label.index) for row in grid.body] if label else []
    heads = [column.head for column in grid.value_columns]
    if _benchmark_like([*heads, *rows]) or any(role_of(text).kind is Kind.AVERAGE for text in [*heads, *rows]):
        return None
    if _is_leaderboard(grid):
        return None
    refused = sum(row_refusal(grid, row) is not None for row in grid.body if _has_value(grid, row))
    if refused and refused >= len(scored_rows(grid)):
        return "most of its rows are quantities, not benchmarks"
    quantities = [c for c in grid.columns if c.content == "value" and c.role.kind is Kind.NOT_A_SCORE]
    if quantities and len(quantities) >= len(heads):
        return f"beside {quantities[0].head} nothing names a benchmark"
    return _other_topic(grid) or _counts(grid)


def _is_leaderboard(grid: Grid) -> bool:
    return any(word in (grid.table.heading or "").lower() for word in words.LEADERBOARD)


def _other_topic(grid: Grid) -> str | None:
    caption = grid.table.caption if len(grid.table.caption) <= MAX_TITLE else ""
    text = fold(f"{grid.table.heading or ''} {caption}")
    about = [word for word in text.split() if word in words.NOT_ABOUT_SCORES]
    about += [phrase for phrase in words.NOT_ABOUT_SCORES_PHRASES if phrase in text]
    return f"it stands under a text about {about[0]}" if about else None


def _counts(grid: Grid) -> str | None:
    """Whole numbers only, and larger than a percentage: counts of something."""
    values = [
        str(number.value)
        for row in grid.body
        for column in grid.value_columns
        for number in grid.readings[row][column.index].numbers
        if number is not None
    ]
    if any("." in value for value in values) or max(map(len, values), default=0) < 3:  # noqa: PLR2004 - up to 99
        return None
    return "it holds whole numbers over a hundred and nothing names a benchmark"


def _benchmark_like(labels: Iterable[str]) -> bool:
    return any(is_known_benchmark(label) or is_metric(label) or mentions_metric(label) for label in labels)


def _share(labels: Sequence[str]) -> float:
    """How much of an axis is known benchmarks, metrics or averages."""
    hits = sum(
        is_known_benchmark(label) or mentions_metric(label) or role_of(label).kind is Kind.AVERAGE for label in labels
    )
    return hits / max(1, len(labels))


def looks_like_model(label: str) -> bool:
    """By a size, a version or a word for model variants; evidence for an axis, never for one label's identity."""
    return bool(_MODEL_LOOK.search(label[:200].lower()))


def _count_models(labels: Sequence[str]) -> int:
    return sum(looks_like_model(label) for label in labels)
