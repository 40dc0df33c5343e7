"""A table of a card as a rectangular grid of cells, whichever notation it was written in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evalbot.readme.plain import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    raw: str
    """As it stands in the file, markup included."""
    text: str
    """Without markup, link targets, tags, footnote marks, escapes and entities."""
    line: int
    is_header: bool = False
    """Written as a header cell (`th`, or anything in a `thead`)."""
    spans: int = 1
    """Places of the grid that this one cell fills (rowspan times colspan); each of them holds it."""
    absent: bool = False
    """Not written: its row ends before it, so a cell may be missing anywhere in that row."""
    overfull: bool = False
    """In a Markdown row with more cells than the header, of which the last are never shown: any may be one too far."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that breaks divide the cell into, as plain text; one where nothing breaks it."""
        return tuple(plain(line) for line in _BREAK.split(self.raw)) if "<" in self.raw else (self.text,)


_BREAK = re.compile(r"<br\b[^<>]{0,40}>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A rectangular grid; row 0 is the header row of a Markdown table, whose delimiter row is not counted."""

    number: int | str
    """1, 2, … for Markdown tables, "html:1", "html:2", … for HTML tables, each in the order of the file."""
    heading: str | None
    """The nearest one above."""
    line: int
    rows: tuple[tuple[Cell, ...], ...]
    parents: tuple[str, ...] = ()
    """The headings that the nearest one stands under, outermost first, without the card's own title."""
    caption: str = ""
    """The end of the paragraph right above, as plain text: it often names what the numbers are."""
    head: int = 0
    """The header row. Rows above it are titles over the whole width."""
    first_column: int = 0
    """Where the grid begins in the table of the file, of which it may be one block."""
    obstacle: str | None = None
    """Why the grid cannot be read."""

    @property
    def width(self) -> int:
        return len(self.rows[0])

    @property
    def header(self) -> tuple[Cell, ...]:
        return self.rows[self.head]
