"""Where the text of a YAML node begins and ends, in whole lines where it stands in block style.

Marks alone do not say: an end mark runs on over blank lines and comments, an alias's marks are those of its anchor, and
a list item's dash stands before its start mark.
"""

from __future__ import annotations

import yaml

from evalbot.errors import InvalidCard

BY_HAND = "Edit the model-index of this card by hand, or write it in the plain block style of the Hub's documentation."


def end_of(node: yaml.Node, source: str) -> int:
    """Where the lines of a block node end: after its last leaf's line, before blank lines and comments."""
    leaf = node
    while isinstance(leaf, yaml.CollectionNode) and leaf.value and not leaf.flow_style:
        inside = leaf
        leaf = leaf.value[-1][1] if isinstance(leaf, yaml.MappingNode) else leaf.value[-1]
        if not inside.start_mark.index <= leaf.start_mark.index <= inside.end_mark.index:
            return trimmed_end(inside, source)  # an alias: the node it names stands elsewhere
    if isinstance(leaf, yaml.ScalarNode) and leaf.style in ("|", ">"):
        return int(leaf.end_mark.index)
    return line_after(source, leaf.end_mark.index)


def ends_in_open_literal(node: yaml.Node, source: str) -> bool:
    """Whether the YAML ends inside a literal without a line end: a line more would change that literal's value."""
    leaf = node
    while isinstance(leaf, yaml.CollectionNode) and leaf.value:
        leaf = leaf.value[-1][1] if isinstance(leaf, yaml.MappingNode) else leaf.value[-1]
    return isinstance(leaf, yaml.ScalarNode) and leaf.style in ("|", ">") and source[-1:] not in ("\r", "\n")


def above(key: yaml.Node, source: str) -> int:
    """The start of a key's line, or of the comment lines that stand right above it."""
    lines = source[: key.start_mark.index].splitlines(keepends=True)
    while lines and lines[-1].startswith("#"):
        lines.pop()
    return sum(len(line) for line in lines)


def trimmed_end(node: yaml.Node, source: str) -> int:
    """The end of a node whose mark runs on over blank lines and comments."""
    lines = source[: node.end_mark.index].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return sum(len(line) for line in lines)


def line_after(source: str, at: int) -> int:
    """The start of the line after the one `at` stands in, or the end of the YAML."""
    ends = [found for line_end in ("\n", "\r") if (found := source.find(line_end, at)) >= 0]
    if not ends:
        return len(source)
    return min(ends) + (2 if source.startswith("\r\n", min(ends)) else 1)


def key_node(parent: yaml.MappingNode, key: str) -> yaml.Node:
    return next(name for name, _ in parent.value if isinstance(name, yaml.ScalarNode) and name.value == key)


def item_span(item: yaml.Node, container: yaml.SequenceNode, source: str) -> tuple[int, int]:
    """What to cut so that an item is gone from its list: its lines from the dash on, or its text and one comma."""
    if container.flow_style:
        start, end = _flow_span(item, container)
        if "#" in source[start : item.start_mark.index]:
            raise InvalidCard("A list in the card's model-index has comments between its items.", hint=BY_HAND)
        return start, end
    dash = source.rfind("-", 0, item.start_mark.index)
    start = max(source.rfind("\n", 0, dash), source.rfind("\r", 0, dash)) + 1
    if dash < 0 or source[start:dash].strip(" ") or source[dash + 1 : item.start_mark.index].strip():
        raise InvalidCard("A list item in the card's model-index does not stand on lines of its own.", hint=BY_HAND)
    return lines_span(start, end_of(item, source), source)


def lines_span(start: int, end: int, source: str) -> tuple[int, int]:
    """Whole lines to cut; those at the very end go with the line end before them, for they have none of their own."""
    if end < len(source) or source[-1:] in ("\n", "\r") or start == 0:
        return start, end
    return start - (2 if source.startswith("\r\n", start - 2) else 1), end


def _flow_span(item: yaml.Node, container: yaml.SequenceNode) -> tuple[int, int]:
    position = next(i for i, each in enumerate(container.value) if each is item)
    if position > 0:
        return container.value[position - 1].end_mark.index, item.end_mark.index
    if len(container.value) > 1:
        return item.start_mark.index, container.value[1].start_mark.index
    return item.start_mark.index, item.end_mark.index
