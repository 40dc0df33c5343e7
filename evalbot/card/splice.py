"""Put new items into a card's model-index by inserting text, so that every other byte stays as it is.

Positions come from the marks of the composed nodes. Each insertion is made twice: as text, and on the node tree
as an expectation; the edited text is parsed again and must equal the expected tree, else nothing is returned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from evalbot.card import yaml_reader, yaml_writer
from evalbot.card.document import MODEL_INDEX, CardDocument, fingerprint, get, parse_card
from evalbot.card.model_index import is_null
from evalbot.errors import InvalidCard

if TYPE_CHECKING:
    from collections.abc import Sequence

_BY_HAND = "Edit the model-index of this card by hand, or write it in the plain block style of the Hub's documentation."


@dataclass(frozen=True, slots=True)
class _Edit:
    """Replace yaml[start:end] by text; an insertion has start == end."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class CardSplicer:
    """Collects additions to one card's model-index, then renders the card once.

    The document's node tree is changed as additions are made: give each splicer a document of its own.
    """

    document: CardDocument
    _edits: list[_Edit] = field(default_factory=list)
    _made_root: yaml.Node | None = None
    _outside: str = ""

    def __post_init__(self) -> None:
        self._outside = _outside_model_index(self.document)

    def append(self, container: yaml.Node | None, parent: yaml.MappingNode, key: str, new: Sequence[Any]) -> None:
        """Append plain values to the sequence `container`, which stands, or is to stand, under `key` of `parent`."""
        if isinstance(container, yaml.SequenceNode) and container.value:
            self._append_to_items(container, new)
        elif isinstance(container, yaml.SequenceNode) or (container is not None and is_null(container)):
            self._fill_empty(container, parent, key, new)
        elif container is None:
            self._add_key(parent, key, new)
        else:
            raise InvalidCard(f"{key!r} in the card's model-index is not a list.", hint=_BY_HAND)

    def append_models(self, models: Sequence[Any]) -> None:
        """Append entries to the model-index itself, which is made where the card has none."""
        root = self.document.root
        if root is not None:
            self.append(get(root, MODEL_INDEX), root, MODEL_INDEX, models)
        else:
            index = {MODEL_INDEX: list(models)}
            self._made_root = _compose_value(index)
            self._insert_lines(len(self.document.pieces.yaml), yaml_writer.block_lines(index))

    def render(self) -> str:
        """The edited card. Raises InvalidCard where the edit would change anything but the model-index."""
        pieces, nl = self.document.pieces, self.document.line_end
        opening, closing = pieces.opening, pieces.closing
        if not pieces.has_front_matter:
            opening, closing = f"---{nl}", f"{nl}---{nl}"
        text = pieces.mark + opening + self._edited_yaml() + closing + pieces.body
        self._check(text)
        return text

    def _edited_yaml(self) -> str:
        source, parts, position = self.document.pieces.yaml, [], 0
        # A stable sort: insertions at one place stay in the order they were made.
        for edit in sorted(self._edits, key=lambda edit: edit.start):
            parts += [source[position : edit.start], edit.text]
            position = max(position, edit.end)
        return "".join([*parts, source[position:]])

    def _check(self, text: str) -> None:
        try:
            after = parse_card(text)
        except InvalidCard:
            raise InvalidCard("This card's model-index cannot be edited safely.", hint=_BY_HAND) from None
        expected = self._made_root if self.document.root is None else self.document.root
        same_data = fingerprint(after.root) == fingerprint(expected)
        if not same_data or _outside_model_index(after) != self._outside:
            raise InvalidCard("This card's model-index cannot be edited without changing other lines.", hint=_BY_HAND)

    def _append_to_items(self, container: yaml.SequenceNode, new: Sequence[Any]) -> None:
        last = container.value[-1]
        if container.flow_style:
            self._insert(last.end_mark.index, ", " + yaml_writer.flow_items(new))
        else:
            # The sequence's start mark is its first dash, unless an anchor or tag stands before it.
            if self.document.pieces.yaml[container.start_mark.index] != "-":
                raise InvalidCard("A list in the card's model-index carries an anchor or a tag.", hint=_BY_HAND)
            lines = yaml_writer.block_lines(list(new), container.start_mark.column)
            self._insert_lines(_end_of(container, self.document.pieces.yaml), lines)
        container.value.extend(_compose_value(list(new)).value)

    def _fill_empty(self, container: yaml.Node, parent: yaml.MappingNode, key: str, new: Sequence[Any]) -> None:
        start, end = container.start_mark.index, container.end_mark.index
        source = self.document.pieces.yaml
        if "".join(source[start:end].split()).lower() not in ("", "~", "null", "[]"):
            raise InvalidCard(
                f"The empty {key!r} of the card's model-index is written in an unusual way.", hint=_BY_HAND
            )
        key_node = _key_node(parent, key)
        # What stands between the colon and the empty value may be comments: only the value and its blanks go.
        before = source[:start].rstrip(" ")
        if parent.flow_style:
            self._edits.append(_Edit(len(before), end, f" [{yaml_writer.flow_items(new)}]"))
        else:
            self._edits.append(_Edit(len(before), end, ""))
            lines = yaml_writer.block_lines(list(new), key_node.start_mark.column + 2)
            self._insert_lines(_line_after(source, end), lines)
        position = next(i for i, (name, _) in enumerate(parent.value) if name is key_node)
        parent.value[position] = (key_node, _compose_value(list(new)))

    def _add_key(self, parent: yaml.MappingNode, key: str, new: Sequence[Any]) -> None:
        position = len(parent.value)
        if parent.flow_style:
            text = f"{key}: [{yaml_writer.flow_items(new)}]"
            if parent.value:
                self._insert(parent.value[-1][1].end_mark.index, ", " + text)
            else:
                self._insert(parent.start_mark.index + 1, text)
        else:
            source = self.document.pieces.yaml
            at = _end_of(parent, source)
            if at == len(source) and _ends_in_open_literal(parent, source):
                at, position = _above(parent.value[-1][0], source), position - 1
            lines = yaml_writer.block_lines({key: list(new)}, parent.value[0][0].start_mark.column)
            self._insert_lines(at, lines)
        parent.value.insert(position, (_compose_value(key), _compose_value(list(new))))

    def _insert(self, at: int, text: str) -> None:
        self._edits.append(_Edit(at, at, text))

    def _insert_lines(self, at: int, lines: Sequence[str]) -> None:
        """Insert whole lines at `at`, which is a line's start or the very end of the YAML."""
        source, nl = self.document.pieces.yaml, self.document.line_end
        at_line_start = at == 0 or source[at - 1] in "\r\n"
        text = "".join(line + nl for line in lines) if at_line_start else "".join(nl + line for line in lines)
        if at_line_start and at == len(source):
            text = text[: -len(nl)]  # the closing marker brings its own line end
        self._insert(at, text)


