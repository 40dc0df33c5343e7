"""How an inspect task is written: `package/task?argument=value&argument=value`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from .failures import Failure

_WORDS = {"true": True, "false": False, "null": None, "none": None}
SHOT_ARGUMENTS = ("fewshot", "few_shot", "num_shots", "n_shots", "num_fewshot", "n_few_shots")
"""Under these names inspect_evals takes how many worked examples stand before a question."""
_WITHOUT_EXAMPLES = frozenset(
    f"inspect_evals/{name}" for name in ("arc_challenge", "arc_easy", "hellaswag", "truthfulqa", "humaneval")
)
"""Their code puts no worked example into the prompt, and has no argument for it."""


@dataclass(frozen=True)
class InspectSpec:
    """A task as it was asked for. `name` is as registered, or without its package."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def recorded_name(self) -> str:
        """The name with every argument that is not the number of examples: it may be another benchmark with one."""
        others = {name: value for name, value in self.arguments.items() if name not in SHOT_ARGUMENTS}
        text = "&".join(f"{name}={_written(value)}" for name, value in sorted(others.items()))
        return f"{self.name}?{text}" if text else self.name


def parse_inspect_spec(text: str) -> InspectSpec:
    """Read a task with its arguments. Raises `Failure` (unknown-task) where it is not written as it should be."""
    name, question, rest = text.strip().partition("?")
    if not re.fullmatch(r"[\w.-]+(?:/[\w.-]+)?", name):
        raise Failure("unknown-task", f"{name!r} is no name of an inspect task; write for example inspect_evals/gsm8k.")
    arguments: dict[str, Any] = {}
    for piece in rest.split("&") if question else ():
        key, equals, value = piece.partition("=")
        if not equals or not key.isidentifier() or key in arguments:
            raise Failure(
                "unknown-task",
                f"{piece!r} in {text.strip()!r} is no argument of a task; write each once, as {name}?fewshot=5&seed=1.",
            )
        arguments[key] = _value(unquote(value))
    return InspectSpec(name, arguments)


def shots_of(name: str, arguments: dict[str, Any]) -> int | None:
    """How many worked examples a task shows; None where its code alone knows.

    `arguments` are all the task was called with, defaults too.
    """
    for key in SHOT_ARGUMENTS:
        if key in arguments:
            value = arguments[key]
            return int(value) if isinstance(value, (int, bool)) and value >= 0 else 0 if value is None else None
    named = re.search(r"_(\d+)_?shot", name)
    if named:
        return int(named[1])
    return 0 if name in _WITHOUT_EXAMPLES else None


def _value(text: str) -> Any:
    """A value as inspect's own command line reads it: numbers, true and false, lists with commas, else text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if "," in text and not text.startswith(("[", "{")):
        return [_value(part.strip()) for part in text.split(",") if part.strip()]
    try:
        return json.loads(text, parse_constant=str)
    except ValueError:
        return text


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
