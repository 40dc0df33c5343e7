"""A benchmark label taken apart: `DROP (3-shot F1) ↑` → DROP, F1, 3 shots, higher is better."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from evalbot.readme import words
from evalbot.readme.wording import MAX_LABEL, is_metric, metric_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.score import Direction

_GROUP = re.compile(r"\(([^()]*)\)|（([^（）]*)）|\[([^\[\]]*)\]")  # noqa: RUF001 - full-width brackets are printed
_SHOTS = re.compile(r"\b([0-9]{1,3})(?:[ -]?shots?|-s)\b|\bn ?= ?([0-9]{1,3})\b|\b(zero)[ -]shot\b", re.IGNORECASE)
_ARROWS = re.compile(f"[{words.LOWER_IS_BETTER_MARKS}{words.HIGHER_IS_BETTER_MARKS}️]")
_VERSION = re.compile(r"(?:[ _-])(v[0-9]{1,4}(?:\.[0-9]{1,3}){0,2}|[0-9]\.[0-9])\Z", re.IGNORECASE)
_SUFFIX = re.compile(r"[+-](?:[A-Za-z]{1,12})?")
"""`HumanEval (+)`, `SEED (-IMG)`: with two numbers below, the second is HumanEval+, SEED-IMG."""
_SEPARATOR = re.compile(r"[,;，、]")  # noqa: RUF001
_EDGES = " -–_,;:/|"  # noqa: RUF001


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    text: str
    """As printed, without arrows."""
    benchmark: str
    metric: str | None = None
    shots: int | None = None
    subset: str | None = None
    split: str | None = None
    """The subset, where it is a split: `val`, `test`."""
    version: str | None = None
    """Printed in the name and part of it: `v6` of LiveCodeBench v6."""
    unit: str | None = None
    direction: Direction | None = None


@lru_cache(maxsize=4096)
def parse_label(text: str) -> Label:
    """Take a label apart. What is not recognised stays part of the benchmark's name or becomes its subset."""
    if len(text) > MAX_LABEL:
        return Label(text=text, benchmark=text)
    direction = _direction(text)
    shown = " ".join(_ARROWS.sub(" ", text).split()) or text
    unit = "%" if "%" in shown else None
    shots = shots_in(shown)
    if is_metric(shown):
        return Label(text=shown, benchmark=shown, metric=_clean(shown), shots=shots, unit=unit, direction=direction)
    metrics: list[str] = []
    subsets: list[str] = []
    for found in _GROUP.finditer(shown):
        _sort_group(next(group for group in found.groups() if group is not None), metrics, subsets)
    bare = _clean(_SHOTS.sub(" ", _GROUP.sub(" ", shown))) or shown
    name, trailing = _split_metric(bare)
    metric = metrics[0] if metrics else trailing
    subset = ", ".join(subsets) or None
    version = _VERSION.search(name)
    return Label(
        text=shown,
        benchmark=name,
        metric=metric,
        shots=shots,
        subset=subset,
        split=subset if subset and subset.lower() in words.SPLITS else None,
        version=version[1] if version else None,
        unit=unit,
        direction=direction,
    )


def shots_in(text: str) -> int | None:
    """The number of shots a label or a shots cell states."""
    found = _SHOTS.search(text[:MAX_LABEL])
    if found is None:
        return None
    return 0 if found[3] else int(found[1] or found[2])


@lru_cache(maxsize=4096)
def joint_names(text: str) -> tuple[str, ...]:
    """The parts a compound header announces: `KorQuAD (EM/F1)` → EM, F1; `n=0 n=5` → n=0, n=5."""
    return _shots_names(text) or _grouped_names(text) or _bare_names(_GROUP.sub(" ", text[:MAX_LABEL]))


def _shots_names(text: str) -> tuple[str, ...]:
    shots = re.findall(r"\bn ?= ?[0-9]{1,3}|\b[0-9]{1,3}-shot", text[:MAX_LABEL])
    return tuple(shots) if len(shots) > 1 else ()


