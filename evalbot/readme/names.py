"""Does a label name the wanted model: exactly, after the specification's normalisation, or not at all."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from evalbot.readme.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SUGGESTIONS = 25
"""As many labels as a person reads in a refusal."""


def tokens_of(name: str) -> Counter[str]:
    """`**Olmo-3 32B**` → {olmo, 3, 32b}: markup and links dropped, lower case, `-` and `_` as blanks."""
    text = plain(name).lower().replace("-", " ").replace("_", " ")
    return Counter("".join(c for c in text if unicodedata.category(c) != "So").split())


def same_model(label: str, wanted: str) -> bool:
    """Multisets of tokens are equal: another word order or separator is the same name, another word is not."""
    tokens = tokens_of(label)
    return bool(tokens) and tokens == tokens_of(wanted)


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
