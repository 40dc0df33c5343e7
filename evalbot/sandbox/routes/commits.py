"""Writing: validate, preupload, commit. docs/hub-api.md, Writing."""

from __future__ import annotations

import base64
import binascii
import codecs
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from evalbot.sandbox import access, benchmarks, card_check, changes
from evalbot.sandbox.refusals import Refusal, bad_request, revision_not_found
from evalbot.sandbox.repos import DATASET, REPO_PATH

if TYPE_CHECKING:
    from evalbot.sandbox.accounts import Token
    from evalbot.sandbox.call import Call
    from evalbot.sandbox.changes import CommitRequest
    from evalbot.sandbox.git_store import GitStore
    from evalbot.sandbox.repos import Repo

_LARGEST_REGULAR = 10 * 1024 * 1024
_STALE = "The branch was updated since you opened this page. Please refresh and try again."


def validate_yaml(call: Call) -> Response:
    """What is wrong with a card: 200 or 400, the same JSON either way; lines of text for who asks for text."""
    content = call.json().get("content")
    if not isinstance(content, str):
        found = card_check.Findings(errors=['"content" must be a string'])
    else:
        found = card_check.check(content)
    status = 400 if found.errors else 200
    if call.headers.get("accept") == "text/plain":  # RepoCard.validate shows the answer as it is
        return PlainTextResponse(found.as_text(), status)
    return JSONResponse(found.as_json(), status)


def preupload(call: Call) -> Response:
    """Which files go into git. `oid` names what is there now: the client drops files that did not change."""
    repo = call.repo()
    revision = call.param("rest")
    _may_commit(call, repo, revision)
    store = repo.store()
    head = store.resolve(_target(store, repo, revision, proposes=call.flag("create_pr")))
    files = call.json().get("files")
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise bad_request('"files" must be an array')
    return JSONResponse({"commitOid": head, "files": [_mode(store, head, file) for file in files]})


def _mode(store: GitStore, head: str, file: dict[str, Any]) -> dict[str, Any]:
    path = changes.safe_path(file.get("path"))
    entry = store.entry(head, path)
    known = {"oid": entry.oid} if entry and not entry.is_folder else {}
    mode = "regular" if _is_small_text(file) else "lfs"
    return {"path": path, "uploadMode": mode, "shouldIgnore": False, **known}


def _is_small_text(file: dict[str, Any]) -> bool:
    """The Hub's rule: text of up to some 10 MB lives in git, the rest in large file storage."""
    size = file.get("size")
    if not isinstance(size, int):
        raise bad_request('"size" must be a number')
    try:
        sample = base64.b64decode(str(file.get("sample", "")), validate=True)
        # An incremental decoder, for the sample may end in the middle of a character.
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except (binascii.Error, UnicodeDecodeError):
        return False
    return size <= _LARGEST_REGULAR and b"\0" not in sample


def commit(call: Call) -> Response:
    repo = call.repo()
    revision = call.param("rest")
    who = _may_commit(call, repo, revision)
    asked = changes.parse(call.body)
    _check_metadata(repo, asked)
    with repo.alone() as store:
        if call.flag("create_pr"):
            return _answer(call, repo, *_propose(repo, store, asked, revision, who))
        return _answer(call, repo, _push(repo, store, asked, revision, who), None)


def _may_commit(call: Call, repo: Repo, revision: str) -> Token:
    if call.flag("create_pr"):
        access.must_discuss(repo)
        return access.must_take_part(repo, call.who)
    return access.must_push(call.hub.accounts, repo, call.who, revision)


def _check_metadata(repo: Repo, asked: CommitRequest) -> None:
    for change in asked.changes:
        if change.path == "README.md" and change.content is not None:
            errors = card_check.check(change.content.decode("utf-8", "replace")).errors
            if errors:
                raise bad_request(f"Invalid metadata in README.md: {'; '.join(errors)}")
        if repo.kind is DATASET and change.path == benchmarks.FILE and change.content is not None:
            _check_benchmark(change.content)


def _check_benchmark(content: bytes) -> None:
    try:
        benchmarks.read(content)
    except benchmarks.InvalidBenchmarkError as error:
        raise bad_request(f"Invalid {benchmarks.FILE}: {error}") from None


def _target(store: GitStore, repo: Repo, revision: str, *, proposes: bool) -> str:
    """The ref a commit moves or a pull request is for: a branch, or an unmerged pull request's own ref."""
    pull_request = None if proposes else access.pull_request_of(repo, revision)
    if pull_request is not None:
        if pull_request.status == "merged":
            raise bad_request("This pull request is already merged")
        return pull_request.ref
    branch = "refs/heads/main" if revision == "HEAD" else f"refs/heads/{revision}"
    if store.ref(branch) is None:
        raise revision_not_found(revision)
    return branch


def _push(repo: Repo, store: GitStore, asked: CommitRequest, revision: str, who: Token) -> str:
    target = _target(store, repo, revision, proposes=False)
    head = store.resolve(target)
    if asked.parent and not head.startswith(asked.parent):
        raise Refusal(412, _STALE)
    made = store.commit(asked.changes, parent=head, message=asked.message, author=who.user)
    store.point(target, made)
    pull_request = access.pull_request_of(repo, revision)
    if pull_request is not None:
        pull_request.committed(who.user, asked.summary, made)
    return made


def _propose(repo: Repo, store: GitStore, asked: CommitRequest, revision: str, who: Token) -> tuple[str, int]:
    """A pull request is open at once when it comes with its commit; it branches from `parentCommit`."""
    base = _target(store, repo, revision, proposes=True)
    parent = store.resolve(asked.parent or base)
    made = store.commit(asked.changes, parent=parent, message=asked.message, author=who.user)
    started = repo.discuss(title=asked.summary, author=who.user, text=asked.description, status="open", base=base)
    store.point(started.ref, made)
    started.committed(who.user, asked.summary, made)
    return made, started.num


def _answer(call: Call, repo: Repo, made: str, num: int | None) -> Response:
    page = f"{call.hub.endpoint}/{repo.page}"
    answer = {"success": True, "commitOid": made, "commitUrl": f"{page}/commit/{made}", "hookOutput": ""}
    pull_request = {} if num is None else {"pullRequestUrl": f"{page}/discussions/{num}"}
    return JSONResponse({**answer, **pull_request})


def no_large_files(_call: Call) -> Response:
    raise Refusal(501, "The sandbox keeps no large files: commit text of up to 10 MB")


ROUTES = [
    ("POST", "/api/validate-yaml", validate_yaml),
    ("POST", f"{REPO_PATH}/preupload/{{rest:path}}", preupload),
    ("POST", f"{REPO_PATH}/commit/{{rest:path}}", commit),
    ("GET", f"{REPO_PATH}/xet-write-token/{{rest:path}}", no_large_files),
    ("POST", "/{rest:path}.git/info/lfs/objects/batch", no_large_files),
]
