"""One cell's Markdown as plain text, in one pass over its characters.

Not a Markdown renderer: emphasis, code, links, images, tags, comments, escapes, entities and simple LaTeX go, and so do
footnote marks. What could turn two numbers into one is never joined: a number beside a subscript, a star between digits
or a struck-out value stays visible, so that the number reader refuses it.
"""

# ruff: noqa: RUF001 - the marks looked for are the look-alikes themselves

from __future__ import annotations

import html
import re
import string
import unicodedata

MAX_TARGET = 4_000
"""Longest link target or comment looked for: beyond it the bracket is text."""

_SPECIAL = re.compile(r"[\\`*_<&\[\]!$]")
_PLAIN_ASCII = re.compile(r"[A-Za-z0-9 .,:;%()/+=@?#'\"{}|-]*\Z")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)\b[^<>]*>")
_AUTOLINK = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^<>\s]*>")
_ENTITY = re.compile(r"&#?[A-Za-z0-9]{1,31};")
_FOOTNOTE = re.compile(r"\s*(?:[0-9]{1,2}(?:\s*,\s*[0-9]{1,2})*|[a-z]|[*†‡§¶#✱]{1,4}|\[[^\[\]]{1,8}\])\s*\Z")
_POWER_BASE = re.compile(r"(?<![0-9.,])(?:10|2)\s*\Z")
_UNICODE_POWER = re.compile(r"\s*(?:10|2)[¹²³⁰⁴⁵⁶⁷⁸⁹]+\s*\Z")
_NUMERIC = re.compile(r"\s*[±+\-−]?\s*[0-9]*[.,]?[0-9]+\s*%?\s*\Z")
_REFERENCE = re.compile(r"(?<=\S)\s?\[(?:\^[0-9*†‡a-z]{1,3}|[0-9]{1,3}|[*†‡]{1,3}|[a-z])(?:, ?[0-9]{1,3})*\]")
_FOOTNOTE_REFERENCE = re.compile(r"\[\^[^\[\]\s]{1,60}\]")
_INNER_MARK = re.compile(r"(?<=[\w)%+])[†‡✱¶§⁑]+(?=[\s(,)/]|\Z)|(?<=\() ?[†‡✱¶§⁑]+(?=\))")
_MARKS = "*†‡§¶✱⁑∗⁎※¹²³⁰⁴⁵⁶⁷⁸⁹^ "
_LATEX = re.compile(r"\A\s*\^(?:\{[^{}]*\}|[0-9])(?=[0-9.])|\\([A-Za-z]+)|\\(.)|_\{([^{}]*)\}|([{}])")
_FORMULA = re.compile(r"\$(?=[^$]{0,200}[\\_^{])([^$]{1,200})\$")
"""A formula inside a text; two prices in one cell hold none of its marks."""
_LATEX_WORDS = {
    "pm": "±", "times": "×", "approx": "~", "sim": "~", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥",
    "uparrow": "↑", "downarrow": "↓", "textbf": "", "mathbf": "", "underline": "", "text": "", "mathrm": "",
    "textit": "", "bm": "", "boldsymbol": "", "dagger": "†", "ddagger": "‡", "ast": "*",
}  # fmt: skip
_SPACING_TAGS = {"br", "p", "div", "li", "tr", "td", "th", "ul", "ol", "hr"}


def printed(raw: str) -> str:
    """What a reader sees of a cell, footnote marks included."""
    return " ".join("".join(map(_visible, _Scanner(_without_math(raw)).run())).split())


def plain(raw: str) -> str:
    """The text a reader sees, whitespace collapsed."""
    if _PLAIN_ASCII.match(raw):
        return " ".join(raw.split())
    text = _Scanner(_without_math(raw)).run()
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_visible, text))
    return _without_marks(" ".join(text.split()))


def _visible(character: str) -> str:
    """Control and format characters (bidi overrides, joiners, escapes) are not text that may be published."""
    if character.isascii() and character.isprintable():
        return character
    category = unicodedata.category(character)
    if category in {"Cf", "Cs", "Mn"} and not unicodedata.combining(character):
        return ""
    return " " if category in {"Cc", "Zs", "Zl", "Zp"} else character


