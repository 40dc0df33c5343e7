"""The calls evalbot makes to the Hub, each with a timeout, each raising evalbot's own errors.

Wire contract: huggingface_hub 2.4 and the Hub's HTTP API (discussions, commits, resolve).
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import httpx2
from huggingface_hub import CommitOperationAdd, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented, but not marked as exported

from evalbot.card.document import MAX_CARD_BYTES
from evalbot.errors import AccessDenied, InvalidCard, ServiceFailure
from evalbot.hub.refusals import TOKENS_PAGE, translated
from evalbot.hub.session import get_bytes, open_api, retry_read

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from evalbot.settings import Settings

CARD_PATH = "README.md"
MAX_PAGES = 200
"""Pages of pull requests read before we stop trusting the server's count."""
LISTING_ATTEMPTS = 3
"""How often a list that changes while we turn its pages is begun again."""
OPEN_STATUSES = ("open", "draft")


@dataclass(frozen=True, slots=True)
class Account:
    """Who a token belongs to, and its role: read, write, fineGrained or another."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class CardVersion:
    """Which README.md a revision shows: the commit, the git blob id and the size in bytes."""

    commit: str
    blob_id: str
    size: int


@dataclass(frozen=True, slots=True)
class RemoteCard:
    """A README.md as bytes, with the commit it was read at and its git blob id."""

    repo_id: str
    commit: str
    blob_id: str
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


class Hub:
    """One Hub, as one account (or as nobody: then only public models can be read)."""

    def __init__(self, settings: Settings) -> None:
        self.endpoint = settings.endpoint
        self._api = open_api(settings)
        self._token = cast("str | bool", self._api.token)

    @property
    def token(self) -> str | None:
        """The token in use, also one that was not in the settings; for keeping it out of what is printed."""
        return self._token if isinstance(self._token, str) else None

    @property
    def authenticated(self) -> bool:
        return isinstance(self._token, str)

    def account(self) -> Account:
        """Who we are. Raises AccessDenied without a token or with one the Hub does not know."""
        if not self.authenticated:
            raise AccessDenied(
                "HF_TOKEN is not set.", hint=f"Set HF_TOKEN to a token with write access from {TOKENS_PAGE}."
            )
        with self._translated("ask the Hub who this token belongs to", ""):
            answer = retry_read(self._api.whoami)
            token = answer.get("auth", {}).get("accessToken", {})
            return Account(name=str(answer["name"]), role=str(token.get("role", "unknown")))

    def require_access(self, repo_id: str, *, write: bool) -> None:
        """Raise AccessDenied or NothingFound unless this account may read (or push to) the repository."""
        doing = f"get {'write' if write else 'read'} access to {repo_id}"
        with self._translated(doing, repo_id):
            retry_read(lambda: self._api.auth_check(repo_id, write=write))

    def card_version(self, repo_id: str, revision: str = "main") -> CardVersion:
        """What the card is at a revision, without its bytes. Raises NothingFound where there is none."""
        url = hf_hub_url(repo_id, CARD_PATH, revision=revision, endpoint=self.endpoint)
        with self._translated(f"read the card of {repo_id}", repo_id):
            found = retry_read(
                lambda: get_hf_file_metadata(url, token=self._token, endpoint=self.endpoint, library_name="evalbot")
            )
        if not found.commit_hash or not found.etag:
            raise ServiceFailure(
                f"Could not read the card of {repo_id}: the server does not say which commit it shows.",
                hint="Check HF_ENDPOINT: this does not answer as the Hub does.",
            )
        return CardVersion(found.commit_hash, found.etag, found.size or 0)

    def read_card(self, repo_id: str, version: CardVersion | None = None) -> RemoteCard:
        """The card of main, or of a version found before. Raises InvalidCard where it is too large."""
        found = version or self.card_version(repo_id)
        if found.size > MAX_CARD_BYTES:
            raise InvalidCard(
                f"The card of {repo_id} has {found.size:,} bytes; evalbot reads up to {MAX_CARD_BYTES:,}."
            )
        with self._translated(f"read the card of {repo_id}", repo_id):
            data = retry_read(lambda: self._read_bytes(repo_id, found.commit))
        return RemoteCard(repo_id, found.commit, found.blob_id, data)

    def _read_bytes(self, repo_id: str, commit: str) -> bytes:
        url = hf_hub_url(repo_id, CARD_PATH, revision=commit, endpoint=self.endpoint)
        return get_bytes(url, headers=build_hf_headers(token=self._token, library_name="evalbot"))

    def open_pull_requests(self, repo_id: str) -> list[PullRequest]:
        """All open and draft pull requests, newest first. Any doubt about completeness raises ServiceFailure."""
        with self._translated(f"list the open pull requests of {repo_id}", repo_id):
            for _ in range(LISTING_ATTEMPTS):
                entries = self._list_once(repo_id)
                if entries is not None:
                    found = [self._pull_request(repo_id, entry) for entry in entries if entry["isPullRequest"]]
                    distinct = {pr.number: pr for pr in found if pr.status in OPEN_STATUSES}
                    return sorted(distinct.values(), key=lambda pr: -pr.number)
        raise ServiceFailure(
            f"Could not list the open pull requests of {repo_id}: the pages do not add up to one list.",
            hint="Run again later.",
        )

    def _list_once(self, repo_id: str) -> list[dict[str, Any]] | None:
        """Every entry of the list; None where the pages contradict each other: one may have slipped between two."""
        entries: list[dict[str, Any]] = []
        count: int | None = None
        for page in range(MAX_PAGES):
            answer = retry_read(lambda page=page: self._discussions_page(repo_id, page))  # type: ignore[misc]
            if int(answer["start"]) != len(entries) or count not in (None, int(answer["count"])):
                return None
            count = int(answer["count"])
            entries += answer["discussions"]
            if len(entries) >= count:
                return entries
            if not answer["discussions"]:
                return None
        return None

    def _discussions_page(self, repo_id: str, page: int) -> dict[str, Any]:
        # Not HfApi.get_repo_discussions: it asks for pages without end where an answer is empty, and is not retried.
        data = get_bytes(
            f"{self.endpoint}/api/models/{repo_id}/discussions",
            params={"p": page, "type": "pull_request", "status": "open"},
            headers=build_hf_headers(token=self._token, library_name="evalbot"),
        )
        return dict(json.loads(data))

    def _pull_request(self, repo_id: str, entry: dict[str, Any]) -> PullRequest:
        return PullRequest(
            number=int(entry["num"]),
            title=str(entry["title"]),
            author=str((entry.get("author") or {}).get("name", "(deleted user)")),
            status=str(entry["status"]),
            created_at=str(entry["createdAt"]),
            url=f"{self.endpoint}/{repo_id}/discussions/{int(entry['num'])}",
        )

    def propose(
        self, card: RemoteCard, data: bytes, account: Account, *, title: str, description: str
    ) -> PullRequest | None:
        """Open a pull request that replaces the card by `data`; None where the Hub saw no change.

        Never repeated by itself: after a failure whose outcome is unknown the error says where to look first.
        """
        landed = False
        try:
            with self._translated(f"open a pull request on {card.repo_id}", card.repo_id):
                try:
                    info = self._commit(card, data, title, description, create_pr=True)
                except Exception as error:
                    landed = _may_have_landed(error)
                    raise
        except ServiceFailure as failure:
            if not landed:
                raise
            where = f"{self.endpoint}/{card.repo_id}/discussions"
            hint = f"The pull request may have been opened all the same: look at {where} before running again."
            raise ServiceFailure(failure.message, hint=hint) from None
        if info.pr_num is None:
            return None
        url = f"{self.endpoint}/{card.repo_id}/discussions/{info.pr_num}"
        return PullRequest(number=int(info.pr_num), title=title, author=account.name, status="open", url=url)

    def push(self, card: RemoteCard, data: bytes, *, title: str, description: str) -> str:
        """Commit the card to main. The commit's URL. Raises StaleRevision where main has moved on."""
        with self._translated(f"push to {card.repo_id}", card.repo_id):
            return str(self._commit(card, data, title, description, create_pr=False).commit_url)

    def _commit(self, card: RemoteCard, data: bytes, title: str, description: str, *, create_pr: bool) -> Any:
        with warnings.catch_warnings():
            # The Hub's remarks on card metadata that was there before us; `evalbot validate` shows them.
            warnings.simplefilter("ignore", UserWarning)
            return self._api.create_commit(
                card.repo_id,
                [CommitOperationAdd(CARD_PATH, data)],
                commit_message=title,
                commit_description=description,
                parent_commit=card.commit,
                create_pr=create_pr,
            )

    def _translated(self, doing: str, repo_id: str) -> AbstractContextManager[None]:
        return translated(doing, repo_id, authenticated=self.authenticated)


def _may_have_landed(error: Exception) -> bool:
    """Whether a commit may have been made although its answer was an error: it was sent, and not clearly refused."""
    if isinstance(error, HfHubHTTPError):
        refused = error.response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        return not refused and "/commit/" in str(error.response.request.url)
    if isinstance(error, httpx2.RequestError):
        return "/commit/" in str(error.request.url)
    return isinstance(error, ValueError | KeyError | TypeError)  # an answer that cannot be read


def require_write_role(account: Account) -> None:
    """Raise AccessDenied for a token that can only read: found here it costs one request, not a failed proposal."""
    if account.role == "read":
        raise AccessDenied(
            f"The token of {account.name} does not have write access: its role is read.",
            hint=f"Create one with write access at {TOKENS_PAGE}.",
        )
