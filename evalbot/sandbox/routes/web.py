"""The addresses people open: repositories, discussions and commits as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from evalbot.sandbox import access, git_merge, pages, shapes
from evalbot.sandbox.discussions import Filter
from evalbot.sandbox.file_content import LARGE
from evalbot.sandbox.refusals import entry_not_found
from evalbot.sandbox.repos import KINDS, MODEL

if TYPE_CHECKING:
    from evalbot.sandbox.call import Call

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""No script, no picture, nothing fetched: what strangers wrote cannot do anything."""

_REPO_PATHS = ("/{kinds}/{namespace}/{name}", "/{namespace}/{name}")


def front(call: Call) -> Response:
    return _answer(pages.front(repo for kind in KINDS for repo in call.hub.repos.of_kind(kind) if repo.is_listed))


def repository(call: Call) -> Response:
    repo = call.repo()
    store = call.store(repo)
    head = store.resolve("main")
    card = store.read(head, "README.md") if access.reads_files(call.hub.accounts, repo, call.who) else None
    page = pages.repository(
        repo,
        store.record(head),
        store.files(head),
        card=None if card is None else card.decode("utf-8", "replace"),
        metadata=shapes.card_data(store, head) or {},
        results=shapes.eval_results_of(call, repo, store, head) if repo.kind is MODEL else [],
    )
    return _answer(page)


def discussions(call: Call) -> Response:
    repo = call.repo()
    access.must_discuss(repo)
    everything = sorted(call.discussions(repo), key=lambda each: -each.num)
    wanted = Filter(status=call.query.get("status", "all"))
    shown = [each for each in everything if wanted.takes(each)]
    return _answer(pages.discussions(repo, call.hub.accounts.users, everything, shown, wanted.status))


def discussion(call: Call) -> Response:
    repo = call.repo()
    access.must_discuss(repo)
    about, store = call.discussion(repo), call.store(repo)
    if not about.is_pull_request:
        return _answer(pages.discussion(repo, about, call.hub.accounts.users, patch=None))
    base, head = git_merge.ends(store, about)
    page = pages.discussion(
        repo,
        about,
        call.hub.accounts.users,
        patch=git_merge.diff(store, base, head) if access.reads_files(call.hub.accounts, repo, call.who) else None,
        commits=git_merge.proposed(store, base, head),
        conflicts=git_merge.conflicts(store, base, head) if about.is_open else [],
    )
    return _answer(page)


def diff(call: Call) -> Response:
    """The pull request as a patch, where `diffUrl` of its details says."""
    repo = call.repo()
    access.must_read_files(call.hub.accounts, repo, call.who)
    about = call.discussion(repo)
    return PlainTextResponse(git_merge.diff_of(call.store(repo), about) if about.is_pull_request else "")


def file(call: Call) -> Response:
    """A file of text at a revision, with its lines numbered: `#L8` leads to the eighth. A large one is sent as is."""
    repo = call.repo()
    access.must_read_files(call.hub.accounts, repo, call.who)
    store = call.store(repo)
    revision, path = call.revision_and_path()
    entry = store.entry(store.resolve(revision), path)
    if entry is None or entry.is_folder:
        raise entry_not_found()
    if entry.size >= LARGE:  # weights: nothing to read, and too much for a page
        return RedirectResponse(call.request.url.path.replace("/blob/", "/resolve/", 1))
    return _answer(pages.file(repo, path, store.blob(entry.oid).decode("utf-8", "replace")))


def commit(call: Call) -> Response:
    repo = call.repo()
    access.must_read_files(call.hub.accounts, repo, call.who)
    store = call.store(repo)
    oid = store.resolve(call.param("commit"))
    parent = store.parent(oid)
    return _answer(pages.commit(repo, store.record(oid), git_merge.diff(store, parent, oid) if parent else ""))


def _answer(html: str) -> Response:
    return HTMLResponse(html, headers=HEADERS)


ROUTES = [
    ("GET", "/", front),
    *(("GET", f"{path}/discussions", discussions) for path in _REPO_PATHS),
    *(("GET", f"{path}/discussions/{{num:int}}", discussion) for path in _REPO_PATHS),
    *(("GET", f"{path}/discussions/{{num:int}}.diff", diff) for path in _REPO_PATHS),
    *(("GET", f"{path}/commit/{{commit}}", commit) for path in _REPO_PATHS),
    *(("GET", f"{path}/blob/{{rest:path}}", file) for path in _REPO_PATHS),
    *(("GET", path, repository) for path in _REPO_PATHS),
]
