"""One cell's plain text as decimals, or the reason why it holds none.

Only what is printed is read: plain ASCII decimals, never converted. `85.2 ± 0.3` is one number with its uncertainty,
`84.8/93.4` are two, `>99`, `12 ms` and `1e5` are none.
"""

# ruff: noqa: RUF001 - minus signs and look-alikes are what is read here

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from evalbot.readme.wording import is_metric

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH = 120
"""Longer cells are prose: the longest number cell seen in public cards has 43 characters."""

MISSING = frozenset(
    {
        "", "-", "--", "---", "—", "–", "−", "―", "/", "\\", "?", "n/a", "na", "n.a.", "n.a", "n/r", "nan", "nil",
        "null", "none", "inf", "+inf", "-inf", "infinity", "-infinity", "tbd", "tba", "pending", "x", "✗", "✘", "❌",
        "…", "...", ".", "·", "•", "oom", "~", "_", "#n/a", "未测", "无",
    }
)  # fmt: skip
"""What stands where no value was measured."""

A_BOUND = "a bound, not a value"
A_DIFFERENCE = "a difference, not a value"
CommaHabit = Literal["decimal", "thousands", "unknown"]

_UNSIGNED = r"(?:[0-9]{1,3}(?:[, '’][0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:[.,][0-9]+|\.(?![0-9]))?|\.[0-9]+)"
_NUMBER = re.compile(
    rf"(?P<number>[-−]?{_UNSIGNED}) ?(?P<unit>%?)"
    rf"(?: ?(?:±|\+/-|\+-) ?(?P<error>{_UNSIGNED}) ?(?P<unit2>%?))?"
    r"(?: ?\((?P<note>[^()]{1,40})\))? ?(?P<unit3>%?)\Z"
)
_INTERVAL = re.compile(
    rf"(?P<number>[-−]?{_UNSIGNED} ?%?),? ?[\[(] ?(?P<low>[-−]?{_UNSIGNED}) ?%?(?:, ?| ?[-–—] ?|; ?)"
    rf"(?P<high>[-−]?{_UNSIGNED}) ?%? ?[\])]\Z"
)
"""`44.41, [44.18, 44.63]`: a value and its confidence interval."""
_NAMED = re.compile(rf"([A-Za-z][\w@-]{{0,15}}) ?[:=] ?({_UNSIGNED} ?%?(?: ?\({_UNSIGNED}\))?)(?=[\s,;/|]|\Z)")
_NAMED_AFTER = re.compile(r"([^()]*/[^()]*) ?\(([^()0-9]*/[^()]*)\)")
"""`85.1/81.1 (UAS/LAS)`."""
_MEASURED = re.compile(rf"(?P<number>{_UNSIGNED} ?%?) (?P<metric>[A-Za-z][\w@.-]{{0,15}})")
"""`32.7 R@5`."""
_PAIR = re.compile(rf"({_UNSIGNED} ?%?) ?\(({_UNSIGNED} ?%?)\)")
_NOTED_ERROR = re.compile(rf"(?:±|\+/-|\+-) ?(?P<error>{_UNSIGNED}) ?%?\Z")
_NOTED_NUMBER = re.compile(rf"{_UNSIGNED} ?%?\Z")
_NOTED_SHOTS = re.compile(r"([0-9]{1,3})[ -]?shots?\Z", re.IGNORECASE)
_NOTED_UNIT = re.compile(r"[0-9.,]+ ?[A-Za-z/]+")
_SURELY_DECIMAL = re.compile(r"(?<![0-9.,])(?:0,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,}))(?![0-9,])")
_SURELY_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3}){2,}|(?<![0-9.,])[0-9]{1,3},[0-9]{3}\.[0-9]")
_DECIMAL_POINT = re.compile(r"[0-9]\.[0-9]|(?<![0-9])\.[0-9]")
_EITHER_COMMA = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}")
_NUMBERISH = re.compile(r"[-−0-9.,%±+/() ]+\Z")
_BOUND = re.compile(r"[~≈≃<>≤≥≲≳]")
_SIMPLE = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,9})?", re.ASCII)
"""What most cells hold, read without further ado."""
_DIGIT = re.compile(r"[0-9]")
_SKIN_TONES = dict.fromkeys(range(0x1F3FB, 0x1F400))
"""They follow a hand and are no sign of their own."""
_TRIANGLES = {*"▲▼△▽🔺🔻"}
"""Before a number these say by how much it rose or fell."""
_DASHES = "-—–−―. "
_LOOK_ALIKES = {ord("（"): "(", ord("）"): ")", ord("／"): "/", ord("％"): "%", ord("\N{VARIATION SELECTOR-16}"): ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    value: Decimal
    unit: str | None = None
    stderr: Decimal | None = None
    shots: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one cell holds: numbers (None for a missing part of a pair), nothing, or something unreadable."""

    numbers: tuple[Number | None, ...] = ()
    missing: bool = False
    names: tuple[str, ...] = ()
    """What the cell itself calls its numbers."""
    reason: str | None = None
    """Why digits in the cell are not taken as a value."""
    displaced: bool = False
    """A value, but perhaps another column's: its row is too long or too short, or other heads stand above it."""

    @property
    def is_number(self) -> bool:
        numbers = self.numbers
        return bool(numbers) and (numbers[0] is not None or any(number is not None for number in numbers))


Readings = tuple[tuple[Reading, ...], ...]
"""One reading for each cell of a table."""


def comma_habit(texts: Iterable[str]) -> CommaHabit:
    """What a comma between a digit and three digits means in this table, by its other numbers."""
    decimal = thousands = point = False
    for text in texts:
        if len(text) <= MAX_LENGTH and ("," in text or "." in text) and _NUMBERISH.match(text):
            decimal = decimal or bool(_SURELY_DECIMAL.search(text))
            thousands = thousands or bool(_SURELY_THOUSANDS.search(text))
            point = point or bool(_DECIMAL_POINT.search(text))
    if decimal:
        return "unknown" if thousands or point else "decimal"
    return "thousands" if thousands or point else "unknown"


@lru_cache(maxsize=8192)
def read(text: str, habit: CommaHabit = "unknown", *, parts: int = 1) -> Reading:
    """Read one cell; `parts` is how many numbers side by side its header announces."""
    if len(text) > MAX_LENGTH:
        return Reading(reason="a text, not a number")
    if _SIMPLE.fullmatch(text):
        return Reading(numbers=(Number(value=Decimal(text)),))
    bare = _bare(text)
    if bare.lower() in MISSING or not bare.strip(_DASHES):
        return Reading(missing=True)
    if not _DIGIT.search(bare):
        return Reading(
            reason="a text, not a number" if not any(c.isdigit() for c in bare) else "not in plain ASCII digits"
        )
    if _BOUND.match(bare) or text.lstrip()[:1] in _TRIANGLES:
        return Reading(reason=A_BOUND if _BOUND.match(bare) else A_DIFFERENCE)
    return _read_pieces(bare, habit, parts)


def _read_pieces(bare: str, habit: CommaHabit, parts: int) -> Reading:
    if interval := _INTERVAL.match(bare):
        return _read_interval(interval, habit)
    if named := _NAMED.findall(bare):
        return _read_named(bare, named, habit)
    if (said := _MEASURED.fullmatch(bare)) and is_metric(said["metric"]):
        return replace(_read_parts([said["number"]], habit), names=(said["metric"],))
    if after := _NAMED_AFTER.fullmatch(bare):
        names = tuple(name.strip() for name in after[2].split("/"))
        pieces = [piece.strip() for piece in after[1].split("/")]
        if len(names) == len(pieces) and all(map(is_metric, names)):
            return replace(_read_parts(pieces, habit), names=names)
    return _read_parts(_pieces(bare, parts), habit)


def _pieces(bare: str, parts: int) -> list[str]:
    """The numbers of a cell as texts, by the marks between them and by how many its header announces."""
    if parts == 2 and (pair := _PAIR.fullmatch(bare)):  # noqa: PLR2004 - `HumanEval (+)` over `60.4 (55.5)`
        return [pair[1], pair[2]]
    for pieces in (bare.split(" - "), bare.split(" ")):
        if parts > 1 and len(pieces) == parts and "/" not in bare:
            return pieces
    if _nested(bare):
        outer, _, inner = bare[:-1].partition("(")
        if all(piece.strip().isdigit() for piece in inner.split("/")) and not outer.strip().isdigit():
            return [outer.strip()]  # `73.2% (120/164)`: how it was counted
        return [outer.strip(), *(piece.strip() for piece in inner.split("/"))]
    return [piece.strip() for piece in bare.replace("|", "/").split("/")]


def _read_named(bare: str, named: list[tuple[str, str]], habit: CommaHabit) -> Reading:
    """`F1:88.6 EM:69.9`: the cell names its numbers itself; nothing else may stand in it."""
    if not all(is_metric(name) for name, _ in named) or _NAMED.sub("", bare).strip(" ,;/|"):
        return Reading(reason="not a plain number")
    reading = _read_parts([digits.strip() for _, digits in named], habit)
    return replace(reading, names=tuple(name.strip() for name, _ in named))


def _read_interval(found: re.Match[str], habit: CommaHabit) -> Reading:
    """The value, if it stands within its interval."""
    number = _number(found["number"], habit)
    low, high = _decimal(found["low"], habit), _decimal(found["high"], habit)
    if isinstance(number, str) or isinstance(low, str) or isinstance(high, str) or not low <= number.value <= high:
        return Reading(reason="a value with two others that are not its interval")
    return Reading(numbers=(replace(number, note=f"{found['low']} to {found['high']}"),))


def _nested(bare: str) -> bool:
    """`86.5 (89.0/85.5)`: an overall value and its parts."""
    outer, bracket, inner = bare.partition("(")
    return bool(bracket) and bare.endswith(")") and "/" in inner and "/" not in outer and inner.count("(") == 0


def _read_parts(pieces: list[str], habit: CommaHabit) -> Reading:
    numbers: list[Number | None] = []
    for piece in pieces:
        if piece.lower() in MISSING and len(pieces) > 1:
            numbers.append(None)
            continue
        found = _number(piece, habit)
        if isinstance(found, str):
            return Reading(reason=found)
        numbers.append(found)
    if all(number is None for number in numbers):
        return Reading(missing=True)
    return Reading(numbers=tuple(numbers))


def _bare(text: str) -> str:
    """Without what decorates a value at its ends: medals, arrows, stars, check marks, a doubt mark."""
    text = text.translate(_SKIN_TONES).strip().removesuffix("(?)").rstrip(",;")
    if text.endswith(")") and "(" not in text:
        text = text[:-1].rstrip()
    start, end = 0, len(text)
    while start < end and _decorates(text[start]):
        start += 1
    while end > start and _decorates(text[end - 1]):
        end -= 1
    return " ".join(text[start:end].translate(_LOOK_ALIKES).split()).replace("+/-", "±")


def _decorates(character: str) -> bool:
    if character in " *^↑↓⬆⬇→▲▼△▽★☆\N{VARIATION SELECTOR-16}":
        return True
    return character != "°" and unicodedata.category(character) == "So"


def _number(piece: str, habit: CommaHabit) -> Number | str:
    """A Number, or the reason why the piece is none."""
    found = _NUMBER.match(piece)
    if found is None:
        return _why_not(piece)
    value = _decimal(found["number"], habit)
    if isinstance(value, str):
        return value
    unit = "%" if found["unit"] or found["unit2"] or found["unit3"] else None
    number = Number(value=value, unit=unit)
    if found["error"]:
        error = _decimal(found["error"], habit)
        number = replace(number, stderr=None if isinstance(error, str) else error)
    return _with_note(number, found["note"], habit) if found["note"] else number


def _with_note(number: Number, note: str, habit: CommaHabit) -> Number | str:
    """A parenthesis after a value: its uncertainty, its shots, or a remark."""
    if "." not in str(number.value) and note.endswith("%") and number.unit is None:
        return f"a count with its share ({note})"
    if shots := _NOTED_SHOTS.match(note):
        return replace(number, shots=int(shots[1]), note=note)
    marked = _NOTED_ERROR.match(note)
    if marked or _NOTED_NUMBER.match(note):
        error = _decimal(marked["error"] if marked else note.rstrip(" %"), habit)
        if not isinstance(error, str) and (marked or _is_uncertainty(number.value, error)):
            return replace(number, stderr=error, note=note)
    if _NOTED_UNIT.fullmatch(note):
        return f"a value with a remark that may be another quantity ({note})"
    return replace(number, note=note)


def _is_uncertainty(value: Decimal, noted: Decimal) -> bool:
    """`60.1 (0.4)`: small beside the value and with decimals; `95.1 (94.5)` is a second value, `85.2 (3)` a rank."""
    return "." in str(noted) and noted * 5 < abs(value)


def _decimal(digits: str, habit: CommaHabit) -> Decimal | str:
    """The decimal of exactly these digits, or the reason why the comma in them cannot be read."""
    digits = digits.replace("−", "-")
    if _EITHER_COMMA.fullmatch(digits.lstrip("-")):
        if habit == "unknown":
            return f"the comma in {digits} may mark thousands or decimals"
        digits = digits.replace(",", "." if habit == "decimal" else "")
    elif _SURELY_DECIMAL.fullmatch(digits.lstrip("-")):
        digits = digits.replace(",", ".")
    return Decimal(re.sub(r"[, '’]", "", digits))


def _why_not(piece: str) -> str:
    if _BOUND.match(piece):
        return A_BOUND
    if piece.startswith("+"):
        return A_DIFFERENCE
    if re.match(rf"[-−]?{_UNSIGNED} ?[A-Za-z°$€µ\N{{GREEK SMALL LETTER MU}}]", piece):
        return "a quantity with a unit, not a score"
    if not piece.isascii() and any(c.isdigit() and not c.isascii() for c in piece):
        return "not in plain ASCII digits"
    return "not a plain number"
