"""What one label means: a model, a benchmark, a metric ... or something that is not a score at all."""

# ruff: noqa: RUF001 - full-width brackets are printed in labels

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from evalbot.readme import words

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(Enum):
    EMPTY = auto()
    MODEL = auto()
    OTHER_MODEL = auto()
    """Names a model the row was made from: its rows are not that model's."""
    BENCHMARK = auto()
    METRIC_COLUMN = auto()
    """The head of a column that names metrics."""
    METRIC = auto()
    """A metric's name itself."""
    SCORE = auto()
    SHOTS = auto()
    CATEGORY = auto()
    SUBSET = auto()
    STDERR = auto()
    VERSION = auto()
    AVERAGE = auto()
    PRECISION = auto()
    NOT_A_SCORE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Role:
    kind: Kind
    reason: str = ""


COUNTS_SHOTS = "a number of shots"
"""The head of a column of shot counts, unlike `5-shot`, which heads results at five shots."""
MAX_LABEL = 200
"""A longer label is prose; only its beginning is looked at."""

_PARENTHESES = re.compile(r"[(（\[][^()（）\[\]]*[)）\]]")
_PARENTHESISED = re.compile(r"[(（\[]([^()（）\[\]]*)[)）\]]")
_AFTER_HEAD = re.compile(
    r" (?:with|of|on|in|for|at|per|taken|using|from|to|w|when|by|between|vs|versus|over|compared)\b.*"
)
_FOLD = re.compile(r"[^\w@#%$€/]+|_")
_SHOTS_HEAD = re.compile(r"(?:#|n|num|number of|no of|few|k|\?)? ?shots?(?: num| number)?|num fewshot|fewshot|n shots")
_SHOTS_VALUE = re.compile(r"(?:[0-9]{1,3}|zero|one|few|n|k) ?shots?(?: cot)?|n ?= ?[0-9]{1,3}")
_SHARE = re.compile(r"(?:%|percent|percentage) of \S")
_AGAINST = re.compile(r"(?:vs|versus|rel|relative|compared)\b")
_TRAINING = re.compile(r"train(?:ing)? (?!set)")
_BATCH = re.compile(r"(?:batch|batch size|bs) ?=? ?[0-9]+")
_COUNT = re.compile(r"# ?\S|(?:number of|num|no of|nr of|nombre de|número de|numero di|anzahl|количество) \S")
_SIZED = re.compile(r"[0-9.]+ ?[bm]\b")
"""`7B Params` names a model by its size; it does not count parameters."""
_HARDWARE = re.compile(
    r"(?:nvidia |tesla |geforce )*(?:[avhb][1-9]00|a10g?|a40|a6000|h20|t4|p100|l4|l40s?|[rg]tx ?[0-9]{4}(?: ?ti)?|"
    r"m[1-4](?: (?:max|pro|ultra))?|[2-5]0[5-9]0(?: ?ti)?|tpu ?v[0-9].*|jetson.*|(?:agx )?orin.*|xavier.*|iphone.*|"
    r"snapdragon.*|raspberry pi.*|cpu|gpu)(?: ?[0-9]+ ?gb| pcie| sxm[0-9]?)*"
)
_BATCHED = re.compile(r" (?:bs|b|batch) ?[0-9]+")
_PER_TIME = re.compile(
    r"/ ?(?:s|sec|second|秒|min|h)\b|/秒|it/s|tok/s|\b(?:s|ms|us|sec) ?/ ?\w|\bper (?:sec|second|min|hour)\b"
)
_GERMAN = re.compile(r"\w{3,}(?:zeit|größe|anzahl|kosten|dauer)")
_DEVICES = frozenset({"gpu", "cpu", "tpu", "npu", "/"})
_SETTING = re.compile(
    r"(?:n|num|max|min|lora|adam|grad|weight|learning|warmup|batch|hidden|total)_\w+"
    r"|\w+_(?:eps|steps|size|len|length|clip|alpha|beta|decay|dim|layers|heads|epochs|flos|ratio)"
)
"""A hyper-parameter as configuration files spell it."""
_AT = re.compile(r"@.*")