def _without_marks(text: str) -> str:
    text = _FOOTNOTE_REFERENCE.sub("", text)
    text = _REFERENCE.sub("", text)
    text = _INNER_MARK.sub("", text)
    if _UNICODE_POWER.match(text):
        return text
    return text.rstrip(_MARKS).lstrip("*†‡§¶✱⁑∗⁎※ ")


def _without_math(raw: str) -> str:
    r"""`$85_{\pm .3}$` → `85 (± .3)`; a lone dollar sign is money and stays."""
    if "$" not in raw:
        return raw
    text = raw.strip()
    if text.startswith("$") and text.endswith("$") and text.count("$") == 2:  # noqa: PLR2004 - one pair
        return _LATEX.sub(_latex, text[1:-1])
    return _FORMULA.sub(_formula, raw)


def _formula(found: re.Match[str]) -> str:
    text = _LATEX.sub(_latex, found[1])
    # A raised mark before a number is none of its digits.
    return f"{text}·" if text.startswith("^") and found.string[found.end() : found.end() + 1].isdigit() else text


def _latex(found: re.Match[str]) -> str:
    if found[0].startswith("^"):
        return "·"
    word, escaped, subscript, _ = found.groups()
    if word is not None:
        return _LATEX_WORDS.get(word, word)
    if escaped is not None:
        return str(escaped)
    return f" ({_LATEX.sub(_latex, subscript)})" if subscript is not None else ""


