"""Labels that measure something else than quality: speed, size, rank, difference, setting or count."""

# ruff: noqa: RUF001, SIM905 - full-width brackets are printed in labels

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.readme import words
from evalbot.readme.wording import MAX_LABEL, PARENTHESES, core, fold, is_identifier, is_metric, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARENTHESISED = re.compile(r"[(（\[]([^()（）\[\]]*)[)）\]]")
A_SETTING = "a hyper-parameter"
_SHARE = re.compile(r"(?:%|percent|percentage) of \S")
_OUTCOMES = frozenset(
    "match matches matched correct solved resolved passed success successes accuracy wins preferred answered".split()
)
"""`% of exact matches` is a score."""
_AGAINST = re.compile(r"(?:vs|versus|rel|relative|compared)\b")
_TRAINING = re.compile(r"train(?:ing)? (?!set)")
_BATCH = re.compile(r"(?:batch|batch size|bs) ?=? ?[0-9]+")
_COUNT = re.compile(r"# ?\S|(?:number of|num|no of|nr of|nombre de|número de|numero di|anzahl|количество) \S")
_LIMIT = re.compile(
    r"(?:max|maximum|min|minimum|best possible|possible|full|total|out of) (?:score|points|value)s?|out of|possible"
)
_AGAINST_END = re.compile(
    r"\b(?:vs|versus|relative to|compared (?:to|with)|over) (?:the )?"
    r"(?:base|baseline|previous|original|fp16|bf16|fp32|sota)(?: model)?\Z"
)

_COUNTED = re.compile(r"# ?(?:of )?(?:words|tokens|samples|sentences|documents|examples|characters|questions|items)\b")
_FOR_EACH = re.compile(r"(?:cost|price|tokens?|time|latency|energy|memory) / \w")
_INDEX = re.compile(r"(?:s|sr|sl|ser|serial|row) (?:no|nr|number)")
_SIZED = re.compile(r"[0-9.]+ ?[bm]\b")
"""`7B Params` names a model by its size; it does not count parameters."""
_HARDWARE = re.compile(
    r"(?:nvidia |tesla |geforce )*(?:[avhb][1-9]00|a10g?|a40|a6000|h20|t4|p100|l4|l40s?|[rg]tx ?[0-9]{4}(?: ?ti)?|"
    r"m[1-4](?: (?:max|pro|ultra))?|[2-5]0[5-9]0(?: ?ti)?|tpu ?v[0-9].*|jetson.*|(?:agx )?orin.*|xavier.*|iphone.*|"
    r"snapdragon.*|raspberry pi.*|cpu|gpu)(?: ?[0-9]+ ?gb| pcie| sxm[0-9]?)*"
)
_SPEED_ON = re.compile(rf"speed (?:{_HARDWARE.pattern}|.*\b(?:trt|tensorrt|onnx|fp16|fp32|int8|b[0-9]+)\b)")
"""`Speed T4 TensorRT`; `Speed control` is a task."""
_PRECISE = re.compile(r" (?:fp|bf|int)[0-9]{1,2}\b")
_BATCHED = re.compile(r" (?:bs|b|batch) ?[0-9]+")
_PER_TIME = re.compile(
    r"/ ?(?:s|sec|second|秒|min|h|w|watt|j|joule)\b|/秒|it/s|tok/s|(?<!-)\b(?:s|ms|us|sec) ?/ ?[a-z]"
    r"|\bper (?:sec|second|min|hour)\b"
)
_MARKED = re.compile(r"[A-Za-z]\$\s*\Z")
"""`InfoVQA$`: a dollar sign as a footnote's mark."""
_GERMAN = re.compile(r"\w{3,}(?:zeit|größe|anzahl|kosten|dauer)")
_DEVICES = frozenset({"gpu", "cpu", "tpu", "npu", "/"})
_SETTING = re.compile(
    r"(?:n|num|max|min|lora|adam|grad|weight|learning|warmup|batch|hidden|total)_\w+"
    r"|\w+_(?:eps|steps|size|len|length|clip|alpha|beta|decay|dim|layers|heads|epochs|flos|ratio)"
)
"""A hyper-parameter as configuration files spell it."""
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
        "usd",
    }
)
"""Heads that mean a quantity wherever they stand in a label."""
_METHODS = frozenset({"sft", "ft", "finetuning", "tuning", "lora", "model", "models"})
"""`Full Params SFT` is how a model was trained."""
_WHOLE_UNITS = frozenset(
    {"gb", "mb", "kb", "gib", "mib", "tb", "ms", "sec", "secs", "seconds", "kbps", "mbps", "hz", "khz", "fps"}
)
"""Units that are no word of anything else, so they need no parentheses: `Peak GB`, `Size/GB`, `ms`."""


