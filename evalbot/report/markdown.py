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
_REFERENCED = str.maketrans({c: f"&#{ord(c)};" for c in "&<\\$|[]"})
_BLOCK_START = re.compile(r"^([-+#>=]|\d+(?=[.)]))")
_REFERENCES = re.compile(r"([@#])(?=\w)")
_ZERO_WIDTH_SPACE = "\u200b"
MAX_CELL = 120
"""Characters of foreign text in one table cell; the card itself shows the rest."""


def escape(text: str) -> str:
    """One line of plain text as Markdown that renders as that text and does nothing else."""
    visible = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)
    line = " ".join(visible.split())
    if len(line) > MAX_CELL:
        line = line[: MAX_CELL - 1] + "…"
    # The space goes between the sign and its word, so that neither a mention nor a cross-reference is left.
    separated = _REFERENCES.sub(rf"\1{_ZERO_WIDTH_SPACE}", line)
    bare_links = separated.replace("://", f":{_ZERO_WIDTH_SPACE}//").replace("www.", f"www{_ZERO_WIDTH_SPACE}.")
    inline = _MARKED_UP.sub(r"\\\1", bare_links.translate(_REFERENCED))
    # A label that begins as a list, a heading or a quotation would be one where it begins a line of ours.
    return _BLOCK_START.sub(_as_references, inline)


def _as_references(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(c)};" for c in found.group())
