"""The Markdown tables of a card, in one numbering for every command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from evalbot.errors import InvalidCard
from evalbot.front_matter import split
from evalbot.readme.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

MAX_CHARACTERS = 2_000_000
"""Twice the largest card the Hub renders: what is longer is no card, and every pass below stays under a second."""
MAX_TABLES = 500
"""Each table is surveyed on its own; the largest public cards hold some tens."""
MAX_PIPES = 5_000
"""Columns a line may have before the parser is not asked at all: its work grows with their square."""
MAX_TABLE_LINES = 10_000
"""Fifty times the longest evaluation table seen: what has more is a data file."""
MAX_CARD_CELLS = 50_000
"""Four times the fullest card seen; what every pass takes grows with it."""
MAX_CAPTION = 400
"""A caption is a sentence; of a longer paragraph the end stands nearest to the table."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_PARSER = MarkdownIt("commonmark").enable("table").disable("inline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    raw: str
    """As it stands in the file, markup included."""
    text: str
    """Without markup, link targets, tags, footnote marks, escapes and entities."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A rectangular grid; row 0 is the header row, the delimiter row is not counted."""

    number: int
    heading: str | None
    line: int
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    """The end of the paragraph right above, as plain text: it often names what the numbers are."""

    @property
    def width(self) -> int:
        return len(self.rows[0])


def find_tables(readme: str) -> tuple[Table, ...]:
    """Every GFM table of a README, evaluation or not. Raises InvalidCard where a stated limit is passed."""
    return _read(readme)[0]


def count_html_tables(readme: str) -> int:
    """How many HTML tables the README holds: they are not read, but a refusal should name them."""
    return _read(readme)[1]


# One command asks for the tables of the same card several times; parsing is most of the work.
@lru_cache(maxsize=1)
def _read(readme: str) -> tuple[tuple[Table, ...], int]:
    """The Markdown tables and the number of HTML tables."""
    if len(readme) > MAX_CHARACTERS:
        raise InvalidCard(f"The README has {len(readme)} characters; at most {MAX_CHARACTERS} are read")
    card = split(readme)
    pipes = [count for line in _LINE_END.split(card.body) if (count := line.count("|") - line.count("\\|")) > 0]
    if pipes and max(pipes) > MAX_PIPES:
        raise InvalidCard(f"A line of the README has {max(pipes)} columns; at most {MAX_PIPES} are read")
    if sum(pipes) > MAX_CARD_CELLS:
        raise InvalidCard(f"The README has {sum(pipes)} table cells; at most {MAX_CARD_CELLS} are read")
    if len(pipes) > MAX_TABLE_LINES:
        raise InvalidCard(f"The README has {len(pipes)} table lines; at most {MAX_TABLE_LINES} are read")
    # Line numbers are those of the whole file.
    offset = len(_LINE_END.findall(readme, 0, card.body_start))
    tokens = _PARSER.parse(card.body)
    tables = tuple(_tables(tokens, offset))
    if len(tables) > MAX_TABLES:
        raise InvalidCard(f"The README has {len(tables)} tables; at most {MAX_TABLES} are read")
    return tables, sum(token.content.lower().count("<table") for token in tokens if token.type == "html_block")


def _tables(tokens: Sequence[Token], offset: int) -> Iterator[Table]:
    number = 0
    heading: str | None = None
    caption = ""
    for index, token in enumerate(tokens):
        if token.type == "table_open":
            number += 1
            rows = _rows(tokens, index, offset)
            line = rows[0][0].line
            yield Table(number=number, heading=heading, line=line, rows=rows, caption=caption)
            caption = ""
        elif token.type == "heading_open":
            heading, caption = plain(tokens[index + 1].content) or heading, ""
        elif token.type == "paragraph_open":
            content = tokens[index + 1].content
            caption = plain(content[-MAX_CAPTION:])
            heading = caption if _is_title(content) else heading


def _is_title(paragraph: str) -> bool:
    """A line that is bold from end to end is how many cards write a heading."""
    text = paragraph.strip()
    return "\n" not in text and len(text) > 4 and text.startswith("**") and text.find("**", 2) == len(text) - 2  # noqa: PLR2004 - two marks of two


def _rows(tokens: Sequence[Token], start: int, offset: int) -> tuple[tuple[Cell, ...], ...]:
    rows: list[tuple[Cell, ...]] = []
    cells: list[Cell] = []
    line = 0
    for token in islice(tokens, start, None):
        if token.type == "tr_open":
            cells, line = [], offset + (token.map[0] if token.map else 0) + 1
        elif token.type == "inline":
            # The parser unescapes pipes; in the file every pipe inside a cell stands escaped.
            raw = token.content.replace("|", "\\|")
            cells.append(Cell(raw=raw, text=plain(raw), line=line))
        elif token.type == "tr_close":
            rows.append(tuple(cells))
        elif token.type == "table_close":
            break
    return tuple(rows)
