"""Discussions and pull requests: their words, their states and what happened to them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from evalbot.sandbox.git_store import MAIN
from evalbot.sandbox.records import new_id, now
from evalbot.sandbox.refusals import Refusal, bad_request

Status = Literal["draft", "open", "closed", "merged"]

_OPEN = frozenset({"draft", "open"})
_TITLE_LENGTHS = range(3, 201)


@dataclass(slots=True)
class Event:
    """`type` is the Hub's: comment, status-change, title-change, commit."""

    type: str
    author: str
    data: dict[str, Any]
    id: str = field(default_factory=new_id)
    created_at: str = field(default_factory=now)

    def as_of(self, moment: str) -> Event:
        """A comment without its later edits; that it was hidden since is not undone."""
        if self.type != "comment":
            return self
        versions = [version for version in self.data["versions"] if version["at"] <= moment]
        return replace(self, data={**self.data, "versions": versions or self.data["versions"][:1]})


@dataclass(slots=True)
class Discussion:
    num: int
    title: str
    author: str
    status: Status
    is_pull_request: bool
    base: str = MAIN
    merge_commit: str | None = None
    created_at: str = field(default_factory=now)
    id: str = field(default_factory=new_id)
    events: list[Event] = field(default_factory=list)
    started_as: Status = "open"

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.num}"

    @property
    def is_open(self) -> bool:
        """The Hub's `open` filter counts drafts in; its `closed` filter counts merged ones in."""
        return self.status in _OPEN

    def comment(self, author: str, text: str) -> Event:
        return self._add("comment", author, {"versions": [_version(text)], "hidden": False})

    def edit(self, comment: Event, text: str) -> None:
        comment.data["versions"].append(_version(text))

    def hide(self, comment: Event) -> None:
        comment.data["hidden"] = True

    def find_comment(self, comment_id: str) -> Event:
        for event in self.events:
            if event.type == "comment" and event.id == comment_id.lower():
                return event
        raise Refusal(404, "Comment not found")

    def retitle(self, author: str, title: str) -> None:
        self._add("title-change", author, {"from": self.title, "to": title})
        self.title = title

    def turn(self, author: str, status: Status) -> None:
        """Open or close; a merged pull request stays merged."""
        if self.status == "merged":
            raise bad_request("This pull request is already merged")
        if status != self.status:
            self.status = status
            self._add("status-change", author, {"status": status})

    def committed(self, author: str, subject: str, oid: str) -> None:
        self._add("commit", author, {"subject": subject, "oid": oid})

    def merged(self, author: str, commit: str) -> None:
        self.merge_commit = commit
        self.turn(author, "merged")

    def as_of(self, moment: str) -> Discussion | None:
        """What it was at a moment, written as records.as_date writes it; None before it was started."""
        if self.created_at > moment:
            return None
        events = [event.as_of(moment) for event in list(self.events) if event.created_at <= moment]
        later = [event for event in list(self.events) if event.created_at > moment]
        status = next((each.data["status"] for each in events[::-1] if each.type == "status-change"), self.started_as)
        title = next((each.data["from"] for each in later if each.type == "title-change"), self.title)
        merge_commit = self.merge_commit if status == "merged" else None
        return replace(self, title=title, status=status, merge_commit=merge_commit, events=events)

    def as_record(self) -> dict[str, Any]:
        return asdict(self)

    def _add(self, kind: str, author: str, data: dict[str, Any]) -> Event:
        event = Event(kind, author, data)
        self.events.append(event)
        return event


def from_record(record: dict[str, Any]) -> Discussion:
    return Discussion(**{**record, "events": [Event(**event) for event in record["events"]]})


def checked_title(value: Any) -> str:
    title = value.strip() if isinstance(value, str) else ""
    if len(title) not in _TITLE_LENGTHS:
        raise bad_request("Title must be between 3 and 200 characters long")
    return title


def checked_text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise bad_request(f'"{name}" is not allowed to be empty')
    return value


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of discussions is asked for; None is "all"."""

    status: str = "all"
    type: str = "all"
    author: str | None = None
    search: str = ""
    sort: str = "recently-created"
    """Checked and no more: nobody reacts here, so every order is the newest first."""

    def __post_init__(self) -> None:
        for name, value, known in (
            ("status", self.status, get_args(Literal["all", "open", "closed"])),
            ("type", self.type, get_args(Literal["all", "discussion", "pull_request"])),
            ("sort", self.sort, get_args(Literal["recently-created", "trending", "reactions"])),
        ):
            if value not in known:
                raise bad_request(f'"{name}" must be one of [{", ".join(known)}]')

    def takes(self, discussion: Discussion) -> bool:
        wanted_state = self.status == "all" or discussion.is_open == (self.status == "open")
        return wanted_state and self.takes_any_state(discussion)

    def takes_any_state(self, discussion: Discussion) -> bool:
        wanted_kind = self.type == "all" or discussion.is_pull_request == (self.type == "pull_request")
        wanted_author = self.author is None or discussion.author.lower() == self.author.lower()
        return wanted_kind and wanted_author and self.search.lower() in discussion.title.lower()


def _version(text: str) -> dict[str, str]:
    return {"raw": text, "at": now()}
