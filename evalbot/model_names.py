"""When two names are one model: the specification's rule, for table labels and model-index entries alike."""

from __future__ import annotations

import unicodedata
from collections import Counter


def name_tokens(name: str) -> Counter[str]:
    """`Olmo-3 32B` → {olmo, 3, 32b}: lower case, `-` and `_` as spaces, words as a multiset; emoji are no words."""
    words = name.lower().replace("-", " ").replace("_", " ").replace("(", " (")
    return Counter("".join(c for c in words if unicodedata.category(c) != "So").split())


def same_name(one: str, other: str) -> bool:
    """Another word order or separator is the same name; another word, or none at all, is not."""
    tokens = name_tokens(one)
    return bool(tokens) and tokens == name_tokens(other) and _codes(one) == _codes(other)


def _codes(name: str) -> list[str]:
    """Two-letter words in their order: a translator from en to de is not one from de to en."""
    words = name.lower().replace("-", " ").replace("_", " ").split()
    return [word for word in words if len(word) == CODE_LENGTH and word.isalpha()]


CODE_LENGTH = 2
"""Of a language's code: `en`, `de`."""