def fold(text: str) -> str:
    """Lower case, punctuation as blanks: how two spellings of one label compare."""
    return " ".join(_FOLD.sub(" ", text[:MAX_LABEL].lower()).replace("/", " / ").split())


def core(text: str) -> str:
    """The folded label without parentheses and without what follows its head noun."""
    folded = fold(_PARENTHESES.sub(" ", text[:MAX_LABEL])).replace(" / ", " ")
    return (folded if _is_identifier(text) else _AFTER_HEAD.sub("", folded)).strip()


@lru_cache(maxsize=8192)
def role_of(text: str) -> Role:
    """The role of one header or row label, by its own words only."""
    if not any(character.isalnum() or character in "#%Δ∆" for character in text[:MAX_LABEL]):
        return Role(Kind.EMPTY)
    folded = fold(text)
    tokens = (core(text) or folded).split()
    for kind, applies in _KINDS_FIRST:
        if applies(folded, tokens):
            return Role(kind, COUNTS_SHOTS if _SHOTS_HEAD.fullmatch(folded) else "")
    reason = not_a_score(text)
    if reason is not None:
        return Role(Kind.NOT_A_SCORE, reason)
    for kind, applies in _KINDS:
        if applies(folded, tokens):
            return Role(kind)
    if is_average(text):
        return Role(Kind.AVERAGE)
    return Role(Kind.METRIC if is_metric(text) else Kind.UNKNOWN)


def _is_shots(folded: str, _tokens: list[str]) -> bool:
    return bool(_SHOTS_HEAD.fullmatch(folded) or _SHOTS_VALUE.fullmatch(folded))


def _is_precision(folded: str, _tokens: list[str]) -> bool:
    pieces = [piece for piece in folded.split() if piece != "/"]
    return bool(pieces) and all(piece in words.PRECISIONS for piece in pieces)


def _is_stderr(folded: str, tokens: list[str]) -> bool:
    named = {"stderr", "ci"} & {*tokens, *folded.split()}
    return folded in words.STDERR or folded.endswith(words.STDERR_ENDS) or bool(named)


def _is_version(_folded: str, tokens: list[str]) -> bool:
    return bool(tokens) and tokens[-1] in words.VERSION and len(tokens) <= 3  # noqa: PLR2004 - `CV version`, no sentence


def _is_metric_column(_folded: str, tokens: list[str]) -> bool:
    return tokens[-1] in words.METRIC_COLUMN and tokens[0] not in words.BENCHMARK


def _is_benchmark_column(folded: str, tokens: list[str]) -> bool:
    by_words = tokens[0] in words.BENCHMARK - {"test"} or (tokens[-1] in words.BENCHMARK and tokens[-1] != "bench")
    return by_words or any(piece in folded for piece in words.BENCHMARK_SUBSTRINGS)


def _is_other_model(folded: str, tokens: list[str]) -> bool:
    before = set(tokens[:-1])
    return _is_model_column(folded, tokens) and bool(words.OTHER_MODEL & before) and not words.PRETRAINED & before


def _is_model_column(folded: str, tokens: list[str]) -> bool:
    if any(piece in folded for piece in words.MODEL_SUBSTRINGS):
        return True
    if tokens[-1] in {"name", "names", "id", "ids"} and len(tokens) > 1:
        return tokens[-2] in words.MODEL
    if tokens[-1] in words.MODEL_ALONE:
        return len(tokens) == 1
    with_shots = tokens[0] in {"model", "models"} and bool(_SHOTS_VALUE.fullmatch(" ".join(tokens[1:])))
    return tokens[-1] in words.MODEL or with_shots


def _is_category(_folded: str, tokens: list[str]) -> bool:
    return tokens[-1] in words.CATEGORY


def _is_subset(_folded: str, tokens: list[str]) -> bool:
    return tokens[-1] in words.SUBSET


def _is_score(folded: str, tokens: list[str]) -> bool:
    return folded in words.SCORE or (len(tokens) > 1 and tokens[-1] in words.SCORE)


