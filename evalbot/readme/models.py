"""The one model a user means in a table: matched exactly or pointed at, or refused with the labels there are."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from evalbot.errors import AmbiguousChoice, NothingFound, UsageError
from evalbot.readme.labelling import primary_label
from evalbot.readme.names import closest_first, is_decorated, is_exact, is_prefixed, refers_to, same_model
from evalbot.readme.roles import Kind
from evalbot.readme.rows import RowNames, row_names
from evalbot.readme.survey import ModelLabel, TableReport, column_labels, row_labels
from evalbot.readme.systems import names_a_system, why_no_rows, why_not_at_all
from evalbot.readme.titles import is_another_variant
from evalbot.readme.whole import model_columns, own_section
from evalbot.readme.wording import looks_like_model, names_no_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evalbot.readme.choice import Wanted
    from evalbot.readme.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A row or a column of one model, or the whole table where it names none."""

    axis: Literal["row", "column", "table"]
    indexes: tuple[int, ...] = ()
    label: str | None = None
    section: str | None = None
    """The section of the table that is the model's, where sections are models."""


def choose_model(report: TableReport, grid: Grid, wanted: Wanted) -> Target:
    """Raises NothingFound, AmbiguousChoice or UsageError; never takes a label that was not asked for."""
    _refuse_two_ways(wanted)
    if (mixed := why_not_at_all(grid, primary_label(grid))) is not None:
        raise NothingFound(f"Nothing in table {report.table.number} can be told to be one model's: {mixed}")
    if wanted.column_index is not None:
        return _by_index(report, wanted.column_index)
    name = wanted.exact_label or wanted.model_name
    _refuse_no_model(name)
    own_row = _own_row(report, grid, name) if report.orientation == "single" and name else None
    if own_row is not None:
        return own_row
    titled = wanted.exact_label in grid.sections.values()
    if report.orientation == "single" and (not wanted.exact_label or titled or model_columns(grid)):
        section = own_section(report, grid, name)
        return Target(axis="table", label=section, section=section)
    if not name:
        raise AmbiguousChoice(
            f"Table {report.table.number} names the models its scores are of; say whose to take",
            hint=_POINT,
            candidates=closest_first([model.label for model in report.models], None),
        )
    match = _exactly if wanted.exact_label else partial(_by_name, owner=wanted.owner)
    found = match(report, grid, name) or match(_other_axis(report, grid), grid, name)
    if any(target.axis == "row" for target in found):
        _refuse_parts(report, grid)
    if len(found) == 1:
        _refuse_variant(grid, found[0], wanted)
        return found[0]
    together = _one_model(grid, found)
    if together is not None:
        return together
    raise _ambiguous(report, name, found) if found else _not_found(report, name)


def _refuse_two_ways(wanted: Wanted) -> None:
    if sum(way is not None for way in (wanted.column_index, wanted.exact_label, wanted.model_name)) > 1:
        raise UsageError(
            "--model-name, --model-name-override and --model-column-index are three ways to say the same.",
            hint="Give one of them",
        )


def _refuse_no_model(name: str | None) -> None:
    if name and names_no_model(name):
        raise NothingFound(f"{name!r} is a benchmark, a metric or an average, not a model")


def _own_row(report: TableReport, grid: Grid, name: str) -> Target | None:
    """In a table that seemed to name no model, the row of exactly this name: then its rows are models."""
    rows = replace(report, models=tuple(row_labels(grid)))
    found = _by_name(rows, grid, name) or _by_name(replace(report, models=tuple(column_labels(grid))), grid, name)
    primary = primary_label(grid)
    if len(found) != 1 or primary is None:
        return None
    only = found[0]
    named = only.axis == "column" or refers_to(grid.text(only.indexes[0], primary.index), name)
    return only if named else None


