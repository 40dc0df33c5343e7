"""Bob, who proposes the scores of somebody else's model: evalbot's runs as his, and what is true afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalbot.demo import REPO_ID
from tests.flows.truth import NEW_SCORE, OWN_SCORES, Truth, scores_in

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot, Run

ALL = OWN_SCORES | NEW_SCORE
REF = "refs/pr/1"


@dataclass(frozen=True)
class Bob:
    """Bob, who proposes the second table of the demo card, and what is true of it on the Hub."""

    evalbot: Evalbot
    hub: SandboxHub
    truth: Truth

    def proposes(self, *options: str, table: str = "2", user: str = "bob") -> Run:
        return self.evalbot(
            "extract-readme", "--repo-id", REPO_ID, "--table", table, "--create-pr", "--json", *options, user=user
        )

    def has_proposed(self, *options: str, **named: str) -> dict[str, Any]:
        done = self.proposes(*options, **named)
        assert (done.code, done.json["status"]) == (0, "proposed"), done.err
        answer: dict[str, Any] = done.json["pr"]
        return answer

    def requests(self, *options: str) -> tuple[Run, list[str]]:
        """A run and the requests it made."""
        before = len(self.hub.log)
        done = self.proposes(*options)
        return done, [f"{record.method} {record.path}" for record in self.hub.log[before:]]

    def closes(self, number: int = 1, user: str = "alice") -> None:
        self.truth.api(user).change_discussion_status(REPO_ID, number, "closed")

    def scores(self, number: int = 1) -> dict[str, str]:
        return scores_in(self.truth.card(f"refs/pr/{number}"))

    def said(self, number: int = 1) -> tuple[str, list[str]]:
        """The description and the comments."""
        first, *others = [comment.content for comment in self.truth.comments(number)]
        return first, others


def status(done: Run) -> tuple[int, str]:
    return done.code, done.json["status"]
