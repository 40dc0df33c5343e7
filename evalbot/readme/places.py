"""The cells of one model with everything the table says about each: name, metric, shots, parts, other words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalbot.readme import words
from evalbot.readme.labelling import primary_label, row_refusal
from evalbot.readme.labels import joint_names, prose_names, shots_in
from evalbot.readme.measures import why_no_measure
from evalbot.readme.quantities import A_SETTING
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.systems import ANOTHER_SYSTEM, is_backbone, of_another_system, says_another
from evalbot.readme.whole import is_nobodys
from evalbot.readme.wording import fold, is_known_benchmark, is_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from evalbot.readme.columns import Column
    from evalbot.readme.grid import Grid
    from evalbot.readme.models import Target
    from evalbot.readme.numbers import Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One cell with everything the table says about it."""

    row: int
    column: int
    name: str
    metric: str | None = None
    shots: int | None = None
    stderr: Number | None = None
    parts: tuple[str, ...] = ()
    qualifiers: tuple[str, ...] = ()
    suffix: str = ""
    """What the published name must say besides: the framework that a backbone was put into."""
    context: tuple[str, ...] = ()
    """What the table says of the row beside its name: category, setting, section."""
    is_subset: bool = False
    """The name is a language, split or class, not a benchmark's."""
    refusal: str | None = None


def places_of(grid: Grid, target: Target) -> Iterable[Place]:
    if target.axis == "table":
        places = [place for place in _table_places(grid) if target.section in {None, grid.sections[place.row]}]
        return sorted(places, key=lambda place: (place.row, place.column))
    if target.axis == "column":
        return (place for index in target.indexes for place in _column_places(grid, index))
    if len(target.indexes) > 1:
        return [place for place in _table_places(grid) if place.row in target.indexes]
    return _row_places(grid, target.indexes[0])


def _row_places(grid: Grid, row: int) -> Iterator[Place]:
    label = primary_label(grid)
    framework = _framework(grid, row, label)
    for column in grid.columns:
        text = grid.text(row, column.index)
        if (
            column == label
            or column in grid.label_columns
            or not text
            or (column.content != "value" and not any(c.isdigit() for c in text))
        ):
            continue
        scored = column in grid.value_columns and column.role.kind is not Kind.MODEL
        refusal = None if scored else column.role.reason or _aside(grid, row, column)
        if scored and (of_another_system(column) or _is_beside_the_metric(grid, column)):
            refusal = ANOTHER_SYSTEM
        unsaid = ", ".join(note for note in column.notes if not _is_read(note))
        yield Place(
            row=row,
            column=column.index,
            name=f"{column.group} {column.head}".strip() + (f" ({unsaid})" if unsaid else ""),
            suffix=framework,
            metric=_column_metric(column),
            shots=_shots_of(grid, row, column),
            parts=column.parts or _parts(grid, [column.head, *column.notes]),
            qualifiers=column.notes,
            refusal=refusal,
        )


def _is_read(note: str) -> bool:
    return (
        is_metric(note) or shots_in(note) is not None or len(joint_names(note)) > 1 or role_of(note).kind is Kind.STDERR
    )


def _is_beside_the_metric(grid: Grid, column: Column) -> bool:
    """`Acc | GPT-4` below a benchmark: where one note is the metric, another that is none is somebody else's number."""
    if not column.notes or any(map(is_metric, column.notes)):
        return False
    fellows = [c for c in grid.value_columns if c.head == column.head and c != column and c.notes]
    return any(any(map(is_metric, c.notes)) for c in fellows) and all(map(_NUMBERED.fullmatch, column.notes))


_NUMBERED = re.compile(r"[A-Za-z]{2,}-[0-9][\w.]*")
"""`GPT-4`; `SIM` may be a metric that no list has."""


def _framework(grid: Grid, row: int, label: Column | None) -> str:
    """A backbone's scores are those of the system it was put into, so they are published with its name."""
    if label is None or not is_backbone(label):
        return ""
    others = [column for column in grid.label_columns if column != label and column.role.kind is Kind.MODEL]
    return ", ".join(text for column in others if (text := grid.text(row, column.index)))


def _column_metric(column: Column) -> str | None:
    noted = next((note for note in column.notes if is_metric(note) or len(joint_names(note)) > 1), None)
    # `P` beside `R` and `F` is a metric by its company, not by its letter.
    return noted or (column.head if column.role.kind is Kind.METRIC and not is_metric(column.head) else None)