def _refuse_variant(grid: Grid, target: Target, wanted: Wanted) -> None:
    """`Finch-7B | INT4`: what a column, a section or a group says of the model is part of its name."""
    if wanted.model_name is None:
        return
    place = target.indexes[0]
    if target.axis == "row":
        primary = primary_label(grid)
        beside = [column.index for column in grid.columns if column.content == "label" and column != primary]
        texts = [grid.sections[place], *(grid.text(place, index) for index in beside)]
    else:
        texts = [grid.columns[place].group]
    variant = next((text for text in texts if is_another_variant(text, wanted.model_name)), None)
    if variant is not None:
        raise NothingFound(
            f"{wanted.model_name!r} stands in the table only as {variant!r}",
            hint='If that is this model: add --model-name-override "LABEL" with the label as listed',
            candidates=[target.label or ""],
        )


def _refuse_parts(report: TableReport, grid: Grid) -> None:
    reason = why_no_rows(grid, primary_label(grid))
    if reason is not None:
        raise NothingFound(
            f"No row of table {report.table.number} can be told to be one model's: {reason}",
            candidates=closest_first([model.label for model in report.models], None),
        )


def _other_axis(report: TableReport, grid: Grid) -> TableReport:
    """The other axis, for a name that stands there letter for letter: only where no header says what the rows are."""
    label = primary_label(grid)
    if label is None or report.orientation == "single":
        return replace(report, models=())
    by_rows = report.orientation == "benchmarks-as-rows"
    # `Task` in the corner may name the header row, unless the columns are models.
    corner = {Kind.BENCHMARK, Kind.METRIC_COLUMN}
    misnamed = by_rows and label.role.kind in corner and not any(map(looks_like_model, _heads(grid)))
    if label.role.kind not in _UNTOLD and not misnamed:
        return replace(report, models=())
    # A column may be called `precision-2` and still be a model, if that is its name to the letter.
    named = (
        ModelLabel(label=column.head, axis="column", index=column.index, raw=grid.table.header[column.index].raw)
        for column in grid.value_columns
        if by_rows and column.role.kind is Kind.METRIC
    )
    return replace(report, models=(*(row_labels(grid) if by_rows else column_labels(grid)), *named))


def _heads(grid: Grid) -> list[str]:
    return [column.head for column in grid.value_columns]


_UNTOLD = {Kind.EMPTY, Kind.UNKNOWN, Kind.CATEGORY}


def _one_model(grid: Grid, found: Sequence[Target]) -> Target | None:
    """Several columns of one group, or rows that are one benchmark each, are one model's."""
    label = found[0].label if found else None
    indexes = tuple(target.indexes[0] for target in found)
    if all(target.axis == "column" for target in found):
        notes = [grid.columns[index].notes for index in indexes]
        adjacent = indexes == tuple(range(indexes[0], indexes[0] + len(indexes))) if indexes else False
        one = (
            adjacent and _distinct(notes) and not any(map(names_a_system, (note for group in notes for note in group)))
        )
        return Target(axis="column", indexes=indexes, label=label) if one else None
    primary = primary_label(grid)
    if any(target.axis == "column" for target in found) or primary is None:
        return None
    kinds = {Kind.BENCHMARK, Kind.METRIC_COLUMN}
    naming = [column for column in grid.label_columns if column.role.kind in kinds]
    measured = all(column.role.kind in {Kind.SCORE, Kind.METRIC} for column in grid.value_columns)
    keys = [tuple(grid.text(index, column.index) for column in naming) for index in indexes]
    if not naming or not measured or not _distinct(keys) or not all(any(key) for key in keys):
        return None
    return Target(axis="row", indexes=indexes, label=grid.text(indexes[0], primary.index))


def _distinct(keys: Sequence[tuple[str, ...]]) -> bool:
    return len(set(keys)) == len(keys) and all(keys)


def _by_index(report: TableReport, index: int) -> Target:
    columns = {model.index: model.label for model in report.models if model.axis == "column"}
    if index in columns:
        return Target(axis="column", indexes=(index,), label=columns[index])
    listed = [f"{place}: {label}" for place, label in columns.items()]
    what = "has no model columns" if not columns else f"has no model in column {index}"
    raise UsageError(
        f"Table {report.table.number} {what}",
        hint="Columns count from 0, as inspect-tables shows them"
        if columns
        else "Give the model by its label instead: --model-name-override",
        candidates=listed,
    )


