"""An open pull request of ours as it stands: what it holds, what it lacks, and whether it still fits main."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.card.document import CARD_PATH, decode_card
from evalbot.card.eval_results.entries import read_entries
from evalbot.front_matter import split
from evalbot.hub.overlap import metrics_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evalbot.changes import Planned
    from evalbot.hub.contents import Contents
    from evalbot.hub.records import PullRequest
    from evalbot.proposal import Proposal

_VALUE = re.compile(r"(\bvalue:)[^,}#]*")


@dataclass(frozen=True, slots=True)
class Standing:
    """An open pull request of ours, what its ref holds, and what a proposal would change there."""

    pull_request: PullRequest
    contents: Contents
    step: Planned
    fits: bool = True
    """Whether what stands against our scores on main stands there as well: an earlier run may have replaced it."""

    @property
    def card_after(self) -> bytes:
        """The card with the step taken."""
        return self.step.files.get(CARD_PATH, self.contents.files[CARD_PATH])


def leaves_alone(files: Mapping[str, bytes], proposal: Proposal) -> bool:
    """Whether files leave alone what main publishes against our scores."""
    main = proposal.planned()
    metrics = () if main.merge is None else main.merge.conflicts
    entries = () if main.entries is None else main.entries.conflicts
    there = metrics_of(files[CARD_PATH]) if metrics else ()
    return all(pair.published in there for pair in metrics) and all(
        each.path in files and each.old in read_entries(each.path, files[each.path]) for each in entries
    )


def is_based_on(main: bytes, own: Standing) -> bool:
    """Whether every line of main's front matter stands in the pull request's, values aside, in its order.

    Where one does not, main has moved on beneath it, and a closer look is worth a request.
    """
    there = _lines(own.contents.files[CARD_PATH])
    return all(line in there for line in _lines(main))  # `in` uses the lines up, so their order counts


def _lines(card: bytes) -> Iterator[str]:
    return (_VALUE.sub(r"\1", line) for line in split(decode_card(card)).yaml.splitlines() if line.strip())
