"""The one table and the one model a user means: found exactly, or refused with what there is to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evalbot.errors import AmbiguousChoice, NothingFound, UsageError
from evalbot.readme.names import closest_first, is_exact, same_model
from evalbot.readme.orientation import primary_label, scored_rows
from evalbot.readme.roles import Kind
from evalbot.readme.survey import ModelLabel, TableReport, report_on
from evalbot.readme.tables import Table, count_html_tables, find_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalbot.readme.grid import Column, Grid

SHOWN_LABELS = 4
"""Labels shown for a table in a list of tables: enough to recognise it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asks for; `exact_label` and `column_index` point, `model_name` is matched."""

    table: int | str | None = None
    model_name: str | None = None
    exact_label: str | None = None
    column_index: int | None = None
    include_derived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A row or a column of one model, or the whole table where it names none."""

    axis: Literal["row", "column", "table"]
    index: int = 0
    label: str | None = None


def choose_table(readme: str, number: int | str | None) -> tuple[TableReport, Grid]:
    """Raises NothingFound, AmbiguousChoice or UsageError."""
    if isinstance(number, str) and not number.lstrip("+-").isdecimal():
        raise _no_such_kind(number)
    tables = find_tables(readme)
    report, grid = _only_evaluation(readme, tables) if number is None else _numbered(tables, int(number))
    if not report.is_evaluation or grid is None:
        raise NothingFound(
            f"Table {report.table.number} holds no evaluation scores: {report.reason}",
            hint="Run inspect-tables to see every table of this card with its verdict",
        )
    return report, grid


def _no_such_kind(number: str) -> NothingFound | UsageError:
    if number.lower().startswith("html:"):
        return NothingFound(
            f"Table {number} is an HTML table, and this version reads Markdown tables only",
            hint="Give a Markdown table with --table N",
        )
    return UsageError(f"{number!r} is no table number", hint="Give a number as inspect-tables shows it: --table N")


def _numbered(tables: Sequence[Table], number: int) -> tuple[TableReport, Grid | None]:
    if not tables:
        raise UsageError(f"There is no table {number}: the README has no Markdown tables")
    if not 1 <= number <= len(tables):
        raise UsageError(
            f"There is no table {number}: the README has Markdown tables 1 to {len(tables)}",
            hint="Run inspect-tables to see them",
        )
    return report_on(tables[number - 1])


def _only_evaluation(readme: str, tables: Sequence[Table]) -> tuple[TableReport, Grid | None]:
    found = [report for report in map(report_on, tables) if report[0].is_evaluation]
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousChoice(
            f"The README has {len(found)} evaluation tables; say which one",
            hint=f"Add --table N, for example --table {found[0][0].table.number}",
            candidates=[describe(report) for report, _ in found],
        )
    count = count_html_tables(readme)
    html = f" It holds {count} HTML table(s), and this version reads Markdown tables only." if count else ""
    raise NothingFound(
        "No evaluation tables found in README." + html,
        hint="Run inspect-tables to see why each table was passed over" if tables else None,
        candidates=[describe(report_on(table)[0]) for table in tables],
    )


def describe(report: TableReport) -> str:
    """One line for a table in a list of candidates."""
    labels = [model.label for model in report.models][:SHOWN_LABELS]
    shown = ", ".join(labels) if labels else report.reason
    heading = f" ({report.table.heading})" if report.table.heading else ""
    return f"table {report.table.number}{heading}: {shown}"


def choose_model(report: TableReport, grid: Grid, wanted: Wanted) -> Target:
    """Raises NothingFound, AmbiguousChoice or UsageError; never takes a label that was not asked for."""
    if wanted.column_index is not None:
        return _by_index(report, wanted.column_index)
    name = wanted.exact_label or wanted.model_name
    if report.orientation == "single" and not wanted.exact_label:
        return Target(axis="table")
    if not name:
        raise AmbiguousChoice(
            f"Table {report.table.number} has scores of several models; say whose to take",
            hint=_hint(report.models),
            candidates=closest_first([model.label for model in report.models], None),
        )
    found = _exactly(report, grid, name) if wanted.exact_label else _by_name(report, grid, name)
    if len(found) == 1:
        return found[0]
    raise _ambiguous(report, name, found) if found else _not_found(report, name)


def _by_index(report: TableReport, index: int) -> Target:
    columns = {model.index: model.label for model in report.models if model.axis == "column"}
    if index in columns:
        return Target(axis="column", index=index, label=columns[index])
    listed = [f"{place}: {label}" for place, label in columns.items()]
    what = "has no model columns" if not columns else f"has no model in column {index}"
    raise UsageError(
        f"Table {report.table.number} {what}",
        hint="Columns count from 0, as inspect-tables shows them" if columns else "Give the model by its label instead",
        candidates=listed,
    )