def _aside(grid: Grid, row: int, column: Column) -> str:
    if (reason := grid.readings[row][column.index].reason) is not None:
        return reason
    return "a column of texts" if column.content != "value" else f"a column of {column.role.kind.name.lower()}"


def _column_places(grid: Grid, column: int) -> Iterator[Place]:
    head, notes = grid.columns[column].head, grid.columns[column].notes
    naming = _benchmark_column(grid)
    for row, name, qualifiers in _named_rows(grid):
        if not grid.text(row, column):
            continue
        metric = _metric_of(grid, row) or next((note for note in notes if is_metric(note)), None)
        yield Place(
            row=row,
            column=column,
            name=name,
            metric=metric,
            shots=_shots_of(grid, row, grid.columns[column]),
            parts=_parts(grid, [name, metric or "", head, *notes, grid.columns[0].head]),
            qualifiers=(*notes, *qualifiers),
            context=qualifiers,
            is_subset=naming is not None and naming.role.kind is Kind.SUBSET,
            refusal=row_refusal(grid, row)
            or _beside_name(grid, row, name)
            or (None if name else "a row without a label"),
        )


def _beside_name(grid: Grid, row: int, name: str) -> str | None:
    """`MMLU | std`, `Latency | Prefill`: what the other words of a row say that its numbers are."""
    naming = _benchmark_column(grid)
    for column in grid.label_columns:
        text = grid.text(row, column.index)
        role = role_of(text)
        unspoken = not any(character.isalnum() for character in text)
        if unspoken or column.role.kind in {Kind.SUBSET, Kind.BENCHMARK, Kind.SHOTS, Kind.VERSION}:
            continue
        detail = naming is None or column.index >= naming.index
        if role.kind is Kind.STDERR:
            return "an uncertainty of another row"
        if says_another(text) and text != name:
            return "a row to compare with"
        # `Long context | RULER` is a capability before a benchmark, not a length.
        if role.kind is Kind.NOT_A_SCORE and (detail or not is_known_benchmark(name)):
            return role.reason
        if fold(text) in words.UNITS and fold(text) not in {"%", "percent"}:
            return f"a quantity in {text}"
    return None


def _table_places(grid: Grid) -> Iterator[Place]:
    """A table that names no model: one row under benchmark names, or columns of measures beside labels."""
    columns = grid.value_columns
    labels = [text for column in grid.label_columns if (text := grid.text(grid.body[0], column.index))]
    unlabelled = len(grid.body) == 1 and all(role_of(text).kind is Kind.SCORE for text in labels)
    if unlabelled or not grid.label_columns:
        yield from _row_places(grid, grid.body[0])
        return
    naming = _benchmark_column(grid)
    errors = [column for column in grid.columns if column.role.kind is Kind.STDERR and column.content == "value"]
    for column in columns:
        measure = None if fold(column.head) in words.SCORE else column.head
        for place in _column_places(grid, column.index):
            stderr = grid.readings[place.row][errors[0].index] if len(errors) == len(columns) == 1 else None
            yield replace(
                place,
                metric=place.metric or measure,
                parts=place.parts or column.parts or _parts(grid, [column.head]),
                qualifiers=(column.head, *place.qualifiers) if len(columns) > 1 else place.qualifiers,
                stderr=stderr.numbers[0] if stderr and stderr.is_number else None,
                refusal=_anothers(place, column, naming) or place.refusal,
            )


def _anothers(place: Place, column: Column, naming: Column | None) -> str | None:
    if of_another_system(column):
        return ANOTHER_SYSTEM
    if (reason := why_no_measure(place.name, naming)) is not None:
        return reason
    compared = any(map(is_nobodys, (place.name, *place.qualifiers))) or says_another(place.name)
    return "a row to compare with" if compared else None


def _named_rows(grid: Grid) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Body rows with their benchmark's name, blank cells filled from above, and what else describes them."""
    naming = _benchmark_column(grid)
    others = [column for column in _describing(grid) if column != naming and not _is_metric_or_shots(grid, column)]
    carried: dict[int, str] = {}
    section = ""
    for row in grid.body:
        if grid.sections[row] != section:
            section, carried = grid.sections[row], {}
        own = any(_words(grid, row, column) for column in grid.label_columns)
        opening = ""
        for column in sorted((*others, *([naming] if naming and own else [])), key=lambda column: column.index):
            text = _words(grid, row, column)
            # A word of its own left of a blank cell opens a new group: `Average | (blank)` is not the row above it.
            carried[column.index] = text or ("" if opening else carried.get(column.index, ""))
            opening = text or opening
        name = (carried.get(naming.index, "") or opening) if naming and own else ""
        described = [carried.get(column.index, "") for column in reversed(others)]
        yield row, name, tuple(text for text in [*described, section] if text and text != name)


