"""One pass over a card's blocks: its Markdown tables, the source of its HTML tables, and what stands above each."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from evalbot.readme.html_tables import read_html_tables
from evalbot.readme.plain import plain
from evalbot.readme.table import Cell, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_BOLD_LEVEL = 7
"""A bold line stands under every heading."""
MAX_CAPTION = 400
"""A caption is a sentence; of a longer paragraph the end stands nearest to the table."""

TABLE_TAG = re.compile(r"<(/?)table\b", re.IGNORECASE)
_HEADING_TAG = re.compile(r"<h[1-6]\b[^<>]*>", re.IGNORECASE)
_PIPE = re.compile(r"(?<!\\)\|")
_MIN_TITLE, _MAX_TITLE = 5, 400


class Blocks:
    """Walks the parser's tokens once.

    An HTML table goes on over blank lines, and Markdown stands between them as the content of its cells: what may
    belong to one is collected in `pieces`, and read when all blocks are seen.
    """

    def __init__(self, tokens: Sequence[Token], lines: Sequence[str], line_offset: int) -> None:
        self._tokens, self._lines, self._line_offset = tokens, lines, line_offset
        self._open: list[tuple[int, str]] = []
        """The headings that are open, each of a deeper level than the one before."""
        self._caption = ""
        """As it stands in the file: only the one right above a table is ever read."""
        self._markdown: list[Table] = []
        self._pieces: list[tuple[int, str]] = []
        self._above: list[tuple[int, tuple[str, ...], str]] = []
        self._depth = 0

    def tables(self) -> list[Table]:
        """All tables in the file's order."""
        index = 0
        while index < len(self._tokens):
            token = self._tokens[index]
            if token.type == "table_open":
                rows, index = _rows(self._tokens, index, self._lines, self._line_offset)
                self._add_markdown(rows)
            else:
                self._add_block(index, token)
            index += 1
        return sorted([*self._markdown, *self._html_tables()], key=lambda table: table.line)

    def _add_markdown(self, rows: tuple[tuple[Cell, ...], ...]) -> None:
        number, line = len(self._markdown) + 1, rows[0][0].line
        caption = plain(self._caption)
        heading, parents = self._headings()
        self._markdown.append(
            Table(number=number, heading=heading, parents=parents, line=line, rows=rows, caption=caption)
        )
        self._caption = ""
        if self._depth:
            self._pieces.append((line, "<table></table>\n"))

    def _add_block(self, index: int, token: Token) -> None:
        line = self._line_offset + (token.map[0] if token.map else 0) + 1
        if token.type == "html_block":
            self._add_html(token.content, line)
        elif self._depth and token.type in {"fence", "code_block"}:
            self._pieces.append((line, html.escape(token.content) + "\n"))
        elif self._depth and token.type == "inline":
            self._pieces.append((line, token.content + "\n"))
        elif token.type == "heading_open":
            self._enter(int(token.tag[1]), plain(self._tokens[index + 1].content))
        elif token.type == "paragraph_open":
            content = self._tokens[index + 1].content
            self._caption = content[-MAX_CAPTION:]
            if _is_title(content):
                self._enter(_BOLD_LEVEL, plain(content), caption=self._caption)

    def _add_html(self, content: str, line: int) -> None:
        at, touches = 0, self._depth > 0
        for tag in TABLE_TAG.finditer(content):
            if not tag[1] and not self._depth:
                self._read_title(content[at : tag.start()])
                self._above.append(
                    (line + content.count("\n", 0, tag.start()), self._texts_open(), plain(self._caption))
                )
                self._caption = ""
            touches = True
            self._depth = max(0, self._depth - 1) if tag[1] else self._depth + 1
            at = tag.end()
        if not self._depth:
            self._read_title(content[at:])
        if touches:
            self._pieces.append((line, content))

    def _read_title(self, content: str) -> None:
        """A heading, or else the text, that an HTML block holds outside its tables."""
        tags = list(_HEADING_TAG.finditer(content))
        if tags:
            end = content.find("</h", tags[-1].end())
            title = content[tags[-1].end() : end if end >= 0 else None]
            self._enter(int(tags[-1][0][2]), plain(title[:MAX_CAPTION]))
        elif plain(content[-MAX_CAPTION:]):
            self._caption = content[-MAX_CAPTION:]

    def _html_tables(self) -> Iterator[Table]:
        offsets, at = [], 0
        for _, text in self._pieces:
            offsets.append(at)
            at += len(text)
        source = "".join(text for _, text in self._pieces)
        found = read_html_tables(source, offsets, [line for line, _ in self._pieces]) if source else iter(())
        for number, table in enumerate(found, start=1):
            headings, caption = self._above_line(table.line)
            yield Table(
                number=f"html:{number}",
                heading=headings[-1] if headings else None,
                parents=headings[:-1],
                line=table.line,
                rows=table.rows,
                caption=table.caption or caption,
                head=table.head,
                obstacle=table.obstacle,
            )

    def _above_line(self, line: int) -> tuple[tuple[str, ...], str]:
        above = [(headings, caption) for start, headings, caption in self._above if start <= line]
        return above[-1] if above else ((), "")

    def _enter(self, level: int, text: str, *, caption: str = "") -> None:
        """A heading closes those of its own level and deeper; a picture alone says nothing."""
        self._caption = caption
        if text:
            self._open = [(other, above) for other, above in self._open if other < level] + [(level, text)]

    def _texts_open(self) -> tuple[str, ...]:
        """The open headings from outside in; the card's title is only told where nothing stands between."""
        texts = tuple(text for level, text in self._open if level > 1)
        return texts or tuple(text for _, text in self._open)

    def _headings(self) -> tuple[str | None, tuple[str, ...]]:
        texts = self._texts_open()
        return (texts[-1], texts[:-1]) if texts else (None, ())


def _is_title(paragraph: str) -> bool:
    """A line that is bold from end to end is how many cards write a heading."""
    text = paragraph.strip()
    return (
        "\n" not in text
        and _MAX_TITLE >= len(text) >= _MIN_TITLE
        and text.startswith("**")
        and text.find("**", 2) == len(text) - 2
    )


def _rows(
    tokens: Sequence[Token], index: int, lines: Sequence[str], offset: int
) -> tuple[tuple[tuple[Cell, ...], ...], int]:
    """The rows of the table that opens at an index, and the index where it closes."""
    rows: list[tuple[Cell, ...]] = []
    cells: list[Cell] = []
    line = 0
    overfull, written = False, 0
    while (token := tokens[index]).type != "table_close":
        if token.type == "inline":
            # The parser unescapes pipes; in the file every pipe inside a cell stands escaped.
            raw = token.content.replace("|", "\\|")
            cells.append(Cell(raw=raw, text=plain(raw), line=line, overfull=overfull, absent=len(cells) >= written))
        elif token.type == "tr_open":
            at = token.map[0] if token.map else 0
            cells, line = [], offset + at + 1
            texts = _texts(lines[at])
            # The parser drops text behind the header's last column, and fills up a row that ends before it.
            overfull = bool(rows) and any(text.strip() for text in texts[len(rows[0]) :])
            written = len(texts) if rows else len(tokens)
        elif token.type == "tr_close":
            rows.append(tuple(cells))
        index += 1
    return tuple(rows), index


def _texts(line: str) -> list[str]:
    """The cells of a row as they stand in its line, which may be that of a list or a quotation."""
    bare = line.lstrip("> \t").removeprefix("|")
    cells = _PIPE.split(bare) if "\\" in bare else bare.split("|")
    return cells if cells[-1].strip() else cells[:-1]
