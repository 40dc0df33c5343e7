"""YAML as the Hub reads it in cards: the core schema of YAML 1.2, as JSON values.

PyYAML alone reads YAML 1.1, where `no` is false and `1.10` a date's cousin; the Hub's parser does not. What comes
out here is what `cardData` shows: text, numbers, true, false, null, lists and objects with text keys.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_NODES = 200_000  # aliases count each time, so a small text cannot unfold without end
_DEEPEST = 100
_PREFIX = "tag:yaml.org,2002:"


class CardYamlError(ValueError):
    """Not YAML the Hub takes; the message says what and where."""


def _number(text: str) -> float | None:
    """JSON has no infinity and no NaN; the Hub shows null for them."""
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return number if math.isfinite(number) else None


def _integer(text: str) -> int:
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)


_SCALARS: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    "null": (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    "int": (re.compile(r"[-+]?[0-9]{1,3000}|0o[0-7]{1,3000}|0x[0-9a-fA-F]{1,3000}"), _integer),
    "float": (
        re.compile(
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
        _number,
    ),
    "str": (re.compile(r"[\s\S]*"), str),
}


class _Loader(yaml.CSafeLoader):
    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]
        plain = isinstance(implicit, tuple) and implicit[0]
        return _PREFIX + (_core_tag(value or "") if plain else "str")


def _core_tag(text: str) -> str:
    return next(name for name, (pattern, _) in _SCALARS.items() if pattern.fullmatch(text))


def parse(text: str) -> Any:
    """The JSON value of one YAML document; empty text is None."""
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise CardYamlError(_place(error.problem or "bad YAML", error.problem_mark)) from None
    except yaml.YAMLError as error:
        raise CardYamlError(" ".join(str(error).split())) from None
    return None if node is None else _Reading().value(node, 0)


def _check_depth(text: str) -> None:
    """Before composing: the C library composes by recursion and would take the whole process down with it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise CardYamlError(_place("nested too deeply", event.start_mark))


class _Reading:
    def __init__(self) -> None:
        self._left = _MOST_NODES

    def value(self, node: yaml.Node, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:  # depth again, for an alias may stand for its own ancestor
            raise CardYamlError("the metadata is too large or refers to itself")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _key(key_node)
            if key in found:
                raise CardYamlError(_place("duplicated mapping key", key_node.start_mark))
            found[key] = self.value(value_node, depth)
        return found


def _scalar(node: yaml.Node) -> Any:
    name = node.tag.removeprefix(_PREFIX)
    if not isinstance(node, yaml.ScalarNode) or name not in _SCALARS:
        raise CardYamlError(_place(f"unknown tag {node.tag}", node.start_mark))
    pattern, read = _SCALARS[name]
    if not pattern.fullmatch(node.value):
        raise CardYamlError(_place(f"cannot read {node.value!r} as {name}", node.start_mark))
    return read(node.value)


def _key(node: yaml.Node) -> str:
    """Keys are text in JSON: `1: x` becomes `"1": "x"`, as a JavaScript object would have it."""
    if not isinstance(node, yaml.ScalarNode):
        raise CardYamlError(_place("a key must be a scalar", node.start_mark))
    return str(node.value)


def _place(problem: str, mark: Any) -> str:
    """With the line and column of a PyYAML mark, if it gave one."""
    return problem if mark is None else f"{problem} at line {mark.line + 1}, column {mark.column + 1}"
