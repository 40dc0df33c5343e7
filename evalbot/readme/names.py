"""Does a label name the wanted model: exactly, after the specification's normalisation, or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from evalbot.model_names import same_name
from evalbot.readme.plain import plain, printed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_POINTED = re.compile(
    r"\s*[(\[](?:(?!not\b|without\b|w/o\b|no\b)\w+ )?"
    r"(?:ours?|this (?:model|work|repo|repository|paper|release))[)\]]\s*$"
    r"|^(?:ours?|this model):\s*|\s+[-–—]\s+ours$|,\s*ours$",  # noqa: RUF001 - dashes as they are printed
    re.IGNORECASE,
)
_OWNED = re.compile(r"([A-Za-z0-9][\w.-]*)/((?=[0-9.+-]*[A-Za-z])[A-Za-z0-9][\w.+-]*)")
"""The Hub's `owner/name`."""
_ABLATED = re.compile(r"[-+−–]\s")  # noqa: RUF001 - dashes as they are printed
"""`- Finch` in a list of ablations is the whole without Finch."""
_TWO = 2
MAX_SUGGESTIONS = 25
"""As many labels as a person reads in a refusal."""


def same_model(label: str, wanted: str) -> bool:
    """Markup and links dropped, then the specification's rule: another word is another model."""
    return same_name(plain(label), plain(wanted)) and not _ABLATED.match(plain(label))


def is_decorated(label: str, wanted: str) -> bool:
    """`MyModel-7B (ours)`, `This model: MyModel-7B`: the wanted name, pointed at in the table."""
    text = plain(label)
    bare = _POINTED.sub(" ", text).strip()
    return bare != text and same_name(bare, plain(wanted))


def is_prefixed(label: str, wanted: str, owner: str | None) -> bool:
    """`org/MyModel-7B` for MyModel-7B, or the other way round; two different organisations are two models.

    `owner` is who the wanted name belongs to, where that is known.
    """
    label_owner, label_name = _split_owner(plain(label))
    wanted_owner, wanted_name = _split_owner(plain(wanted))
    owners = {name.lower() for name in (label_owner, wanted_owner or owner) if name is not None}
    prefixed = label_owner is not None or wanted_owner is not None
    return prefixed and len(owners) < _TWO and same_name(label_name, wanted_name)


def _split_owner(name: str) -> tuple[str | None, str]:
    found = _OWNED.fullmatch(name)
    return (found[1], found[2]) if found else (None, name)


def refers_to(label: str, wanted: str) -> bool:
    """Any of the ways to print a name: as it is, pointed at, or with its organisation."""
    return same_model(label, wanted) or is_decorated(label, wanted) or is_prefixed(label, wanted, None)


def is_exact(label: str, raw: str, wanted: str) -> bool:
    """The label as printed, with or without its markup and its footnote marks; a line break in it is no letter."""
    return "".join(wanted.split()) in {"".join(text.split()) for text in (label, raw, plain(raw), printed(raw))}


def closest_first(labels: Iterable[str], wanted: str | None) -> Sequence[str]:
    """Labels for a refusal message, likeliest first. For reading only: nothing is ever selected by this order."""
    distinct = list(dict.fromkeys(label for label in labels if label))
    if wanted:
        target = plain(wanted).lower()
        distinct.sort(key=lambda label: -fuzz.token_set_ratio(label.lower()[:200], target[:200]))
    return tuple(distinct[:MAX_SUGGESTIONS])
