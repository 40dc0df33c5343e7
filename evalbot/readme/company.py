"""What columns mean beside each other: letters, spreads and settings that no label tells by itself."""

# ruff: noqa: SIM905 - words as running text are read and extended more easily than as quoted lists

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

from evalbot.readme import words
from evalbot.readme.columns import Column, may_hold_scores, values_of
from evalbot.readme.profile import are_whole, is_share, looks_measured, looks_set
from evalbot.readme.roles import Kind, Role
from evalbot.readme.wording import fold, is_known_benchmark, looks_like_model, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from evalbot.readme.numbers import Readings


def in_company(columns: Sequence[Column], readings: Readings, body: Sequence[int]) -> tuple[Column, ...]:
    """The columns with the roles that the others beside them give them."""
    told = _told_by_heads(columns)
    return tuple(_without_settings(_without_counts(told, readings, body), readings, body))


def _without_counts(columns: list[Column], readings: Readings, body: Sequence[int]) -> list[Column]:
    """`correct | questions | accuracy`: whole numbers that the last is the share of, by their words or by division."""
    values = {column.index: values_of(readings, column.index, body) for column in columns if column.content == "value"}
    whole = {index: numbers for index, numbers in values.items() if are_whole(numbers)}
    shares = [numbers for index, numbers in values.items() if index not in whole and looks_measured(numbers)]
    counts = {column.index for column in columns if shares and fold(column.head).lstrip("# ") in words.COUNTED}
    for part, total in permutations(whole, 2):
        if any(is_share(numbers, of=(whole[part], whole[total])) for numbers in shares):
            counts |= {part, total}
    return [
        replace(column, role=Role(Kind.NOT_A_SCORE, "a count"))
        if column.index in counts & whole.keys() and column.role.kind not in {Kind.MODEL, Kind.NOT_A_SCORE}
        else column
        for column in columns
    ]


def _without_settings(columns: list[Column], readings: Readings, body: Sequence[int]) -> list[Column]:
    """Beside columns of decimals, whole numbers that repeat under a label that says nothing are settings."""
    kinds = {column.role.kind for column in columns}
    if Kind.BENCHMARK in kinds and Kind.MODEL not in kinds:
        return columns  # the columns of numbers are models
    values = {column.index: values_of(readings, column.index, body) for column in columns if may_hold_scores(column)}
    measured = any(looks_measured(numbers) for numbers in values.values())
    columns = _without_letters(columns, values)
    return [
        replace(column, role=Role(Kind.NOT_A_SCORE, "numbers that look like a setting"))
        if measured and _says_nothing(column) and _are_settings(column, values.get(column.index, ()))
        else column
        for column in columns
    ]


def _without_letters(columns: list[Column], values: Mapping[int, Sequence[Decimal]]) -> list[Column]:
    """`PS | T` left of benchmarks with much larger scores: parameters and tokens, in letters no list has."""
    named = [column.index for column in columns if column.index in values and not _is_letters(column)]
    scores = [number for index in named for number in values[index]]
    large = bool(scores) and min(scores) > SMALL
    return [
        replace(column, role=Role(Kind.NOT_A_SCORE, "numbers that look like a setting"))
        if large
        and _is_letters(column)
        and column.index < min(named)
        and values.get(column.index)
        and max(values[column.index]) < min(scores)
        else column
        for column in columns
    ]


SMALL = 10
"""Scores above this make a column of smaller numbers to their left something else."""


def _is_letters(column: Column) -> bool:
    head = column.head
    short = 0 < len(head) <= 2 and head.isalpha() and head.isupper()  # noqa: PLR2004 - `PS`, `T`
    return short and column.role.kind is Kind.UNKNOWN and not column.notes and not column.group


def _are_settings(column: Column, values: Sequence[Decimal]) -> bool:
    """Two whole numbers are enough where the head does not look like a model's, whose scores may all be whole."""
    whole = are_whole(values) and (len(values) > 1 or fold(column.head) in words.COUNTABLE)
    return looks_set(values) or (whole and not looks_like_model(column.head))


def _says_nothing(column: Column) -> bool:
    known = is_known_benchmark(column.head) or any(map(mentions_metric, (column.head, *column.notes)))
    known = known or any(word in fold(column.head) for word in words.RATINGS)
    return column.role.kind is Kind.UNKNOWN and column.index > 0 and not known


def _told_by_heads(columns: Sequence[Column]) -> list[Column]:
    """Labels that mean something by what stands beside them: `P | R | F`, `CI` among two-letter tasks."""
    heads = {fold(column.head) for column in columns}
    by_f = {"p", "r"} <= heads and bool(heads & _F_SCORES)
    spread = {column.index for column in columns if _is_spread(column.head, heads)}
    scored = [column for column in columns if column.role.kind is Kind.SCORE and column.content == "value"]
    whose = {column.index for column in scored if len(scored) > 1 and _says_whose(column.head)}
    short = sum(_is_abbreviation(column.head) for column in columns) >= MIN_ABBREVIATED
    return [
        replace(column, role=Role(Kind.STDERR))
        if column.index in spread
        else replace(column, role=Role(Kind.METRIC))
        if by_f and fold(column.head) in {"p", "r"}
        else replace(column, role=Role(Kind.UNKNOWN))
        if column.index in whose or (short and _is_abbreviation(column.head))
        else column
        for column in columns
    ]


def _is_spread(head: str, heads: set[str]) -> bool:
    """`AUC (std)`, `std AUC` beside `AUC` or `Mean AUC`: how far the other column's numbers spread."""
    tokens = fold(head).split()
    rest = [token for token in tokens if token not in _SPREAD]
    if len(rest) == len(tokens):
        return False
    if not rest:
        return not _is_abbreviation(head)
    name = " ".join(rest)
    return bool({name, *(f"{mean} {name}" for mean in _MEANS), *(f"{name} {mean}" for mean in _MEANS)} & heads)


_MEANS = ("mean", "avg", "average")
_SPREAD = frozenset("std stdev stddev sd se sem stderr variance var ci".split()) | {"\N{GREEK SMALL LETTER SIGMA}"}


def _says_whose(head: str) -> bool:
    """`2B Value | 4B Value`: beside another column of scores, a word that is no measure says whose they are."""
    known = words.SCORE | words.SPLITS | words.METRIC_QUALIFIERS | words.OTHERS | {"development", "training", "train"}
    rest = [word for word in fold(head).split() if word not in known and not mentions_metric(word)]
    return bool(rest) and not is_known_benchmark(head)


_F_SCORES = {"f", "f1", "f 1", "f score", "f1 score", "f measure", "f beta"}


MIN_ABBREVIATED = 6


def _is_abbreviation(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()  # noqa: PLR2004 - two letters
