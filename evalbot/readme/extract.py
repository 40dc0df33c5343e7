"""The evaluation scores of one named model out of one table of a README."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.errors import NothingFound
from evalbot.readme.choice import Wanted, choose_table
from evalbot.readme.models import choose_model
from evalbot.readme.scores import Skipped, collect

if TYPE_CHECKING:
    from evalbot.readme.survey import TableReport
    from evalbot.score import Score

__all__ = ["Extraction", "Skipped", "Wanted", "extract"]


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
    target = choose_model(report, grid, wanted)
    scores, skipped = collect(grid, target, include_derived=wanted.include_derived)
    if not scores:
        reasons = ", ".join(dict.fromkeys(skip.reason for skip in skipped)) or "its cells are empty"
        whose = f"{target.label!r} in table" if target.label else "Table"
        raise NothingFound(f"{whose} {report.table.number} has no scores to publish: {reasons}")
    return Extraction(report=report, model_label=target.label, scores=scores, skipped=skipped)
