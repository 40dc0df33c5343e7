"""Repositories and what is known about them: docs/hub-api.md, Repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from evalbot.sandbox import access, changes, model_files, shapes
from evalbot.sandbox.refusals import Refusal, bad_request, forbidden, no_such_page, repo_not_found, sign_in_first
from evalbot.sandbox.repos import MODEL, REPO_PATH, Gate, Kind, Repo, kind_named

if TYPE_CHECKING:
    from evalbot.sandbox.accounts import Token
    from evalbot.sandbox.call import Call

_LISTED = 100


def info(call: Call) -> Response:
    return _info(call, "main")


def info_at(call: Call) -> Response:
    return _info(call, call.param("rest"))


def _info(call: Call, revision: str) -> Response:
    repo = call.repo()
    store = call.store(repo)
    commit = store.resolve(revision)
    wanted = call.many("expand")
    if wanted:
        return JSONResponse(shapes.expanded_info(call, repo, store, commit, wanted))
    told = shapes.repo_info(repo, store, commit, blobs=call.flag("blobs"))
    return JSONResponse(told | model_files.facts(store, commit) if repo.kind is MODEL else told)


def listing(call: Call) -> Response:
    """Repositories the caller may see, by `author`, `search` and `filter` (tags, all of which they must have)."""
    author, search = call.query.get("author", "").lower(), call.query.get("search", "").lower()
    seen = [repo for repo in call.hub.repos.of_kind(call.kind()) if _is_seen(call, repo)]
    named = [repo for repo in seen if author in {"", repo.namespace.lower()} and search in repo.id.lower()]
    tags = set(call.many("filter"))
    found = [each for each in (_summary(call, repo) for repo in named) if tags <= {*each["tags"]}]
    page, link = call.page(found, _LISTED)
    return JSONResponse(page, headers=link)


def _is_seen(call: Call, repo: Repo) -> bool:
    return access.sees(call.hub.accounts, repo, call.who) and not repo.disabled


def _summary(call: Call, repo: Repo) -> dict[str, Any]:
    store = call.store(repo)
    found = shapes.repo_info(repo, store, store.resolve("main"), blobs=False)
    return {key: value for key, value in found.items() if key not in {"siblings", "cardData", "model-index"}}


def unknown(call: Call) -> Response:
    """What is left: ids without a namespace, of which the sandbox has none, and calls it does not know."""
    repo_id = "/".join(call.param("rest").split("/")[:2])
    if call.hub.repos.find(call.kind(), repo_id):
        raise no_such_page()
    raise repo_not_found() if call.who else sign_in_first()


def create(call: Call) -> Response:
    who = access.must_sign_in(call.who)
    asked = call.json()
    kind = kind_named(asked.get("type") or "model")
    repo_id = f"{_namespace(call, who, asked)}/{asked.get('name') or ''}"
    access.must_create(who, kind, repo_id)
    made = call.hub.repos.create(kind, repo_id, author=who.user, private=_is_private(asked), files=_first_files(asked))
    if made is None:
        raise _taken(call, kind, repo_id)
    return JSONResponse({"url": f"{call.hub.endpoint}/{made.page}", "name": made.id, "id": made.key})


def _namespace(call: Call, who: Token, asked: dict[str, Any]) -> str:
    wanted = str(asked.get("organization") or who.user)
    namespace = call.hub.accounts.namespace(wanted)
    if namespace is None or not call.hub.accounts.owns(who.user, namespace):
        raise forbidden(f'You don\'t have the rights to create a repository under the namespace "{wanted}"')
    return namespace


def _is_private(asked: dict[str, Any]) -> bool:
    visibility = asked.get("visibility", "private" if asked.get("private") is True else "public")
    if visibility not in ("public", "private"):  # a tuple: what was sent may be unhashable
        raise bad_request('"visibility" must be one of [public, private]')
    return bool(visibility == "private")


def _first_files(asked: dict[str, Any]) -> dict[str, bytes]:
    """What huggingface.js may give a new repository: files, and a license that stands in a first card."""
    files = changes.parse_files(asked.get("files") or [])
    given = asked.get("license")
    card = {"README.md": f"---\nlicense: {given}\n---\n".encode()} if isinstance(given, str) else {}
    return {**card, **files}


def _taken(call: Call, kind: Kind, repo_id: str) -> Refusal:
    """The client reads `url` from this answer when it was told that an existing repository is fine."""
    url = f"{call.hub.endpoint}/{kind.prefix}{repo_id}"
    return Refusal(409, f"You already created this {kind.name} repo", body={"url": url})


def delete(call: Call) -> Response:
    who = access.must_sign_in(call.who)
    asked = call.json()
    repo_id = f"{asked.get('organization') or who.user}/{asked.get('name')}"
    call.hub.repos.delete(_own(call, kind_named(asked.get("type") or "model"), repo_id))
    return PlainTextResponse("OK")


def move(call: Call) -> Response:
    who = access.must_sign_in(call.who)
    asked = call.json()
    kind, goal = kind_named(asked.get("type") or "model"), str(asked.get("toRepo"))
    repo = _own(call, kind, str(asked.get("fromRepo")))
    if not call.hub.accounts.owns(who.user, goal.partition("/")[0]):
        raise forbidden(f"You don't have the rights to move a repository to {goal}")
    access.must_create(who, kind, goal)
    if call.hub.repos.find(kind, goal):
        raise Refusal(409, f"A {kind.name} repository called {goal} already exists")
    call.hub.repos.move(repo, goal)
    return JSONResponse({})


def _own(call: Call, kind: Kind, repo_id: str) -> Repo:
    found = access.must_see(call.hub.accounts, call.hub.repos.find(kind, repo_id), call.who)
    access.must_write(call.hub.accounts, found, call.who)
    return found


def settings(call: Call) -> Response:
    repo = call.repo()
    access.must_write(call.hub.accounts, repo, call.who)
    asked = call.json()
    gated = _gate(asked.get("gated", repo.gated))
    private = _is_private(asked) if {"visibility", "private"} & asked.keys() else repo.private
    discussions_off = asked.get("discussionsDisabled", not repo.discussions_on)
    if not isinstance(discussions_off, bool):
        raise bad_request('"discussionsDisabled" must be a boolean')
    with repo.alone():
        repo.gated, repo.private, repo.discussions_on = gated, private, not discussions_off
    return JSONResponse({"private": repo.private, "gated": repo.gated})


def _gate(value: Any) -> Gate:
    gates: tuple[Gate, ...] = ("auto", "manual", False)
    for gate in gates:
        if value is gate or (gate and value == gate):
            return gate
    raise bad_request('"gated" must be one of [auto, manual, false]')


def unknown_file(call: Call) -> Response:
    """A file of an id without a namespace."""
    raise repo_not_found() if call.who else sign_in_first()


LAST_ROUTES = [("GET", "/api/{kinds}/{rest:path}", unknown), ("GET", "/{name}/resolve/{rest:path}", unknown_file)]

ROUTES = [
    ("POST", "/api/repos/create", create),
    ("DELETE", "/api/repos/delete", delete),
    ("POST", "/api/repos/move", move),
    ("GET", "/api/{kinds}", listing),
    ("GET", REPO_PATH, info),
    ("GET", f"{REPO_PATH}/revision/{{rest:path}}", info_at),
    ("PUT", f"{REPO_PATH}/settings", settings),
]
