"""Edits of a file of `.eval_results`: values replaced and entries added as text, every other byte left as it is.

Each edit is made twice, as text and on the node tree; the edited text is read again and must equal that tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from evalbot.card import yaml_reader, yaml_writer
from evalbot.card.document import fingerprint, get
from evalbot.card.eval_results.entries import read_results_file, source_data
from evalbot.card.spans import end_of, ends_in_open_literal, key_node
from evalbot.errors import InvalidCard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from evalbot.card.eval_results.yaml_file import YamlFile
    from evalbot.score import Source

_BY_HAND = "Edit the file by hand, or write it in the plain block style of the Hub's documentation."


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A new value for the entry at `position`, and its date where the entry has one.

    `source` stands in for the entry's own where the value comes from another: a number under somebody else's
    source would be a lie about where it comes from.
    """

    position: int
    value: Decimal
    date: str
    source: Source | None = None


def new_file(entries: Sequence[dict[str, Any]]) -> bytes:
    """A file of these entries, in the block style of the Hub's documentation."""
    return "".join(line + "\n" for line in yaml_writer.block_lines(list(entries))).encode()


def edited_file(
    path: str, data: bytes, replacements: Sequence[Replacement] = (), added: Sequence[dict[str, Any]] = ()
) -> bytes:
    """The file with these changes and no other.

    Raises InvalidCard for a file that the Hub does not accept, and where the changes cannot be had by editing its text.
    """
    file = read_results_file(path, data).yaml
    root = file.root
    if not isinstance(root, yaml.SequenceNode):
        raise TypeError("only a list of entries is accepted as a file of results")
    editor = _Editor(file)
    for replacement in replacements:
        editor.replace(root.value[replacement.position], replacement)
    if added:
        editor.append(root, added)
    return editor.render(root)


class _Editor:
    """Collects the edits of one file; the file's node tree is changed as they are made."""

    def __init__(self, file: YamlFile) -> None:
        self._file = file
        self._edits: list[tuple[int, int, str]] = []

    def replace(self, entry: yaml.MappingNode, replacement: Replacement) -> None:
        self._replace_scalar(entry, "value", format(replacement.value, "f"))
        date = get(entry, "date")
        if isinstance(date, yaml.ScalarNode):
            quote = date.style if date.style in ("'", '"') else "'"
            self._replace_scalar(entry, "date", f"{quote}{replacement.date}{quote}")
        if replacement.source is not None:
            self._replace_source(entry, source_data(replacement.source))

    def append(self, root: yaml.SequenceNode, added: Sequence[dict[str, Any]]) -> None:
        if root.flow_style:
            inside = root.value[-1].end_mark.index if root.value else root.start_mark.index + 1
            comma = ", " if root.value else ""
            self._edits.append((inside, inside, comma + yaml_writer.flow_items(added)))
        else:
            self._insert_lines(end_of(root, self._file.text), root, added)
        root.value.extend(_node(list(added)).value)

    def render(self, expected: yaml.SequenceNode) -> bytes:
        parts, position = [self._file.mark], 0
        for start, end, text in sorted(self._edits, key=lambda edit: edit[0]):
            parts += [self._file.text[position:start], text]
            position = end
        data = "".join([*parts, self._file.text[position:]]).encode()
        try:
            after = read_results_file(self._file.path, data)
        except InvalidCard:
            after = None
        if after is None or fingerprint(after.yaml.root) != fingerprint(expected):
            raise InvalidCard(f"{self._file.path} cannot be edited without changing other values.", hint=_BY_HAND)
        return data

    def _insert_lines(self, at: int, root: yaml.SequenceNode, added: Sequence[dict[str, Any]]) -> None:
        source, nl = self._file.text, self._file.line_end
        lines = yaml_writer.block_lines(list(added), root.start_mark.column)
        if at == 0 or source[at - 1] in "\r\n":
            text = "".join(line + nl for line in lines)
        elif ends_in_open_literal(root, source):
            raise InvalidCard(f"{self._file.path} ends inside a text without a line end.", hint=_BY_HAND)
        else:
            text = "".join(nl + line for line in lines)
        self._edits.append((at, at, text))

    def _replace_scalar(self, entry: yaml.MappingNode, key: str, text: str) -> None:
        node = get(entry, key)
        if not isinstance(node, yaml.ScalarNode):
            raise InvalidCard(f"The {key!r} of an entry in {self._file.path} is no plain value.", hint=_BY_HAND)
        self._edits.append((node.start_mark.index, node.end_mark.index, text))
        _set(entry, key, _node_of(text))

    def _replace_source(self, entry: yaml.MappingNode, source: dict[str, str]) -> None:
        """The whole of the entry's source, from its key to its last line, is ours then."""
        key, value = key_node(entry, "source"), get(entry, "source")
        if not isinstance(value, yaml.MappingNode):
            raise TypeError("only an entry that names a source gets another")
        text, start = self._file.text, key.start_mark.index
        if value.flow_style or entry.flow_style:
            self._edits.append((start, value.end_mark.index, f"source: {yaml_writer.flow(source)}"))
        else:
            end = end_of(value, text)
            line_ends = text[start:end][len(text[start:end].rstrip("\r\n")) :]
            lines = yaml_writer.block_lines({"source": source}, key.start_mark.column)
            new = self._file.line_end.join(lines).lstrip(" ")
            self._edits.append((start, end, new + line_ends))
        _set(entry, "source", _node(source))


def _set(entry: yaml.MappingNode, key: str, node: yaml.Node) -> None:
    entry.value = [(name, node if name.value == key else value) for name, value in entry.value]


def _node(data: Any) -> Any:
    return _node_of("\n".join(yaml_writer.block_lines(data)))


def _node_of(text: str) -> Any:
    return yaml_reader.compose(text)
