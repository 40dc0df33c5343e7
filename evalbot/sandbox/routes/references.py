"""Making and removing branches and tags, as the client's create_branch and create_tag ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from evalbot.sandbox import access
from evalbot.sandbox.refusals import Refusal, bad_request, forbidden, revision_not_found
from evalbot.sandbox.repos import REPO_PATH

if TYPE_CHECKING:
    from evalbot.sandbox.call import Call


def create_branch(call: Call) -> Response:
    start = call.json().get("startingPoint") or "main"
    return _create(call, f"refs/heads/{call.param('rest')}", str(start))


def create_tag(call: Call) -> Response:
    return _create(call, f"refs/tags/{call.json().get('tag') or ''}", call.param("rest"))


def _create(call: Call, ref: str, start: str) -> Response:
    repo = call.repo()
    access.must_write(call.hub.accounts, repo, call.who)
    with repo.alone() as store:
        if store.ref(ref):
            raise Refusal(409, f"Reference {ref} already exists")
        commit = store.resolve(start)
        if not store.is_name(ref):
            raise bad_request(f"Invalid reference name: {ref}")
        try:
            store.point(ref, commit)
        except OSError:
            raise Refusal(409, f"Reference {ref} cannot stand beside the ones there are") from None
    return JSONResponse({})


def delete_branch(call: Call) -> Response:
    if call.param("rest") == "main":
        raise forbidden("Cannot delete refs/heads/main")
    return _delete(call, f"refs/heads/{call.param('rest')}")


def delete_tag(call: Call) -> Response:
    return _delete(call, f"refs/tags/{call.param('rest')}")


def _delete(call: Call, ref: str) -> Response:
    repo = call.repo()
    access.must_write(call.hub.accounts, repo, call.who)
    with repo.alone() as store:
        if store.ref(ref) is None:
            raise revision_not_found(call.param("rest"))
        store.remove(ref)
    return JSONResponse({})


ROUTES = [
    ("POST", f"{REPO_PATH}/branch/{{rest:path}}", create_branch),
    ("DELETE", f"{REPO_PATH}/branch/{{rest:path}}", delete_branch),
    ("POST", f"{REPO_PATH}/tag/{{rest:path}}", create_tag),
    ("DELETE", f"{REPO_PATH}/tag/{{rest:path}}", delete_tag),
]