def _by_name(report: TableReport, grid: Grid, name: str) -> list[Target]:
    """Token matches; where there are several, those that are the name letter by letter."""
    columns = [model for model in report.models if model.axis == "column" and same_model(model.label, name)]
    rows = [row for row in _rows(report, grid) if any(same_model(label, name) for label in row.names)]
    found = [_column_target(model) for model in columns] + [row.target for row in rows]
    if len(found) > 1:
        exact = [_column_target(model) for model in columns if is_exact(model.label, model.raw, name)]
        exact += [row.target for row in rows if name.strip() in row.names]
        found = exact if len(exact) == 1 else found
    return found


def _exactly(report: TableReport, grid: Grid, label: str) -> list[Target]:
    """The label as printed: raw, as plain text, or with what tells equal labels apart."""
    columns = [m for m in report.models if m.axis == "column" and is_exact(m.label, m.raw, label)]
    rows = [row for row in _rows(report, grid) if any(is_exact(name, raw, label) for name, raw in row.printed)]
    found = [_column_target(model) for model in columns] + [row.target for row in rows]
    qualified = [row.target for row in _rows(report, grid) if row.qualified == label.strip()]
    return qualified if len(qualified) == 1 else found


def _column_target(model: ModelLabel) -> Target:
    return Target(axis="column", index=model.index, label=model.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """The names one row goes by."""

    target: Target
    printed: tuple[tuple[str, str], ...]
    """Label cells as (text, raw)."""
    names: tuple[str, ...]
    """The label texts, and the name joined with a size or version in the next column."""
    qualified: str
    """The name with everything that may tell it from an equal one: `GLM-4 (Agentless)`."""


def _rows(report: TableReport, grid: Grid) -> Iterator[_Row]:
    if not any(model.axis == "row" for model in report.models):
        return
    primary = primary_label(grid)
    columns = [column for column in grid.label_columns if _names_models(column, primary)]
    for row in scored_rows(grid):
        cells = [grid.table.rows[row][column.index] for column in columns]
        printed = tuple((cell.text, cell.raw) for cell in cells if cell.text)
        name = grid.text(row, primary.index) if primary else ""
        joined = [f"{name} {piece}" for piece in _completions(grid, row, primary) if name]
        names = (*(text for text, _ in printed), *joined)
        label = name or (names[0] if names else "")
        qualified = qualify(label, _qualifiers(grid, row, primary))
        yield _Row(
            target=Target(axis="row", index=row, label=qualified if _is_repeated(grid, label, primary) else label),
            printed=(*printed, *((joined_name, joined_name) for joined_name in joined)),
            names=names,
            qualified=qualified,
        )


def _names_models(column: Column, primary: Column | None) -> bool:
    """Only columns that may hold a model's name are searched: never `Base model` or `Dataset`."""
    if primary is None or column == primary:
        return True
    if primary.role.kind is Kind.MODEL:
        return column.role.kind in {Kind.MODEL, Kind.EMPTY}
    return column.role.kind in {Kind.EMPTY, Kind.UNKNOWN}


def _completions(grid: Grid, row: int, primary: Column | None) -> Iterator[str]:
    """What completes a name that is split over columns: `Llama 2` and `70B`."""
    for column in grid.columns:
        text = grid.text(row, column.index)
        completes = column.role.reason in {"a size", "a parameter count"} or column.role.kind in {
            Kind.EMPTY,
            Kind.VERSION,
        }
        if primary and column != primary and completes and text and not grid.readings[row][column.index].is_number:
            yield text


def _is_repeated(grid: Grid, label: str, primary: Column | None) -> bool:
    return primary is not None and sum(grid.text(row, primary.index) == label for row in grid.body) > 1


def _qualifiers(grid: Grid, row: int, primary: Column | None) -> list[str]:
    columns = [column for column in grid.columns if column != primary and column not in grid.value_columns]
    texts = [grid.text(row, column.index) for column in columns if len(grid.text(row, column.index)) <= 40]  # noqa: PLR2004
    return [text for text in [grid.sections[row], *texts] if text and any(c.isalnum() for c in text)]


def qualify(label: str, qualifiers: Sequence[str]) -> str:
    return f"{label} ({', '.join(qualifiers)})" if qualifiers else label


def _ambiguous(report: TableReport, name: str, found: Sequence[Target]) -> AmbiguousChoice:
    places = [f"{target.label} [{target.axis} {target.index}]" for target in found]
    return AmbiguousChoice(
        f"{name!r} names {len(found)} places in table {report.table.number}",
        hint="Copy the one you mean, without the brackets, into --model-name-override",
        candidates=places,
    )


def _not_found(report: TableReport, name: str) -> NothingFound:
    labels = closest_first([model.label for model in report.models], name)
    if not labels:
        return NothingFound(f"Table {report.table.number} names no models, so {name!r} is not in it")
    return NothingFound(
        f"{name!r} is not in table {report.table.number}; a similar name is never taken",
        hint=f'If one of these labels is this model, add --model-name-override "{labels[0]}"',
        candidates=labels,
    )


def _hint(models: Sequence[ModelLabel]) -> str:
    example = models[0].label if models else "label"
    return f'Add --model-name "name" or --model-name-override "{example}"'
