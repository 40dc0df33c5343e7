"""HTML tables of a card: rows and cells as a browser builds them, spans filled in.

Only the skeleton of table tags is parsed (by lexbor, as the HTML standard asks); the cells' contents are read from the
source itself, so that what is shown as evidence is what stands in the file.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from evalbot.readme.plain import plain
from evalbot.readme.table import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from selectolax.lexbor import LexborNode

MAX_SPANNED_CELLS = 20_000
"""Cells of one table after its spans are filled in: what is larger is data, or an attack by `colspan`."""

_TAG = re.compile(
    r"<(/?)(table|caption|thead|tbody|tfoot|tr|td|th)\b((?:[^<>\"']|\"[^\"<]{0,500}\"|'[^'<]{0,500}')*)>", re.IGNORECASE
)
_SPANS = re.compile(r"\b(?:row|col)span\s{0,4}=\s{0,4}[\"']?\s{0,4}\d{1,5}", re.IGNORECASE | re.ASCII)
_SPAN = re.compile(r"\d{1,5}", re.ASCII)
_VISIBLE = re.compile(r"\S")
_AT = "data-at"

Rows = tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """One outermost table of a source: its grid, or why it has none."""

    line: int
    rows: Rows
    head: int
    caption: str
    obstacle: str | None


class _Source:
    """A source with its table tags, and the file's line of every place in it."""

    def __init__(self, text: str, line_offsets: Sequence[int], lines: Sequence[int]) -> None:
        self.text = text
        self.line_offsets, self.lines = line_offsets, lines
        self.tags = list(_TAG.finditer(_without_comments(text)))
        self.starts = [tag.start() for tag in self.tags]

    def line(self, offset: int) -> int:
        place = bisect_right(self.line_offsets, offset) - 1
        return self.lines[place] + self.text.count("\n", self.line_offsets[place], offset)

    def content(self, offset: int) -> str:
        """What stands between the tag at this offset and the next table tag, which closes it or opens another."""
        index = bisect_left(self.starts, offset)
        end = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.text)
        content = self.text[self.tags[index].end() : end]
        opened = content.rfind("<!--")
        # A comment that is never closed hides all that follows, so it is no cell's content.
        unclosed = opened >= 0 and content.find("-->", opened) < 0
        return content[: opened if unclosed else None].strip()

    def begins(self, offset: int) -> int:
        """Where the first visible character stands after the tag at this offset."""
        end = self.tags[bisect_left(self.starts, offset)].end()
        found = _VISIBLE.search(self.text, end)
        return found.start() if found else end

    def skeleton(self) -> str:
        return "".join(
            f"</{tag[2]}>" if tag[1] else f"<{tag[2]} {_AT}={tag.start()} {_spans(tag[3])}>" for tag in self.tags
        )


def _spans(attributes: str) -> str:
    """Only what shapes the grid: no quote of a foreign attribute may swallow what follows."""
    return " ".join(re.sub(r"[\"'\s]", "", span[0]) for span in _SPANS.finditer(attributes))


def _without_comments(text: str) -> str:
    """Comments as blanks of the same length, so that offsets stay."""
    pieces: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start)
        end = len(text) if end < 0 else end + 3
        pieces += [text[at:start], " " * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])


def read_html_tables(text: str, line_offsets: Sequence[int], lines: Sequence[int]) -> Iterator[HtmlTable]:
    """The outermost tables of a source, in order; `lines[i]` is the file's line at `line_offsets[i]`."""
    source = _Source(text, line_offsets, lines)
    tree = LexborHTMLParser(source.skeleton())
    inner = {_offset(node) for node in tree.css("table table")}
    holding = {_offset(node) for node in tree.css("table:has(table)")} if inner else set()
    for node in tree.css("table"):
        offset = _offset(node)
        if offset in inner:
            continue
        obstacle = "it holds another table in a cell" if offset in holding else None
        rows, obstacle = ((), obstacle) if obstacle else _grid(node, source)
        caption = node.css_first("caption")
        title = "" if caption is None else plain(source.content(_offset(caption)))
        blank = ((Cell(raw="", text="", line=source.line(offset)),),)
        yield HtmlTable(source.line(offset), rows or blank, _head_row(rows), title, obstacle)


