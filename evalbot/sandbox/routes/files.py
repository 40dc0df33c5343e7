"""Reading files, folders, refs and history: docs/hub-api.md, Reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from starlette.responses import JSONResponse, Response

from evalbot.sandbox import access, byte_range, file_content, shapes
from evalbot.sandbox.file_content import FilePart
from evalbot.sandbox.refusals import bad_request, entry_not_found
from evalbot.sandbox.repos import REPO_PATH

if TYPE_CHECKING:
    from evalbot.sandbox.call import Call
    from evalbot.sandbox.git_store import Entry, GitStore

_TOLD_BY = 8000  # bytes at the start of a file that tell text from other content, as git does it
_TREE_PAGE = 1000
_EXPANDED_PAGE = 50  # dating an entry reads history, so the Hub gives fewer at once
_HISTORY_PAGE = 50
_MOST_PATHS = 1000


def download(call: Call) -> Response:
    repo = call.repo()
    access.must_read_files(call.hub.accounts, repo, call.who)
    store = call.store(repo)
    revision, path = call.revision_and_path()
    commit = store.resolve(revision)
    entry = store.entry(commit, path)
    if entry is None or entry.is_folder:
        raise entry_not_found(commit=commit)
    wanted = byte_range.asked(call.headers.get("range"), entry.size)
    file = file_content.opened(store, entry)
    headers = {"X-Repo-Commit": commit, **_headers(entry, file.read(_TOLD_BY))}
    if wanted is None:
        return FilePart(file, range(entry.size), 200, headers)
    headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{entry.size}"
    return FilePart(file, wanted, 206, headers)


def _headers(entry: Entry, start: bytes) -> dict[str, str]:
    name = quote(entry.path.rpartition("/")[2])
    return {
        "ETag": f'"{entry.oid}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{name}; filename=\"{name}\"",
        "Content-Type": "application/octet-stream" if b"\0" in start else "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
    }


def tree(call: Call) -> Response:
    store = call.store(call.repo())
    revision, folder = call.revision_and_path()
    commit = store.resolve(revision)
    expand = call.flag("expand")
    entries = list(store.entries(commit, folder, recursive=call.flag("recursive")))
    page, link = call.page(entries, _EXPANDED_PAGE if expand else _TREE_PAGE)
    return JSONResponse([_item(store, commit, entry, expand=expand) for entry in page], headers=link)


def paths_info(call: Call) -> Response:
    """Entries for the paths that exist; the others are passed over in silence."""
    store = call.store(call.repo())
    commit = store.resolve(call.param("rest"))
    paths, expand = _asked_paths(call)
    found = [entry for path in paths if (entry := store.entry(commit, path.strip("/")))]
    return JSONResponse([_item(store, commit, entry, expand=expand) for entry in found])


def _asked_paths(call: Call) -> tuple[list[str], bool]:
    """Form-encoded from Python, JSON from everybody else."""
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = parse_qs(call.body.decode("latin-1"))
        paths: Any = form.get("paths", [])
        expand = form.get("expand", [""])[0].lower() in {"1", "true"}
    else:
        asked = call.json()
        paths, expand = asked.get("paths", []), asked.get("expand") is True
    if not isinstance(paths, list) or len(paths) > _MOST_PATHS:
        raise bad_request(f'"paths" must be an array of at most {_MOST_PATHS} items')
    return [path for path in paths if isinstance(path, str) and path], expand


def _item(store: GitStore, commit: str, entry: Entry, *, expand: bool) -> dict[str, Any]:
    item = shapes.tree_item(entry)
    return {**item, "lastCommit": shapes.last_commit(store.last_change(commit, entry.path))} if expand else item


def refs(call: Call) -> Response:
    return JSONResponse(shapes.refs(call.store(call.repo()), include_prs=call.flag("include_prs")))


def history(call: Call) -> Response:
    store = call.store(call.repo())
    commits = list(store.history(store.resolve(call.param("rest"))))
    page, link = call.page(commits, _HISTORY_PAGE)
    formatted = "formatted" in call.many("expand")
    items = [shapes.history_item(call.hub.accounts, commit, formatted=formatted) for commit in page]
    return JSONResponse(items, headers={**link, "X-Total-Count": str(len(commits))})


ROUTES = [
    ("GET", f"{REPO_PATH}/tree/{{rest:path}}", tree),
    ("POST", f"{REPO_PATH}/paths-info/{{rest:path}}", paths_info),
    ("GET", f"{REPO_PATH}/refs", refs),
    ("GET", f"{REPO_PATH}/commits/{{rest:path}}", history),
    ("GET", "/{kinds}/{namespace}/{name}/resolve/{rest:path}", download),
    ("GET", "/{kinds}/{namespace}/{name}/raw/{rest:path}", download),
    ("GET", "/{namespace}/{name}/resolve/{rest:path}", download),
    ("GET", "/api/resolve-cache/{kinds}/{namespace}/{name}/{rest:path}", download),
    ("GET", "/{namespace}/{name}/raw/{rest:path}", download),
]
