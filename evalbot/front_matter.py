"""Where a card's YAML ends and its Markdown begins, by the Hub's own pattern.

Source of the pattern: `REGEX_YAML_BLOCK` in huggingface_hub's repocard module, which is the Hub server's.
The Hub looks at the text after a byte-order mark, so the mark is set aside first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BYTE_ORDER_MARK = "\ufeff"

_OPENING = re.compile(r"\s*---(?:\r\n|\r|\n)")
_CLOSING = re.compile(r"(?:\r\n|\r|\n)---[ \t]*(?:\r\n|\n|$)")


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
    opening = _OPENING.match(card, len(mark))
    # The Hub's pattern is one expression whose middle part is lazy; opening then first closing is the same, in
    # linear time. The closing line may not overlap the opening one, so `---` twice in a row is no front matter.
    closing = opening and _CLOSING.search(card, opening.end())
    if opening is None or closing is None:
        return CardText(mark, "", "", "", card[len(mark) :])
    return CardText(
        mark,
        card[len(mark) : opening.end()],
        card[opening.end() : closing.start()],
        card[closing.start() : closing.end()],
        card[closing.end() :],
    )