def _offset(node: LexborNode) -> int:
    return int(node.attributes.get(_AT) or 0)


def _grid(table: LexborNode, source: _Source) -> tuple[Rows, str | None]:
    """Rows of one width, every span filled with its cell; or no rows and the reason."""
    rows: list[dict[int, Cell]] = []
    waiting: dict[int, tuple[int, Cell]] = {}
    filled = 0
    for row, below in _rows_of(table):
        cells: dict[int, Cell] = {}
        at = 0
        for node in row.iter():
            at = _fill(cells, waiting, at)
            span, depth = _span(node, "colspan"), min(_span(node, "rowspan"), below + 1)
            filled += span
            if filled > MAX_SPANNED_CELLS:
                return (), f"it spans more than {MAX_SPANNED_CELLS} cells"
            cell = _cell(node, source, span * depth)
            cells.update(dict.fromkeys(range(at, at + span), cell))
            waiting.update({place: (depth, cell) for place in range(at, at + span) if depth > 1})
            at += span
        cells |= {place: cell for place, (_, cell) in waiting.items() if place not in cells}
        waiting = {place: (depth - 1, cell) for place, (depth, cell) in waiting.items() if depth > 1}
        filled += len(cells)
        rows.append(cells)
    # A title may say colspan="100%": how wide it claims to be says nothing about the table.
    widths = [max(cells) + 1 for cells in rows if len({id(cell) for cell in cells.values()}) > 1]
    width = max(widths, default=0)
    if width * len(rows) > MAX_SPANNED_CELLS:
        return (), f"it spans more than {MAX_SPANNED_CELLS} cells"
    return tuple(_padded(cells, width, source.line(_offset(table))) for cells in rows) if width else (), None


def _rows_of(table: LexborNode) -> Iterator[tuple[LexborNode, int]]:
    """Rows, each with the number of rows below it in its group: no cell reaches out of its `thead` or `tbody`."""
    rows = [(row, _offset(row.parent) if row.parent else 0) for row in table.css("tr")]
    for _, group in groupby(rows, key=itemgetter(1)):
        members = list(group)
        yield from ((row, len(members) - place) for place, (row, _) in enumerate(members, start=1))


def _fill(cells: dict[int, Cell], waiting: dict[int, tuple[int, Cell]], at: int) -> int:
    """Take over the cells that hang down from above, up to the next free place."""
    while at in waiting:
        cells[at] = waiting[at][1]
        at += 1
    return at


def _padded(cells: dict[int, Cell], width: int, table_line: int) -> tuple[Cell, ...]:
    line = next((cell.line for cell in cells.values()), table_line)
    blank = Cell(raw="", text="", line=line, absent=True)
    return tuple(cells.get(place, blank) for place in range(width))


def _span(node: LexborNode, name: str) -> int:
    written = _SPAN.match((node.attributes.get(name) or "").strip())
    return max(1, int(written[0])) if written else 1


def _cell(node: LexborNode, source: _Source, spans: int) -> Cell:
    raw = source.content(_offset(node))
    is_header = node.tag == "th" or (node.parent and node.parent.parent and node.parent.parent.tag) == "thead"
    return Cell(
        raw=raw, text=plain(raw), line=source.line(source.begins(_offset(node))), is_header=is_header, spans=spans
    )


def _head_row(rows: Rows) -> int:
    """The first row that is more than one title over the whole width."""
    for index, row in enumerate(rows):
        if len({id(cell) for cell in row}) > 1 and len({cell.text for cell in row}) > 1:
            return index
    return 0
