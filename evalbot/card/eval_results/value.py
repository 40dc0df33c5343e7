"""The value a leaderboard gets: the printed digits, in the scale its other values have."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING

from evalbot.card.eval_results.benchmark_dataset import PERFECT_PERCENT

if TYPE_CHECKING:
    from evalbot.benchmarks import Benchmark
    from evalbot.card.eval_results.benchmark_dataset import LeaderboardScale
    from evalbot.score import Scale, Score

_PERFECT: dict[Scale, int] = {"percent": PERFECT_PERCENT, "fraction": 1}
_NAMES: dict[Scale, str] = {"percent": "percentage", "fraction": "fraction"}
_MOST_DIGITS = 50
"""No table prints more; a value is written out in full."""


def leaderboard_value(score: Score, benchmark: Benchmark, leaderboard: LeaderboardScale) -> tuple[Decimal, str] | str:
    """The value to write and a sentence on its scale; or the reason why none can be written.

    It is converted only where the scales of score and leaderboard are both known and differ: by moving the decimal
    point, so that the printed digits stay. Where the leaderboard does not tell its scale, the value is written as
    printed only if it looks like those that stand there.
    """
    if not score.value.is_finite() or abs(score.value.adjusted()) > _MOST_DIGITS:
        return f"{score.value} is no plain number"
    if benchmark.scale not in _PERFECT:
        return _on_own_scale(score, benchmark)
    if score.scale == "percent" and score.unit != "%" and 0 < abs(score.value) <= 1:
        # A column of fractions beside other models' percentages is likelier than a model that gets almost all wrong.
        return f"{score.value:f} is at most 1 in a table of percentages; print it with % if it is one"
    scale = scale_of(score, benchmark)
    if _is_beyond(score.value, scale, benchmark):
        return f"{score.value:f} is more than a perfect score of {benchmark.name}"
    if leaderboard.scale is None:
        return _on_untold(score, scale, leaderboard)
    return _on_leaderboard(score, scale, leaderboard)


def scale_of(score: Score, benchmark: Benchmark) -> Scale | None:
    """Percent or fraction, as the table shows it or as the value itself does; None where nothing tells."""
    if score.unit == "%":
        return "percent"
    if score.scale is None and benchmark.scale in _PERFECT and 1 < abs(score.value) <= PERFECT_PERCENT:
        return "percent"
    return score.scale


def _on_leaderboard(score: Score, scale: Scale | None, leaderboard: LeaderboardScale) -> tuple[Decimal, str] | str:
    if scale == leaderboard.scale or not score.value:
        return score.value, f"{leaderboard.evidence}, as printed"
    if scale is None and (leaderboard.scale == "percent" or abs(score.value) > 1):
        return (
            f"nothing tells whether {score.value:f} is a percentage or a fraction, and {leaderboard.evidence};"
            " print it with % or as a percentage"
        )
    if scale is None:
        return score.value, f"{leaderboard.evidence}; the value is at most 1 and stands as printed"
    value = _shifted(score.value, 2 if leaderboard.scale == "percent" else -2)
    return value, f"{leaderboard.evidence}; {score.value:f} printed as a {_NAMES[scale]} is {value:f} there"


def _on_untold(score: Score, scale: Scale | None, leaderboard: LeaderboardScale) -> tuple[Decimal, str] | str:
    if not (leaderboard.above or leaderboard.at_most) or not score.value:
        return score.value, f"{leaderboard.evidence}: the value stands as printed"
    doubt = _doubt(score.value, scale, leaderboard)
    if doubt is not None:
        return f"{leaderboard.evidence}, and {doubt}; look at the leaderboard, and write the entry by hand"
    mixed = leaderboard.above and leaderboard.at_most
    likeness = "above 1, as most are," if mixed else "on the same side of 1"
    return score.value, f"{leaderboard.evidence}; this one is {likeness} and stands as printed"


def _doubt(value: Decimal, scale: Scale | None, leaderboard: LeaderboardScale) -> str | None:
    """Why a value, written as printed, might be wrong beside the values that are there; None if it looks like them."""
    side: Scale = "percent" if abs(value) > 1 else "fraction"
    above, at_most = leaderboard.above, leaderboard.at_most
    if above and at_most:
        alike = scale == side == "percent" and above > at_most
        return None if alike else "this one may be wrong there by a factor of 100"
    if (side == "percent") != bool(above):
        return "this one would stand on the other side of 1"
    if scale is not None and scale != side:
        return f"this {_NAMES[scale]} looks like a {_NAMES[side]}"
    return None


def _on_own_scale(score: Score, benchmark: Benchmark) -> tuple[Decimal, str] | str:
    if score.unit == "%" or score.scale == "fraction":
        printed = "a percentage" if score.unit == "%" else "a fraction"
        return f"the table prints {printed}, and {benchmark.name} is on a scale of {benchmark.scale}"
    return score.value, f"{benchmark.name} is on a scale of {benchmark.scale}: the value stands as printed"


def _is_beyond(value: Decimal, scale: Scale | None, benchmark: Benchmark) -> bool:
    """Whether no model can have this score. Error rates may pass 100 percent."""
    perfect = _PERFECT[scale or "percent"]
    return abs(value) > perfect and benchmark.higher_is_better


def _shifted(value: Decimal, places: int) -> Decimal:
    """The same digits with the decimal point moved, written out: 0.8 by 2 is 80, not 8E+1."""
    digits = Context(prec=max(1, len(value.as_tuple().digits)))
    return Decimal(format(value.scaleb(places, digits), "f"))
