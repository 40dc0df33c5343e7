"""Text from a card stands in a pull request as that text, and does nothing there."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evalbot.report.markdown import MAX_CELL, escape
from evalbot.report.pull_request import DESCRIPTION_MARK, SUMMARY_MARK

if TYPE_CHECKING:
    from markdown_it.token import Token

HOSTILE = [
    "@everyone",
    "@org/team and someone@example.org",
    "#1",
    "org/repo#1",
    "https://huggingface.co/a/b/discussions/1",
    "www.example.org WWW.EXAMPLE.ORG",
    "a | b \\| c",
    "`a | b`",
    "``` unclosed",
    "<img src=http://x/leak>",
    "![x](http://169.254.169.254/)",
    "[c](javascript:alert(1)) [d](data:text/html,x) [e]: vbscript:x",
    "<details>",
    "<!-- unclosed",
    f"{DESCRIPTION_MARK} version=9 -->",
    f"--> {SUMMARY_MARK} -->",
    "```",
    "~~~",
    "\u202eright to left",
    "אבגד",
    "\u041c\u0430\u200dth \u041c\u041cLU",
    "a\x00b\x07c\x1b[31m",
    "x" * 100_000,
    "&" * 100_000,
    "::set-output name=x::y",
    "a\rb\nc",
    "a\u2028b\x85c",
    r"$\frac{}{}$ $$x$$ \(x\) \[y\] \\(z\\) \begin{equation}",
    "\\",
    "&lt;b&gt; &#124; &copy;",
    "**bold** _it_ ~~no~~ __x__ *y*",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "1) item",
    "# heading",
    "> quote",
    "---",
    "===",
    "| - |",
    "    code",
    "\tcode",
    "🦊👩‍🚀🏳️‍🌈",
    "",
]
PLACES = ["| {} |", "- {}: 1", "- 1: {}", "{}", "of **{}** to", "; {} changes"]
_ADDED = re.compile("[\u200b\u200e]")
_ACTS = re.compile(r"[@#]\w|://|\bwww\.|\$\$|\\[(\[a-z]", re.IGNORECASE)
"""What a page may still make something of when it is rendered: mentions, references, links, mathematics."""


def rendered(text: str, place: str = "| {} |") -> str:
    """What a reader sees of an escaped text in its place, and proof that it is nothing but text there."""
    before = "| a |\n| - |\n" if place.startswith("|") else "words\n\n"
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = reader.parse(before + place.format(text) + "\n")
    blocks = reader.parse(before + place.format("x") + "\n")
    assert [token.type for token in tokens] == [token.type for token in blocks]
    inline = [token for token in tokens if token.type == "inline"][-1]
    assert {child.type for child in inline.children or []} <= {"text", "text_special", "strong_open", "strong_close"}
    return shown(inline)


def shown(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def as_expected(text: str, most: int = MAX_CELL) -> str:
    """The text without control characters, on one line, cut."""
    line = " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", HOSTILE)
def test_escape__hostile_text__renders_as_itself_wherever_it_stands(text: str, place: str) -> None:
    if text:
        expected = place.strip("|- ").replace("*", "").format(as_expected(text))
        assert _ADDED.sub("", rendered(escape(text), place)).strip() == expected.strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_escape__hostile_text__is_no_mention_reference_link_or_mathematics_on_the_page(text: str) -> None:
    assert not _ACTS.search(rendered(escape(text)))
    assert "<" not in escape(text)


@pytest.mark.parametrize("text", ["HumanEval (pass 1)", "85.2", "-0.5", "+1.5", "MMLU-Pro, 5-shot", "Qwen2.5-VL"])
def test_escape__usual_text__is_readable_in_the_source_too(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("אבגד", "אבגד^"),
        ("אבגד 64.8 → 65.1", "אבגד^ 64.8 → 65.1"),
        ("MMLU אבגד, דה 5 → 6", "MMLU אבגד, דה^ 5 → 6"),
        ("אבגד: x", "אבגד^: x"),
        ("١٢", "١٢^"),
        ("\u041c\u041cLU 5", "\u041c\u041cLU 5"),
        ("MMLU 5", "MMLU 5"),
    ],
)
def test_escape__right_to_left_words__do_not_reverse_the_numbers_after_them(text: str, marked: str) -> None:
    assert escape(text) == marked.replace("^", "\u200e")


def test_escape__a_cut__never_leaves_half_a_character_reference() -> None:
    assert escape("|" * 50, 10) == "&#124;" * 9 + "…"


@given(st.text(max_size=200) | st.text(alphabet="@#|`*_~[]()<>!$\\&;-+=.:/w1aא \n\u202e", max_size=40))
def test_escape__any_text__is_one_cell_of_that_text(text: str) -> None:
    assert _ADDED.sub("", rendered(escape(text))) == as_expected(text)


@given(st.text(alphabet="@#|`*_~[]()<>!$\\&;-+=.:/w1aא \n\u202e", min_size=1, max_size=40))
def test_escape__any_text__acts_nowhere(text: str) -> None:
    for place in PLACES:
        if as_expected(text):
            assert not _ACTS.search(rendered(escape(text), place))
