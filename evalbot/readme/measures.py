"""Rows under a `Metric` head: measures of this model, or what else such tables list: settings, counts, others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.readme.labels import shots_in
from evalbot.readme.roles import Kind
from evalbot.readme.wording import PARENTHESES, fold, is_average, is_known_benchmark, is_sized_or_owned, mentions_metric

if TYPE_CHECKING:
    from evalbot.readme.columns import Column

_ANOTHER_STATE = re.compile(
    r"\b(?:before|without|w / o|prior to|pretrained|pre trained|base model|target|required|goal|human|annotators?"
    r"|student|quanti[sz]ed|best possible|state of the art)\b"
)
"""`Accuracy before fine-tuning`, `Target accuracy`: of no model that is, or of another."""


def why_no_measure(name: str, naming: Column | None) -> str | None:
    """Why a row of a table without models is not this model's score, where its first column lists metrics.

    `Metric | Value` also lists batch sizes, versions and error counts, in more words than any list has: only a name
    with a metric, a benchmark or shots in it says that its number is a score.
    """
    if naming is None or naming.role.kind is not Kind.METRIC_COLUMN:
        return None
    if _ANOTHER_STATE.search(fold(name)) or is_sized_or_owned(name) or any(map(_may_be_a_model, name.split())):
        return "a row to compare with"
    if set(fold(name).split()) & _NO_MEASURE:
        return "a setting or a limit"
    if _RATE.search(fold(name)):
        return None
    known = mentions_metric(name) or is_known_benchmark(name) or is_average(name) or shots_in(name) is not None
    return None if known else "under a head of metrics, and no metric that is known"


_RATE = re.compile(
    r"(?<!learning)(?<!dropout)(?<!sampling)(?<!sample)(?<!frame)(?<!decay)(?<!bit)(?<!oov) rates?(?: %)?\Z"
    r"|率(?: ?%)?\Z"
)
_NO_MEASURE = frozenset(["epoch", "epochs", "step", "steps", "limit", "limits"])


def _may_be_a_model(word: str) -> bool:
    """`GPT-4 accuracy`: a numbered word that is neither a metric nor a known data set."""
    return bool(_NUMBERED.fullmatch(word)) and not mentions_metric(word) and not is_known_benchmark(word)


_NUMBERED = re.compile(r"[(\[]?[A-Za-z]{2,}-[0-9][0-9.]*[A-Za-z]?[)\]]?")


def is_spread_of(name: str, others: frozenset[str]) -> bool:
    """`Accuracy std`, `Accuracy (95% CI)` beside a row `Accuracy`: how far that one's values spread."""
    inside = fold(name).split()
    if _SURELY_SPREAD.isdisjoint(inside):
        return False
    bare = fold(PARENTHESES.sub(" ", name)) if PARENTHESES.search(name) else ""
    rest = " ".join(token for token in inside if token not in _SPREAD)
    return bool({rest, bare} & others)


_SURELY_SPREAD = frozenset({"std", "stdev", "stddev", "sd", "se", "sem", "stderr", "variance", "var", "ci"})
_SPREAD = _SURELY_SPREAD | {"95", "%", "95%", "±"}
