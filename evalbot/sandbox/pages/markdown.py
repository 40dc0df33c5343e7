"""Markdown of strangers as HTML: tables, lists and links as the Hub shows them, and nothing that acts.

HTML comments do not show, as on the Hub. Of other HTML a handful of harmless tags without attributes has its effect;
the rest stands there as the text it is. Pictures are named, not fetched.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"(</?[A-Za-z][^<>]*>)")
_HARMLESS = re.compile(r"</?(?:details|summary|sub|sup|kbd|br ?/?)>", re.IGNORECASE)


def render(text: str) -> Markup:
    """Safe HTML; text without any words (a comment alone, say) gives none."""
    return trusted(_reader().render(text).strip())


def trusted(text: str) -> Markup:
    """Text that is our own HTML or CSS, or made by `render`."""
    return Markup(text)  # noqa: S704 - what strangers wrote passes _html or the escaping of markdown-it


@cache
def _reader() -> MarkdownIt:
    # "html" lets comments be told from text; what it finds goes through _html and never out as it came.
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    reader.add_render_rule("html_block", _html)
    reader.add_render_rule("html_inline", _html)
    reader.add_render_rule("image", _picture)
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>\n')
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return reader


def _html(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    parts = _TAG.split(_COMMENT.sub("", tokens[index].content))
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if _HARMLESS.fullmatch(part):
        return part.lower()
    if _TAG.fullmatch(part):
        return f'<span class="tag">{html.escape(part)}</span>'
    return html.escape(html.unescape(part), quote=False)


def _picture(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return f'<span class="picture">{html.escape(tokens[index].content or "picture")}</span>'


def _link(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    tokens[index].attrSet("rel", "nofollow noopener noreferrer")
    return self.renderToken(tokens, index, options, env)
