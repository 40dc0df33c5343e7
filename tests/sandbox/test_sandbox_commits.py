"""Writing: what the client sends, and what it never would."""

from __future__ import annotations

import base64
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DiscussionCommit
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

COMMIT = "/api/models/alice/tiny/commit/main"
LINE = ("file", {"path": "a.txt", "content": "a"})
NO_RIGHT = "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request"


def _add(content: bytes = b"new\n", path: str = "new.txt") -> list[CommitOperationAdd | CommitOperationDelete]:
    return [CommitOperationAdd(path, content)]


def test_push__by_the_owner(tiny: str, api: Api, sandbox: SandboxHub) -> None:
    made = api["alice"].create_commit(
        "alice/tiny", _add(), commit_message="Add it", commit_description="Why not.", parent_commit=tiny
    )
    assert made.commit_url == f"{sandbox.endpoint}/alice/tiny/commit/{made.oid}"
    assert made.pr_url is None
    newest, before, _ = api["alice"].list_repo_commits("alice/tiny")
    assert (newest.commit_id, newest.title, newest.message) == (made.oid, "Add it", "Why not.")
    assert before.commit_id == tiny


def test_push__without_right_is_403_already_at_preupload(tiny: str, api: Api, raw: Raw) -> None:
    with pytest.raises(HfHubHTTPError, match="pass `create_pr=1`"):
        api["bob"].create_commit("alice/tiny", _add(), commit_message="Add")
    answer = raw("POST", "/api/models/alice/tiny/preupload/main", "bob", json={"files": []})
    assert (answer.status_code, answer.headers["x-error-message"]) == (403, NO_RIGHT)
    answer = raw.commit("bob", "main", LINE)
    assert (answer.status_code, answer.json()["error"]) == (403, NO_RIGHT)
    assert raw.commit(None, "main", LINE).status_code == 401


def test_create_pr__by_a_stranger_is_open_at_once(tiny: str, api: Api, sandbox: SandboxHub) -> None:
    made = api["bob"].create_commit("alice/tiny", _add(), commit_message="Add it", create_pr=True)
    assert made.pr_url == f"{sandbox.endpoint}/alice/tiny/discussions/1"
    assert (made.pr_num, made.pr_revision) == (1, "refs/pr/1")
    details = api["alice"].get_discussion_details("alice/tiny", 1)
    assert (details.status, details.author, details.is_pull_request) == ("open", "bob", True)
    assert details.target_branch == "refs/heads/main"
    assert [event.type for event in details.events] == ["comment", "commit"]
    assert details.diff is not None
    assert "+new" in details.diff
    assert api["alice"].model_info("alice/tiny").sha == tiny


def test_create_pr__branches_from_parent_commit(tiny: str, api: Api) -> None:
    api["alice"].create_commit("alice/tiny", _add(b"1", "one.txt"), commit_message="One")
    made = api["bob"].create_commit("alice/tiny", _add(), commit_message="Add", create_pr=True, parent_commit=tiny)
    history = [commit.commit_id for commit in api["bob"].list_repo_commits("alice/tiny", revision="refs/pr/1")]
    assert history[:2] == [made.oid, tiny]
    assert not api["bob"].file_exists("alice/tiny", "one.txt", revision="refs/pr/1")


def test_create_pr__needs_a_branch_and_a_known_parent(tiny: str, api: Api, raw: Raw) -> None:
    for revision in ("none", "refs/pr/1", tiny):
        with pytest.raises(RevisionNotFoundError):
            api["bob"].create_commit("alice/tiny", _add(), commit_message="Add", create_pr=True, revision=revision)
    answer = raw.commit("bob", "main", LINE, query="?create_pr=1", parentCommit="0" * 40)
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RevisionNotFound")
    assert raw("GET", "/api/models/alice/tiny/discussions").json()["count"] == 0


def test_stale_parent__412_on_push(tiny: str, api: Api) -> None:
    api["alice"].create_commit("alice/tiny", _add(), commit_message="Add")
    with pytest.raises(HfHubHTTPError, match="The branch was updated since you opened this page") as caught:
        api["alice"].create_commit("alice/tiny", _add(b"2"), commit_message="Late", parent_commit=tiny)
    assert caught.value.response.status_code == 412


