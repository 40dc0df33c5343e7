"""One model's numbers as Scores: every cell of its row or column, with the labels of the other axis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalbot.readme import words
from evalbot.readme.labels import Label, joint_names, parse_label, prose_names, shots_in
from evalbot.readme.orientation import primary_label, row_refusal
from evalbot.readme.roles import Kind, fold, is_average, is_metric, role_of
from evalbot.score import Evidence, Score

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from evalbot.readme.choice import Target
    from evalbot.readme.grid import Column, Grid
    from evalbot.readme.numbers import Number

IMPLAUSIBLE = 10_000
"""Whole numbers from here on under an unknown label are counts: the largest benchmark scores have four digits."""


MAX_QUALIFIERS = 4
"""So many words may be added to equal labels: more would be no label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A cell of the model that is not taken, and why."""

    label: str
    cell: str
    row: int
    column: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One cell with everything the table says about it."""

    row: int
    column: int
    name: str
    metric: str | None = None
    shots: int | None = None
    stderr: Number | None = None
    parts: tuple[str, ...] = ()
    qualifiers: tuple[str, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    score: Score
    qualifiers: tuple[str, ...]


def collect(grid: Grid, target: Target, *, include_derived: bool) -> tuple[tuple[Score, ...], tuple[Skipped, ...]]:
    """The scores of a target in table order, and its cells that are none."""
    drafts: list[_Draft] = []
    skipped: list[Skipped] = []
    for place in _places(grid, target):
        found = _read(grid, place)
        if isinstance(found, Skipped):
            skipped.append(found)
        else:
            drafts.extend(found)
    scores = [draft.score for draft in _told_apart(_mark_averages(drafts))]
    if not include_derived:
        skipped.extend(_as_skipped(score, "an average of other scores") for score in scores if score.derived)
        scores = [score for score in scores if not score.derived]
    return tuple(scores), tuple(skipped)


def _places(grid: Grid, target: Target) -> Iterable[_Place]:
    if target.axis == "table":
        places = [place for place in _table_places(grid) if target.section in {None, grid.sections[place.row]}]
        return sorted(places, key=lambda place: (place.row, place.column))
    if target.axis == "column":
        return (place for index in target.indexes for place in _column_places(grid, index))
    if len(target.indexes) > 1:
        return [place for place in _table_places(grid) if place.row in target.indexes]
    return _row_places(grid, target.indexes[0])


def _row_places(grid: Grid, row: int) -> Iterator[_Place]:
    label = primary_label(grid)
    for column in grid.columns:
        text = grid.text(row, column.index)
        if column == label or not text or (column.content != "value" and not any(c.isdigit() for c in text)):
            continue
        scored = column in grid.value_columns and column.role.kind is not Kind.MODEL
        refusal = None if scored else column.role.reason or _aside(grid, row, column)
        yield _Place(
            row=row,
            column=column.index,
            name=f"{column.group} {column.head}".strip(),
            metric=next((note for note in column.notes if is_metric(note) or len(joint_names(note)) > 1), None),
            shots=_shots_of(grid, row, column),
            parts=_parts(grid, [column.head, *column.notes]),
            qualifiers=column.notes,
            refusal=refusal,
        )


def _aside(grid: Grid, row: int, column: Column) -> str:
    if (reason := grid.readings[row][column.index].reason) is not None:
        return reason
    return "a column of texts" if column.content != "value" else f"a column of {column.role.kind.name.lower()}"


def _column_places(grid: Grid, column: int) -> Iterator[_Place]:
    head, notes = grid.columns[column].head, grid.columns[column].notes
    for row, name, qualifiers in _named_rows(grid):
        if not grid.text(row, column):
            continue
        metric = _metric_of(grid, row) or next((note for note in notes if is_metric(note)), None)
        yield _Place(
            row=row,
            column=column,
            name=name,
            metric=metric,
            shots=_shots_of(grid, row, grid.columns[column]),
            parts=_parts(grid, [name, metric or "", head, *notes]),
            qualifiers=(*notes, *qualifiers),
            refusal=row_refusal(grid, row) or (None if name else "a row without a label"),
        )


def _table_places(grid: Grid) -> Iterator[_Place]:
    """A table that names no model: one row under benchmark names, or columns of measures beside labels."""
    columns = grid.value_columns
    unlabelled = len(grid.body) == 1 and not any(grid.text(grid.body[0], c.index) for c in grid.label_columns)
    if unlabelled or not grid.label_columns:
        yield from _row_places(grid, grid.body[0])
        return
    errors = [column for column in grid.columns if column.role.kind is Kind.STDERR and column.content == "value"]
    for column in columns:
        measure = None if fold(column.head) in words.SCORE else column.head
        for place in _column_places(grid, column.index):
            stderr = grid.readings[place.row][errors[0].index] if len(errors) == len(columns) == 1 else None
            yield replace(
                place,
                metric=place.metric or measure,
                parts=place.parts or _parts(grid, [column.head]),
                qualifiers=(column.head, *place.qualifiers) if len(columns) > 1 else place.qualifiers,
                stderr=stderr.numbers[0] if stderr and stderr.is_number else None,
            )


def _named_rows(grid: Grid) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Body rows with their benchmark's name, blank cells filled from above, and what else describes them."""
    naming = _benchmark_column(grid)
    others = [column for column in grid.label_columns if column != naming and not _is_metric_or_shots(grid, column)]
    carried: dict[int, str] = {}
    section = ""
    for row in grid.body:
        if grid.sections[row] != section:
            section, carried = grid.sections[row], {}
        own = any(grid.text(row, column.index) for column in grid.label_columns)
        for column in (*others, *([naming] if naming and own else [])):
            carried[column.index] = grid.text(row, column.index) or carried.get(column.index, "")
        name = carried.get(naming.index, "") if naming and own else ""
        described = [carried.get(column.index, "") for column in reversed(others)]
        yield row, name, tuple(text for text in [*described, section] if text)


def _benchmark_column(grid: Grid) -> Column | None:
    columns = [column for column in grid.label_columns if not _is_metric_or_shots(grid, column)]
    headed = [column for column in columns if column.role.kind is Kind.BENCHMARK]
    if headed:
        # `Benchmark | (blank)` over `General | MMLU`, `(blank) | DROP`: the head spans groups and names.
        following = [column for column in columns if column.index == headed[-1].index + 1 and not column.head]
        grouped = any(not grid.text(row, headed[-1].index) for row in grid.body)
        return following[0] if following and grouped else headed[-1]
    plain = [column for column in columns if column.role.kind not in {Kind.CATEGORY, Kind.SUBSET, Kind.VERSION}]
    full = [column for column in plain if all(grid.text(row, column.index) for row in grid.body)]
    chosen = full[:1] or plain[:1] or columns[:1] or list(grid.label_columns[:1])
    return chosen[0] if chosen else None


def _is_metric_or_shots(grid: Grid, column: Column) -> bool:
    if column.role.kind in {Kind.METRIC_COLUMN, Kind.SHOTS, Kind.VERSION}:
        return len(grid.label_columns) > 1
    return column.index > 0 and _mostly(grid, column, {Kind.SHOTS, Kind.METRIC})


def _mostly(grid: Grid, column: Column, kinds: set[Kind]) -> bool:
    texts = [text for row in grid.body if (text := grid.text(row, column.index))]
    return 2 * sum(role_of(text).kind in kinds for text in texts) > len(texts)


def _metric_of(grid: Grid, row: int) -> str | None:
    for column in grid.label_columns:
        text = grid.text(row, column.index)
        by_head = column.role.kind is Kind.METRIC_COLUMN and column != _benchmark_column(grid)
        if text.strip("- ") and (by_head or (column.index > 0 and _mostly(grid, column, {Kind.METRIC}))):
            return text
    return None


def _shots_of(grid: Grid, row: int, scored: Column) -> int | None:
    """By the column's notes, else by the row's shots column, else by the corner."""
    if (noted := next((shots for note in scored.notes if (shots := shots_in(note)) is not None), None)) is not None:
        return noted
    for column in grid.columns:
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


def _read(grid: Grid, place: _Place) -> list[_Draft] | Skipped:
    reading = grid.readings[place.row][place.column]
    if place.refusal is not None:
        return _skip(grid, place, place.refusal)
    if not reading.is_number:
        return _skip(grid, place, "no value" if reading.missing else reading.reason or "no number")
    numbers = reading.numbers
    label = parse_label(place.name)
    if len(numbers) == 1 and numbers[0] is not None:
        number = numbers[0]
        if _is_implausible(number, label):
            return _skip(grid, place, "too large for a score")
        return [_Draft(score=_score(grid, place, label, number), qualifiers=place.qualifiers)]
    return list(_compound(grid, place, label, numbers))


def _is_implausible(number: Number, label: Label) -> bool:
    value = number.value
    return value == value.to_integral_value() and abs(value) >= IMPLAUSIBLE and label.metric is None


def _compound(grid: Grid, place: _Place, label: Label, numbers: Sequence[Number | None]) -> Iterator[_Draft]:
    """One score for each number of a cell, named by the joint header or, where there is none, by its place."""
    names: tuple[str | None, ...] = place.parts
    if len(names) == len(numbers) - 1:
        names = (None, *names)
    named = len(names) == len(numbers)
    joint = named and label.subset is not None and "/" in label.subset
    base = label.benchmark if label.subset is None or joint else f"{label.benchmark} ({label.subset})"
    for place_in_cell, number in enumerate(numbers):
        if number is None:
            continue
        name = names[place_in_cell] if named else f"{place_in_cell + 1} of {len(numbers)}"
        score = _score(grid, place, label, number)
        shots = shots_in(name or "")
        metric = name if named and shots is None else (None if named else place.metric)
        text = f"{base} ({name})" if name else base
        score = replace(score, label=text, metric=metric, shots=score.shots if shots is None else shots)
        yield _Draft(score=score, qualifiers=place.qualifiers)


def _score(grid: Grid, place: _Place, label: Label, number: Number) -> Score:
    cell = grid.table.rows[place.row][place.column]
    shots = next((s for s in (number.shots, label.shots, place.shots) if s is not None), None)
    stderr = number.stderr if number.stderr is not None else place.stderr.value if place.stderr else None
    measured = parse_label(place.metric) if place.metric else None
    return Score(
        label=label.text,
        benchmark=label.benchmark,
        value=number.value,
        evidence=Evidence(table=grid.table.number, row=place.row, column=place.column, line=cell.line, cell=cell.raw),
        unit=number.unit or label.unit or (measured.unit if measured else None),
        metric=label.metric or (measured.text if measured else None),
        shots=shots,
        subset=label.subset,
        stderr=stderr,
        direction=label.direction or (measured.direction if measured else None),
    )


def _told_apart(drafts: Sequence[_Draft]) -> Sequence[_Draft]:
    """Equal labels get what distinguishes them: metric, shots, or the table's other words; equal words stay equal."""
    for _ in range(MAX_QUALIFIERS):
        groups: dict[str, list[_Draft]] = {}
        for draft in drafts:
            groups.setdefault(draft.score.label, []).append(draft)
        choices = {label: _distinguishing(group) for label, group in groups.items() if len(group) > 1}
        if all(choice is None for choice in choices.values()):
            break
        drafts = [_qualified(draft, choices.get(draft.score.label)) for draft in drafts]
    return drafts


def _distinguishing(group: Sequence[_Draft]) -> int | None:
    """The first kind of words in which drafts of one label differ."""
    width = max(len(_pieces(draft)) for draft in group)
    for depth in range(width):
        if len({_pieces(draft)[depth : depth + 1] for draft in group}) > 1:
            return depth
    return None


def _pieces(draft: _Draft) -> tuple[str, ...]:
    """Words beside the label, those already in it left blank: metric, shots, then the table's own order."""
    shots = "" if draft.score.shots is None else f"{draft.score.shots}-shot"
    pieces = (draft.score.metric or "", shots, *draft.qualifiers)
    return tuple("" if fold(piece) in fold(draft.score.label) else piece for piece in pieces)


def _qualified(draft: _Draft, depth: int | None) -> _Draft:
    piece = "" if depth is None or depth >= len(_pieces(draft)) else _pieces(draft)[depth]
    if not piece:
        return draft
    score = draft.score
    subset = score.subset or (piece if depth is not None and depth > 1 else None)
    return replace(draft, score=replace(score, label=f"{score.label} ({piece})", subset=subset))


def _mark_averages(drafts: Sequence[_Draft]) -> Sequence[_Draft]:
    """An average is derived only beside at least two scores it can be the average of."""
    if sum(not _is_average(draft.score) for draft in drafts) < 2:  # noqa: PLR2004
        return drafts
    return [replace(d, score=replace(d.score, derived=True)) if _is_average(d.score) else d for d in drafts]


def _is_average(score: Score) -> bool:
    """By its own words: `Avg (Hard)` is the average of something else than this table's other scores."""
    own = score.benchmark if score.subset is None else f"{score.benchmark} {score.subset}"
    return is_average(own) and fold(score.benchmark) not in words.REPORT_AVERAGES


def _skip(grid: Grid, place: _Place, reason: str) -> Skipped:
    raw = grid.table.rows[place.row][place.column].raw
    return Skipped(label=place.name, cell=raw, row=place.row, column=place.column, reason=reason)


def _as_skipped(score: Score, reason: str) -> Skipped:
    evidence = score.evidence
    return Skipped(label=score.label, cell=evidence.cell, row=evidence.row, column=evidence.column, reason=reason)
