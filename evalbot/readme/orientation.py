"""Where the models stand in a table, and whether it is an evaluation at all, by the roles of both its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evalbot.readme import words
from evalbot.readme.labelling import primary_label, row_refusal, scored_rows
from evalbot.readme.not_scores import (
    about_something_else,
    at_first_sight,
    benchmark_like,
    only_precisions,
    share_of_benchmarks,
)
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.wording import fold, is_known_benchmark, is_metric, is_sized_or_owned, looks_like_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.readme.columns import Column
    from evalbot.readme.grid import Grid

Orientation = Literal["benchmarks-as-rows", "models-as-rows", "single", "none"]


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
    if refusal := at_first_sight(grid):
        return Verdict("none", refusal)
    verdict = _orient(grid)
    refusal = _nothing_to_score(grid, verdict.orientation) or about_something_else(grid)
    return Verdict("none", refusal) if refusal else verdict


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
        one = _is_row_of_scores(grid, rows, heads)
        return Verdict("single", "one row of scores") if one else _under_benchmark_head(rows, measured=measured)
    if measured:
        return _under_measures(label, grid, rows)
    if share_of_benchmarks(rows) == 1 and _are_splits(heads):
        return Verdict("single", "metrics of splits or classes")
    return _by_evidence(heads, rows)


def _without_labels(grid: Grid, heads: Sequence[str]) -> Verdict:
    averaged = any(role_of(head).kind is Kind.AVERAGE for head in heads)
    if any(is_sized_or_owned(head) and not is_known_benchmark(head) for head in heads):
        return Verdict("none", "no column names its rows")
    percent = 2 * sum("%" in head for head in heads) > len(heads)
    if len(grid.body) == 1 and (benchmark_like(heads) or _are_splits(heads) or averaged or percent):
        return Verdict("single", "one row of scores under benchmark names")
    return Verdict("none", "no column names its rows and no header names a known benchmark")


def _under_model_head(grid: Grid, heads: Sequence[str], rows: Sequence[str]) -> Verdict:
    """`Model | A-7B | B-7B` over rows of benchmarks: the corner names the header row, not the first column."""
    models = _count_models(heads) or sum(column.role.kind is Kind.MODEL for column in grid.value_columns)
    tested = 2 * sum(map(is_known_benchmark, rows)) > len(rows) > 1
    sized = len(heads) > 1 and all(map(is_sized_or_owned, heads))
    named = (models and benchmark_like(rows)) or tested or sized or all(is_metric(row) for row in rows)
    if named and not benchmark_like(heads) and not any(map(is_sized_or_owned, rows)):
        return Verdict("benchmarks-as-rows", "models as columns")
    return Verdict("models-as-rows", "models as rows")


def _is_row_of_scores(grid: Grid, rows: Sequence[str], heads: Sequence[str]) -> bool:
    """`Dataset | NLI | STS` over `Score | 0.6 | 0.7`, where the heads are known to be no models."""
    noted = any(is_metric(note) for column in grid.value_columns for note in column.notes)
    scored = bool(rows) and all(role_of(row).kind is Kind.SCORE for row in rows)
    return scored and (noted or benchmark_like(heads)) and not any(map(is_sized_or_owned, heads))


def _under_benchmark_head(rows: Sequence[str], *, measured: bool) -> Verdict:
    if not measured:
        return Verdict("benchmarks-as-rows", "models as columns")
    # `QA task | Top-1 | MRR` over rows of checkpoints: the corner names what they were tested on.
    models = sum(_names_a_model(row) for row in rows)
    if 2 * models > len(rows):
        return Verdict("models-as-rows", "metrics as columns")
    return Verdict("single", "a column of scores")


def _names_a_model(label: str) -> bool:
    return role_of(label).kind is Kind.MODEL or (is_sized_or_owned(label) and not is_known_benchmark(label))


def _are_splits(heads: Sequence[str]) -> bool:
    """Splits and nothing else: `test (Finch)` is somebody's column."""
    return bool(heads) and all(set(fold(head).split()) & words.SPLITS and _says_only_where(head) for head in heads)


def _says_only_where(head: str) -> bool:
    known = words.SPLITS | words.METRICS | words.METRIC_QUALIFIERS | {"set", "/"}
    return all(token in known or token.isdigit() for token in fold(head).split())


def _is_condition(label: Column) -> bool:
    return label.role.kind is Kind.METRIC or bool(words.CONDITIONS & set(fold(label.head).split()[-1:]))


def _under_measures(label: Column, grid: Grid, rows: Sequence[str]) -> Verdict:
    """Every value column is a metric or a score: the rows are this model's subsets, or models."""
    report = any(fold(row) in words.REPORT_AVERAGES for row in rows)
    report = report or any(fold(column.head) == "support" for column in grid.columns)
    bare = all(column.role.kind is Kind.SCORE for column in grid.value_columns)
    named = _count_models(rows) * 3 >= max(1, len(rows))
    told = label.role.kind in {Kind.CATEGORY, Kind.SUBSET} or share_of_benchmarks(rows) == 1
    told = told or (all(row.isdigit() for row in rows) and _is_condition(label))
    by_metric = any(column.role.kind is Kind.METRIC_COLUMN for column in grid.label_columns)
    told = told or (by_metric and (share_of_benchmarks(rows) > 0 or len(set(rows)) < len(rows)))
    if not named and (report or told or (bare and share_of_benchmarks(rows) * 2 >= 1)):
        return Verdict("single", "a column of scores")
    return Verdict("models-as-rows", "metrics as columns")


def _by_evidence(heads: Sequence[str], rows: Sequence[str]) -> Verdict:
    columns_are_models = _count_models(heads) / max(1, len(heads)) + share_of_benchmarks(rows)
    rows_are_models = _count_models(rows) / max(1, len(rows)) + share_of_benchmarks(heads)
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
    return only_precisions(rows, heads) or only_precisions(heads, rows)


def _count_models(labels: Sequence[str]) -> int:
    return sum(looks_like_model(label) for label in labels)
