"""What the Hub says about a card's front matter, at validate-yaml and again at every commit.

The shape is docs/hub-api.md, Card metadata, as card_schema.json; the sentences are the Hub's:
`"model-index[0].results[0].dataset.name" is required`. Only what is known to be refused is refused: unknown keys
pass, and so does a result without a dataset.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from evalbot import front_matter
from evalbot.sandbox.card_yaml import CardYamlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

NO_METADATA = "empty or missing yaml metadata in repo card"

_CARD = Draft202012Validator(json.loads(Path(__file__).with_name("card_schema.json").read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Findings:
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "errors": [{"message": message} for message in self.errors],
            "warnings": [{"message": message} for message in self.warnings],
        }

    def as_text(self) -> str:
        errors = [f"- Error: {message}" for message in self.errors]
        return "\n".join([*errors, *(f"- Warning: {message}" for message in self.warnings)])


def check(card: str) -> Findings:
    try:
        metadata = metadata_of(card)
    except CardYamlError as error:
        return Findings(errors=[f"Invalid YAML: {error}"])
    if metadata is None:
        return Findings(warnings=[NO_METADATA])
    if not isinstance(metadata, dict):
        return Findings(errors=['"metadata" must be of type object'])
    found = sorted(_CARD.iter_errors(metadata), key=lambda error: [str(step) for step in error.absolute_path])
    return Findings(errors=[sentence for error in found for sentence in _sentences(error)])


def metadata_of(card: str) -> Any:
    """The front matter as JSON values; None where there is none. Raises CardYamlError."""
    text = front_matter.split(card)
    return parse(text.yaml) if text.has_front_matter else None


def _sentences(error: ValidationError) -> Iterator[str]:
    place = _place(list(error.absolute_path))
    wanted: Any = error.validator_value
    value: Any = error.instance
    if error.validator == "required":
        missing = [name for name in wanted if name not in value]
        # jsonschema reports each missing key by an error of its own; the first one speaks for all of them.
        if error.message.startswith(repr(missing[0])):
            yield from (f'"{place}.{name}" is required' for name in missing)
    elif error.validator == "enum":
        yield f'"{place}" must be one of [{", ".join(wanted)}]'
    elif error.validator == "minLength":
        yield f'"{place}" is not allowed to be empty'
    else:
        yield f'"{place}" must be {_wanted(wanted)}'


def _wanted(types: str | list[str]) -> str:
    if isinstance(types, list):
        return f"one of [{', '.join(types)}]"
    return {"array": "an array", "object": "of type object"}.get(types, f"a {types}")


def _place(steps: list[str | int]) -> str:
    joined = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return joined.removeprefix(".")
