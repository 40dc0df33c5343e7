"""Every table of a card with a verdict: what `inspect-tables` prints, and what a choice is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from evalbot.readme.columns import ASIDE, Column
from evalbot.readme.grid import Grid, build_grid, unreadable
from evalbot.readme.labelling import primary_label, scored_rows
from evalbot.readme.orientation import Orientation, Verdict, judge
from evalbot.readme.roles import Kind
from evalbot.readme.side_by_side import blocks_of
from evalbot.readme.tables import find_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalbot.readme.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLabel:
    label: str
    """Plain text, ready for `--model-name-override`."""
    axis: Literal["column", "row"]
    index: int
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    table: Table
    is_evaluation: bool
    reason: str
    orientation: Orientation
    models: tuple[ModelLabel, ...]


def survey(readme: str) -> tuple[TableReport, ...]:
    """One report for every Markdown table. Raises InvalidCard where a stated limit is passed."""
    return tuple(report_on(table)[0] for table in find_tables(readme))


def report_on(table: Table) -> tuple[TableReport, Grid | None]:
    """The report and the grid it was made from (None where the table is too large to be read)."""
    refusal = unreadable(table)
    if refusal:
        report = TableReport(table=table, is_evaluation=False, reason=refusal, orientation="none", models=())
        return report, None
    blocks = blocks_of(table)
    if len(blocks) > 1:
        return _side_by_side(table, [report_on(block)[0] for block in blocks]), build_grid(table)
    grid = build_grid(table)
    verdict = judge(grid)
    report = TableReport(
        table=table,
        is_evaluation=verdict.is_evaluation,
        reason=verdict.reason,
        orientation=verdict.orientation,
        models=tuple(_models(grid, verdict)),
    )
    return report, grid


def _side_by_side(table: Table, reports: Sequence[TableReport]) -> TableReport:
    """One report for blocks that are tables of their own."""
    told = next((report for report in reports if report.is_evaluation), reports[0])
    return replace(told, table=table, models=tuple(model for report in reports for model in report.models))


def _models(grid: Grid, verdict: Verdict) -> Iterator[ModelLabel]:
    if verdict.orientation == "benchmarks-as-rows":
        yield from column_labels(grid)
    if verdict.orientation == "models-as-rows" or verdict.both_axes:
        yield from row_labels(grid)


def column_labels(grid: Grid) -> Iterator[ModelLabel]:
    for column in grid.value_columns:
        if _may_be_models(column):
            raw = grid.table.header[column.index].raw
            yield ModelLabel(label=column.head, axis="column", index=column.index, raw=raw)


def row_labels(grid: Grid) -> Iterator[ModelLabel]:
    column = primary_label(grid)
    if column is None or column.role.kind is Kind.OTHER_MODEL:
        return
    for row in scored_rows(grid):
        cell = grid.table.rows[row][column.index]
        if cell.text:
            yield ModelLabel(label=cell.text, axis="row", index=row, raw=cell.raw)


def _may_be_models(column: Column) -> bool:
    return column.role.kind not in ASIDE | {Kind.SCORE, Kind.METRIC, Kind.AVERAGE} and bool(column.head)
