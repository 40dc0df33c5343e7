"""Whose a table is by what stands above it: its heading, the paragraph before it, an engine's own first line."""

# ruff: noqa: SIM905, E501 - words as running text are read and extended more easily than as quoted lists

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.model_names import name_tokens, same_name
from evalbot.readme.names import refers_to
from evalbot.readme.not_scores import MAX_TITLE
from evalbot.readme.wording import fold, is_known_benchmark, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evalbot.readme.survey import TableReport

_VARIANTS = frozenset(
    "base large small tiny mini medium xl xxl chat instruct cased uncased it sft dpo gguf hf v b m k model models".split()
)
"""Words many models share: having one in common makes no two names one model's."""
_HYPHENATED = re.compile(r"[A-Za-z0-9][A-Za-z0-9.]*(?:[-_][A-Za-z0-9.]+)+")
SIZE = re.compile(r"(?<![a-z0-9.])[0-9]+(?:\.[0-9]+)?[bm](?![a-z])")
_VERSIONED = re.compile(r"[a-z]+-[a-z]?[0-9][0-9.]*[a-z]?(?:-[a-z0-9.]+)*")
_NO_NAMES = frozenset(
    "table stage phase task track section top step exp experiment fold version level layer part round run day week "
    "case example test dev rouge bleu pass hit recall precision figure appendix".split()
)
"""`Stage-2`, `Top-5`: numbered things that are no models."""
_TITLE_FELLOWS = frozenset(
    "results result evaluation evaluations eval evals scores score performance benchmark benchmarks metrics of for the "
    "with from by model baseline our official full detailed".split()
)
_EVALUATED = re.compile(r"\bpretrained=([A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,95})(?=[,)\s]|\Z)")
"""How lm-eval prints above its table which repository was evaluated."""
_EVALUATED_HERE = re.compile(r"\bpretrained=[./~][\w./~-]{0,200}/([\w.-]{1,95})(?=[,)\s]|\Z)")
"""A local path; its last folder names a model only where it says so by a size."""
_MEASURED = r"(?:results?|scores?|performance|evaluations?|numbers|metrics)"
_OTHERS = r"(?:base|original|teacher|parent|previous|unquanti[sz]ed)"
_OF_ANOTHER = re.compile(
    rf"\b{_MEASURED} (?:of|for|from) (?:the |our )?{_OTHERS} (?:model|version)\b|^(?:the )?{_OTHERS} model\b"
)
"""`Results of the base model`, `The original model reaches`: what a sentence says of the table below it."""
_NAME = r"([A-Za-z][\w.]{0,60}-[\w.-]{1,60})"
_OF_A_NAMED = re.compile(
    rf"\b{_MEASURED} (?:of|for|from) {_NAME}(?=[ :,.]*\Z| on | in |, )|{_NAME}(?:'|\u2019)s (?:\w+ )?{_MEASURED}\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|\n")
_COMPARING = frozenset("comparison compared comparing compare versus vs against over with to and".split())


def titles_of(report: TableReport) -> Iterator[tuple[str, Callable[[str, str], bool]]]:
    """The heading and the paragraph above a table; a sentence speaks of many models, a name alone is a title."""
    yield report.table.heading or "", is_anothers
    for row in report.table.rows[: report.table.head]:
        yield row[0].text, is_anothers
    yield report.table.caption, _is_anothers_name
    yield _SENTENCE_END.split(report.table.caption.strip())[-1], _speaks_of_another
    for found in _EVALUATED.finditer(report.table.caption):
        yield found[1], _is_another_repository
    for found in _EVALUATED_HERE.finditer(report.table.caption):
        if SIZE.search(found[1].lower()):
            yield found[1], _is_another_repository


def _is_another_repository(path: str, name: str) -> bool:
    return not refers_to(path, name)


def is_anothers(heading: str, name: str) -> bool:
    if _sizes(heading) and _sizes(name) and not _sizes(heading) & _sizes(name):
        return True
    tokens = fold(heading).split()
    if _OTHER_TITLE.fullmatch(fold(heading)) and not same_name(heading, name):
        return True
    if _adds_to(heading, name):
        return True
    if _stems(heading) & _stems(name):
        return False
    if {"baseline", "baselines"} & set(tokens) and not _COMPARING & set(tokens):
        return True
    return any(_is_model_id(word, alone=alone) for word, alone in _identifiers(heading))


def _adds_to(heading: str, name: str) -> bool:
    """`Finch-7B-Instruct` above the table of Finch-7B: another word is another model."""
    wanted = name_tokens(name)
    found = [name_tokens(word[0]) for word in _HYPHENATED.finditer(heading)]
    return bool(found) and wanted not in found and any(wanted < tokens for tokens in found)


_OTHER_TITLE = re.compile(
    r"(?:the )?(?:base|original|teacher|parent|previous|unquanti[sz]ed|human|sota|state of the art|other)"
    r"(?: (?:models?|version|performance|results?|scores?|evaluation|card|benchmarks?))*"
)


def _is_anothers_name(caption: str, name: str) -> bool:
    if len(caption) <= MAX_TITLE and _sizes(caption) and _sizes(name) and not _sizes(caption) & _sizes(name):
        return True
    named = [alone and _is_model_id(word, alone=alone) for word, alone in _identifiers(caption)]
    return any(named) and not _stems(caption) & _stems(name)


def _speaks_of_another(sentence: str, name: str) -> bool:
    """`For reference, here are GPT-4's scores:`; a name alone counts as it does in a heading."""
    if _OF_ANOTHER.search(fold(sentence)):
        return True
    bare = sentence.strip(" :.")
    if _HYPHENATED.fullmatch(bare) and _adds_to(bare, name):
        return True
    named = [found[1] or found[2] for found in _OF_A_NAMED.finditer(sentence)]
    models = [word for word in named if _is_model_id(word.lower(), alone=True) and not is_benchmark(word.lower())]
    return any(not _stems(word) & _stems(name) for word in models)


def _identifiers(heading: str) -> Iterator[tuple[str, bool]]:
    """Hyphenated words of a heading that are no benchmark's, and whether the heading says nothing else."""
    for found in _HYPHENATED.finditer(heading):
        word, rest = found[0].lower(), fold(heading.replace(found[0], " ")).split()
        stem = re.split(r"[-_]", word)[0]
        if not is_benchmark(word) and stem not in _NO_NAMES:
            yield word, all(token in _TITLE_FELLOWS | _VARIANTS for token in rest)


def is_benchmark(word: str) -> bool:
    return is_known_benchmark(word) or mentions_metric(word) or any(part in word for part in ("bench", "eval", "glue"))


def _is_model_id(word: str, *, alone: bool) -> bool:
    """With a size anywhere in the heading; by a version or a variant only where it is all the heading says."""
    pieces: Sequence[str] = re.split(r"[-_]", word)
    if SIZE.search(word) and word[0].isalpha():
        return True
    variant = bool(_VARIANTS & set(pieces[1:]))
    return alone and (variant or bool(_VERSIONED.fullmatch(word.replace("_", "-"))))


def _sizes(text: str) -> set[str]:
    return set(SIZE.findall(text.lower()))


def _stems(text: str) -> set[str]:
    """The words that tell families of models apart, without their digits: `GPT-2` and `gpt2` share one."""
    return set(re.findall(r"[a-z]{2,}|[^\W\d_a-z]{2,}", text.lower())) - _VARIANTS - _TITLE_FELLOWS