_KINDS_FIRST: tuple[tuple[Kind, Callable[[str, list[str]], bool]], ...] = (
    (Kind.SHOTS, _is_shots),
    (Kind.PRECISION, _is_precision),
    (Kind.STDERR, _is_stderr),
    (Kind.VERSION, _is_version),
)
"""Recognised before a label is asked whether it is no score: these have words in common with quantities."""
_KINDS: tuple[tuple[Kind, Callable[[str, list[str]], bool]], ...] = (
    (Kind.METRIC_COLUMN, _is_metric_column),
    (Kind.CATEGORY, _is_category),
    (Kind.BENCHMARK, _is_benchmark_column),
    (Kind.OTHER_MODEL, _is_other_model),
    (Kind.MODEL, _is_model_column),
    (Kind.SUBSET, _is_subset),
    (Kind.SCORE, _is_score),
)


_HEADS = {word: reason for reason, group in words.NOT_A_SCORE_HEADS.items() for word in group.split()}
_ALONE = {word: reason for reason, group in words.NOT_A_SCORE_ALONE.items() for word in group.split()}
_PHRASES = {phrase: reason for reason, group in words.NOT_A_SCORE_PHRASES.items() for phrase in group.split("|")}
_SUBSTRINGS = {piece: reason for reason, group in words.NOT_A_SCORE_SUBSTRINGS.items() for piece in group.split()}

_TOPICS = frozenset(
    {"time", "times", "date", "dates", "year", "words", "count", "window", "head", "sentences", "documents"}
)
"""Last words of task identifiers that are the task's topic: `bigbench_over_time`."""
_ANYWHERE = frozenset(
    {
        "params",
        "param",
        "parameters",
        "flops",
        "gflops",
        "latency",
        "throughput",
        "ram",
        "vram",
        "vocab",
        "loss",
        "speed",
        "usd",
    }
)
"""Heads that mean a quantity wherever they stand in a label."""


_WHOLE_UNITS = frozenset(
    {"gb", "mb", "kb", "gib", "mib", "tb", "ms", "sec", "secs", "seconds", "kbps", "mbps", "hz", "khz", "fps"}
)
"""Units that are no word of anything else, so they need no parentheses: `Peak GB`, `Size/GB`, `ms`."""


def not_a_score(text: str) -> str | None:
    """Why numbers under this label are no evaluation scores, or None."""
    folded, head = fold(text), core(text)
    if (
        _PARENTHESES.sub(" ", text[:MAX_LABEL]).strip() in words.BENCHMARK_ACRONYMS
        or folded.lstrip("# ") in words.SCORE
        or (_SIZED.match(head) and not _COUNT.match(folded))
    ):
        return None
    reason = _by_sign(text, folded, head) or _by_phrase(folded, f" {head} ")
    if reason is not None:
        return reason
    reason = _by_head(head, folded)
    return None if reason and _is_identifier(text) and head.split()[-1] in _TOPICS else reason


def _by_sign(text: str, folded: str, head: str) -> str | None:
    """What a count sign, a currency, a unit or a device's name says at once."""
    unit = _unit(text)
    signs = (
        ("a count", _COUNT.match(folded) and not is_metric(folded.lstrip("# "))),
        ("a rank", {"rank", "ranking"} & set(folded.split())),
        ("a difference between scores", "Δ" in text or "∆" in text or _AGAINST.match(folded)),
        ("a share of the data", _SHARE.match(folded)),
        ("a measure on training data", _TRAINING.match(folded) and mentions_metric(folded)),
        ("a count", "_" in text and folded.endswith(" total")),
        ("a price", folded.count("$") == 1 or "€" in folded),  # two dollars are a formula
        ("hardware or energy", _HARDWARE.fullmatch(_BATCHED.sub("", head))),
        ("a speed or time", _is_by_device(text)),
        ("a quantity", _GERMAN.fullmatch(head)),
        ("a hyper-parameter", _SETTING.fullmatch(text.strip().lower()) and not is_metric(text)),
        ("a hyper-parameter", _BATCH.fullmatch(head)),
        ("a speed or time", _PER_TIME.search(folded.replace(" / ", "/"))),
        (f"a quantity in {unit}", unit),
    )
    return next((reason for reason, applies in signs if applies), None)


