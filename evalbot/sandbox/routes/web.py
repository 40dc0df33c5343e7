"""The addresses people open: repositories, discussions and commits as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from evalbot.sandbox import access, git_merge, pages
from evalbot.sandbox.repos import KINDS

if TYPE_CHECKING:
    from evalbot.sandbox.call import Call

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_REPO_PATHS = ("/{kinds}/{namespace}/{name}", "/{namespace}/{name}")


def front(call: Call) -> Response:
    public = [repo for kind in KINDS for repo in call.hub.repos.of_kind(kind) if repo.is_listed]
    return _answer(pages.front(public))


def repository(call: Call) -> Response:
    repo = call.repo()
    store = repo.store()
    head = store.resolve("main")
    card = store.read(head, "README.md") if access.reads_files(call.hub.accounts, repo, call.who) else None
    return _answer(pages.repository(repo, head, None if card is None else card.decode("utf-8", "replace")))


def discussion(call: Call) -> Response:
    repo = call.repo()
    access.must_discuss(repo)
    about = repo.discussion(int(call.request.path_params["num"]))
    may_show = about.is_pull_request and access.reads_files(call.hub.accounts, repo, call.who)
    return _answer(pages.discussion(repo, about, git_merge.diff_of(repo.store(), about) if may_show else ""))


def diff(call: Call) -> Response:
    """The pull request as a patch, where `diffUrl` of its details says."""
    repo = call.repo()
    access.must_read_files(call.hub.accounts, repo, call.who)
    about = repo.discussion(int(call.request.path_params["num"]))
    return PlainTextResponse(git_merge.diff_of(repo.store(), about) if about.is_pull_request else "")


def commit(call: Call) -> Response:
    repo = call.repo()
    access.must_read_files(call.hub.accounts, repo, call.who)
    store = repo.store()
    oid = store.resolve(call.param("commit"))
    parent = store.parent(oid)
    return _answer(pages.commit(repo, store.record(oid), git_merge.diff(store, parent, oid) if parent else ""))


def _answer(html: str) -> Response:
    return HTMLResponse(html, headers=_HEADERS)


ROUTES = [
    ("GET", "/", front),
    *(("GET", f"{path}/discussions/{{num:int}}", discussion) for path in _REPO_PATHS),
    *(("GET", f"{path}/discussions/{{num:int}}.diff", diff) for path in _REPO_PATHS),
    *(("GET", f"{path}/commit/{{commit}}", commit) for path in _REPO_PATHS),
    *(("GET", path, repository) for path in _REPO_PATHS),
]
