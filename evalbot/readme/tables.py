"""The tables of a card, Markdown and HTML, in one numbering for every command."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from evalbot.errors import InvalidCard
from evalbot.front_matter import split
from evalbot.readme.blocks import TABLE_TAG, Blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalbot.readme.table import Table

MAX_CHARACTERS = 2_000_000
"""Twice the largest card the Hub renders: what is longer is no card, and every pass below stays under a second."""
MAX_TABLES = 500
"""Each table is surveyed on its own; the largest public cards hold some tens."""
MAX_PIPES = 5_000
"""Columns a line may have before the parser is not asked at all: its work grows with their square."""
MAX_LINES = 30_000
"""Ten times the longest card seen: the Markdown parser's work grows with the number of lines, however short."""
MAX_TABLE_LINES = 10_000
"""Fifty times the longest evaluation table seen: what has more is a data file."""
MAX_CARD_CELLS = 50_000
"""Four times the fullest card seen; what every pass takes grows with it."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_HTML_CELL = re.compile(r"<t[dh]\b", re.IGNORECASE)
_PARSER = MarkdownIt("commonmark").enable("table").disable("inline")


def find_tables(readme: str) -> tuple[Table, ...]:
    """Every table of a README in the file's order, evaluation or not.

    Markdown (GFM) tables are numbered 1, 2, …; HTML tables "html:1", "html:2", … Tables in code, in comments and in
    other tables' cells have no number. Raises InvalidCard where a stated limit is passed.
    """
    return _read(readme)


# One command asks for the tables of the same card several times; parsing is most of the work.
@lru_cache(maxsize=1)
def _read(readme: str) -> tuple[Table, ...]:
    if len(readme) > MAX_CHARACTERS:
        raise InvalidCard(f"The README has {len(readme)} characters; at most {MAX_CHARACTERS} are read")
    card = split(readme)
    lines = _LINE_END.split(card.body)
    _refuse_large(card.body, lines)
    # Line numbers are those of the whole file.
    offset = len(_LINE_END.findall(readme, 0, card.body_start))
    with _collector_paused():
        tables = Blocks(_PARSER.parse(card.body), lines, offset).tables()
    if len(tables) > MAX_TABLES:
        raise InvalidCard(f"The README has {len(tables)} tables; at most {MAX_TABLES} are read")
    return tuple(tables)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Python's cyclic collector walks all tokens again and again while they are made: a third of the parser's time.

    None of them is part of a cycle, a card is bounded, and parsing it takes less than a second.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _refuse_large(body: str, lines: Sequence[str]) -> None:
    if len(lines) > MAX_LINES:
        raise InvalidCard(f"The README has {len(lines)} lines; at most {MAX_LINES} are read")
    pipes = [count for line in lines if (count := line.count("|") - line.count("\\|")) > 0]
    if pipes and max(pipes) > MAX_PIPES:
        raise InvalidCard(f"A line of the README has {max(pipes)} columns; at most {MAX_PIPES} are read")
    cells = sum(pipes) + sum(1 for _ in _HTML_CELL.finditer(body))
    if cells > MAX_CARD_CELLS:
        raise InvalidCard(f"The README has {cells} table cells; at most {MAX_CARD_CELLS} are read")
    if len(pipes) > MAX_TABLE_LINES:
        raise InvalidCard(f"The README has {len(pipes)} table lines; at most {MAX_TABLE_LINES} are read")
    tables = sum(1 for tag in TABLE_TAG.finditer(body) if not tag[1])
    if tables > MAX_TABLES:
        raise InvalidCard(f"The README has {tables} HTML tables; at most {MAX_TABLES} are read")
