"""The evaluation scores of one named model out of one table of a README."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalbot.errors import AmbiguousChoice, NothingFound, UsageError
from evalbot.readme.choice import Wanted, choose_table
from evalbot.readme.models import choose_model
from evalbot.readme.names import closest_first
from evalbot.readme.scores import collect
from evalbot.readme.side_by_side import blocks_of
from evalbot.readme.survey import report_on, survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.readme.grid import Grid
    from evalbot.readme.models import Target
    from evalbot.readme.survey import TableReport
    from evalbot.readme.table import Table
    from evalbot.score import Score, Skipped

__all__ = ["Extraction", "Wanted", "extract", "extract_elsewhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    report: TableReport
    model_label: str | None
    """Plain text of the matched label; None where the table names no model."""
    scores: tuple[Score, ...]
    skipped: tuple[Skipped, ...]


def extract(readme: str, wanted: Wanted) -> Extraction:
    """The wanted model's scores, or a refusal: NothingFound, AmbiguousChoice, UsageError or InvalidCard."""
    report, grid = choose_table(readme, wanted.table)
    blocks = blocks_of(report.table)
    grid, target = (grid, choose_model(report, grid, wanted)) if len(blocks) == 1 else _among(blocks, wanted)
    scores, skipped = collect(grid, target, include_derived=wanted.include_derived)
    if not scores:
        reasons = ", ".join(dict.fromkeys(skip.reason for skip in skipped)) or "its cells are empty"
        whose = f"{target.label!r} in table" if target.label else "Table"
        raise NothingFound(f"{whose} {report.table.number} has no scores to publish: {reasons}")
    return Extraction(report=report, model_label=target.label, scores=scores, skipped=skipped)


def extract_elsewhere(readme: str, wanted: Wanted, but: Extraction) -> tuple[Score, ...]:
    """The same model's scores in the other tables of a README, as far as they can be read without a choice."""
    found: list[Score] = []
    name = but.model_label or wanted.model_name
    named = replace(wanted, column_index=None, exact_label=None, model_name=name)
    for number in (report.table.number for report in survey(readme) if report.is_evaluation):
        if number != but.report.table.number:
            with suppress(NothingFound, AmbiguousChoice, UsageError):
                found += extract(readme, replace(named, table=number)).scores
    return tuple(found)


def _among(blocks: Sequence[Table], wanted: Wanted) -> tuple[Grid, Target]:
    """The block of a table that holds the wanted model; it must be one alone."""
    found: list[tuple[Grid, Target]] = []
    labels: list[str] = []
    for report, grid in map(report_on, blocks):
        if grid is None:
            continue
        try:
            found.append((grid, choose_model(report, grid, wanted)))
        except NothingFound as refusal:
            labels += refusal.candidates
    if len(found) == 1:
        return found[0]
    name, number = wanted.exact_label or wanted.model_name, blocks[0].number
    if found:
        raise AmbiguousChoice(f"{name!r} stands in {len(found)} of the lists that table {number} prints side by side")
    raise NothingFound(
        f"{name!r} is in none of the lists that table {number} prints side by side",
        hint='If one of these labels is this model: add --model-name-override "LABEL" with the label as listed',
        candidates=closest_first(labels, name),
    )
