"""What a sandbox hub really holds, read past evalbot: by git from its folder, and by huggingface_hub from its API."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from huggingface_hub import DiscussionComment, HfApi, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from evalbot.demo import REPO_ID, demo_card

if TYPE_CHECKING:
    from pathlib import Path

    from huggingface_hub import Discussion

    from evalbot.sandbox.server import SandboxHub

OWN_SCORES = {"MMLU": "64.80", "GSM8K": "58.9", "HumanEval (pass@1)": "40.2", "TruthfulQA": "51.6", "MT-Bench": "7.84"}
"""What the demo card's table says of its model, as printed."""
NEW_ROW = b"| ARC-C | 25 | 49.0 | 55.5 | 54.1 |\n"
NEW_SCORE = {"ARC-C": "55.5"}
_LAST_ROW = b"| MT-Bench | 0 | - | 7.84 | 7.71 |\n"
_MODEL_INDEX = re.compile(rb"^model-index:\n(?:(?: |- )[^\n]*\n)*", re.MULTILINE)


def grown_card(card: bytes | None = None) -> bytes:
    """A card with one more row in its table."""
    return (demo_card() if card is None else card).replace(_LAST_ROW, _LAST_ROW + NEW_ROW)


def without_index(card: bytes) -> bytes:
    """Every byte of a card but its model-index."""
    return _MODEL_INDEX.sub(b"", card)


def scores_in(card: bytes) -> dict[str, str]:
    """The metrics of all models of a card as name → value, as they are printed there; one that stands twice fails."""
    front = yaml.load(card.split(b"---\n")[1], yaml.BaseLoader)  # noqa: S506 - texts only, nothing is constructed
    metrics = [
        (str(metric["name"]), str(metric["value"]))
        for model in front.get("model-index", [])
        for result in model["results"]
        for metric in result["metrics"]
    ]
    assert len(dict(metrics)) == len(metrics), metrics
    return dict(metrics)


@dataclass(frozen=True)
class Truth:
    """One model repository of a sandbox hub whose files lie in `folder`; `bob` is the account that proposes."""

    hub: SandboxHub
    folder: Path
    repo_id: str = REPO_ID

    def api(self, user: str = "alice") -> HfApi:
        """huggingface_hub as it comes: without the bounds that evalbot's last run has set on its client."""
        set_client_factory(default_client_factory)
        return HfApi(endpoint=self.hub.endpoint, token=self.hub.tokens[user])

    def git(self, *arguments: str) -> bytes:
        where = self.folder / "repos" / "models" / f"{self.repo_id}.git"
        return subprocess.run(["git", "-C", str(where), *arguments], check=True, capture_output=True).stdout

    def card(self, revision: str = "main") -> bytes:
        return self.git("show", f"{revision}:README.md")

    def commits(self, revision: str) -> int:
        return int(self.git("rev-list", "--count", revision))

    def pull_requests(self, *statuses: str) -> list[Discussion]:
        """Those of these statuses, or all; newest first."""
        found = self.api().get_repo_discussions(self.repo_id, discussion_type="pull_request")
        return [each for each in found if not statuses or each.status in statuses]

    def ours(self) -> list[int]:
        """The numbers of bob's open and draft pull requests."""
        return [each.num for each in self.pull_requests("open", "draft") if each.author == "bob"]

    def comments(self, number: int) -> list[DiscussionComment]:
        """The description and the comments of a pull request."""
        events = self.api().get_discussion_details(self.repo_id, number).events
        return [event for event in events if isinstance(event, DiscussionComment)]

    def upload(self, card: bytes, user: str = "alice", **options: Any) -> None:
        """A commit to the card by somebody else's hand."""
        self.api(user).upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=self.repo_id, **options)
