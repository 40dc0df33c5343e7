"""A card as text, its front matter as nodes with marks, and its model-index found in them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from evalbot.card import yaml_reader
from evalbot.errors import InvalidCard
from evalbot.front_matter import BYTE_ORDER_MARK, CardText, split

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CARD_BYTES = 2 * 1024 * 1024
"""The longest real cards (benchmark collections in their model-index) stay under 1 MB."""
CARD_PATH = "README.md"
MODEL_INDEX = "model-index"

Fingerprint = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class CardDocument:
    """One card, read but not interpreted: `root` is the front matter's mapping, None where there is none."""

    text: str
    pieces: CardText
    root: yaml.MappingNode | None

    @property
    def model_index(self) -> yaml.Node | None:
        return None if self.root is None else get(self.root, MODEL_INDEX)

    @property
    def line_end(self) -> str:
        """The card's own line end: that of its first line."""
        first = re.search(r"\r\n|\n|\r", self.text)
        return first.group() if first else "\n"


def decode_card(data: bytes) -> str:
    """The card's text, byte-order mark kept. Raises InvalidCard for what is not UTF-8 text of a bearable size."""
    if len(data) > MAX_CARD_BYTES:
        raise InvalidCard(
            f"The card is too large: evalbot reads cards of up to {MAX_CARD_BYTES:,} bytes.",
            hint="Move what is not about the model, such as long logs, to files of their own.",
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InvalidCard("The card is UTF-16 text.", hint="Save README.md as UTF-8: the Hub reads nothing else.")
    if b"\0" in data:
        raise InvalidCard("The card is a binary file, not text.", hint="Check that the path names a README.md.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidCard(
            f"The card is not valid UTF-8: byte 0x{data[error.start]:02x} in line {line}.",
            hint="Save README.md as UTF-8, then run again.",
        ) from None


def parse_card(text: str) -> CardDocument:
    """Read the front matter. Raises InvalidCard for what cannot be edited safely: broken or unterminated YAML."""
    pieces = split(text)
    if not pieces.has_front_matter:
        _refuse_unterminated(text)
        return CardDocument(text, pieces, None)
    root = yaml_reader.compose(pieces.yaml)
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value):
        return CardDocument(text, pieces, None)
    if not isinstance(root, yaml.MappingNode):
        raise InvalidCard(
            "The card's front matter is not a mapping of keys to values.",
            hint="Mend it; or, where the first --- is meant as a horizontal rule, put a blank line and text above it.",
        )
    document = CardDocument(text, pieces, root)
    _refuse_duplicate_keys(root, only=MODEL_INDEX)
    _refuse_merge_keys(root)
    for node in walk(document.model_index) if document.model_index is not None else ():
        if isinstance(node, yaml.MappingNode):
            _refuse_duplicate_keys(node)
            _refuse_merge_keys(node)
    return document


def _refuse_unterminated(text: str) -> None:
    lines = text.removeprefix(BYTE_ORDER_MARK).lstrip().splitlines()
    if lines and lines[0].rstrip() == "---":
        raise InvalidCard(
            "The card begins with --- but the Hub finds no front matter there (no closing ---, or spaces after it).",
            hint="Close the front matter with a line of three dashes, or remove the first line.",
        )


def _refuse_merge_keys(node: yaml.MappingNode) -> None:
    """Raise InvalidCard for `<<`: whether it brings values in differs from parser to parser."""
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            raise InvalidCard(
                f"The card's front matter uses a YAML merge key (<<, line {key.start_mark.line + 2}).",
                hint="Write out the values it brings in, then run again.",
            )


def duplicate_keys(node: yaml.MappingNode) -> list[str]:
    """Keys that stand more than once in a mapping: which of them counts differs from parser to parser."""
    names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    return [name for name, count in Counter(names).items() if count > 1]


def _refuse_duplicate_keys(node: yaml.MappingNode, *, only: str | None = None) -> None:
    for name in duplicate_keys(node):
        if only in (None, name):
            line = [key.start_mark.line for key, _ in node.value if key.value == name][1] + 2
            raise InvalidCard(
                f"The key {name!r} stands twice in the card's front matter (line {line}).",
                hint="Keep one of the two, then run again.",
            )


def get(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key of a mapping node; None where the node is no mapping or has no such key."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value == key:
                found: yaml.Node = value
                return found
    return None


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """The items of a sequence node; none for any other node."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def walk(node: yaml.Node) -> Iterator[yaml.Node]:
    """Every node below and including this one, aliases once each (the limits bound the rest)."""
    pending, seen = [node], set()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, yaml.MappingNode):
            pending.extend(part for pair in current.value for part in pair)
        else:
            pending.extend(items(current))


def fingerprint(node: yaml.Node | None) -> Fingerprint:
    """What a node says, free of where it stands: tags, scalar text and order. Equal means unchanged."""
    if node is None:
        return ()
    if isinstance(node, yaml.MappingNode):
        return (node.tag, *((fingerprint(key), fingerprint(value)) for key, value in node.value))
    if isinstance(node, yaml.SequenceNode):
        return (node.tag, *(fingerprint(item) for item in node.value))
    return (node.tag, node.value)
