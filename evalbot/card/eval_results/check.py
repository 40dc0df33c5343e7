"""Whether the Hub accepts a file of `.eval_results`, and what would make readers doubt it.

As with the model-index, errors are what the Hub refuses, and warnings what it takes but people stumble over.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

import yaml

from evalbot.card.document import get, items
from evalbot.card.eval_results.yaml_file import YamlFile, read_yaml_file
from evalbot.card.validation import Problem
from evalbot.errors import InvalidCard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

_ARTICLES = {"array": "a list", "object": "an object", "string": "a string"}
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def problems_of_entries(path: str, data: bytes) -> tuple[Problem, ...]:
    """Every problem of one file, errors first; one that cannot be read has this as its only problem."""
    try:
        file = read_yaml_file(path, data)
        errors = errors_in(file)
    except InvalidCard as error:
        return (Problem("error", error.message),)
    if errors:
        return tuple(Problem("error", message) for message in errors)
    return tuple(Problem("warning", message) for message in _doubts(file))


def errors_in(file: YamlFile) -> list[str]:
    """What the Hub's rules refuse in a file. Raises InvalidCard for tags that are not plain data."""
    return [_message(file.path, error) for error in _validator().iter_errors(file.data())]


def is_iso_date(text: str) -> bool:
    """Whether a text has the shape of an ISO 8601 date, alone or with a time."""
    return _ISO_DATE.fullmatch(text) is not None


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - heavy, and only this function needs it

    schema = resources.files(__package__).joinpath("entries.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(schema))


def _message(path: str, error: ValidationError) -> str:
    """`".eval_results/mmlu.yaml[0].dataset.task_id" is required`."""
    where = path + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    if error.validator == "required":
        required, given = cast("list[str]", error.validator_value), cast("dict[str, Any]", error.instance)
        # One error comes for each missing key; its message begins with the key in quotes.
        missing = next(key for key in required if key not in given and error.message.startswith(repr(key)))
        return f'"{where}.{missing}" is required'
    return f'"{where}" must be {_ARTICLES[str(error.validator_value)]}'


def _doubts(file: YamlFile) -> Iterator[str]:
    entries = file.data()
    if not entries:
        yield f'"{file.path}" is empty'
    for position, (entry, node) in enumerate(zip(entries, items(file.root), strict=True)):
        where = f"{file.path}[{position}]"
        if not _is_number(entry["value"]):
            yield f'"{where}.value" is {entry["value"]!r}, not a finite number'
        if not entry.get("source", {}).get("url", "https:").startswith("https:"):
            yield f'"{where}.source.url" is not an https address'
        if "date" in entry:
            yield from _doubts_of_date(get(node, "date"), f"{where}.date")


def _doubts_of_date(node: yaml.Node | None, where: str) -> Iterator[str]:
    if not isinstance(node, yaml.ScalarNode):
        return
    if not is_iso_date(node.value):
        yield f'"{where}" is {node.value!r}, which is no ISO 8601 date'
    elif not node.style:
        yield f'"{where}" stands without quotes: many YAML parsers read no text there'


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
