"""The pull requests of one repository: listed to the end or not at all, and our own kept in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from huggingface_hub import DiscussionComment, DiscussionCommit
from huggingface_hub.community import deserialize_event

from evalbot.errors import ServiceFailure
from evalbot.hub.records import Comment, Details, PullRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalbot.hub.client import Hub

MAX_PAGES = 200
"""Pages of pull requests read before we stop trusting the server's count."""
LISTING_ATTEMPTS = 6
"""How often a list that changes while we turn its pages is begun."""
FIRST_WAIT = 0.1
"""Seconds before it is begun again; twice as many each time."""
OPEN_STATUSES = ("open", "draft")
_STATUSES = ("open", "draft", "closed", "merged")


@dataclass(frozen=True, slots=True)
class PullRequests:
    """What one account sees and does of the pull requests of one repository."""

    hub: Hub
    repo_id: str

    def open(self) -> list[PullRequest]:
        """All open and draft ones, newest first. Any doubt about completeness raises ServiceFailure."""
        return [pr for pr in self._list("open") if pr.status in OPEN_STATUSES]

    def closed_by_author(self, author: str) -> list[PullRequest]:
        """Those of an account that were closed without being merged, newest first."""
        return [pr for pr in self._list("closed", author=author) if pr.status == "closed" and pr.author == author]

    def details(self, number: int) -> Details:
        """A pull request with its comments, and who pushed to it."""
        with self.hub.translated(f"read pull request #{number} of {self.repo_id}", self.repo_id):
            # Not HfApi.get_discussion_details: it asks for the whole diff, which may be of any size.
            found = dict(self.hub.get_json(f"{self.hub.endpoint}/api/models/{self.repo_id}/discussions/{number}"))
            return _details(found)

    def comment(self, number: int, text: str) -> None:
        """Add a comment; never twice by itself."""
        with self.hub.translated(f"comment on pull request #{number} of {self.repo_id}", self.repo_id):
            self.hub.retried(lambda: self.hub.api.comment_discussion(self.repo_id, number, text), "once")

    def edit(self, number: int, comment: Comment, text: str) -> None:
        """Let a comment of ours say this; nothing is sent where it says it already."""
        if comment.text.strip() == text.strip():
            return
        with self.hub.translated(f"edit a comment on pull request #{number} of {self.repo_id}", self.repo_id):
            self.hub.retried(
                lambda: self.hub.api.edit_discussion_comment(self.repo_id, number, comment.id, text), "repeatable"
            )

    def rename(self, number: int, title: str) -> None:
        with self.hub.translated(f"rename pull request #{number} of {self.repo_id}", self.repo_id):
            self.hub.retried(lambda: self.hub.api.rename_discussion(self.repo_id, number, title), "repeatable")

    def turn(self, number: int, status: Literal["open", "closed"]) -> None:
        """Open a draft, or close what was open."""
        with self.hub.translated(f"change the status of pull request #{number} of {self.repo_id}", self.repo_id):
            self.hub.retried(lambda: self.hub.api.change_discussion_status(self.repo_id, number, status), "repeatable")

    def of(self, number: int, *, title: str, author: str) -> PullRequest:
        """The record of one that has just been opened."""
        return PullRequest(number=number, title=title, author=author, status="open", url=self._url(number))

    def _list(self, status: str, **filters: str) -> list[PullRequest]:
        with self.hub.translated(f"list the {status} pull requests of {self.repo_id}", self.repo_id):
            for attempt in range(LISTING_ATTEMPTS):
                if attempt:
                    self.hub.budget.wait(FIRST_WAIT * 2**attempt, "the list of pull requests changes while it is read")
                entries = self._list_once({"type": "pull_request", "status": status, **filters})
                if entries is not None:
                    found = [self._read(entry) for entry in entries]
                    distinct = {pull_request.number: pull_request for pull_request in found}
                    return sorted(distinct.values(), key=lambda pull_request: -pull_request.number)
        raise ServiceFailure(
            f"Could not list the {status} pull requests of {self.repo_id}: the pages do not add up to one list.",
            hint="Run again later.",
        )

    def _list_once(self, query: dict[str, str]) -> list[dict[str, Any]] | None:
        """Every entry of the list; None where the pages contradict each other: one may have slipped between two."""
        # Not HfApi.get_repo_discussions: it asks for pages without end where an answer is empty.
        url = f"{self.hub.endpoint}/api/models/{self.repo_id}/discussions"
        entries: list[dict[str, Any]] = []
        count: int | None = None
        for page in range(MAX_PAGES):
            answer = dict(self.hub.get_json(url, {"p": page, **query}))
            if int(answer["start"]) != len(entries) or count not in (None, int(answer["count"])):
                return None
            if not all(
                entry["isPullRequest"] is True and entry["status"] in _STATUSES for entry in answer["discussions"]
            ):
                return None
            count = int(answer["count"])
            entries += answer["discussions"]
            if len(entries) >= count:
                return entries
            if not answer["discussions"]:
                return None
        return None

    def _read(self, entry: dict[str, Any]) -> PullRequest:
        counted = entry.get("numComments")
        return PullRequest(
            number=int(entry["num"]),
            title=str(entry["title"]),
            author=str((entry.get("author") or {}).get("name", "(deleted user)")),
            status=str(entry["status"]),
            created_at=str(entry["createdAt"]),
            url=self._url(int(entry["num"])),
            comments=counted if isinstance(counted, int) else None,
        )

    def _url(self, number: int) -> str:
        return f"{self.hub.endpoint}/{self.repo_id}/discussions/{number}"


def _details(found: dict[str, Any]) -> Details:
    events = [deserialize_event(event) for event in found["events"]]
    return Details(
        title=str(found["title"]),
        status=str(found["status"]),
        comments=tuple(_comments(events)),
        commits=tuple((each.author, each.summary) for each in events if isinstance(each, DiscussionCommit)),
        has_conflicts=bool(found.get("filesWithConflicts")),
    )


def _comments(events: Iterable[object]) -> Iterable[Comment]:
    for event in events:
        if isinstance(event, DiscussionComment):
            yield Comment(id=event.id, author=event.author, text="" if event.hidden else event.content)
