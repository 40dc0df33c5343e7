"""What the numbers of a compound cell are called: `74.1/72.3` under `DROP (EM/F1)`, `60.4 (55.5)` under `DROP (+)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalbot.readme.labels import is_part_metric, is_suffix, slashed_names
from evalbot.readme.wording import is_known_benchmark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.readme.grid import Grid
    from evalbot.readme.numbers import Number
    from evalbot.readme.places import Place


def names_of(grid: Grid, place: Place, numbers: Sequence[Number | None]) -> tuple[str | None, ...]:
    """By the cell, its header or its notes; of one name less than numbers the first number stands bare."""
    names: tuple[str | None, ...] = grid.readings[place.row][place.column].names or place.parts or _notes(numbers)
    if not names and any(map(is_part_metric, slashed := slashed_names(place.name))) and len(slashed) == len(numbers):
        names = slashed  # `OA/mAcc`: one of them is known
    return (None, *names) if names and len(names) == len(numbers) - 1 else names


def says_benchmark(around: str) -> bool:
    """Whether what a joint header says besides its parts names what is measured, not only how."""
    return bool(around) and not around.startswith("(")


def label_around(around: str, name: str | None) -> str:
    """`SQuAD` and EM → `SQuAD (EM)`; nothing and EM → `EM`; `(no LM)` and WER → `WER (no LM)`."""
    if not says_benchmark(around):
        return f"{name} {around}".strip()
    return f"{around} ({name})" if name else around


def _notes(numbers: Sequence[Number | None]) -> tuple[str, ...]:
    """`32.4 (cased) / 33.2 (uncased)`: what stands in brackets after each."""
    notes = tuple(number.note or "" for number in numbers if number is not None)
    return notes if len(notes) == len(numbers) and all(notes) and len(set(notes)) == len(notes) else ()


def part_label(base: str, name: str | None, *, stacked: bool) -> str:
    """`HumanEval (+)` over `60.4 (55.5)` is HumanEval and HumanEval+."""
    if name and is_suffix(name):
        return f"{base}{name}"
    if name and ((is_known_benchmark(name) and name in base) or stacked):
        return name
    return f"{base} ({name})" if name else base


def part_benchmark(benchmark: str, name: str | None) -> str:
    if name and is_suffix(name):
        return f"{benchmark}{name}"
    return name if name and is_known_benchmark(name) and name in benchmark else benchmark


def whole_metric(metric: str | None) -> str | None:
    """A joint metric (`EM/F1`) is none of its parts'."""
    return None if metric is None or "/" in metric else metric