def _end_of(node: yaml.Node, source: str) -> int:
    """Where the lines of a block node end: after its last leaf's line, before blank lines and comments."""
    leaf = node
    while isinstance(leaf, yaml.CollectionNode) and leaf.value and not leaf.flow_style:
        inside = leaf
        leaf = leaf.value[-1][1] if isinstance(leaf, yaml.MappingNode) else leaf.value[-1]
        if not inside.start_mark.index <= leaf.start_mark.index <= inside.end_mark.index:
            return _trimmed_end(inside, source)  # an alias: the node it names stands elsewhere
    if isinstance(leaf, yaml.ScalarNode) and leaf.style in ("|", ">"):
        return int(leaf.end_mark.index)
    return _line_after(source, leaf.end_mark.index)


def _ends_in_open_literal(node: yaml.Node, source: str) -> bool:
    """Whether the YAML ends inside a literal without a line end: a line more would change that literal's value."""
    leaf = node
    while isinstance(leaf, yaml.CollectionNode) and leaf.value:
        leaf = leaf.value[-1][1] if isinstance(leaf, yaml.MappingNode) else leaf.value[-1]
    return isinstance(leaf, yaml.ScalarNode) and leaf.style in ("|", ">") and source[-1:] not in ("\r", "\n")


def _above(key: yaml.Node, source: str) -> int:
    """The start of a key's line, or of the comment lines that stand right above it."""
    lines = source[: key.start_mark.index].splitlines(keepends=True)
    while lines and lines[-1].startswith("#"):
        lines.pop()
    return sum(len(line) for line in lines)


def _trimmed_end(node: yaml.Node, source: str) -> int:
    """The end of a node whose mark runs on over blank lines and comments."""
    lines = source[: node.end_mark.index].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return sum(len(line) for line in lines)


def _line_after(source: str, at: int) -> int:
    """The start of the line after the one `at` stands in, or the end of the YAML."""
    ends = [found for line_end in ("\n", "\r") if (found := source.find(line_end, at)) >= 0]
    if not ends:
        return len(source)
    return min(ends) + (2 if source.startswith("\r\n", min(ends)) else 1)


def _outside_model_index(document: CardDocument) -> str:
    """The card's text without the lines of its model-index, and without front matter that holds nothing else.

    A front matter in flow style is one value: there, what stands around it is outside.
    """
    pieces, root = document.pieces, document.root
    before, after = pieces.mark + pieces.opening, pieces.closing + pieces.body
    if root is not None and root.flow_style:
        return before + after
    yaml_text = pieces.yaml
    if root is not None and (index := get(root, MODEL_INDEX)) is not None:
        key = _key_node(root, MODEL_INDEX).start_mark
        yaml_text = yaml_text[: key.index - key.column] + yaml_text[_end_of(index, yaml_text) :]
    return pieces.mark + pieces.body if not yaml_text.strip() else before + yaml_text.rstrip("\r\n") + after


def _key_node(parent: yaml.MappingNode, key: str) -> yaml.Node:
    return next(name for name, _ in parent.value if isinstance(name, yaml.ScalarNode) and name.value == key)


def _compose_value(data: Any) -> Any:
    return yaml_reader.compose("\n".join(yaml_writer.block_lines(data)))
