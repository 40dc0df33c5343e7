"""What a run of numbers looks like: measurements, or settings such as 640, 640, 1280 that a label failed to call so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

BLOCK = 32
"""Resolutions, dimensions and lengths are multiples of it; scores of several models never all are."""
MIN_LARGEST = 128
MIN_CONSTANT = 3
MIN_REPEATED = 4
"""Values from which repetition is no coincidence."""


def are_whole(values: Sequence[Decimal]) -> bool:
    return bool(values) and all(value == value.to_integral_value() and "." not in str(value) for value in values)


def looks_set(values: Sequence[Decimal]) -> bool:
    """Whole numbers that are all multiples of a block size, or that repeat as choices do."""
    if len(values) >= MIN_CONSTANT and len(set(values)) == 1:
        return True
    if not are_whole(values):
        return False
    if all(value % BLOCK == 0 for value in values) and max(values) >= MIN_LARGEST:
        return True
    return len(values) >= MIN_REPEATED and len(set(values)) * 2 <= len(values)


def is_share(shares: Sequence[Decimal], *, of: tuple[Sequence[Decimal], Sequence[Decimal]]) -> bool:
    """Whether each share is the first number over the second, as a fraction or in percent, to the printed rounding."""
    parts, totals = of
    if not len(parts) == len(totals) == len(shares) > 1 or not all(totals):
        return False
    exact = [part / total for part, total in zip(parts, totals, strict=True)]
    return any(
        all(abs(share - value * scale) * ROUNDING <= abs(share) for share, value in zip(shares, exact, strict=True))
        for scale in (1, 100)
    )


ROUNDING = 100
"""A share may differ by one part in so many from what division gives: it is printed rounded."""


def looks_measured(values: Sequence[Decimal]) -> bool:
    """Most of them with decimals."""
    return 2 * sum("." in str(value) for value in values) > len(values)
