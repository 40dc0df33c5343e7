"""Whose a table is by what stands above it: its heading, the paragraph before it, an engine's own first line."""

# ruff: noqa: SIM905, E501 - words as running text are read and extended more easily than as quoted lists

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.model_names import name_tokens, same_name
from evalbot.readme import words
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
_SIZED_APART = re.compile(r"\b[A-Z][A-Za-z]+(?: [0-9][0-9.]*)? [0-9]+(?:\.[0-9]+)?[BM]\b")
"""`Mistral 7B`, `Llama 2 13B`."""
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
    rf"\b{_MEASURED} (?:of|for|from) (?:the |our )?{_OTHERS} (?:model|version)\b|^(?:the |our )?{_OTHERS} model\b"
    rf"|^(?:by|for|as a) (?:comparison|baseline|reference)\b(?!.*\b(?:we|our|ours|this model)\b)"
    rf"|^(?:比較対象|対照|对比模型|对照模型|비교 대상|비교 모델)|\bis our {_OTHERS} model\b|^as a (?:baseline|reference|comparison) to compare .* (?:against|with|to)\b"
)
"""`Results of the base model`, `The original model reaches`: what a sentence says of the table below it."""
_BEFORE = re.compile(
    rf"(?:{_MEASURED} )?(?:before|prior to|without) (?:any )?(?:fine ?tuning|training|sft|finetuning)|{_OTHERS}"
)
_NAME = r"([A-Za-z][\w.]{0,60}-[\w.-]{1,60})"
_DOES = r"(?:performs|scores|reaches|achieves|gets|gives|obtains|was giving|is giving)"
_OF_A_NAMED = re.compile(
    rf"\b{_MEASURED} (?:of|for|from) {_NAME}(?=[ :,.]*\Z| on | in |, | \()|{_NAME}(?:'|\u2019)s (?:\w+ )?{_MEASURED}\b"
    rf"|\A(?:\w+ ){{0,3}}{_NAME} {_DOES}\b|\A(?:for comparison, |for reference, )?{_NAME} {_MEASURED}:?\Z",
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
    for sentence in _SENTENCE_END.split(report.table.caption.strip()):
        yield sentence, _speaks_of_another
    for found in _EVALUATED.finditer(report.table.caption):
        yield found[1], _is_another_repository
    for found in _EVALUATED_HERE.finditer(report.table.caption):
        if SIZE.search(found[1].lower()):
            yield found[1], _is_another_repository
    for parent in report.table.parents:
        yield parent, is_anothers


def _is_another_repository(path: str, name: str) -> bool:
    return not refers_to(path, name)


def is_anothers(heading: str, name: str) -> bool:
    if _sizes(heading) and _sizes(name) and not _sizes(heading) & _sizes(name):
        return True
    tokens = fold(heading).split()
    if _OTHER_TITLE.fullmatch(fold(heading)) and not same_name(heading, name):
        return True
    if _adds_to(heading, name) or _is_a_relatives(heading, name):
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


def _is_a_relatives(heading: str, name: str) -> bool:
    """`Finch-7B-Base`, `Finch-v1 results`, `Finch-7B (INT4)` above the table of Finch-7B-Instruct or Finch-v2."""
    told = [found[0] for found in _HYPHENATED.finditer(heading) if not is_benchmark(found[0].lower())]
    return any(_differs_in_kind(text, name) for text in (heading, *told))


def _differs_in_kind(title: str, name: str) -> bool:
    """Of the name's family, and nothing else, but another variant or another version."""
    family = _stems(name)
    title_words, title_versions = _words_and_versions(title)
    name_words, name_versions = _words_and_versions(name)
    known = family | name_words | _KINDS | _TITLE_FELLOWS | {"fine", "tuning", "finetuning", "training"}
    if not title_words & family or not title_words <= known:
        return False
    if (title_words & _KINDS) - name_words:
        return True
    return bool(title_versions and name_versions) and not any(
        one.startswith(other) or other.startswith(one) for one in title_versions for other in name_versions
    )


def _words_and_versions(text: str) -> tuple[set[str], set[str]]:
    """`Llama-3.1-8B-Instruct` → {llama, instruct}, {3.1}: sizes are neither."""
    bare = SIZE.sub(" ", text.lower())
    return set(re.findall(r"int[0-9]+|fp[0-9]+|[a-z]{2,}|[^\W\d_a-z]{2,}", bare)), set(
        re.findall(r"[0-9]+(?:\.[0-9]+)*", bare)
    )


def is_another_variant(text: str, name: str) -> bool:
    """`Instruct`, `INT4`, `LoRA r=8` beside a name that does not say so; `base` and full precision are what is meant."""
    tokens = fold(text).split()
    told = {token for token in tokens if token in _KINDS - _PLAIN or token in words.PRECISIONS - _PLAIN}
    return len(tokens) <= MAX_VARIANT_WORDS and bool(told - set(fold(name).split()))


MAX_VARIANT_WORDS = 4
_PLAIN = frozenset(
    "base before after without it sft dpo rlhf ppo teacher student draft adapter large small tiny mini medium xl xxl "
    "fp32 fp16 bf16 float16 float32 bfloat16 full half fp16/bf16 bf16/fp16".split()
)
_KINDS = frozenset(
    "base chat instruct it sft dpo rlhf ppo lora qlora adapter large small tiny mini medium xl xxl int4 int8 fp8 awq gptq "
    "gguf quantized quantised distilled teacher student draft before after without".split()
)
"""Words that make another model of the same family."""
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
    folded = fold(sentence)
    if _OF_ANOTHER.search(folded) or _BEFORE.fullmatch(folded):
        return True
    bare = sentence.strip(" :.")
    if _HYPHENATED.fullmatch(bare) and _adds_to(bare, name):
        return True
    named = [next(filter(None, found.groups())) for found in _OF_A_NAMED.finditer(sentence)]
    models = [word for word in named if _is_model_id(word.lower(), alone=True) and not is_benchmark(word.lower())]
    return any(not _stems(word) & _stems(name) or _is_a_relatives(word, name) for word in models)


def _identifiers(heading: str) -> Iterator[tuple[str, bool]]:
    """Hyphenated words of a heading that are no benchmark's, and whether the heading says nothing else."""
    for found in (*_HYPHENATED.finditer(heading), *_SIZED_APART.finditer(heading)):
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
