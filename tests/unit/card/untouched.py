"""What an edit of a card changed, found without evalbot: by its lines, by difflib and by PyYAML's own loader."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import yaml

MARK = b"\xef\xbb\xbf"
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_EMPTY_VALUE = re.compile(rb"(?P<key>[ -]*[\w-]+:)[ ]*(?:\[\]|~|null)?[ ]*(?P<note>#[^\r\n]*)?(?P<end>\r\n|\r|\n)?")


@dataclass(frozen=True)
class CutCard:
    """A card's lines in three runs: before its model-index, of it, and after it; joined they are the card."""

    before: list[bytes]
    index: list[bytes]
    after: list[bytes]
    closing: int
    """Number of the line that closes the front matter, counted from 0; -1 where the card has none."""

    @property
    def outside(self) -> bytes:
        return b"".join(self.before + self.after)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What PyYAML reads, by YAML 1.1; only equality of two such readings is of use here."""
        if self.closing < 0:
            return {}
        lines = (self.before + self.index + self.after)[: self.closing]
        opening = next(i for i, line in enumerate(lines) if line.removeprefix(MARK).strip() == b"---")
        data = yaml.load(b"".join(lines[opening + 1 :]), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is the safe loader, in C where there is one
        return data or {}


@lru_cache(maxsize=8)
def cut(card: bytes) -> CutCard:
    """For cards whose front matter is in block style with its keys at the start of their lines."""
    lines = _LINE.findall(card)
    closing = _closing(lines)
    start = next((i for i in range(max(closing, 0)) if re.match(rb"model-index[ ]*:", lines[i])), None)
    if start is None:
        return CutCard(lines, [], [], closing)
    end = start + 1
    while end < closing and lines[end][:1] in b" -#\r\n":
        end += 1
    while lines[end - 1].strip()[:1] in (b"", b"#"):
        end -= 1
    return CutCard(lines[:start], lines[start:end], lines[end:], closing)


def _closing(lines: list[bytes]) -> int:
    opening = next((i for i, line in enumerate(lines) if line.removeprefix(MARK).strip()), None)
    if opening is None or lines[opening].removeprefix(MARK).rstrip(b"\r\n") != b"---":
        return -1
    return next((i for i in range(opening + 1, len(lines)) if lines[i].rstrip() == b"---"), -1)


def line_end_of(card: bytes) -> bytes:
    """That of the card's first line."""
    first = re.search(rb"\r\n|\r|\n", card)
    return first.group() if first else b"\n"


def is_insertion(before: bytes, after: bytes) -> bool:
    """Whether `after` is `before` with one run of bytes put in between."""
    length = len(after) - len(before)
    alike = next((i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(before))
    # A run that begins as the text after it goes on is found up to its own length later than it was put in.
    return any(after[:at] + after[at + length :] == before for at in range(max(0, alike - length), alike + 1))


def keeps_every_line(before: bytes, after: bytes) -> bool:
    """Whether the old lines, line ends included, all stand in the new card in their order."""
    standing = iter(_LINE.findall(after))
    return all(line in standing for line in _LINE.findall(before))


def assert_only_the_model_index_grew(before: bytes, after: bytes) -> int:
    """Every other line is as it was, and what the model-index said it still says. Returns the places it grew at."""
    old, new = cut(before), cut(after)
    line_end = line_end_of(before)
    if old.closing < 0:
        mark = MARK if before.startswith(MARK) else b""
        body = before.removeprefix(MARK)
        assert after == mark + b"---" + line_end + b"".join(new.index) + b"---" + line_end + body
    else:
        assert new.outside == old.outside
    assert_same_metadata(old, new)
    return _places(old.index, new.index, line_end)


def assert_same_metadata(old: CutCard, new: CutCard) -> None:
    """PyYAML reads the same as before, and in the model-index all that it read before."""
    assert grew(old.metadata.get("model-index") or [], new.metadata["model-index"])
    # Compared as text: NaN differs from itself, and 1 is equal to True.
    rests = [{**card.metadata, "model-index": None} for card in (old, new)]
    assert sorted(map(repr, rests[0].items())) == sorted(map(repr, rests[1].items()))


def _places(old: list[bytes], new: list[bytes], line_end: bytes) -> int:
    """How many runs of lines were put in between; a value that said nothing may make room for one."""
    places = 0
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        put_in = new[k:m]
        if tag == "replace":
            assert j == i + 1
            empty, key = _EMPTY_VALUE.fullmatch(old[i]), _EMPTY_VALUE.fullmatch(put_in.pop(0))
            assert empty is not None
            assert key is not None
            assert empty.groupdict() == key.groupdict()
        else:
            assert tag in ("equal", "insert")
        if tag != "equal":
            places += 1
            assert all(line.endswith(line_end) for line in put_in)
    return places


def grew(old: Any, new: Any) -> bool:
    """Whether `new` says all that `old` said, in the same places, and more only at the ends of its lists."""
    if isinstance(old, dict):
        kept = isinstance(new, dict) and old.keys() <= new.keys() and all(grew(old[key], new[key]) for key in old)
        return kept and new.keys() - old.keys() <= {"results", "metrics"}
    if isinstance(old, list):
        return isinstance(new, list) and len(old) <= len(new) and all(map(grew, old, new))
    return repr(old) == repr(new) or (old is None and isinstance(new, list))