def _grouped_names(text: str) -> tuple[str, ...]:
    for found in _GROUP.finditer(text[:MAX_LABEL]):
        content = next(group for group in found.groups() if group is not None)
        if _SUFFIX.fullmatch(content.strip()):
            return "", content.strip()
        names = _slashed(content)
        if len(names) > 1:
            return names
    return ()


def _bare_names(bare: str) -> tuple[str, ...]:
    if len(piped := [name.strip() for name in bare.split("|")]) > 1 and all(piped):
        # `Fleurs zh | en`: the first part's last word is its own, what stands before is the data set's.
        return piped[0].split(" ")[-1], *piped[1:]
    dashed = tuple(name.strip() for name in bare.split(" - "))
    if len(dashed) > 1 and all(map(is_part_metric, dashed)):
        return dashed
    names = _slashed(bare)
    if len(names) > 1 and all(_names_part(name) for name in names):
        return names
    tail = _slashed(re.split(r"[\s-]", bare.strip())[-1])
    return tail if len(tail) > 1 and all(_names_part(name) for name in tail) else ()


def is_part_metric(name: str) -> bool:
    """Whether a part of a joint header is a metric (`EM`, `R1`) and not a subset (`Middle`, `mm`)."""
    return is_metric(name) or name.lower() in words.PAIR_METRICS


def is_suffix(name: str) -> bool:
    return bool(_SUFFIX.fullmatch(name))


def _names_part(name: str) -> bool:
    return is_part_metric(name) or name.lower() in words.PAIR_SUBSETS


def prose_names(text: str) -> tuple[str, ...]:
    """The one compound of metric names a caption holds, such as `exact match/F1` or `PSNR / SSIM`."""
    found = {
        names
        for phrase in re.findall(r"[\w.-]{1,20}(?: ?/ ?[\w.-]{1,20}){1,3}", text)
        if len(names := _slashed(phrase.rstrip("."))) > 1 and all(is_metric(name) for name in names)
    }
    return found.pop() if len(found) == 1 else ()


def _slashed(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.replace("／", "/").split("/"))  # noqa: RUF001
    return names if all(0 < len(name) <= 30 for name in names) else ()  # noqa: PLR2004 - a name, not a sentence


def slashed_names(text: str) -> tuple[str, ...]:
    """The parts of a header such as `OA/mAcc (released)`, its parentheses left out."""
    names = _slashed(_GROUP.sub(" ", text[:MAX_LABEL]))
    return names if len(names) > 1 else ()


def without_joint(text: str, names: Sequence[str]) -> str | None:
    """What a joint header says besides its parts: `SQuAD (EM/F1)` → `SQuAD`; None where they do not stand in it so."""
    joint = r"\s*[/／|]\s*".join(map(re.escape, names))  # noqa: RUF001 - as it is printed
    found = re.search(rf"(?:[(\[]\s*)?{joint}(?:\s*[)\]])?", text[:MAX_LABEL])
    if found is None or len(names) < 2:  # noqa: PLR2004 - a joint of one is none
        return None
    return _clean(f"{text[: found.start()]} {text[found.end() :]}")


def _direction(text: str) -> Direction | None:
    if any(mark in text for mark in words.LOWER_IS_BETTER_MARKS):
        return "lower"
    return "higher" if any(mark in text for mark in words.HIGHER_IS_BETTER_MARKS) else None


def _sort_group(content: str, metrics: list[str], subsets: list[str]) -> None:
    for piece in _SEPARATOR.split(content):
        rest = _clean(_SHOTS.sub(" ", piece).replace("%", " "))
        if not rest:
            continue
        named = is_metric(rest) or (len(joint_names(rest)) > 1)
        (metrics if named else subsets).append(rest)


def _split_metric(bare: str) -> tuple[str, str | None]:
    """`arc_easy/acc_norm` and `HumanEval Pass@1` → the name and its metric."""
    for separator in ("/", " "):
        name, found, last = bare.rpartition(separator)
        if found and name.strip(_EDGES) and is_metric(last) and metric_tokens(last):
            return name.strip(_EDGES), last.strip()
    return bare, None


def _clean(text: str) -> str:
    return " ".join(text.split()).strip(_EDGES)