class _Scanner:
    """Walks the source once; `out` holds the pieces, the two stacks remember where a bracket or a script opened."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.out: list[str] = []
        self.brackets: list[tuple[int, bool]] = []
        self.scripts: list[tuple[str, int, bool]] = []
        self.has_text = False
        self.checked = 0
        # Link targets may be looked through this many characters in all: 100,000 `](` stay linear.
        self.budget = MAX_TARGET + 2 * len(source)

    def run(self) -> str:
        rules = {
            "\\": self.escape, "`": self.code, "*": self.emphasis, "_": self.emphasis, "<": self.tag,
            "&": self.entity, "[": self.open_bracket, "]": self.close_bracket, "!": self.image,
        }  # fmt: skip
        while found := _SPECIAL.search(self.source, self.at):
            self.out.append(self.source[self.at : found.start()])
            self.at = found.start()
            rules.get(found.group(), self.literal)()
        self.out.append(self.source[self.at :])
        while self.scripts:  # a script that is never closed ends with its cell
            self._close_script(*self.scripts.pop())
        return "".join(self.out)

    def literal(self) -> None:
        self.out.append(self.source[self.at])
        self.at += 1

    def escape(self) -> None:
        following = self.source[self.at + 1 : self.at + 2]
        if following and following in string.punctuation:
            self.out.append(following)
            self.at += 2
        else:
            self.literal()

    def code(self) -> None:
        run = self._run_length("`")
        end = self.source.find("`" * run, self.at + run, self.at + run + MAX_TARGET)
        if end < 0:
            self.at += run
            return
        self._part_digits(self.at + run)
        self.out.append(self.source[self.at + run : end])
        self.at = end + run
        self._part_digits()

    def emphasis(self) -> None:
        mark = self.source[self.at]
        run = self._run_length(mark)
        before = self.source[self.at - 1 : self.at] if self.at else ""
        after = self.source[self.at + run : self.at + run + 1]
        inside_word = before.isalnum() and after.isalnum()
        # `open_llama` and `3*4` keep the mark; `**7**B` is bold inside a word, but digits are never joined by it.
        keeps = inside_word and (mark == "_" or run == 1 or (before.isdigit() and after.isdigit()))
        stands_alone = before == " " and after == " "
        if keeps or stands_alone:
            self.out.append(mark * run)
        self.at += run

    def _run_length(self, mark: str) -> int:
        end = self.at
        while end < len(self.source) and self.source[end] == mark:
            end += 1
        return end - self.at

    def entity(self) -> None:
        found = _ENTITY.match(self.source, self.at)
        if found is None:
            self.literal()
            return
        self.out.append(html.unescape(found.group()))
        self.at = found.end()

    def tag(self) -> None:
        if self.source.startswith("<!--", self.at):
            end = self.source.find("-->", self.at, self.at + MAX_TARGET)
            if end < 0:
                self.literal()
            else:
                self.at = end + 3
            return
        found = _AUTOLINK.match(self.source, self.at) or _TAG.match(self.source, self.at)
        if found is None:
            self.literal()
            return
        self.at = found.end()
        if found.re is _TAG:
            self._apply_tag(found.group(2).lower(), closes=bool(found.group(1)))
            opens_script = not found.group(1) and found.group(2).lower() in {"sup", "sub"}
            if not opens_script:
                self._part_digits()

    def _apply_tag(self, name: str, *, closes: bool) -> None:
        if name in {"s", "del", "strike"}:
            self.out.append("~~")  # struck out: no value
        elif name in _SPACING_TAGS:
            self.out.append(" ")
        elif name in {"sup", "sub"} and not closes:
            self.scripts.append((name, len(self.out), not self._anything_yet()))
        elif name in {"sup", "sub"} and self.scripts and self.scripts[-1][0] == name:
            self._close_script(*self.scripts.pop())

    def _anything_yet(self) -> bool:
        """Whether something visible stands before this point; each piece is looked at once."""
        self.has_text = self.has_text or any(piece.strip() for piece in self.out[self.checked :])
        self.checked = len(self.out)
        return self.has_text

    def _close_script(self, name: str, start: int, stands_first: bool) -> None:  # noqa: FBT001 - from the stack
        content = "".join(self.out[start:])
        del self.out[start:]
        if stands_first:
            self.out.append(content + " ")
        elif name == "sup" and _FOOTNOTE.match(content) and not (self._ends_in_power() and content.strip().isdigit()):
            return
        elif name == "sub" and self._ends_in_letter() and _NUMERIC.match(content):
            self.out.append(content.strip())  # F₁ is F1; two numbers are never joined
        elif name == "sup" and self._ends_in_power() and _NUMERIC.match(content):
            self.out.append(f"^{content.strip()}")
        elif _NUMERIC.match(content):
            self.out.append(f" ({content.strip()})")
        else:
            self.out.append(content if content.strip() == "+" else f" {content}")

    def _part_digits(self, at: int | None = None) -> None:
        """Digits on both sides of dropped markup are no plain number; a blank might make them two."""
        following = self.source[self.at if at is None else at :][:1]
        if following.isdigit() and "".join(self.out[-2:])[-1:].isdigit():
            self.out.append("·")

    def _ends_in_letter(self) -> bool:
        return "".join(self.out[-2:])[-1:].isalpha()

    def _ends_in_power(self) -> bool:
        """`10` or `2` alone before a raised number is a power, not a value with a footnote."""
        return bool(_POWER_BASE.search("".join(self.out[-2:])))

    def image(self) -> None:
        if self.source.startswith("[", self.at + 1):
            self.brackets.append((len(self.out), True))
            self.at += 2
        else:
            self.literal()

    def open_bracket(self) -> None:
        self.brackets.append((len(self.out), False))
        self.out.append("[")
        self.at += 1

    def close_bracket(self) -> None:
        self.at += 1
        if not self.brackets:
            self.out.append("]")
            return
        start, is_image = self.brackets.pop()
        end = self._target_end()
        if is_image:
            del self.out[start:]
            self.at = max(self.at, end)
        elif end > self.at:
            glued = "".join(self.out[max(0, start - 2) : start])[-1:].isdigit()
            self.out[start] = "·" if glued and "".join(self.out[start + 1 :])[:1].isdigit() else ""
            self.at = end
            self._part_digits()
        else:
            self.out.append("]")

    def _target_end(self) -> int:
        """Where `(target)` or `[reference]` right here ends, or 0."""
        if self.source.startswith("[", self.at):
            return self.source.find("]", self.at, self.at + MAX_TARGET) + 1
        if not self.source.startswith("(", self.at):
            return 0
        depth = 0
        for index in range(self.at, min(len(self.source), self.at + MAX_TARGET, self.at + self.budget)):
            self.budget -= 1
            depth += {"(": 1, ")": -1}.get(self.source[index], 0)
            if depth == 0:
                return index + 1
        return 0
