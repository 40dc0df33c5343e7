"""Change a card's model-index by inserting, replacing and cutting text, so that every other byte stays as it is.

Positions come from the marks of the composed nodes. Each edit is made twice: as text, and on the node tree as an
expectation; the edited text is parsed again and must equal the expected tree, else nothing is returned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from evalbot.card import yaml_reader, yaml_writer
from evalbot.card.document import MODEL_INDEX, CardDocument, fingerprint, get, parse_card
from evalbot.card.model_index import is_null
from evalbot.card.spans import BY_HAND, above, end_of, ends_in_open_literal, item_span, key_node, line_after, lines_span
from evalbot.errors import InvalidCard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal


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
            raise InvalidCard(f"{key!r} in the card's model-index is not a list.", hint=BY_HAND)

    def append_models(self, models: Sequence[Any]) -> None:
        """Append entries to the model-index itself, which is made where the card has none."""
        root = self.document.root
        if root is not None:
            self.append(get(root, MODEL_INDEX), root, MODEL_INDEX, models)
        else:
            index = {MODEL_INDEX: list(models)}
            self._made_root = _compose_value(index)
            self._insert_lines(len(self.document.pieces.yaml), yaml_writer.block_lines(index))

    def replace_number(self, parent: yaml.MappingNode, key: str, value: Decimal) -> None:
        """Let the scalar under `key` of `parent` say this number; what stands beside it on its line stays."""
        position, (name, old) = next((i, pair) for i, pair in enumerate(parent.value) if pair[0].value == key)
        if not isinstance(old, yaml.ScalarNode):
            raise InvalidCard(f"{key!r} in the card's model-index is not a single value.", hint=BY_HAND)
        start, end = old.start_mark.index, old.end_mark.index
        number = format(value, "f")
        self._edits.append(_Edit(start, end, number if start < end else f" {number}"))
        parent.value[position] = (name, _compose_value(value))

    def remove(self, node: yaml.Node, lists: Sequence[yaml.Node | None]) -> None:
        """Cut an item out of a list, and around it whatever the cut leaves empty.

        `lists` is what the item stands in, from the inside out: list, mapping, list, mapping, …, list.
        """
        doomed = node
        for container, around in zip(lists[::2], [*lists[1::2], None], strict=True):
            if not isinstance(container, yaml.SequenceNode):
                raise InvalidCard("The card's model-index is not made of lists.", hint=BY_HAND)
            left = [item for item in container.value if item is not doomed]
            if left:
                self._cut(*item_span(doomed, container, self.document.pieces.yaml))
                container.value[:] = left
                return
            if around is None:
                self._remove_index(container)
                return
            doomed = around

    def _remove_index(self, index: yaml.SequenceNode) -> None:
        """Cut the whole key: a card without results has no model-index."""
        root, source = self.document.root, self.document.pieces.yaml
        if root is None or root.flow_style:
            raise InvalidCard("The card's front matter is written in flow style.", hint=BY_HAND)
        key = key_node(root, MODEL_INDEX).start_mark
        self._cut(*lines_span(key.index - key.column, end_of(index, source), source))
        root.value[:] = [pair for pair in root.value if pair[1] is not index]

    def _cut(self, start: int, end: int) -> None:
        """Cut whole, a place takes along the cuts that were made inside it."""
        self._edits = [edit for edit in self._edits if not start <= edit.start <= edit.end <= end]
        self._edits.append(_Edit(start, end, ""))

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
            raise InvalidCard("This card's model-index cannot be edited safely.", hint=BY_HAND) from None
        expected = self._made_root if self.document.root is None else self.document.root
        same_data = fingerprint(after.root) == fingerprint(expected)
        if not same_data or _outside_model_index(after) != self._outside:
            raise InvalidCard("This card's model-index cannot be edited without changing other lines.", hint=BY_HAND)

    def _append_to_items(self, container: yaml.SequenceNode, new: Sequence[Any]) -> None:
        last = container.value[-1]
        if container.flow_style:
            self._insert(last.end_mark.index, ", " + yaml_writer.flow_items(new))
        else:
            # The sequence's start mark is its first dash, unless an anchor or tag stands before it.
            if self.document.pieces.yaml[container.start_mark.index] != "-":
                raise InvalidCard("A list in the card's model-index carries an anchor or a tag.", hint=BY_HAND)
            lines = yaml_writer.block_lines(list(new), container.start_mark.column)
            self._insert_lines(end_of(container, self.document.pieces.yaml), lines)
        container.value.extend(_compose_value(list(new)).value)

    def _fill_empty(self, container: yaml.Node, parent: yaml.MappingNode, key: str, new: Sequence[Any]) -> None:
        start, end = container.start_mark.index, container.end_mark.index
        source = self.document.pieces.yaml
        if "".join(source[start:end].split()).lower() not in ("", "~", "null", "[]"):
            raise InvalidCard(
                f"The empty {key!r} of the card's model-index is written in an unusual way.", hint=BY_HAND
            )
        name_node = key_node(parent, key)
        # What stands between the colon and the empty value may be comments: only the value and its blanks go.
        before = source[:start].rstrip(" ")
        if parent.flow_style:
            self._edits.append(_Edit(len(before), end, f" [{yaml_writer.flow_items(new)}]"))
        else:
            self._edits.append(_Edit(len(before), end, ""))
            lines = yaml_writer.block_lines(list(new), name_node.start_mark.column + 2)
            self._insert_lines(line_after(source, end), lines)
        position = next(i for i, (name, _) in enumerate(parent.value) if name is name_node)
        parent.value[position] = (name_node, _compose_value(list(new)))

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
            at = end_of(parent, source)
            if at == len(source) and ends_in_open_literal(parent, source):
                at, position = above(parent.value[-1][0], source), position - 1
            lines = yaml_writer.block_lines({key: list(new)}, parent.value[0][0].start_mark.column)
            self._insert_lines(at, lines)
        parent.value.insert(position, (_compose_value(key), _compose_value(list(new))))

    def _insert(self, at: int, text: str) -> None:
        self._edits.append(_Edit(at, at, text))

    def _insert_lines(self, at: int, lines: Sequence[str]) -> None:
        """Insert whole lines at `at`, which is a line's start or the very end of the YAML."""
        pieces, nl = self.document.pieces, self.document.line_end
        if at == 0 or pieces.yaml[at - 1] in "\r\n":
            # Where we make the front matter, its closing marker brings the last line end.
            self._insert(at, nl.join(lines) + (nl if pieces.has_front_matter else ""))
        else:
            # The last old line keeps its own line end, which the closing marker holds.
            self._insert(
                at, pieces.closing[: len(pieces.closing) - len(pieces.closing.lstrip("\r\n"))] + nl.join(lines)
            )


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
        key = key_node(root, MODEL_INDEX).start_mark
        yaml_text = yaml_text[: key.index - key.column] + yaml_text[end_of(index, yaml_text) :]
    return pieces.mark + pieces.body if not yaml_text.strip() else before + yaml_text.rstrip("\r\n") + after


def _compose_value(data: Any) -> Any:
    return yaml_reader.compose("\n".join(yaml_writer.block_lines(data)))
