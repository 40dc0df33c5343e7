"""One request as the routes see it: who asks, for which repository, with what."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlencode

from evalbot.sandbox import access
from evalbot.sandbox.records import as_date
from evalbot.sandbox.refusals import Moved, Refusal, bad_request, no_such_page
from evalbot.sandbox.repos import KINDS, Kind, Repo
from evalbot.sandbox.wire import read_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import Headers, QueryParams
    from starlette.requests import Request

    from evalbot.sandbox.accounts import Accounts, Token
    from evalbot.sandbox.buckets import Buckets
    from evalbot.sandbox.discussions import Discussion
    from evalbot.sandbox.faults import Faults
    from evalbot.sandbox.git_store import GitStore
    from evalbot.sandbox.jobs.store import Jobs
    from evalbot.sandbox.repos import Repos
    from evalbot.sandbox.request_log import RequestLog

Item = TypeVar("Item")

_REF_SEGMENTS = 3  # refs/pr/7, refs/convert/parquet


@dataclass(frozen=True, slots=True)
class Hub:
    """What all requests share."""

    endpoint: str
    accounts: Accounts
    repos: Repos
    discussions_per_page: int
    faults: Faults
    log: RequestLog
    buckets: Buckets
    jobs: Jobs


@dataclass(frozen=True, slots=True)
class Call:
    hub: Hub
    request: Request
    body: bytes
    who: Token | None
    as_of: float | None = None
    """Seconds since 1970: what was true then is answered; None is now. See `lag` in Faults.add."""

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    @property
    def headers(self) -> Headers:
        return self.request.headers

    def param(self, name: str) -> str:
        """A part of the path, decoded. Routes match the path as sent, so `refs%2Fpr%2F3` is one segment."""
        return unquote(str(self.request.path_params[name]))

    def kind(self) -> Kind:
        wanted = self.request.path_params.get("kinds", "models")
        for kind in KINDS:
            if wanted == kind.plural:
                return kind
        raise no_such_page()

    def repo(self, kind: Kind | None = None) -> Repo:
        """The repository of the path, if the caller may know of it. `kind` is given where the path does not name it."""
        wanted, repo_id = kind or self.kind(), f"{self.param('namespace')}/{self.param('name')}"
        moved = self.hub.repos.moved(wanted, repo_id)
        found = access.must_see(self.hub.accounts, moved or self.hub.repos.find(wanted, repo_id), self.who)
        if moved is not None:
            raise Moved(self._place_under(found.id))
        return found

    def _place_under(self, repo_id: str) -> str:
        """The path and query of this request with another repository's id in them."""
        url, parts = self.request.url, self.request.url.path.split("/")
        api, kinds = parts[1] == "api", "kinds" in self.request.path_params
        start = 3 if api else 1 + kinds  # the first part is the empty one before the slash
        path = "/".join([*parts[:start], repo_id, *parts[start + 2 :]])
        return f"{path}?{url.query}" if url.query else path

    def store(self, repo: Repo) -> GitStore:
        """The repository's content as this request is to see it."""
        return repo.store(self.as_of)

    def discussions(self, repo: Repo) -> list[Discussion]:
        """Its discussions and pull requests as this request is to see them, oldest first."""
        everything = list(repo.discussions.values())
        if self.as_of is None:
            return everything
        moment = as_date(self.as_of)
        return [then for each in everything if (then := each.as_of(moment))]

    def discussion(self, repo: Repo) -> Discussion:
        """The one the path names, as this request is to see it."""
        num = int(self.request.path_params["num"])
        for found in self.discussions(repo):
            if found.num == num:
                return found
        raise Refusal(404, "Discussion not found")

    def revision_and_path(self) -> tuple[str, str]:
        """`main/a/b`, `refs%2Fpr%2F3/a/b` and `refs/pr/3/a/b` cut after the revision."""
        parts = str(self.request.path_params["rest"]).split("/")
        cut = _REF_SEGMENTS if parts[0] == "refs" and len(parts) >= _REF_SEGMENTS else 1
        return unquote("/".join(parts[:cut])), unquote("/".join(parts[cut:])).strip("/")

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in {"1", "true"}

    def many(self, name: str) -> list[str]:
        """A repeated key, in the spelling of Python (`expand=a`) and of JavaScript (`expand[]=a`)."""
        return [*self.query.getlist(name), *self.query.getlist(f"{name}[]")]

    def json(self) -> dict[str, Any]:
        """The body as an object; no body at all is an empty one."""
        return read_object(self.body or b"{}", what="The body")

    def number(self, name: str, default: int) -> int:
        text = self.query.get(name, str(default))
        if not text.isdecimal() or len(text) > len("999999999"):
            raise bad_request(f'"{name}" must be a number')
        return int(text)

    def page(self, items: Sequence[Item], size: int) -> tuple[Sequence[Item], dict[str, str]]:
        """One page, by the opaque cursor in the query, and the `Link` header to the next one if there is one.

        `limit` asks for smaller pages than `size`; larger ones the Hub does not give.
        """
        start = _offset(self.query.get("cursor"))
        end = start + min(size, max(1, self.number("limit", size)))
        if end >= len(items):
            return items[start:end], {}
        others = [(key, value) for key, value in self.query.multi_items() if key != "cursor"]
        query = urlencode([*others, ("cursor", _cursor(end))])
        return items[start:end], {"Link": f'<{self.hub.endpoint}{self.request.url.path}?{query}>; rel="next"'}


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor)))
    except (binascii.Error, ValueError):
        raise bad_request("Invalid cursor") from None
