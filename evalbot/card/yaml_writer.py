"""New YAML for a card: plain where a reader of YAML 1.1 and one of 1.2 agree on it, quoted where they do not."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

_NO_FOLDING = 2**31
"""A line width no label reaches: folded scalars are harder to review in a diff."""


class _CardDumper(yaml.SafeDumper):
    """Writes sequences indented below their key, as the Hub's own examples do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, False)  # noqa: FBT003 - positional in PyYAML

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Never write anchors: a repeated dict is written twice."""
        return True


def _represent_decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = format(value, "f")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_CardDumper.add_representer(Decimal, _represent_decimal)
# PyYAML leaves `1e5` and `0o17` unquoted, for they are strings in YAML 1.1; the Hub reads numbers there.
_CardDumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
    list("-+0123456789."),
)
_CardDumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^0o[0-7]+$"), ["0"])


def block_lines(data: Any, indent: int = 0) -> list[str]:
    """Block style YAML of a mapping or sequence as lines without line ends, `indent` columns to the right."""
    return [" " * indent + line for line in _dump(data, flow=False).splitlines()]


def flow_items(data: Sequence[Any]) -> str:
    """The items of a sequence in flow style, comma separated, without the brackets."""
    return ", ".join(flow(item) for item in data)


def flow(data: Any) -> str:
    """Flow style YAML of a mapping or sequence, on one line."""
    return _dump(data, flow=True).strip()


def _dump(data: Any, *, flow: bool) -> str:
    text: str = yaml.dump(
        data, Dumper=_CardDumper, sort_keys=False, allow_unicode=True, default_flow_style=flow, width=_NO_FOLDING
    )
    return text
