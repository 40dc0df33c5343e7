"""When two names are one model: the specification's rule, for table labels and model-index entries alike."""

# ruff: noqa: SIM905 - words as running text are read and extended more easily than as quoted lists

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache


def name_tokens(name: str) -> Counter[str]:
    """`Olmo-3 32B` → {olmo, 3, 32b}: lower case, `-` and `_` as spaces, words as a multiset; of emoji flags count."""
    words = name.lower().replace("-", " ").replace("_", " ").replace("(", " (")
    return Counter("".join(c for c in words if unicodedata.category(c) != "So" or c in _FLAGS).split())


def speaking(label: str) -> str:
    """A label without what only points at the reader's page: `Tern-7B (ours)` is Tern-7B."""
    return _POINTING.sub("", label).strip()


def same_name(one: str, other: str) -> bool:
    """Another word order or separator is the same name; another word, or none at all, is not."""
    key = name_key(one)
    return key[0] is not None and key == name_key(other)


# A card may publish thousands of metrics, and each of ours is compared with all of them.
@lru_cache(maxsize=16384)
def name_key(name: str) -> tuple[object, ...]:
    """Equal for two ways to write one name; a name without words begins with None and equals itself only."""
    tokens = tuple(sorted(name_tokens(name).elements()))
    return (tokens, tuple(_codes(name))) if tokens else (None, name)


def _codes(name: str) -> list[str]:
    """Words whose order counts: a translator from en to de is not one from de to en, nor is `A vs B` `B vs A`."""
    words = name.lower().replace("-", " ").replace("_", " ").split()
    if _BETWEEN & set(words):
        return words
    return [word for word in words if word.isalpha() and (len(word) == CODE_LENGTH or word in _LONG_CODES)]


_POINTING = re.compile(r"\s*[(\[](?:ours|this model|this work)[)\]]\s*$", re.IGNORECASE)
CODE_LENGTH = 2
"""Of a language's code: `en`, `de`."""
_LONG_CODES = frozenset(
    "ara ben bul cat ces cmn dan deu ell eng est eus fas fin fra glg heb hin hrv hun ind isl ita jpn kat kor lav lit "
    "mkd mlt msa nld nob nor pol por ron rus slk slv spa sqi srp swa swe tam tel tha tur ukr urd vie zho".split()
)
"""ISO 639-3, as translators are called by; a word that is not one of these may stand anywhere."""
_BETWEEN = frozenset({"vs", "versus", "to", "2", "→", "->", "minus", "without"})
_FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
"""Regional indicators: two of them are a country's flag, which may tell two models apart."""