def not_a_score(text: str) -> str | None:
    """Why numbers under this label are no evaluation scores, or None."""
    folded, head = fold(text), core(text)
    if (
        PARENTHESES.sub(" ", text[:MAX_LABEL]).strip() in words.BENCHMARK_ACRONYMS
        or folded.lstrip("# ") in words.SCORE
        or (_SIZED.match(head) and not _COUNT.match(folded))
    ):
        return None
    reason = _by_sign(text, folded, head)
    if reason is None and any(is_metric(found[1]) for found in _PARENTHESISED.finditer(text[:MAX_LABEL])):
        return None  # `Single patch (Acc)` says itself what it measures
    reason = reason or _by_phrase(folded, f" {head} ")
    if reason is not None:
        return reason
    reason = _by_head(text, head, folded)
    if "(%)" in text and reason == "a count of data":
        return None  # `Questions (%)` is how many of them were answered
    return None if reason and is_identifier(text) and head.split()[-1] in _TOPICS else reason


def _by_sign(text: str, folded: str, head: str) -> str | None:
    """What a count sign, a currency, a unit or a device's name says at once."""
    unit = _unit(text)
    signs = (
        ("a count", _COUNT.match(folded) and not is_metric(folded.lstrip("# "))),
        ("a bound", _LIMIT.fullmatch(folded)),
        ("a difference between scores", _AGAINST_END.search(folded)),
        ("an index", _INDEX.fullmatch(folded)),
        ("a rank", {"rank", "ranking"} & set(folded.split()) and not is_metric(folded)),
        ("a speed or time", folded.startswith("speed up")),
        ("a difference between scores", "Δ" in text or "∆" in text or _AGAINST.match(folded)),
        ("a share of the data", _SHARE.match(folded) and not _OUTCOMES & set(folded.split())),
        ("a measure on training data", _TRAINING.match(folded) and mentions_metric(folded)),
        ("a count", ("_" in text and folded.endswith(" total")) or _COUNTED.search(folded)),
        (
            "a price",
            (folded.count("$") == 1 and not _MARKED.search(text)) or "€" in folded,
        ),  # two dollars are a formula
        ("hardware or energy", _HARDWARE.fullmatch(_PRECISE.sub("", _BATCHED.sub("", head)))),
        ("a speed or time", _is_by_device(text)),
        ("a speed or time", _SPEED_ON.match(folded)),
        ("a quantity", _GERMAN.fullmatch(head)),
        ("a hyper-parameter", _SETTING.fullmatch(text.strip().lower()) and not is_metric(text)),
        ("a hyper-parameter", _BATCH.fullmatch(head)),
        ("a speed or time", _PER_TIME.search(folded.replace(" / ", "/"))),
        ("a quantity for each", _FOR_EACH.match(folded)),
        (f"a quantity in {unit}", unit),
    )
    return next((reason for reason, applies in signs if applies), None)


def _is_by_device(text: str) -> bool:
    """`Queries (GPU / CPU)`: what depends on the device is a speed."""
    inside = [set(fold(found[1]).split()) for found in _PARENTHESISED.finditer(text[:MAX_LABEL])]
    return any(pieces and pieces <= _DEVICES for pieces in inside)


def _by_phrase(folded: str, padded_head: str) -> str | None:
    for phrase, reason in _PHRASES.items():
        if f" {phrase} " in padded_head:
            return reason
    return next((reason for piece, reason in _SUBSTRINGS.items() if piece in folded), None)


def _by_head(text: str, head: str, folded: str) -> str | None:
    tokens = head.rstrip("#% ").split()
    alone = folded.rstrip("#% ") or folded
    if len(tokens) <= 1 and alone in _ALONE:
        return _ALONE[alone]
    if not tokens:
        return None
    if len(tokens) == 1:
        return _by_noun(text, tokens[0], tokens)
    last, before = tokens[-1], tokens[-2]
    if last in {"id", "ids"} and before not in words.MODEL:
        return "an index"
    # `News 128 length` is measured at a length; it does not measure one. `Params / M` measures parameters.
    return None if before.isdecimal() else _by_noun(text, before if last in {"m", "b", "g", "k"} else last, tokens)


def _by_noun(text: str, noun: str, tokens: Sequence[str]) -> str | None:
    if noun in _WHOLE_UNITS:
        return f"a quantity in {noun}"
    anywhere = (
        () if is_identifier(text) or tokens[-1] in _METHODS else (_HEADS[word] for word in tokens if word in _ANYWHERE)
    )
    return _HEADS.get(noun) or next(iter(anywhere), None)


def _unit(text: str) -> str | None:
    for found in _PARENTHESISED.finditer(text[:MAX_LABEL]):
        inside = found[1].strip()
        if inside.lower() == "ms" and is_metric(PARENTHESES.sub(" ", text)):
            continue  # `mIoU (ms)` is measured at several scales
        if inside.lower() in words.UNITS or inside in words.MAGNITUDES:
            return inside
    return None
