"""What the Hub tells us, as plain records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Account:
    """Who a token belongs to, and its role: read, write, fineGrained or another."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as bytes, with the commit it was read at and the repository as it calls itself."""

    repo_id: str
    commit: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """One pull request of a model repository."""

    number: int
    title: str
    author: str
    status: str
    url: str
    created_at: str | None = None
    """As the Hub writes it; None for one we have just opened."""
    comments: int | None = None
    """Its description is the first; None where the Hub does not count them."""

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.number}"

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "url": self.url,
            "title": self.title,
            "author": self.author,
            "status": self.status,
            "created_at": self.created_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment; the first of a pull request is its description. `author` is None for an account that is gone."""

    id: str
    author: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """One pull request as its page shows it."""

    title: str
    status: str
    comments: tuple[Comment, ...]
    commits: tuple[tuple[str, str], ...]
    """Author and title of each."""
    has_conflicts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a commit does: the whole new content of each file it writes."""

    files: Mapping[str, bytes]
    title: str
    description: str = ""
