"""What one label means: a model, a benchmark, a metric ... or something that is not a score at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from evalbot.readme import words
from evalbot.readme.quantities import not_a_score
from evalbot.readme.wording import MAX_LABEL, core, fold, is_average, is_metric

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
_SHOTS_HEAD = re.compile(r"(?:#|n|num|number of|no of|few|k|\?)? ?shots?(?: num| number)?|num fewshot|fewshot|n shots")
_MODEL_AND = re.compile(r"(?:models?|methods?|systems?|模型|方法) (?:and|/|or|with) \w")
"""`Model and Size` heads the models, with something said of each."""
_PLUS_MINUS = re.compile(r"\w\s*(?:±|\+/-)\s*(?:\)|\Z)|\A\s*(?:±|\+/-)")
"""`F1 ±`: how far another column's values spread; `Acc ± std` holds both."""
_RELATION = re.compile(
    r"(?:distilled|fine ?tuned|finetuned|initiali[sz]ed|derived|adapted|quanti[sz]ed|converted|trained|started) from"
    r"|applied to|merged with|starting point|initiali[sz]ation|opponents?|competitors?|(?:win rate )?(?:against|versus)"
    r"|evaluators?|annotators?|judges?|victims?|removed(?: component)?|source of (?:synthetic )?data|parent(?: [0-9])?"
    r"|(?:target|reference|baseline|judge|draft|seed|parent|source) models?"
)
"""Heads over models that the row was made from, measured against or judged by: its numbers are not theirs."""
_TRAINED = {"training", "train", "pretraining", "pretrain", "pretrained", "finetuning", "finetune", "tuning", "source"}
_INTERVAL_HEAD = re.compile(r"[0-9]+ ?%? ?ci\b|\bci ?[0-9]+|\bci (?:low|high|lower|upper)\b")
"""`95% CI`; `VCG-CI` is a task."""
_SHOTS_VALUE = re.compile(r"(?:[0-9]{1,3}|zero|one|few|n|k) ?shots?(?: cot)?|n ?= ?[0-9]{1,3}")


@lru_cache(maxsize=8192)
def role_of(text: str) -> Role:
    """The role of one header or row label, by its own words only."""
    spread = bool(_PLUS_MINUS.search(text[:MAX_LABEL]))
    if spread or not any(character.isalnum() or character in "#%Δ∆" for character in text[:MAX_LABEL]):
        return Role(Kind.STDERR if spread else Kind.EMPTY)
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


def _is_model_and_more(folded: str, _tokens: list[str]) -> bool:
    return bool(_MODEL_AND.match(folded))


def _is_shots(folded: str, _tokens: list[str]) -> bool:
    return bool(_SHOTS_HEAD.fullmatch(folded) or _SHOTS_VALUE.fullmatch(folded))


def _is_precision(folded: str, _tokens: list[str]) -> bool:
    pieces = [piece for piece in folded.split() if piece != "/"]
    return bool(pieces) and all(piece in words.PRECISIONS for piece in pieces)


def _is_stderr(folded: str, tokens: list[str]) -> bool:
    if len(tokens) > 1 and tokens[-1] in {"std", "stdev", "stderr"} and tokens[-2] not in words.SPLITS:
        return True  # `Accuracy std`; `Accuracy (std)` heads both
    named = {"stderr"} & {*tokens, *folded.split()} or _INTERVAL_HEAD.search(folded)
    if folded and folded.split(maxsplit=1)[0] in {"std", "stdev", "stddev", "stderr"}:
        return True
    return folded in words.STDERR or folded.endswith(words.STDERR_ENDS) or bool(named)


def _is_version(_folded: str, tokens: list[str]) -> bool:
    return bool(tokens) and tokens[-1] in words.VERSION and len(tokens) <= 3  # noqa: PLR2004 - `CV version`, no sentence


def _is_metric_column(_folded: str, tokens: list[str]) -> bool:
    return tokens[-1] in words.METRIC_COLUMN and tokens[0] not in words.BENCHMARK


def _is_benchmark_column(folded: str, tokens: list[str]) -> bool:
    if set(tokens) & _TRAINED or is_metric(folded):
        return False  # `Pretraining dataset` tells models apart; `Eval perplexity` is measured
    if folded in {"data set", "data sets", "test set", "test sets"}:
        return True
    by_words = tokens[0] in words.BENCHMARK - {"test"} or (tokens[-1] in words.BENCHMARK and tokens[-1] != "bench")
    return by_words or any(piece in folded for piece in words.BENCHMARK_SUBSTRINGS)


def _is_other_model(folded: str, tokens: list[str]) -> bool:
    if _RELATION.fullmatch(folded):
        return True
    before = set(tokens[:-1])
    return _is_model_column(folded, tokens) and bool(words.OTHER_MODEL & before) and not words.PRETRAINED & before


def _is_model_column(folded: str, tokens: list[str]) -> bool:
    if any(piece in folded for piece in words.MODEL_SUBSTRINGS):
        return True
    if tokens[-1] in {"name", "names", "id", "ids", "path", "paths", "repo"} and len(tokens) > 1:
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
    return (
        folded in words.SCORE
        or (len(tokens) == 1 and tokens[0] in words.SCORE)
        or (len(tokens) > 1 and tokens[-1] in words.SCORE)
    )


_KINDS_FIRST: tuple[tuple[Kind, Callable[[str, list[str]], bool]], ...] = (
    (Kind.MODEL, _is_model_and_more),
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
