"""Reading bytes, folders, refs and history."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

BYTES = bytes(range(256)) * 8
FILE = "/alice/files/resolve/main/data/raw.bin"


@pytest.fixture
def files(sandbox: SandboxHub) -> str:
    content = {"README.md": b"# Files\n", "data/raw.bin": BYTES, "data/deep/er/x.txt": b"x", "empty": b""}
    return sandbox.create_repo("alice/files", files=content)


def _blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def test_download__through_the_client(files: str, api: Api, tmp_path: Path) -> None:
    for revision in ("main", files, "HEAD"):
        path = api["nobody"].hf_hub_download(
            "alice/files", "data/raw.bin", revision=revision, cache_dir=tmp_path / "cache"
        )
        with open(path, "rb") as file:  # noqa: PTH123 - the client gives a string
            assert file.read() == BYTES


def test_head__names_commit_and_blob(files: str, raw: Raw, api: Api, sandbox: SandboxHub) -> None:
    answer = raw("HEAD", FILE)
    assert answer.headers["x-repo-commit"] == files
    assert answer.headers["etag"] == f'"{_blob_id(BYTES)}"'
    assert (answer.headers["content-length"], answer.content) == (str(len(BYTES)), b"")
    url = hf_hub_url("alice/files", "data/raw.bin", endpoint=sandbox.endpoint)
    assert api["nobody"].get_hf_file_metadata(url=url).commit_hash == files


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=2040-", 2040, 2048),
        ("bytes=-8", 2040, 2048),
        ("bytes=2000-99999", 2000, 2048),
        ("bytes=-99999", 0, 2048),
    ],
)
def test_range__206(files: str, raw: Raw, wanted: str, start: int, stop: int) -> None:
    answer = raw("GET", FILE, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (206, BYTES[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(BYTES)}"


@pytest.mark.parametrize("wanted", ["bytes=2048-", "bytes=-0"])
def test_range__416(files: str, raw: Raw, wanted: str) -> None:
    answer = raw("GET", FILE, headers={"Range": wanted})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(BYTES)}")


@pytest.mark.parametrize("wanted", ["bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=5-2"])
def test_range__that_may_be_ignored(files: str, raw: Raw, wanted: str) -> None:
    answer = raw("GET", FILE, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (200, BYTES)


def test_missing_file__404_with_commit(files: str, raw: Raw, api: Api) -> None:
    for path in ("none.txt", "data", "data/raw.bin/x", "%00", "%2e%2e/README.md", ""):
        answer = raw("GET", f"/alice/files/resolve/main/{path}")
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, "EntryNotFound")
        assert answer.headers["x-repo-commit"] == files
    with pytest.raises(EntryNotFoundError):
        api["nobody"].hf_hub_download("alice/files", "none.txt")
    with pytest.raises(RevisionNotFoundError):
        api["nobody"].hf_hub_download("alice/files", "README.md", revision="none")


@pytest.mark.parametrize("reference", ["refs%2Fpr%2F1", "refs/pr/1"])
def test_pull_request_ref__encoded_and_plain(files: str, api: Api, raw: Raw, reference: str) -> None:
    made = api["bob"].upload_file(
        path_or_fileobj=b"new\n", path_in_repo="new.txt", repo_id="alice/files", create_pr=True
    )
    answer = raw("GET", f"/alice/files/resolve/{reference}/new.txt")
    assert (answer.content, answer.headers["x-repo-commit"]) == (b"new\n", made.oid)
    assert raw("GET", f"/api/models/alice/files/revision/{reference}").json()["sha"] == made.oid
    paths = [item["path"] for item in raw("GET", f"/api/models/alice/files/tree/{reference}").json()]
    assert "new.txt" in paths
    assert raw("GET", f"/api/models/alice/files/tree/{reference}/data").json()[0]["path"] == "data/deep"
    assert raw("GET", f"/api/models/alice/files/commits/{reference}").json()[0]["id"] == made.oid


def test_tree__flat_recursive_and_expanded(files: str, api: Api, raw: Raw) -> None:
    flat = {item["path"]: item["type"] for item in raw("GET", "/api/models/alice/files/tree/main").json()}
    assert flat == {".gitattributes": "file", "README.md": "file", "data": "directory", "empty": "file"}
    deep = [item.path for item in api["nobody"].list_repo_tree("alice/files", "data", recursive=True, expand=True)]
    assert deep == ["data/deep", "data/deep/er", "data/deep/er/x.txt", "data/raw.bin"]
    (item,) = api["nobody"].get_paths_info("alice/files", ["README.md"], expand=True)
    assert item.last_commit is not None
    assert item.last_commit.oid == files
    with pytest.raises(EntryNotFoundError):
        list(api["nobody"].list_repo_tree("alice/files", "none"))


def test_tree__pages_by_link(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    sandbox.create_repo("alice/many", files={f"f{number:04}": b"x" for number in range(1500)})
    first = raw("GET", "/api/models/alice/many/tree/main?recursive=true")
    assert len(first.json()) == 1000
    assert first.links["next"]["url"].startswith(f"{sandbox.endpoint}/api/models/alice/many/tree/main?recursive=true&")
    assert len(api["nobody"].list_repo_files("alice/many")) == 1501


def test_paths_info__form_and_json_and_unknown_paths(files: str, api: Api, raw: Raw) -> None:
    found = api["nobody"].get_paths_info("alice/files", ["empty", "data", "none"])
    assert [(item.path, type(item).__name__) for item in found] == [("empty", "RepoFile"), ("data", "RepoFolder")]
    asked = {"paths": ["README.md", "none"]}
    answer = raw("POST", "/api/models/alice/files/paths-info/main", json=asked)
    assert [item["oid"] for item in answer.json()] == [_blob_id(b"# Files\n")]
    assert raw("POST", "/api/models/alice/files/paths-info/main", json={"paths": "x"}).status_code == 400


def test_refs__with_and_without_pull_requests(files: str, api: Api, raw: Raw) -> None:
    pull_request = api["bob"].create_pull_request("alice/files", title="Draft it")
    found = api["nobody"].list_repo_refs("alice/files", include_pull_requests=True)
    assert [(ref.ref, ref.target_commit) for ref in found.branches] == [("refs/heads/main", files)]
    assert found.pull_requests is not None
    assert [(ref.ref, ref.target_commit) for ref in found.pull_requests] == [(pull_request.git_reference, files)]
    assert "pullRequests" not in raw("GET", "/api/models/alice/files/refs").json()


def test_commits__newest_first_and_paged(files: str, api: Api, raw: Raw) -> None:
    for number in range(60):
        line = ("file", {"path": "n.txt", "content": str(number)})
        body = _ndjson(f"Change {number}", line)
        assert raw("POST", "/api/models/alice/files/commit/main", "alice", content=body).status_code == 200
    titles = [commit.title for commit in api["nobody"].list_repo_commits("alice/files")]
    assert titles == [*(f"Change {number}" for number in range(59, -1, -1)), "Upload files", "initial commit"]
    pages = raw("GET", "/api/models/alice/files/commits/main?limit=7")
    assert (len(pages.json()), pages.headers["x-total-count"]) == (7, "62")
    newest = api["nobody"].list_repo_commits("alice/files")[0]
    assert (newest.authors, newest.message) == (["alice"], "")


def _ndjson(summary: str, *lines: tuple[str, dict[str, str]]) -> bytes:
    everything = [("header", {"summary": summary}), *lines]
    return "\n".join(json.dumps({"key": key, "value": value}) for key, value in everything).encode()


def test_headers__on_every_answer(files: str, raw: Raw) -> None:
    for path in ("/api/models/alice/files", FILE, "/api/models/none/none", "/none"):
        headers = raw("GET", path).headers
        assert headers["x-request-id"].startswith("Root=1-")
        assert headers["ratelimit"].split(";")[1].startswith("r=")
        assert headers["ratelimit-policy"].startswith('"fixed window";')
        assert headers["date"].endswith("GMT")
        assert "X-Repo-Commit" in headers["access-control-expose-headers"]