def _is_by_device(text: str) -> bool:
    """`Queries (GPU / CPU)`: what depends on the device is a speed."""
    inside = [set(fold(found[1]).split()) for found in _PARENTHESISED.finditer(text[:MAX_LABEL])]
    return any(pieces and pieces <= _DEVICES for pieces in inside)


def _is_identifier(text: str) -> bool:
    """`agieval_lsat_lr`: the last word of a task's identifier is no head noun."""
    return text.count("_") > 1 and " " not in text.strip()


def _by_phrase(folded: str, padded_head: str) -> str | None:
    for phrase, reason in _PHRASES.items():
        if f" {phrase} " in padded_head:
            return reason
    return next((reason for piece, reason in _SUBSTRINGS.items() if piece in folded), None)


def _by_head(head: str, folded: str) -> str | None:
    tokens = head.rstrip("#% ").split()
    alone = folded.rstrip("#% ") or folded
    if len(tokens) <= 1 and alone in _ALONE:
        return _ALONE[alone]
    if not tokens:
        return None
    last = tokens[-1]
    if last in _WHOLE_UNITS:
        return f"a quantity in {last}"
    if len(tokens) > 1 and last in {"id", "ids"} and tokens[-2] not in words.MODEL:
        return "an index"
    if len(tokens) > 1 and last in {"m", "b", "g", "k"}:
        last = tokens[-2]  # `Params / M`
    if len(tokens) > 1 and tokens[-2].isdecimal():
        return None  # `News 128 length` is measured at a length; it does not measure one
    return _HEADS.get(last) or next((_HEADS[word] for word in tokens if word in _ANYWHERE), None)


def _unit(text: str) -> str | None:
    for found in _PARENTHESISED.finditer(text[:MAX_LABEL]):
        inside = found[1].strip()
        if inside.lower() in words.UNITS or inside in words.MAGNITUDES:
            return inside
    return None


def metric_tokens(text: str) -> list[str]:
    """The folded words of a label with metric phrases as one word and `@k` dropped."""
    folded = f" {fold(text)} "
    for phrase, word in words.METRIC_PHRASES.items():
        folded = folded.replace(f" {phrase} ", f" {word} ")
    return [_AT.sub("", word) or word for word in folded.replace("%", " ").split() if word != "/"]


def is_metric(text: str) -> bool:
    """Whether the label is a metric's name and nothing else: `F1`, `Best Test Score`, `pass@1`."""
    tokens = metric_tokens(text)
    named = [token for token in tokens if _is_metric_word(token)]
    rest = [token for token in tokens if not _is_metric_word(token)]
    return bool(named) and all(token in words.METRIC_QUALIFIERS or token.isdigit() for token in rest)


def mentions_metric(text: str) -> bool:
    """Whether a metric's name stands somewhere in the label: `MMLU (Acc.)`, `HumanEval Pass@1`."""
    return any(_is_metric_word(token) for token in metric_tokens(text))


def _is_metric_word(token: str) -> bool:
    return token in words.METRICS


def is_average(text: str) -> bool:
    """`Average`, `Mean (Task)`, `Average WER`: an aggregate of the other scores, not a benchmark."""
    tokens = [token for token in fold(text).split() if token not in {"%", "/"}]
    if not tokens or not any(token in words.AVERAGE for token in tokens):
        return fold(text) in words.AVERAGE
    return all(token in words.AVERAGE or token in words.AVERAGE_FELLOWS for token in tokens)


def is_known_benchmark(text: str) -> bool:
    """Whether the label, or its first words, is a widely used benchmark's name."""
    bare = fold(_PARENTHESES.sub(" ", text)).replace(" / ", " ").split()
    return any("".join(bare[:count]) in words.KNOWN_BENCHMARKS for count in (1, 2, 3))
