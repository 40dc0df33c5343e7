"""Whether the Hub accepts a card's model-index, and what would make readers doubt it.

Errors are what the Hub refuses; warnings are what it takes but leaderboards and people stumble over.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, cast

from evalbot.card import yaml_reader
from evalbot.card.document import duplicate_keys
from evalbot.card.task_types import TASK_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

    from evalbot.card.document import CardDocument

_ARTICLES = {"array": "an array", "object": "an object", "string": "a string", "boolean": "a boolean"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about a card."""

    level: Literal["error", "warning"]
    message: str


def problems_of(document: CardDocument) -> tuple[Problem, ...]:
    """Every problem of the card's model-index, errors first. Raises InvalidCard for YAML that is not plain data."""
    repeated = [] if document.root is None else duplicate_keys(document.root)
    errors = [Problem("error", f'"{key}" stands more than once') for key in repeated]
    if document.model_index is None:
        return (*errors, Problem("warning", "The card has no model-index: no leaderboard can read its scores."))
    data = yaml_reader.construct(document.model_index)
    errors += [Problem("error", _message(error)) for error in _validator().iter_errors(data)]
    return tuple(errors or [Problem("warning", message) for message in _doubts(data)])


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - heavy, and only this function needs it

    schema = resources.files(__package__).joinpath("model_index.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(schema))


def _message(error: ValidationError) -> str:
    """The Hub's own words: `"model-index[0].results[0].dataset.name" is required`."""
    path = "model-index" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    if error.validator == "required":
        required, given = cast("list[str]", error.validator_value), cast("dict[str, Any]", error.instance)
        missing = next(key for key in required if key not in given)
        return f'"{path}.{missing}" is required'
    kind = error.validator_value if isinstance(error.validator_value, str) else "text or an object"
    return f'"{path}" must be {_ARTICLES.get(kind, kind)}'


def _doubts(models: Any) -> Iterator[str]:
    for m, model in enumerate(models):
        if not model["results"]:
            yield f'"model-index[{m}].results" is empty'
        for r, result in enumerate(model["results"]):
            yield from _doubts_of_result(result, f"model-index[{m}].results[{r}]")


def _doubts_of_result(result: dict[str, Any], path: str) -> Iterator[str]:
    if "dataset" not in result:
        yield f'"{path}.dataset" is missing: the Hub takes it today, its Python library does not'
    if result["task"]["type"] not in TASK_TYPES:
        yield f'"{path}.task.type" is {result["task"]["type"]!r}, which is none of the Hub\'s task types'
    url = result.get("source", {}).get("url", "https:")
    if not url.startswith("https:"):
        yield f'"{path}.source.url" is not an https address'
    for position, metric in enumerate(result["metrics"]):
        if not _is_number(metric["value"]):
            yield f'"{path}.metrics[{position}].value" is {metric["value"]!r}, not a finite number'


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
