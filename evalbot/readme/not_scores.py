"""Why a table of numbers holds no evaluation scores: settings, logs, statistics, speed, prices, counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.readme import words
from evalbot.readme.labelling import has_value, primary_label, row_refusal, scored_rows
from evalbot.readme.labels import parse_label
from evalbot.readme.numbers import read
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.scale import HUNDRED, is_out_of_hundred
from evalbot.readme.wording import fold, is_known_benchmark, is_metric, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evalbot.readme.columns import Column
    from evalbot.readme.grid import Grid


def at_first_sight(grid: Grid) -> str | None:
    """What can be said before anything is known of the axes."""
    return next((reason for check in _CHECKS if (reason := check(grid))), None)


MAX_TITLE = 80
"""A caption up to this length is a title; longer ones speak of many things."""


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
    counts = any(_counts_steps(grid, column) for column in grid.columns)
    losses = any(head.endswith(("loss", "losses")) for head in heads)
    named = any(column.role.kind in {Kind.MODEL, Kind.BENCHMARK, Kind.SUBSET} for column in grid.label_columns)
    named = named or len(grid.body) == 1
    primary = primary_label(grid)
    if primary is not None and primary.role.kind is Kind.MODEL:
        return None
    return "it is a training log" if counts and (losses or not named) else None


def _counts_steps(grid: Grid, column: Column) -> bool:
    said = fold(column.head).split()
    noun = [] if said[:1] == ["best"] else said[-1:]  # the best epoch is one of each row's own
    numbered = any(grid.text(row, column.index)[:1].isdigit() for row in grid.body)
    return numbered and bool(set(noun) & words.TRAINING_LOG)


def _tokenizers(grid: Grid) -> str | None:
    primary = primary_label(grid)
    head = fold(primary.head).split()[-1:] if primary else []
    return "it compares tokenizers" if head and head[0] in {"tokenizer", "tokenizers", "分词器"} else None


def _out_of_scale(grid: Grid) -> str | None:
    """`AIME | 15273.8`: lengths, times or counts by benchmark."""
    label = primary_label(grid)
    heads = {column.index for column in grid.value_columns if _is_out_of_hundred(column.head)}
    rows = {row for row in grid.body if label and _is_out_of_hundred(grid.text(row, label.index))}
    numbers = [
        number.value
        for row in grid.body
        for column in grid.value_columns
        if row in rows or column.index in heads
        for number in grid.readings[row][column.index].numbers
        if number
    ]
    over = sum(value > HUNDRED for value in numbers)
    return "under benchmarks scored out of 100 it holds larger numbers" if 2 * over > len(numbers) else None


def _is_out_of_hundred(name: str) -> bool:
    return is_out_of_hundred(None, parse_label(name).benchmark)


def _titled(grid: Grid) -> str | None:
    """`Latency (s) for 1280x720` over the whole width says what every number is; so may a heading, in clear words."""
    roles = [role_of(row[0].text) for row in grid.table.rows[: grid.table.head]]
    told = [role.reason for role in roles if role.kind is Kind.NOT_A_SCORE]
    measured = any(column.role.kind in {Kind.METRIC, Kind.SCORE} for column in grid.value_columns)
    if not measured and (reason := _quantity_in(grid.table.heading or "")) is not None:
        told.append(reason)
    return f"its title says {told[0]}" if told else None


def _quantity_in(heading: str) -> str | None:
    """Only what can be nothing else: many a heading `Training time` stands over scores."""
    folded = fold(heading)
    found = next((reason for reason, pattern in _SAID_ABOVE.items() if pattern.match(folded)), None)
    unit = role_of(heading)
    return found or (unit.reason if unit.reason.startswith("a quantity in") else None)


_SAID_ABOVE = {
    "an uncertainty of scores": re.compile(
        r"(?:standard (?:deviations?|errors?)|confidence intervals?|variances?|std|stddev)\b"
    ),
    "a difference between scores": re.compile(
        r"(?:improvements?|gains?|differences?|degradations?) (?:over|against|to|from|relative|compared|vs)\b"
    ),
    "a rank": re.compile(r"rank(?:s|ing|ings)? among\b"),
    "a share of the data": re.compile(r"contamination\b"),
    "a count": re.compile(r"number of\b"),
    "a length or resolution": re.compile(r"(?:average|mean|median) (?:response|output|generation|completion) length\b"),
}
"""What a heading says of the numbers below it, whatever the names beside them are."""


def _flags(grid: Grid) -> str | None:
    """Zeros and ones only, in four rows or more: yes and no."""
    values = _values(grid)
    return "its numbers are only 0 and 1" if len(values) >= MIN_FLAGS and set(values) <= {"0", "1"} else None


MIN_FLAGS = 4


def _series(grid: Grid) -> str | None:
    """A row for every date."""
    label = primary_label(grid)
    dates = [bool(_DATE.fullmatch(grid.text(row, label.index))) for row in grid.body] if label else []
    return "its rows are dates" if dates and all(dates) else None


def _sentences(grid: Grid) -> str | None:
    label = primary_label(grid)
    texts = [grid.text(row, label.index) for row in grid.body] if label else []
    long = sum(len(text.split()) > MAX_WORDS for text in texts)
    return "its rows are sentences" if 2 * long > len(texts) else None


MAX_WORDS = 9
"""Of a label; the longest names of benchmarks have eight."""
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:[-/.年][0-9]{1,2}(?:[-/.月][0-9]{1,2}日?)?)?")


def _made_of(grid: Grid) -> str | None:
    """`Hyperparameter | Value`, `Model structure | A | B`: what something is made of."""
    corner = fold(grid.columns[0].head).split()
    if any(column.role.kind is Kind.MODEL for column in grid.label_columns):
        return None
    if corner and corner[-1] in words.RUNTIMES and not benchmark_like(c.head for c in grid.value_columns):
        return f"its rows are what models run on ({grid.columns[0].head})"
    if not corner or corner[-1] not in words.HYPER_TABLE or benchmark_like(c.head for c in grid.value_columns):
        return None
    if share_of_benchmarks([grid.text(row, 0) for row in grid.body]) * 2 > 1:
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


def only_precisions(axis: Sequence[str], other: Sequence[str]) -> str | None:
    """Numeric formats on one axis and only models on the other: memory or speed, never said to be a score."""
    if axis and all(role_of(label).kind is Kind.PRECISION for label in axis) and not benchmark_like(other):
        return "one axis holds numeric formats and nothing names a benchmark"
    return None


def about_something_else(grid: Grid) -> str | None:
    """Where nothing is a known benchmark or metric, quantities beside the numbers or the heading are believed."""
    rows = [grid.text(row, column.index) for column in grid.label_columns for row in grid.body]
    heads = [column.head for column in grid.value_columns]
    if any(column.role.kind is Kind.SHOTS for column in grid.value_columns):
        return None
    if benchmark_like([*heads, *rows]) or any(map(_says_average, [*heads, *rows])):
        return None
    if _is_leaderboard(grid):
        return None
    refused = sum(row_refusal(grid, row) is not None for row in grid.body if has_value(grid, row))
    if refused and refused >= len(scored_rows(grid)):
        return "most of its rows are quantities, not benchmarks"
    quantities = [c for c in grid.columns if c.content == "value" and c.role.kind is Kind.NOT_A_SCORE]
    quantities = [column for column in quantities if column.role.reason not in {"a rank", "an index"}]
    scored = any(column.role.kind is Kind.SCORE for column in grid.value_columns)
    if quantities and len(quantities) >= len(heads) and not scored:
        return f"beside {quantities[0].head} nothing names a benchmark"
    return _other_topic(grid) or _counts(grid)


def _says_average(text: str) -> bool:
    """`Average`, and `STS Avg.`: the average over the tasks of one benchmark."""
    tokens = fold(text).split()
    return role_of(text).kind is Kind.AVERAGE or bool({*tokens[:1], *tokens[-1:]} & words.AVERAGE)


def _is_leaderboard(grid: Grid) -> bool:
    return any(word in (grid.table.heading or "").lower() for word in words.LEADERBOARD)


def _other_topic(grid: Grid) -> str | None:
    caption = grid.table.caption if len(grid.table.caption) <= MAX_TITLE else ""
    text = fold(f"{grid.table.heading or ''} {caption}")
    about = [word for word in text.split() if word in words.NOT_ABOUT_SCORES]
    about += [phrase for phrase in words.NOT_ABOUT_SCORES_PHRASES if phrase in text]
    return f"it stands under a text about {about[0]}" if about else None


def _counts(grid: Grid) -> str | None:
    """Whole numbers only, in one column or larger than a percentage: counts of something."""
    values = _values(grid)
    only = grid.value_columns[0] if len(grid.value_columns) == 1 else None
    if only is not None and only.role.kind is Kind.UNKNOWN and all(value in _STAGES for value in values):
        return "its only numbers are small and whole, and nothing names a benchmark"
    percent = any("%" in grid.text(row, column.index) for row in grid.body for column in grid.value_columns)
    if percent or any("." in value for value in values) or max(map(len, values), default=0) < 3:  # noqa: PLR2004 - up to 99
        return None
    return "it holds whole numbers over a hundred and nothing names a benchmark"


_STAGES = {*map(str, range(11))}


def _values(grid: Grid) -> list[str]:
    return [
        str(number.value)
        for row in grid.body
        for column in grid.value_columns
        for number in grid.readings[row][column.index].numbers
        if number is not None
    ]


_CHECKS = (
    _no_numbers, _no_header, _out_of_scale, _training_log, _tokenizers, _flags, _series, _sentences,
    _made_of, _dataset_statistics, _titled,
)  # fmt: skip


def benchmark_like(labels: Iterable[str]) -> bool:
    return any(is_known_benchmark(label) or is_metric(label) or mentions_metric(label) for label in labels)


def share_of_benchmarks(labels: Sequence[str]) -> float:
    """How much of an axis is known benchmarks, metrics or averages."""
    hits = sum(
        is_known_benchmark(label) or mentions_metric(label) or role_of(label).kind is Kind.AVERAGE for label in labels
    )
    return hits / max(1, len(labels))
