"""A YAML file of a repository as a node tree with its marks, under the limits of the card's own reader."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from evalbot.card import yaml_reader
from evalbot.card.document import duplicate_keys, walk
from evalbot.errors import InvalidCard
from evalbot.front_matter import BYTE_ORDER_MARK

MAX_FILE_BYTES = 1024 * 1024
"""An entry of `.eval_results` takes about 300 bytes, an eval.yaml a few thousand."""
_OTHER_LINE_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line ends in YAML 1.1 and text in YAML 1.2: readers would see different files."""
_READER_SAYS = "The card's front matter"


@dataclass(frozen=True, slots=True)
class YamlFile:
    """One file, read but not interpreted; `root` is None where it holds nothing."""

    path: str
    text: str
    """Without the byte-order mark; the marks of the nodes are offsets into it."""
    mark: str
    root: yaml.Node | None

    @property
    def line_end(self) -> str:
        """The file's own line end: that of its first line."""
        first = re.search(r"\r\n|\n|\r", self.text)
        return first.group() if first else "\n"

    def data(self) -> Any:
        """The plain value. Raises InvalidCard for tags that are not plain data."""
        if self.root is None:
            return None
        try:
            return yaml_reader.construct(self.root)
        except InvalidCard as error:
            raise _about(self.path, error) from None


def read_yaml_file(path: str, data: bytes) -> YamlFile:
    """The file's node tree. Raises InvalidCard, naming the path, for what is not plain YAML within the limits.

    Keys that stand twice and merge keys are refused: what they mean differs from parser to parser.
    """
    text = _decoded(path, data)
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    text = text.removeprefix(BYTE_ORDER_MARK)
    root = _composed(path, text)
    for node in walk(root) if root is not None else ():
        if isinstance(node, yaml.MappingNode):
            _refuse_unclear_keys(path, node)
    return YamlFile(path, text, mark, root)


def _decoded(path: str, data: bytes) -> str:
    if len(data) > MAX_FILE_BYTES:
        raise InvalidCard(f"{path} is too large: evalbot reads files of up to {MAX_FILE_BYTES:,} bytes here.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidCard(
            f"{path} is not valid UTF-8: byte 0x{data[error.start]:02x} in line {line}.",
            hint="Save it as UTF-8: the Hub reads nothing else.",
        ) from None
    if (separator := _OTHER_LINE_BREAKS.search(text)) is not None:
        raise InvalidCard(
            f"{path} holds the line separator U+{ord(separator.group()):04X}, which some YAML parsers take for a line"
            " end and others for text.",
            hint="Replace it by a space or a line end, then run again.",
        )
    return text


def _composed(path: str, text: str) -> yaml.Node | None:
    try:
        yaml_reader.check_limits(text)
        node: yaml.Node | None = yaml.compose(text, Loader=yaml_reader.HubLoader)
    except InvalidCard as error:
        raise _about(path, error) from None
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = "" if mark is None else f" (line {mark.line + 1})"
        raise InvalidCard(
            f"{path} is not valid YAML: {problem or str(error).splitlines()[0]}{where}.",
            hint="Mend the file, then run again.",
        ) from None
    return node


def _about(path: str, error: InvalidCard) -> InvalidCard:
    """The reader's refusal, said of this file: it knows cards only."""
    return InvalidCard(error.message.replace(_READER_SAYS, path), hint=error.hint)


def _refuse_unclear_keys(path: str, node: yaml.MappingNode) -> None:
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            raise InvalidCard(
                f"{path} uses a YAML merge key (<<, line {key.start_mark.line + 1}).",
                hint="Write out the values it brings in, then run again.",
            )
    for name in duplicate_keys(node):
        line = [key.start_mark.line for key, _ in node.value if key.value == name][1] + 1
        raise InvalidCard(
            f"The key {name!r} stands twice in {path} (line {line}).", hint="Keep one of the two, then run again."
        )