def test_pull_request_ref__its_author_and_writers_push(tiny: str, api: Api) -> None:
    first = api["bob"].create_commit("alice/tiny", _add(), commit_message="Add", create_pr=True)
    second = api["bob"].create_commit(
        "alice/tiny", _add(b"2"), commit_message="More", revision="refs/pr/1", parent_commit=first.oid
    )
    assert second.pr_url is None
    api["alice"].create_commit("alice/tiny", _add(b"3"), commit_message="Mine", revision="refs/pr/1")
    with pytest.raises(HfHubHTTPError, match="403"):
        api["carol"].create_commit("alice/tiny", _add(b"4"), commit_message="No", revision="refs/pr/1")
    with pytest.raises(HfHubHTTPError, match="412"):
        api["bob"].create_commit(
            "alice/tiny", _add(b"5"), commit_message="Late", revision="refs/pr/1", parent_commit=first.oid
        )
    events = api["bob"].get_discussion_details("alice/tiny", 1).events
    commits = [(event.author, event.summary) for event in events if isinstance(event, DiscussionCommit)]
    assert commits == [("bob", "Add"), ("bob", "More"), ("alice", "Mine")]


def test_pull_request_ref__unknown_is_404_and_merged_is_closed_to_pushes(tiny: str, api: Api, raw: Raw) -> None:
    assert raw.commit("alice", "refs%2Fpr%2F9", LINE).headers["x-error-code"] == "RevisionNotFound"
    api["bob"].create_commit("alice/tiny", _add(), commit_message="Add", create_pr=True)
    api["alice"].merge_pull_request("alice/tiny", 1)
    assert raw.commit("bob", "refs%2Fpr%2F1", LINE).status_code == 400


def test_unchanged_content__makes_no_pull_request(tiny: str, api: Api) -> None:
    """The client compares `oid` of preupload with its own and drops the operation."""
    card = api["bob"].hf_hub_download("alice/tiny", "README.md")
    made = api["bob"].upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="alice/tiny", create_pr=True)
    assert (made.pr_url, made.oid) == (None, tiny)
    assert list(api["bob"].get_repo_discussions("alice/tiny")) == []


def test_preupload__text_is_regular_and_binary_is_not(tiny: str, raw: Raw, api: Api) -> None:
    def mode(content: bytes, size: int | None = None) -> str:
        sample = base64.b64encode(content[:512]).decode()
        file = {"path": "f", "sample": sample, "size": len(content) if size is None else size}
        answer = raw("POST", "/api/models/alice/tiny/preupload/main", "alice", json={"files": [file]})
        return str(answer.json()["files"][0]["uploadMode"])

    modes = [mode(b"text"), mode(b""), mode("é".encode() * 400), mode(b"x" + "é".encode() * 400)]
    assert modes == ["regular"] * 4
    assert [mode(b"a\0b"), mode(b"\xff\xfe"), mode(b"text", 20_000_000)] == ["lfs"] * 3
    assert raw("POST", "/api/models/alice/tiny/preupload/main", "alice", json={"files": [1]}).status_code == 400


def test_large_files__are_refused_in_plain_words(tiny: str, raw: Raw) -> None:
    value = {"path": "m.bin", "algo": "sha256", "oid": "0" * 64, "size": 3}
    assert raw.commit("alice", "main", ("lfsFile", value)).status_code == 501
    for method, path in (
        ("GET", "/api/models/alice/tiny/xet-write-token/main"),
        ("POST", "/alice/tiny.git/info/lfs/objects/batch"),
        ("POST", "/datasets/alice/tiny.git/info/lfs/objects/batch"),
    ):
        answer = raw(method, path, "alice")
        assert (answer.status_code, answer.json()["error"][:31]) == (501, "The sandbox keeps no large file")


def test_delete__files_and_folders(tiny: str, api: Api, raw: Raw) -> None:
    for path in ("d/a.txt", "d/e/b.txt", "dd.txt"):
        api["alice"].upload_file(path_or_fileobj=b"x", path_in_repo=path, repo_id="alice/tiny")
    api["alice"].delete_folder("d", repo_id="alice/tiny")
    assert set(api["alice"].list_repo_files("alice/tiny")) == {".gitattributes", "README.md", "dd.txt"}
    api["alice"].delete_file("dd.txt", repo_id="alice/tiny")
    assert not api["alice"].file_exists("alice/tiny", "dd.txt")
    api["alice"].upload_file(path_or_fileobj=b"x", path_in_repo="d/a.txt", repo_id="alice/tiny")
    assert raw.commit("alice", "main", ("deletedFile", {"path": "d"})).status_code == 200
    for key in ("deletedFile", "deletedFolder"):
        answer = raw.commit("alice", "main", (key, {"path": "gone"}))
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, "EntryNotFound")
        assert answer.json()["error"] == "A file with this name doesn't exist"


@pytest.mark.parametrize(
    "path", ["../x", "a/../x", "/etc/passwd", "a//b", "./a", ".git/config", "a/.GIT/x", "..\\x", "a\nb", "", 3, None]
)
def test_path__that_leaves_the_repository_is_422(tiny: str, raw: Raw, path: object) -> None:
    for line in (("file", {"path": path, "content": "a"}), ("deletedFile", {"path": path})):
        assert raw.commit("alice", "main", line).status_code == 422


