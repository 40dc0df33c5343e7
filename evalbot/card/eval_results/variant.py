"""Which variant of a benchmark a number is: with tools or not, after how many examples.

The Hub's format has no field for it. The convention there is a file for each variant, `hle_with_tools.yaml`, and a
sentence in `notes`: `With tools`, `5-shot`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalbot.score import Score

_WITHOUT = r"(?:\b(?:without|no|w/o)|w/o)[\s_-]*(?:any[\s_-]+)?tools?(?:[\s_-]+use)?\b"
_WITH = r"(?:\b(?:with|using)|w/|\+)[\s_-]*tools?(?:[\s_-]+use)?\b"
_IN_TEXT = re.compile(rf"(?P<without>{_WITHOUT})|(?P<with>{_WITH})", re.IGNORECASE)
_BARE = re.compile(r"tools?(?:[\s_-]+use)?", re.IGNORECASE)
_BRACKETED = re.compile(r"(?<=[(\[,])\s*tools?(?:[\s_-]+use)?\s*(?=[)\],])", re.IGNORECASE)
"""The word alone, as a piece between brackets or commas."""
_AIDS = re.compile(r"\btools?\b|\b(?:with|w/|using)\s*(?:python|search|code|brows\w+)\b", re.IGNORECASE)
_SHOTS = re.compile(r"\b(?P<count>\d{1,3}|zero|one)[\s_-]*shots?\b", re.IGNORECASE)
_NUMBER_WORDS = {"zero": 0, "one": 1}
_PLAIN = ("engine", "task")
_TEMPLATE = {True: "chat template", False: "raw prompts"}
_EMPTY_BRACKETS = re.compile(r"[(\[][\s,;]*[)\]]")
# From the start of a run only: a name of a hundred thousand commas is read in one pass.
_LOOSE_COMMA = re.compile(r"(?<=[(\[])[\s,;]++|(?<![\s,;])[\s,;]++(?=[)\]])")


@dataclass(frozen=True, slots=True)
class Variant:
    """`tools` is False where nothing says so; `more` are words of an entry's notes that are neither tools nor shots.

    For a run of ours they are the engine, its task, and whether prompts went through the chat template.
    """

    tools: bool = False
    shots: int | None = None
    more: str = ""

    @property
    def notes(self) -> str | None:
        """`With tools, 5-shot`; `5-shot, lighteval, gsm8k, chat template`; None where there is nothing to say."""
        said = ["With tools"] if self.tools else []
        said += [] if self.shots is None else [f"{self.shots}-shot"]
        said += [self.more] if self.more else []
        return ", ".join(said) or None

    def suffix(self, *, with_shots: bool) -> str:
        """What a file's name says of it: `_with_tools_5shot`."""
        shots = f"_{self.shots}shot" if with_shots and self.shots is not None else ""
        return ("_with_tools" if self.tools else "") + shots

    def may_be(self, other: Variant) -> bool:
        """Whether both can be one variant, as far as both say."""
        return self.tools == other.tools and (None in (self.shots, other.shots) or self.shots == other.shots)


def variant_of(score: Score) -> tuple[Score, Variant | str]:
    """The score without the words for tools in its label, and its variant or why it cannot be told.

    A heading such as `Tool use` may say what the benchmark is about, or how it was run: nothing tells which.
    """
    bare, said = _without_tools(score)
    for text in score.context:
        found = _tools_in(text)
        if found is None and _AIDS.search(text):
            return bare, f"the table says {text!r} of it, which does not tell whether tools were used"
        said |= found or set()
    if len(said) > 1:
        return bare, "the table says both with and without tools of it"
    return bare, Variant(tools=True in said, shots=score.shots, more=_more_in(_measured(score)))


def _measured(score: Score) -> str:
    """How a run of ours measured: what else two numbers must share to be comparable."""
    settings = () if score.dataset is None else score.dataset.settings
    said = (_TEMPLATE[value is True] if name == "chat_template" else _said(name, value) for name, value in settings)
    return ", ".join(text.replace(",", " ").replace(";", " ") for text in said)


def noted_variant(notes: str | None, path: str) -> Variant:
    """The variant of an entry, by its notes; where they say nothing of tools or shots, by its file's name."""
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("_", " ")
    tools, shots = _tools_noted(notes or ""), shots_in(notes or "")
    return Variant(
        tools=bool(tools if tools is not None else _tools_noted(stem)),
        shots=shots if shots is not None else shots_in(stem),
        more=_more_in(notes or ""),
    )


def shots_in(text: str) -> int | None:
    """The number of examples a text speaks of: `5-shot`, `zero-shot`; None where it says none."""
    found = _SHOTS.search(text)
    if found is None:
        return None
    count = found["count"].lower()
    return _NUMBER_WORDS[count] if count in _NUMBER_WORDS else int(count)


def named_variant(name: str) -> Variant:
    """The variant that a published name speaks of: `HLE (w/ tools)`."""
    return Variant(tools=bool(_tools_noted(name)), shots=shots_in(name))


def bare_name(name: str) -> str:
    """A published name without its words for tools and shots."""
    return _cut(_BRACKETED.sub("", _SHOTS.sub("", name)))


def _said(name: str, value: str | int | bool) -> str:  # noqa: FBT001 - a setting of any kind
    return str(value) if name in _PLAIN else f"{name} {value}"


def _without_tools(score: Score) -> tuple[Score, set[bool]]:
    pieces = [piece.strip() for piece in (score.subset or "").split(",") if piece.strip()]
    kept, said = [], set[bool]()
    for piece in pieces:
        found = {True} if _BARE.fullmatch(piece) else _tools_in(piece)
        said |= found or set()
        if not found:
            kept.append(piece)
    said |= _tools_in(score.label) or set()
    if not said:
        return score, said
    label = _cut(_BRACKETED.sub("", score.label))
    return replace(score, label=label, benchmark=_cut(score.benchmark), subset=", ".join(kept) or None), said


def _tools_in(text: str) -> set[bool] | None:
    """What a text says of tools, with a preposition before the word; None where it does not speak of them so."""
    found = {match["with"] is not None for match in _IN_TEXT.finditer(text)}
    return found or None


def _tools_noted(text: str) -> bool | None:
    """What notes or a name say of tools: `no-tools`, `With tools`, or a piece that is the word alone."""
    found = _tools_in(text)
    if found is not None:
        return True in found
    return True if any(_BARE.fullmatch(piece.strip()) for piece in re.split(r"[,;()\[\]]", text)) else None


def _more_in(notes: str) -> str:
    rest = _SHOTS.sub(" ", _IN_TEXT.sub(" ", notes))
    pieces = [piece.strip(" .") for piece in re.split(r"[,;]", rest)]
    return ", ".join(piece for piece in pieces if piece and not _BARE.fullmatch(piece))


def _cut(text: str) -> str:
    return _tidy(_IN_TEXT.sub("", text))


def _tidy(text: str) -> str:
    """A label from which words were taken, without brackets and commas that hold nothing any more."""
    return " ".join(_EMPTY_BRACKETS.sub("", _LOOSE_COMMA.sub("", text)).split()).strip(" ,;-–")  # noqa: RUF001 - dashes of labels
