"""The one table a user means: the numbered one, or the only evaluation; else a refusal with what there is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.errors import AmbiguousChoice, NothingFound, UsageError
from evalbot.readme.survey import TableReport, report_on
from evalbot.readme.tables import find_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.readme.grid import Grid
    from evalbot.readme.table import Table

_TABLE_NUMBER = re.compile(r"[+-]?[0-9]{1,9}|html:[0-9]{1,9}")
SHOWN_LABELS = 4
"""Labels shown for a table in a list of tables: enough to recognise it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asks for; `exact_label` and `column_index` point, `model_name` is matched."""

    table: int | str | None = None
    model_name: str | None = None
    exact_label: str | None = None
    column_index: int | None = None
    owner: str | None = None
    """The organisation or user the model belongs to, where it is known."""
    include_derived: bool = False


def choose_table(readme: str, number: int | str | None) -> tuple[TableReport, Grid]:
    """Raises NothingFound, AmbiguousChoice or UsageError."""
    tables = find_tables(readme)
    report, grid = _only_evaluation(tables) if number is None else _numbered(tables, number)
    if not report.is_evaluation or grid is None:
        raise NothingFound(
            f"Table {report.table.number} holds no evaluation scores: {report.reason}",
            hint="Run inspect-tables to see every table of this card with its verdict",
        )
    return report, grid


def _numbered(tables: Sequence[Table], number: int | str) -> tuple[TableReport, Grid | None]:
    written = str(number).strip().lower()
    if not _TABLE_NUMBER.fullmatch(written):
        raise UsageError(
            f"{number!r} is no table number", hint="Give a number as inspect-tables shows it: --table 2, --table html:1"
        )
    wanted = written if written.startswith("html:") else int(written)
    table = next((table for table in tables if table.number == wanted), None)
    if table is None:
        raise UsageError(
            f"There is no table {wanted}: the README has {_counted(tables)}",
            hint="Run inspect-tables to see them" if tables else None,
        )
    return report_on(table)


def _counted(tables: Sequence[Table]) -> str:
    """`Markdown tables 1 to 3 and HTML tables html:1 to html:2`."""
    html = sum(isinstance(table.number, str) for table in tables)
    kinds = (("Markdown table", "", len(tables) - html), ("HTML table", "html:", html))
    parts = [_span(name, mark, count) for name, mark, count in kinds if count]
    return " and ".join(parts) or "no tables"


def _span(name: str, mark: str, count: int) -> str:
    return f"{name} {mark}1" if count == 1 else f"{name}s {mark}1 to {mark}{count}"


def _only_evaluation(tables: Sequence[Table]) -> tuple[TableReport, Grid | None]:
    found = [report for report in map(report_on, tables) if report[0].is_evaluation]
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousChoice(
            f"The README has {len(found)} evaluation tables; say which one",
            hint=f"Add --table N, for example --table {found[0][0].table.number}",
            candidates=[describe(report) for report, _ in found],
        )
    raise NothingFound(
        "No evaluation tables found in README.",
        hint="Run inspect-tables to see why each table was passed over" if tables else None,
        candidates=[describe(report_on(table)[0]) for table in tables],
    )


def describe(report: TableReport) -> str:
    """One line for a table in a list of candidates."""
    labels = [model.label for model in report.models][:SHOWN_LABELS]
    shown = ", ".join(labels) if labels else report.reason
    heading = f" ({report.table.heading})" if report.table.heading else ""
    return f"table {report.table.number}{heading}: {shown}"