def test_file__may_take_the_place_of_a_folder(tiny: str, raw: Raw, api: Api) -> None:
    lines = [("file", {"path": path, "content": "x"}) for path in ("a/b", "a/c")]
    assert raw.commit("alice", "main", *lines).status_code == 200
    assert raw.commit("alice", "main", ("file", {"path": "a", "content": "x"})).status_code == 200
    assert set(api["alice"].list_repo_files("alice/tiny")) == {".gitattributes", "README.md", "a"}
    assert raw.commit("alice", "main", ("file", {"path": "a/b/c", "content": "x"})).status_code == 200
    assert set(api["alice"].list_repo_files("alice/tiny")) == {".gitattributes", "README.md", "a/b/c"}


def test_bad_bodies__are_400(tiny: str, raw: Raw) -> None:
    def post(body: bytes) -> int:
        return raw("POST", COMMIT, "alice", content=body).status_code

    header = b'{"key":"header","value":{"summary":"s"}}\n'
    file = b'{"key":"file","value":{"path":"a","content":"a"}}\n'
    assert raw.commit("alice", "main").json()["error"] == "Add a line with the key `lfsFile`, `file` or `deletedFile`"
    for body in (b"", b"nonsense", b"[]", b'{"key":"header"}', file, file + header, header + header + file):
        assert post(body) == 400
    for value in (b'{"path":"a"}', b'{"path":"a","content":"*","encoding":"base64"}', b'{"path":"a","content":1}'):
        assert post(header + b'{"key":"file","value":' + value + b"}") == 400
    assert post(header + file.replace(b'"file"', b'"planet"')) == 400
    assert post(b'{"key":"header","value":{"summary":" "}}\n' + file) == 400
    for parent in (b"1", b'"main"', b'""', b'"abcd"'):
        assert post(b'{"key":"header","value":{"summary":"s","parentCommit":' + parent + b"}}\n" + file) == 400


def test_too_large__413(tiny: str, raw: Raw) -> None:
    body = b" " * (32 * 1024 * 1024 + 1)
    assert raw("POST", COMMIT, "alice", content=body).status_code == 413


def test_connection_lost__half_a_commit_is_not_made(sandbox: SandboxHub, tiny: str, api: Api) -> None:
    """The body ends at the end of a line: what has come would be a commit of its own."""
    body = b'{"key":"header","value":{"summary":"s"}}\n{"key":"file","value":{"path":"a","content":"a"}}\n'
    head = f"POST {COMMIT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sandbox.tokens['alice']}\r\n"
    with socket.create_connection(("127.0.0.1", int(sandbox.endpoint.rpartition(":")[2]))) as client:
        client.sendall(f"{head}Content-Length: {len(body) + 100}\r\n\r\n".encode() + body)
    assert _head_after_a_while(api) == tiny
    assert [record for record in sandbox.log if record.method == "POST"] == []


def _head_after_a_while(api: Api) -> str | None:
    """The head of main after the server has had its time to see the closed connection."""
    time.sleep(0.2)
    return api["alice"].model_info("alice/tiny").sha


def test_invalid_card__is_refused_by_validation_and_by_the_commit(tiny: str, api: Api, raw: Raw) -> None:
    card = b"---\nmodel-index: foo\n---\n"
    with pytest.raises(ValueError, match='"model-index" must be an array'):
        api["alice"].upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="alice/tiny")
    for query, who in (("", "alice"), ("?create_pr=1", "bob")):
        answer = raw.commit(who, "main", ("file", {"path": "README.md", "content": card.decode()}), query=query)
        assert answer.status_code == 400
        assert answer.headers["x-error-message"] == 'Invalid metadata in README.md: "model-index" must be an array'
    assert api["alice"].model_info("alice/tiny").sha == tiny


def test_card_without_metadata__warns_and_passes(tiny: str, api: Api) -> None:
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        made = api["alice"].upload_file(path_or_fileobj=b"# Bare\n", path_in_repo="README.md", repo_id="alice/tiny")
    assert api["alice"].model_info("alice/tiny").sha == made.oid


def test_commits__at_the_same_time_are_all_kept(tiny: str, api: Api, raw: Raw) -> None:
    def commit(number: int) -> None:
        query = "?create_pr=1" if number % 2 else ""
        assert raw.commit("alice", "main", ("file", {"path": f"{number}.txt", "content": "x"}), query=query).is_success

    threads = [threading.Thread(target=commit, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api["alice"].list_repo_commits("alice/tiny")) == 2 + 8
    assert sorted(each.num for each in api["alice"].get_repo_discussions("alice/tiny")) == list(range(1, 9))
