"""Text from model cards made safe to stand in Markdown on the Hub.

Whoever writes a model card writes what stands in our pull requests: labels must not mention people, refer to other
discussions, open HTML, links or mathematics, or leave their table cell.
"""

from __future__ import annotations

import re
import unicodedata

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$^=>-])")
_REFERENCES = re.compile(r"([@#])(?=\w)")
_ZERO_WIDTH_SPACE = "\u200b"
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;"})
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
    return _SPECIAL.sub(r"\\\1", bare_links.translate(_ENTITIES))
