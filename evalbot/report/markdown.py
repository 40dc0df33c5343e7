"""Text from model cards made safe to stand in Markdown on the Hub.

Whoever writes a model card writes what stands in our pull requests: labels must not mention people, refer to other
discussions, open HTML, links or mathematics, or leave their table cell.
"""

from __future__ import annotations

import re
import unicodedata

# Backslash escapes where nothing but Markdown looks; character references where something reads the raw text first:
# table rows are split at bars, and the Hub's mathematics begins at dollars and at two backslashes.
_MARKED_UP = re.compile(r"([`*_~])")
_REFERENCED = str.maketrans({c: f"&#{ord(c)};" for c in "&<>\\$|[]"})
_BLOCK_START = re.compile(r"^([-+](?![\d.])|[#=]|\d+(?=[.)](?:\s|$)))")
# Signs that begin a mention, a cross-reference or mathematics together with what follows them. Mathematics is looked
# for in the rendered page as well, where a character reference is the sign again: so they are taken apart.
_SIGNS = re.compile(r"([@#$\\])(?=\S)")
_ADDRESSES = re.compile(r":(?=//)|\bwww(?=\.)", re.IGNORECASE)
_ZERO_WIDTH_SPACE = "\u200b"
_LEFT_TO_RIGHT_MARK = "\u200e"
_RIGHT_TO_LEFT, _DIRECTED = frozenset({"R", "AL", "AN"}), frozenset({"R", "AL", "AN", "L", "EN"})
MAX_CELL = 120
"""Characters of foreign text in one table cell; the card itself shows the rest."""


def escape(text: str, most: int = MAX_CELL) -> str:
    """One line of plain text, at most so many characters of it, as Markdown that renders as that and does no more."""
    line = _left_to_right(cut(one_line(text), most))
    apart = _ADDRESSES.sub(_with_space, _SIGNS.sub(_with_space, line))
    inline = _MARKED_UP.sub(r"\\\1", apart.translate(_REFERENCED))
    # A label that begins as a list, a heading or a quotation would be one where it begins a line of ours.
    return _BLOCK_START.sub(_as_references, inline)


def _left_to_right(line: str) -> str:
    """The line with a mark after right-to-left words, wherever a number or other words follow.

    Numbers after such words are shown in reverse order without one: 64.8 → 65.1 would read 65.1 → 64.8.
    """
    parts: list[str] = []
    follows = ""
    for character in reversed(line):
        direction = unicodedata.bidirectional(character)
        if direction in _RIGHT_TO_LEFT and follows not in _RIGHT_TO_LEFT:
            parts.append(_LEFT_TO_RIGHT_MARK)
        if direction in _DIRECTED:
            follows = direction
        parts.append(character)
    return "".join(reversed(parts))


def one_line(text: str) -> str:
    """The text as one line, without control and invisible characters, and single blanks between its words."""
    return " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).split())


def cut(text: str, most: int) -> str:
    """At most so many characters; `…` is the last where some are missing."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _with_space(found: re.Match[str]) -> str:
    return found.group() + _ZERO_WIDTH_SPACE


def _as_references(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(c)};" for c in found.group())