def _by_name(report: TableReport, grid: Grid, name: str, owner: str | None = None) -> list[Target]:
    """Token matches, of several the one that is the name letter by letter; else "(ours)"; else an owner's prefix."""
    found = _named(report, grid, lambda label: same_model(label, name))
    if len(found) > 1:
        exact = _named(report, grid, lambda label: label == name.strip())
        found = exact if len(exact) == 1 else found
    found = found or _named(report, grid, lambda label: is_decorated(label, name))
    return found or _named(report, grid, lambda label: is_prefixed(label, name, owner))


def _named(report: TableReport, grid: Grid, is_wanted: Callable[[str], bool]) -> list[Target]:
    columns = [model for model in report.models if model.axis == "column" and is_wanted(model.label)]
    rows = [row for row in _rows(report, grid) if any(map(is_wanted, row.names))]
    return [_column_target(model) for model in columns] + [_row_target(row) for row in rows]


def _exactly(report: TableReport, grid: Grid, label: str) -> list[Target]:
    """The label as printed: raw, as plain text, or with what tells equal labels apart."""
    columns = [m for m in report.models if m.axis == "column" and is_exact(m.label, m.raw, label)]
    rows = [row for row in _rows(report, grid) if any(is_exact(name, raw, label) for name, raw in row.printed)]
    found = [_column_target(model) for model in columns] + [_row_target(row) for row in rows]
    qualified = [_row_target(row) for row in _rows(report, grid) if row.qualified == label.strip()]
    unmarked = [target for target in found if target.axis == "row" and _is_unmarked(grid, target.indexes[0], label)]
    if any(target.axis == "row" and not _own_name(grid, target.indexes[0]) for target in found):
        unmarked = []  # a row without a name of its own goes by the one above it
    return next((only for only in (qualified, unmarked) if len(only) == 1), found)


def _own_name(grid: Grid, row: int) -> str:
    primary = primary_label(grid)
    return grid.text(row, primary.index) if primary else ""


def _is_unmarked(grid: Grid, row: int, label: str) -> bool:
    """The label as a reader sees it: of `Heron` and `Heron*` it is the first, of `Heron` and a link `Heron` neither."""
    wanted = "".join(label.split())
    texts = (_LINK.sub(r"\1", _TAGS.sub("", cell.raw)).strip() for cell in grid.table.rows[row])
    return any("".join(_WRAPPED.sub(r"\2", text).split()) == wanted for text in texts)


_TAGS = re.compile(r"<[^<>]*>")
_WRAPPED = re.compile(r"\A(\*{1,3}|_{1,3}|`)(.*)\1\Z")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")


def _rows(report: TableReport, grid: Grid) -> list[RowNames]:
    return list(row_names(grid)) if any(model.axis == "row" for model in report.models) else []


def _row_target(names: RowNames) -> Target:
    return Target(axis="row", indexes=(names.row,), label=names.label)


def _column_target(model: ModelLabel) -> Target:
    return Target(axis="column", indexes=(model.index,), label=model.label)


def _ambiguous(report: TableReport, name: str, found: Sequence[Target]) -> AmbiguousChoice:
    columns = [f"column {target.indexes[0]}: {target.label}" for target in found if target.axis == "column"]
    rows = [str(target.label) for target in found if target.axis == "row"]
    if columns:
        hint = "Say which one: --model-column-index N"
    elif len(set(rows)) == len(rows):
        hint = _POINT
    else:
        hint = "Nothing in the table tells these rows apart: give them different labels in the README"
    return AmbiguousChoice(
        f"{name!r} names {len(found)} places in table {report.table.number}", hint=hint, candidates=[*columns, *rows]
    )


def _not_found(report: TableReport, name: str) -> NothingFound:
    labels = closest_first([model.label for model in report.models], name)
    if not labels:
        return NothingFound(f"Table {report.table.number} names no models, so {name!r} is not in it")
    return NothingFound(
        f"{name!r} is not in table {report.table.number}; a similar name is never taken",
        hint=f"If one of these labels is this model: {_POINT}",
        candidates=labels,
    )


# No label is filled in: a ready command would be pasted, and it would choose.
_POINT = 'add --model-name-override "LABEL" with the label as listed'
