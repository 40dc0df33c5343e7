"""Names that are close to one that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from evalbot.evaluate.runners.parts.aliases import INSPECT_ALIASES, LIGHTEVAL_ALIASES
from evalbot.evaluate.tasks.catalogue import PACKAGE, catalogue

if TYPE_CHECKING:
    from evalbot.evaluate.tasks.catalogue import Engine

LIST = "evalbot evaluate --list-tasks WORD lists the names there are."

_CLOSE = 60
"""Of 100: a letter or a word more or less; other benchmarks stay below."""
_HELD = 75
_SAME_GROUP = 10
_TELLING = 3
"""Letters that a name needs for being part of another to mean anything."""
_LONGEST = 200
"""Characters of what was typed that are compared."""


def known_names(engine: Engine | None = None) -> tuple[str, ...]:
    """Every name that can be typed, without shots and package: tasks, groups and other names of tasks."""
    known = catalogue()
    lighteval = {*known.lighteval, *known.groups, *LIGHTEVAL_ALIASES}
    inspect = {*known.inspect, *INSPECT_ALIASES}
    chosen = {"lighteval": lighteval, "inspect": inspect}.get(engine or "", lighteval | inspect)
    return tuple(sorted(chosen))


def closest(name: str, engine: Engine | None = None, *, limit: int = 5) -> tuple[str, ...]:
    """Names that can be typed, the closest first, or none. Shots, suite and package do not count."""
    plain = max(name.strip().removeprefix(f"{PACKAGE}/").partition("?")[0].split("|"), key=_letters)[:_LONGEST].lower()
    scored = ((_likeness(plain, known.lower()), known) for known in known_names(engine))
    best = sorted((-score, len(known), known) for score, known in scored if score >= _CLOSE)
    return tuple(known for _, _, known in best[:limit])


def _likeness(typed: str, known: str) -> float:
    """Of 100. A name that holds what was typed is close, and so are tasks of the same group that differ little."""
    score = fuzz.ratio(typed, known)
    if min(len(typed), len(known)) >= _TELLING and (typed in known or known in typed):
        score = max(score, _HELD)
    group, _, rest = typed.partition(":")
    if rest and known.startswith(f"{group}:"):
        score = max(score, _CLOSE) + _SAME_GROUP
    return score


def _letters(part: str) -> int:
    suites = {"leaderboard", "lighteval", "bigbench", "original", "helm"}
    return 0 if part.strip() in suites else sum(letter.isalpha() for letter in part)
