"""The commit: one request whose fate is always known, or said to be unknown.

Format: NDJSON, a header and a line a file (docs/hub-api.md, Writing). The library's `create_commit` asks for the card's
validation and for upload modes first, repeats the latter by itself for up to 24 seconds, and its failures do not tell
whether the commit was made.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from huggingface_hub import get_session
from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]  # documented, but not marked as exported

from evalbot.errors import EvalbotError, NothingFound, ServiceFailure, StaleRevision
from evalbot.hub.retries import was_heard

if TYPE_CHECKING:
    from evalbot.hub.client import Hub
    from evalbot.hub.records import Change


class OutcomeUnknown(ServiceFailure):
    """A commit was sent and its answer lost: it may have been made."""


@dataclass(frozen=True, slots=True)
class Committed:
    """`number` is that of the pull request a proposal opened; None for a commit to a revision that was there."""

    url: str
    number: int | None


def commit(hub: Hub, repo_id: str, change: Change, *, parent: str, revision: str = "main") -> str:
    """Commit to a branch or a pull request's ref, if `parent` is still its head. The commit's page.

    Raises StaleRevision where it is not, or where the answer was lost and the revision does not hold the change (read
    again, then commit again: what landed after all is refused for its parent then), and the Hub's refusals.
    """
    try:
        return _send(hub, repo_id, change, parent, revision, create_pr=False, doing=f"push to {repo_id}").url
    except OutcomeUnknown as failure:
        if (landed := holds(hub, repo_id, revision, change)) is not None:
            return f"{hub.endpoint}/{repo_id}/commit/{landed}"
        raise StaleRevision(failure.message, hint=failure.hint) from None


def open_pull_request(hub: Hub, repo_id: str, change: Change, *, parent: str) -> int:
    """Open a pull request with this one commit, which branches from `parent`. Its number.

    Raises OutcomeUnknown where the answer was lost, and the Hub's refusals.
    """
    doing = f"open a pull request on {repo_id}"
    made = _send(hub, repo_id, change, parent, "main", create_pr=True, doing=doing)
    if made.number is None:
        raise ServiceFailure(f"Could not {doing}: the Hub made the commit and named no pull request.")
    return made.number


def holds(hub: Hub, repo_id: str, revision: str, change: Change) -> str | None:
    """The commit at which a revision holds every file of a change; None where it does not."""
    try:
        found = [(hub.read_file(repo_id, path, revision), data) for path, data in change.files.items()]
    except NothingFound:
        return None
    return found[0][0].commit if found and all(file.data == data for file, data in found) else None


def _send(
    hub: Hub, repo_id: str, change: Change, parent: str, revision: str, *, create_pr: bool, doing: str
) -> Committed:
    url = f"{hub.endpoint}/api/models/{repo_id}/commit/{quote(revision, safe='')}"
    body = _body(change, parent)

    def post() -> Committed:
        headers = {**hub.headers, "Content-Type": "application/x-ndjson"}
        response = get_session().post(
            url, headers=headers, content=body, params={"create_pr": "1"} if create_pr else {}
        )
        hf_raise_for_status(response)
        answer = response.json()
        _, _, number = str(answer.get("pullRequestUrl") or "").rpartition("/discussions/")
        return Committed(str(answer["commitUrl"]), int(number) if number else None)

    heard = False
    try:
        with hub.translated(doing, repo_id):
            try:
                return hub.retried(post, "once")
            except Exception as error:
                heard = was_heard(error)
                raise
    except EvalbotError as failure:
        if heard:
            raise OutcomeUnknown(failure.message, hint=failure.hint) from None
        raise


def _body(change: Change, parent: str) -> bytes:
    header = {"summary": change.title, "description": change.description, "parentCommit": parent}
    lines: list[dict[str, object]] = [{"key": "header", "value": header}]
    for path, data in change.files.items():
        content = base64.b64encode(data).decode("ascii")
        lines.append({"key": "file", "value": {"content": content, "path": path, "encoding": "base64"}})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
