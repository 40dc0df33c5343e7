"""YAML as the Hub reads it, under limits that are checked before anything recursive runs.

The Hub parses front matter by YAML 1.2 (`no` is a string, `1.10` a number, `1e-3` a number); PyYAML's own loaders
follow 1.1. Nodes are compared and kept as they are written; values are constructed only to look at them.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from evalbot.errors import InvalidCard

_OTHER_LINE_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line ends in YAML 1.1, which PyYAML reads, and text in YAML 1.2, which the Hub reads."""
MAX_DEPTH = 64
"""Levels of nesting. Real model-index entries need 8; the composer recurses once a level."""
MAX_NODES = 250_000
"""Nodes after aliases are expanded. A 1 MB front matter has about 130,000; alias bombs have millions."""

_SIMPLIFY = "Write the lines between the two --- markers as plain keys and values, then run again."

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class HubLoader(_Loader):  # type: ignore[misc]  # the C loader where PyYAML was built with it, else the Python one
    """A safe loader whose plain scalars follow the YAML 1.2 core schema."""

    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name and shape


_CORE_SCHEMA: list[tuple[str, str, str]] = [
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+0123456789.",
    ),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN"),
    ("merge", r"^(?:<<)$", "<"),
]

for _name, _pattern, _first in _CORE_SCHEMA:
    _firsts: list[str | None] = list(_first)
    if _name == "null":
        _firsts.append("")
    HubLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _firsts)


def _construct_int(loader: Any, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node).replace("0o", "0O", 1)
    return int(text, 0 if text[:2].lower() in ("0x", "0o") else 10)


def _construct_float(loader: Any, node: yaml.ScalarNode) -> float:
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


HubLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)
HubLoader.add_constructor("tag:yaml.org,2002:float", _construct_float)
HubLoader.add_constructor("tag:yaml.org,2002:merge", lambda loader, node: loader.construct_scalar(node))


def compose(text: str) -> yaml.Node | None:
    """The node tree of one YAML document with its marks (offsets in characters); None for an empty one.

    Raises InvalidCard for what is not YAML or goes past the limits.
    """
    if (separator := _OTHER_LINE_BREAKS.search(text)) is not None:
        raise InvalidCard(
            f"The card's front matter holds the line separator U+{ord(separator.group()):04X}, which some YAML parsers"
            " take for a line end and others for text.",
            hint="Replace it by a space or a line end, then run again.",
        )
    try:
        check_limits(text)
        node: yaml.Node | None = yaml.compose(text, Loader=HubLoader)
    except yaml.YAMLError as error:
        raise InvalidCard(
            f"The card's front matter is not valid YAML: {_one_line(error)}.",
            hint="Mend the lines between the two --- markers at the top of README.md, then run again.",
        ) from None
    return node


def construct(node: yaml.Node) -> Any:
    """The plain Python value of a node. Raises InvalidCard for tags that are not plain data."""
    loader = HubLoader("")
    try:
        return loader.construct_document(node)
    # The library's constructors trust explicit tags: `!!bool "maybe"` is a KeyError, `!!timestamp "x"` another.
    except (yaml.YAMLError, ValueError, OverflowError, KeyError, AttributeError, TypeError) as error:
        raise InvalidCard(
            f"The card's front matter holds a value that is not plain data: {_one_line(error)}.", hint=_SIMPLIFY
        ) from None
    finally:
        loader.dispose()


def check_limits(text: str) -> None:
    """Walk the event stream (no recursion) and refuse nesting and alias expansion that would hurt later."""
    open_sizes = [0]
    open_anchors: list[str | None] = []
    sizes: dict[str, int] = {}
    for event in yaml.parse(text, Loader=HubLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_sizes.append(1)
            open_anchors.append(event.anchor)
            size = 0
        elif isinstance(event, yaml.CollectionEndEvent):
            size = open_sizes.pop()
            if (anchor := open_anchors.pop()) is not None:
                sizes[anchor] = size
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in open_anchors:
                raise InvalidCard(f"The card's front matter refers to itself (alias *{event.anchor}).", hint=_SIMPLIFY)
            size = sizes.get(str(event.anchor), 1)
        else:
            size = 1 if isinstance(event, yaml.ScalarEvent) else 0
        open_sizes[-1] += size
        if len(open_sizes) > MAX_DEPTH:
            raise InvalidCard(f"The card's front matter is nested more than {MAX_DEPTH} levels deep.", hint=_SIMPLIFY)
        if open_sizes[-1] > MAX_NODES:
            raise InvalidCard(
                f"The card's front matter holds more than {MAX_NODES:,} values (aliases expanded).", hint=_SIMPLIFY
            )


def _one_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    # Front matter starts on the card's second line, marks count from 0.
    return f"{problem} (line {mark.line + 2})" if mark is not None else str(problem)