def _describing(grid: Grid) -> list[Column]:
    """Columns of words: names, and settings such as `w/ tools` that only describe."""
    settings = (column for column in grid.columns if column.content == "label" and column not in grid.label_columns)
    return [*grid.label_columns, *(column for column in settings if column.role.reason == A_SETTING)]


def _words(grid: Grid, row: int, column: Column) -> str:
    """A label cell's text; dashes alone are a blank."""
    text = grid.text(row, column.index)
    return text if text.strip("-\u2013\u2014 ") else ""


def _benchmark_column(grid: Grid) -> Column | None:
    columns = [column for column in grid.label_columns if not _is_metric_or_shots(grid, column)]
    columns = [column for column in columns if any(grid.text(row, column.index) for row in grid.body)]
    before = [column for column in columns if column.index < min((c.index for c in grid.value_columns), default=0)]
    columns = before or columns  # `Meaning` behind the scores explains; it names nothing
    headed = [column for column in columns if column.role.kind is Kind.BENCHMARK]
    if headed:
        # `Benchmark | (blank)` over `General | MMLU`, `(blank) | DROP`: the head spans groups and names.
        following = [column for column in columns if column.index == headed[-1].index + 1 and not column.head]
        grouped = any(not grid.text(row, headed[-1].index) for row in grid.body)
        return following[0] if following and grouped else headed[-1]
    plain = [column for column in columns if column.role.kind not in {Kind.CATEGORY, Kind.SUBSET, Kind.VERSION}]
    named = [row for row in grid.body if any(grid.text(row, column.index) for column in columns)]
    full = [column for column in plain if all(grid.text(row, column.index) for row in named)]
    if plain and columns[0].role.kind is Kind.SUBSET and plain[0].role.kind is Kind.UNKNOWN:
        plain, full = columns[:1], []  # `Language | Trained by | WER`
    chosen = full[:1] or plain[:1] or columns[:1] or list(grid.label_columns[:1])
    return chosen[0] if chosen else None


def _is_metric_or_shots(grid: Grid, column: Column) -> bool:
    if column.role.kind in {Kind.METRIC_COLUMN, Kind.SHOTS, Kind.VERSION}:
        return sum(any(grid.text(row, other.index) for row in grid.body) for other in grid.label_columns) > 1
    return column.index > 0 and _mostly(grid, column, {Kind.SHOTS, Kind.METRIC})


def _mostly(grid: Grid, column: Column, kinds: set[Kind]) -> bool:
    texts = [text for row in grid.body if (text := grid.text(row, column.index))]
    return 2 * sum(role_of(text).kind in kinds for text in texts) > len(texts)


def _metric_of(grid: Grid, row: int) -> str | None:
    naming = _benchmark_column(grid)
    headed = [c for c in grid.label_columns if c.role.kind is Kind.METRIC_COLUMN and c != naming]
    filled = [c for c in grid.label_columns if c.index > 0 and _mostly(grid, c, {Kind.METRIC})]
    texts = (grid.text(row, column.index) for column in (*headed, *filled))
    corner = grid.columns[0]
    return next((text for text in texts if text.strip("- ")), corner.head if corner.role.kind is Kind.METRIC else None)


def _shots_of(grid: Grid, row: int, scored: Column) -> int | None:
    """By the column's notes, else by the row's shots column, else by the corner."""
    if (noted := next((shots for note in scored.notes if (shots := shots_in(note)) is not None), None)) is not None:
        return noted
    behind = [c for c in grid.columns if c.role.kind is Kind.SHOTS and c.index > scored.index]
    several = sum(column.role.kind is Kind.SHOTS for column in grid.columns) > 1
    for column in behind[:1] if several else grid.columns:
        text = grid.text(row, column.index)
        if column.role.kind is Kind.SHOTS and text.isascii() and text.isdecimal() and len(text) <= 3:  # noqa: PLR2004
            return int(text)
        if column.role.kind is Kind.SHOTS or role_of(text).kind is Kind.SHOTS:
            return shots_in(text)
    return shots_in(grid.columns[0].head)


def _parts(grid: Grid, texts: Sequence[str]) -> tuple[str, ...]:
    """The names of a compound cell's numbers: by a header or label, else by the caption or heading."""
    for text in texts:
        if names := joint_names(text):
            return names
    return prose_names(grid.table.caption) or prose_names(grid.table.heading or "")
