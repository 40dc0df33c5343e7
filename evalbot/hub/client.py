"""The way to one Hub, as one account or as nobody: who we are there, and what its repositories hold.

Wire contract: huggingface_hub 2.4 and the Hub's HTTP API. Every call has a timeout and raises evalbot's own errors.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, unquote

from huggingface_hub import get_session, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]  # documented, but not marked as exported
from huggingface_hub.utils._pagination import paginate

from evalbot.card.document import CARD_PATH, MAX_CARD_BYTES
from evalbot.card.validation import Problem
from evalbot.errors import AccessDenied, InvalidCard, ServiceFailure
from evalbot.hub.budget import Budget
from evalbot.hub.records import Account, RemoteFile
from evalbot.hub.refusals import TOKENS_PAGE, translated
from evalbot.hub.retries import Kind, retried
from evalbot.hub.session import open_api
from evalbot.settings import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import httpx2

    from evalbot.settings import Settings

T = TypeVar("T")
_RESOLVED = re.compile(
    r"/(?:(?:datasets/)?(?P<repo>[^/]+/[^/]+)/resolve|api/resolve-cache/\w+/(?P<cached>[^/]+/[^/]+))/"
)
"""The addresses that files are read at: the one that is asked for, and the one the Hub sends its readers on to."""


@dataclass(frozen=True, slots=True)
class _Answer:
    data: bytes
    hops: tuple[httpx2.Response, ...]
    """The redirects on the way, and the answer itself."""

    @property
    def commit(self) -> str | None:
        """The commit a file was read at: every hop may say it, the last one best."""
        return next(
            (hop.headers["X-Repo-Commit"] for hop in reversed(self.hops) if "X-Repo-Commit" in hop.headers), None
        )

    @property
    def repo_id(self) -> str | None:
        """The repository as the last hop calls it that names one."""
        found = (_RESOLVED.match(unquote(hop.url.path)) for hop in reversed(self.hops))
        return next((named["repo"] or named["cached"] for named in found if named is not None), None)


class Hub:
    """One Hub. `notify` is told when we wait for it."""

    def __init__(self, settings: Settings, notify: Callable[[str], None] = lambda _: None) -> None:
        self.endpoint = settings.endpoint
        self.budget = Budget(settings.timeout, notify)
        self.api = open_api(settings, self.budget)
        self._token = cast("str | bool", self.api.token)
        self._date: str | None = None

    @property
    def token(self) -> str | None:
        """The token in use, also one that was not in the settings; for keeping it out of what is printed."""
        return self._token if isinstance(self._token, str) else None

    @property
    def authenticated(self) -> bool:
        return isinstance(self._token, str)

    @property
    def headers(self) -> dict[str, str]:
        """What goes with every request that is ours and not the library's."""
        return dict(build_hf_headers(token=self._token, library_name="evalbot"))

    def now(self) -> datetime:
        """The time by the Hub's clock, as its last answer said; by ours where it says none."""
        try:
            return aware(parsedate_to_datetime(self._date or ""))
        except (ValueError, OverflowError):
            return datetime.now(UTC)

    def account(self) -> Account:
        """Who we are. Raises AccessDenied without a token or with one the Hub does not know."""
        if not self.authenticated:
            raise AccessDenied("HF_TOKEN is not set.", hint=_where_tokens_are(self.endpoint))
        with self.translated("ask the Hub who this token belongs to", ""):
            answer = self.retried(self.api.whoami)
            token = answer.get("auth", {}).get("accessToken", {})
            return Account(name=str(answer["name"]), role=str(token.get("role", "unknown")))

    def require_push(self, repo_id: str) -> None:
        """Raise AccessDenied or NothingFound unless this account may push to the repository."""
        with self.translated(f"get write access to {repo_id}", repo_id):
            self.retried(lambda: self.api.auth_check(repo_id, write=True))

    def read_card(self, repo_id: str, revision: str = "main") -> RemoteFile:
        """The card at a revision. Raises MissingCard where there is none, InvalidCard where it is too large.

        A repository that has moved answers under its new name, which is the one to go on with.
        """
        card = self.read_file(repo_id, CARD_PATH, revision)
        if card.repo_id.casefold() != repo_id.casefold():
            self.budget.notify(f"{repo_id} has moved to {card.repo_id}.")
        return card

    def read_file(self, repo_id: str, path: str, revision: str = "main", *, repo_type: str = "model") -> RemoteFile:
        """A file's bytes and the commit they were read at, in one request. Raises MissingCard and more."""
        url = hf_hub_url(repo_id, path, revision=revision, endpoint=self.endpoint, repo_type=repo_type)
        what = f"the card of {repo_id}" if path == CARD_PATH else f"{path} of {repo_id}"
        with self.translated(f"read {what}", repo_id, path=path):
            answer = self.retried(lambda: self._get(url))
        if answer.commit is None:
            raise ServiceFailure(
                f"Could not read {what}: the server does not say which commit it shows.",
                hint="Check HF_ENDPOINT: this does not answer as the Hub does.",
            )
        if len(answer.data) > MAX_CARD_BYTES:
            raise InvalidCard(
                f"{path} of {repo_id} has more than {MAX_CARD_BYTES:,} bytes, which evalbot does not read."
            )
        return RemoteFile(answer.repo_id or repo_id, answer.commit, answer.data)

    def files_in(self, repo_id: str, folder: str, revision: str = "main") -> dict[str, str]:
        """The files right in a folder, as path → git blob id; none where there is no such folder."""
        url = f"{self.endpoint}/api/models/{repo_id}/tree/{revision.replace('/', '%2F')}/{folder}"
        with self.translated(f"list {folder} of {repo_id}", repo_id):
            try:
                entries = self.get_json(url)
            except EntryNotFoundError:
                return {}
            return {str(entry["path"]): str(entry["oid"]) for entry in entries if entry["type"] == "file"}

    def history(self, repo_id: str, revision: str) -> Iterator[str]:
        """The commits of a revision, the newest first, page by page as they are asked for."""
        url = f"{self.endpoint}/api/models/{repo_id}/commits/{quote(revision, safe='')}"
        with self.translated(f"read the history of {repo_id}", repo_id):
            for item in paginate(url, params={}, headers=self.headers):
                yield str(item["id"])

    def leaderboard(self, dataset_id: str) -> list[dict[str, Any]]:
        """The entries of a benchmark's leaderboard; none where the Hub has no such page for it."""
        with self.translated(f"read the leaderboard of {dataset_id}", dataset_id):
            try:
                entries = self.get_json(f"{self.endpoint}/api/datasets/{dataset_id}/leaderboard")
            except HfHubHTTPError as error:
                if error.response.status_code != HTTPStatus.NOT_FOUND:
                    raise
                return []
            return [dict(entry) for entry in entries]

    def problems_of_card(self, text: str) -> list[Problem]:
        """What the Hub's own check says of a card: the check that every commit of one goes through."""
        url = f"{self.endpoint}/api/validate-yaml"
        body = {"content": text, "repoType": "model"}

        def ask() -> dict[str, Any]:
            response = get_session().post(url, headers=self.headers, json=body)
            if response.status_code != HTTPStatus.BAD_REQUEST:  # the answer of a card with errors
                hf_raise_for_status(response)
            return dict(response.json())

        with self.translated("have the Hub check the card", ""):
            answer = self.retried(ask)
            errors = [Problem("error", str(error["message"])) for error in answer["errors"]]
            return errors + [Problem("warning", str(warning["message"])) for warning in answer["warnings"]]

    def get_json(self, url: str, params: dict[str, str | int] | None = None) -> Any:
        """The JSON of a GET; ValueError for anything else. To be called inside `translated`."""
        return json.loads(self.retried(lambda: self._get(url, params)).data)

    def _get(self, url: str, params: dict[str, str | int] | None = None) -> _Answer:
        response = get_session().get(url, headers=self.headers, params=params)
        hf_raise_for_status(response)
        self._date = response.headers.get("Date")
        return _Answer(response.content, (*response.history, response))

    def retried(self, call: Callable[[], T], kind: Kind = "read") -> T:
        return retried(call, self.budget, kind)

    def translated(self, doing: str, repo_id: str, *, path: str = CARD_PATH) -> AbstractContextManager[None]:
        return translated(doing, repo_id, authenticated=self.authenticated, path=path)


def aware(moment: datetime) -> datetime:
    """A moment that names its zone; one that does not is meant in UTC."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _where_tokens_are(endpoint: str) -> str:
    if endpoint == DEFAULT_ENDPOINT:
        return f"Set HF_TOKEN to a token with write access from {TOKENS_PAGE}."
    return f"Set HF_TOKEN to a token of {endpoint}, such as one of those that `evalbot sandbox serve` prints."


def require_write_role(account: Account) -> None:
    """Raise AccessDenied for a token that can only read: found here it costs one request, not a failed proposal."""
    if account.role == "read":
        raise AccessDenied(
            f"The token of {account.name} does not have write access: its role is read.",
            hint=f"Create one with write access at {TOKENS_PAGE}.",
        )
