"""How labels compare: folded words, the head noun, and whether they name a metric, an average or a benchmark."""

# ruff: noqa: RUF001 - full-width brackets are printed in labels

from __future__ import annotations

import re
from functools import lru_cache

from evalbot.readme import words

REMEMBERED = 8192
"""Labels are asked about many times over; a card has some hundreds."""
MAX_LABEL = 200
"""A longer label is prose; only its beginning is looked at."""
PARENTHESES = re.compile(r"[(（\[][^()（）\[\]]*[)）\]]")
_AFTER_HEAD = re.compile(
    r" (?:with|of|on|in|for|at|per|taken|using|from|to|w|when|by|between|vs|versus|over|compared)\b.*"
)
_VERSION_LOOK = re.compile(r"[a-z]-?v[0-9]|(?<![a-z])v[0-9]+(?:\.[0-9]+)+")
_MODEL_LOOK = re.compile(
    r"(?<![a-z0-9])[0-9]+(?:\.[0-9]+)?x?[0-9]*[bm](?![a-z])"  # a size: 7B, 1.5b, 8x7B
    r"|\((?:ours|this model)\)|(?<![a-z])ours(?![a-z])"
    r"|[a-z][a-z0-9.]*/[a-z][a-z0-9._-]*-[a-z0-9._-]+"  # organisation/model-name
    r"|(?<![a-z])(?:base|large|small|tiny|instruct|chat|mini|xl|xxl|baseline|sota)(?![a-z])"
)
_FOLD = re.compile(r"[^\w@#%$€/]+|_")
_AT = re.compile(r"@.*")
_AT_K = re.compile(r"[prh]@ ?[0-9]+\Z")
"""Precision, recall or hits at k; the bare letters mean many things."""
_TOP = "topk"
_TOP_K = re.compile(r"\b(?:top|rank) ?@? ?[0-9]+\b")
_SPLIT_END = re.compile(r"(?:val|test|dev|box|mask|bbox|segm)\Z")


@lru_cache(maxsize=REMEMBERED)
def fold(text: str) -> str:
    """Lower case, punctuation as blanks: how two spellings of one label compare."""
    lower = text[:MAX_LABEL].lower().replace("\\", "/")
    return " ".join(_FOLD.sub(" ", lower).replace("/", " / ").split())


@lru_cache(maxsize=REMEMBERED)
def core(text: str) -> str:
    """The folded label without parentheses and without what follows its head noun."""
    folded = fold(PARENTHESES.sub(" ", text[:MAX_LABEL])).replace(" / ", " ")
    return (folded if is_identifier(text) else _AFTER_HEAD.sub("", folded)).strip()


def is_identifier(text: str) -> bool:
    """`agieval_lsat_lr`: the last word of a task's identifier is no head noun."""
    return text.count("_") > 1 and " " not in text.strip()


def metric_tokens(text: str) -> list[str]:
    """The folded words of a label with metric phrases as one word and `@k` dropped."""
    folded = _TOP_K.sub(_TOP, f" {fold(text)} ")
    for phrase, word in words.METRIC_PHRASES.items():
        folded = folded.replace(f" {phrase} ", f" {word} ")
    found = folded.replace("%", " ").split()
    return ["hits" if _AT_K.match(word) else _AT.sub("", word) or word for word in found if word != "/"]


@lru_cache(maxsize=REMEMBERED)
def is_metric(text: str) -> bool:
    """Whether the label is a metric's name and nothing else: `F1`, `Best Test Score`, `pass@1`."""
    tokens = metric_tokens(text)
    named = [token for token in tokens if _is_metric_word(token)]
    rest = [token for token in tokens if not _is_metric_word(token)]
    return bool(named) and all(token in words.METRIC_QUALIFIERS or token.isdigit() for token in rest)


@lru_cache(maxsize=REMEMBERED)
def mentions_metric(text: str) -> bool:
    """Whether a metric's name stands somewhere in the label: `MMLU (Acc.)`, `HumanEval Pass@1`."""
    return any(_is_metric_word(token) for token in metric_tokens(text))


def _is_metric_word(token: str) -> bool:
    """A metric, also with the split or kind it is measured on: `mAPval`, `APbox`."""
    return token in words.METRICS or _SPLIT_END.sub("", token) in words.METRICS or token == _TOP


def is_average(text: str) -> bool:
    """`Average`, `Mean (Task)`, `Average WER`: an aggregate of the other scores, not a benchmark."""
    tokens = [token for token in fold(text).split() if token not in {"%", "/"}]
    if not tokens or not any(token in words.AVERAGE for token in tokens):
        return fold(text) in words.AVERAGE
    if tokens[0] == "overall" and any(map(_is_metric_word, tokens)):
        return False  # `Overall Accuracy` is measured over all items, not averaged over tasks
    return all(token in words.AVERAGE or token in words.AVERAGE_FELLOWS or token.isdigit() for token in tokens)


@lru_cache(maxsize=REMEMBERED)
def is_known_benchmark(text: str) -> bool:
    """Whether the label, or its first words, is a widely used benchmark's name."""
    bare = fold(PARENTHESES.sub(" ", text)).replace(" / ", " ").split()
    return any("".join(bare[:count]) in words.KNOWN_BENCHMARKS for count in (1, 2, 3))


def names_no_model(text: str) -> bool:
    """A benchmark's name as it is commonly written, a metric's, or an average."""
    measured = is_metric(text) and not any(character.isdigit() for character in text)
    return measured or is_average(text) or "".join(fold(text).split()) in words.KNOWN_BENCHMARKS


@lru_cache(maxsize=REMEMBERED)
def is_sized_or_owned(label: str) -> bool:
    """By a size, an owner or a word for model variants, and not only by a version, which data sets have too."""
    return bool(_MODEL_LOOK.search(label[:MAX_LABEL].lower()))


def looks_like_model(label: str) -> bool:
    """By a size, a version or a word for model variants; evidence for an axis, never for one label's identity."""
    return is_sized_or_owned(label) or bool(_VERSION_LOOK.search(label[:MAX_LABEL].lower()))
