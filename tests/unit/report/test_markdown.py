"""Text from a card stands in a pull request as that text, and does nothing there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evalbot.report.markdown import MAX_CELL, escape

HOSTILE = [
    "@everyone",
    "@org/team",
    "#1",
    "org/repo#1",
    "https://huggingface.co/a/b/discussions/1",
    "www.example.org",
    "a | b \\| c",
    "`a | b`",
    "<img src=http://x/leak>",
    "![x](http://169.254.169.254/)",
    "[c](javascript:alert(1))",
    "<details>",
    "<!-- evalbot:pull-request version=9 -->",
    "```",
    "\u202eright to left",
    "a\x00b\x07c\x1b[31m",
    "x" * 100_000,
    "::set-output name=x::y",
    "a\rb\nc",
    r"$\frac{}{}$ \(x\)",
    "&lt;b&gt;",
    "**bold** _it_ ~~no~~",
    "- item",
    "# heading",
    "> quote",
    "    code",
]


def rendered(text: str) -> str:
    """What a reader sees in a table cell, and proof that it is a cell of plain text."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(f"| a |\n| - |\n| {text} |\n")
    (cell,) = [t for i, t in enumerate(tokens) if i and tokens[i - 1].type == "td_open"]
    assert {child.type for child in cell.children or []} <= {"text", "text_special"}, cell.children
    return "".join(child.content for child in cell.children or [])


@pytest.mark.parametrize("text", HOSTILE)
def test_escape__hostile_text__renders_as_itself_in_one_cell(text: str) -> None:
    seen = rendered(escape(text)).replace("\u200b", "")
    expected = " ".join("".join(" " if c in "\x00\x07\x1b\r\n\u202e" else c for c in text).split())
    assert seen == (expected if len(expected) <= MAX_CELL else expected[: MAX_CELL - 1] + "…")


@pytest.mark.parametrize("text", ["@everyone", "a@b", "#1", "o/r#12", "https://x.y", "www.x.y"])
def test_escape__mentions_references_and_links__are_broken_up(text: str) -> None:
    assert "\u200b" in escape(text)


@given(st.text(max_size=200))
def test_escape__any_text__is_one_cell_of_plain_text(text: str) -> None:
    rendered(escape(text))
