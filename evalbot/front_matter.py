"""Where a card's YAML ends and its Markdown begins, by the Hub's own pattern.

Source of the pattern: `REGEX_YAML_BLOCK` in huggingface_hub's repocard module, which is the Hub server's.
The Hub looks at the text after a byte-order mark, so the mark is set aside first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BYTE_ORDER_MARK = "\ufeff"

# Anchored and with one lazy middle part, so it takes linear time; taken whole, for its backtracking decides odd cases
# (`---` twice in a row is no front matter, unless the line ends are CR LF).
_PATTERN = re.compile(r"^(\s*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(?:\r\n|\n|$))")


@dataclass(frozen=True, slots=True)
class CardText:
    """A card cut into consecutive pieces: joined in order they are the card again.

    `opening` and `closing` are the two marker lines, both empty where there is no front matter.
    """

    mark: str
    opening: str
    yaml: str
    closing: str
    body: str

    @property
    def has_front_matter(self) -> bool:
        return bool(self.opening)

    @property
    def yaml_start(self) -> int:
        """Offset of `yaml` in the whole card."""
        return len(self.mark) + len(self.opening)

    @property
    def body_start(self) -> int:
        """Offset of `body` in the whole card."""
        return self.yaml_start + len(self.yaml) + len(self.closing)


def split(card: str) -> CardText:
    """Cut a card into byte-order mark, opening marker, YAML, closing marker and body."""
    mark = BYTE_ORDER_MARK if card.startswith(BYTE_ORDER_MARK) else ""
    found = _PATTERN.match(card[len(mark) :])
    if found is None:
        return CardText(mark, "", "", "", card[len(mark) :])
    opening, yaml, closing = found.groups()
    return CardText(mark, opening, yaml, closing, card[len(mark) + found.end() :])
