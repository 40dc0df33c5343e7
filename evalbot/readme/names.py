"""Does a label name the wanted model: exactly, after the specification's normalisation, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from evalbot.model_names import same_name
from evalbot.readme.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SUGGESTIONS = 25
"""As many labels as a person reads in a refusal."""


def same_model(label: str, wanted: str) -> bool:
    """Markup and links dropped, then the specification's rule: another word is another model."""
    return same_name(plain(label), plain(wanted))


def is_exact(label: str, raw: str, wanted: str) -> bool:
    """The label as printed, with or without its markup."""
    return wanted.strip() in {label, raw.strip(), plain(raw)}


def closest_first(labels: Iterable[str], wanted: str | None) -> Sequence[str]:
    """Labels for a refusal message, likeliest first. For reading only: nothing is ever selected by this order."""
    distinct = list(dict.fromkeys(label for label in labels if label))
    if wanted:
        target = plain(wanted).lower()
        distinct.sort(key=lambda label: -fuzz.token_set_ratio(label.lower()[:200], target[:200]))
    return tuple(distinct[:MAX_SUGGESTIONS])
