"""Buckets through the official client: files go in and come out as they were, by whoever may."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import BucketBatchError, BucketNotFoundError, EntryNotFoundError, HfHubHTTPError

from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sandbox.conftest import Api, Raw

BUCKET = "/api/buckets/alice/b"
FILES = {
    "a.txt": b"first",
    "logs/one.txt": b"1",
    "logs/deep/two.txt": b"22",
    "logs.json": b"{}",
    "empty": b"",
    "big.bin": os.urandom(300_000),
    "odd name/\u00e9 #?.txt": b"odd",
}


@pytest.fixture
def alice(api: Api) -> HfApi:
    return api["alice"]


@pytest.fixture
def bucket(alice: HfApi) -> str:
    alice.create_bucket("alice/b", private=True)
    alice.batch_bucket_files("alice/b", add=[(content, path) for path, content in FILES.items()])
    return "alice/b"


def folder(sandbox: SandboxHub, tmp_path: Path) -> Path:
    """Where the files of alice/b lie."""
    return tmp_path / "hub" / "buckets" / "alice" / "b" / "files"


def test_create__twice_is_an_error_unless_it_may_exist(alice: HfApi, sandbox: SandboxHub) -> None:
    made = alice.create_bucket("alice/b", private=True)
    assert (made.bucket_id, made.url) == ("alice/b", f"{sandbox.endpoint}/buckets/alice/b")
    with pytest.raises(HfHubHTTPError, match="You already created this bucket"):
        alice.create_bucket("Alice/B")
    assert alice.create_bucket("alice/b", exist_ok=True).url == made.url
    assert alice.create_bucket("mine").bucket_id == "alice/mine"


@pytest.mark.parametrize("name", ["a%20b", "a.git", "-a"])
def test_create__no_odd_names(raw: Raw, name: str) -> None:
    assert raw("POST", f"/api/buckets/alice/{name}", "alice", json={}).status_code == 400


def test_info_and_list(alice: HfApi, bucket: str) -> None:
    info = alice.bucket_info("alice/B")
    assert (info.id, info.private, info.total_files) == ("alice/b", True, len(FILES))
    assert info.size == sum(map(len, FILES.values()))
    alice.create_bucket("alice/other")
    assert [each.id for each in alice.list_buckets()] == ["alice/b", "alice/other"]
    assert [each.id for each in alice.list_buckets(namespace="alice", search="oth")] == ["alice/other"]


def test_files__come_out_as_they_went_in(alice: HfApi, bucket: str, tmp_path: Path) -> None:
    alice.download_bucket_files(bucket, [(path, tmp_path / "got" / path) for path in FILES])
    assert {path: (tmp_path / "got" / path).read_bytes() for path in FILES} == FILES


def test_tree__by_prefix_letter_by_letter(alice: HfApi, bucket: str) -> None:
    def paths(prefix: str | None, *, recursive: bool | None) -> list[tuple[str, str]]:
        return [(item.type, item.path) for item in alice.list_bucket_tree(bucket, prefix, recursive=recursive)]

    assert sorted(path for _, path in paths(None, recursive=True)) == sorted(FILES)
    assert ("directory", "logs") in paths(None, recursive=False)
    assert ("file", "a.txt") in paths(None, recursive=None)
    assert paths("logs", recursive=True) == [
        ("file", "logs.json"),
        ("file", "logs/deep/two.txt"),
        ("file", "logs/one.txt"),
    ]
    assert paths("logs/", recursive=False) == [("directory", "logs/deep"), ("file", "logs/one.txt")]
    assert paths("none", recursive=True) == []


def test_paths_info__passes_over_what_is_no_file(alice: HfApi, bucket: str) -> None:
    found = list(alice.get_bucket_paths_info(bucket, ["a.txt", "logs", "none", "../bucket.json", "empty"]))
    assert [(item.path, item.size) for item in found] == [("a.txt", 5), ("empty", 0)]
    assert all(len(item.xet_hash) == 64 for item in found)
    assert found[0].mtime is not None
    assert abs(found[0].mtime.timestamp() - time.time()) < 60


def test_batch__copies_and_deletes(alice: HfApi, bucket: str) -> None:
    value = next(iter(alice.get_bucket_paths_info(bucket, ["a.txt"]))).xet_hash
    alice.create_bucket("alice/other")
    alice.batch_bucket_files("alice/other", copy=[("bucket", bucket, value, "copied.txt")])
    assert next(iter(alice.get_bucket_paths_info("alice/other", ["copied.txt"]))).size == 5
    alice.batch_bucket_files(bucket, delete=["logs/deep/two.txt", "logs/one.txt"])
    assert "logs" not in {item.path for item in alice.list_bucket_tree(bucket)}


def test_batch__says_which_operations_failed(alice: HfApi, bucket: str, raw: Raw) -> None:
    with pytest.raises(BucketBatchError, match="none: File not found"):
        alice.batch_bucket_files(bucket, add=[(b"new", "new.txt")], delete=["none"])
    assert next(iter(alice.get_bucket_paths_info(bucket, ["new.txt"]))).size == 3
    lines = [
        {"type": "addFile", "path": "x", "xetHash": "ab" * 32},
        {"type": "addFile", "path": "x", "xetHash": "zz"},
        {"type": "addFile", "path": "../x", "xetHash": "0" * 64},
        {"type": "addFile", "path": "/x", "xetHash": "0" * 64},
        {"type": "addFile", "path": "a.txt/x", "xetHash": "0" * 64},
        {"type": "addFile", "xetHash": "0" * 64},
        {"type": "copyFile", "path": "x", "sourceRepoType": "model", "sourceRepoId": "alice/tiny", "xetHash": "0" * 64},
        {"type": "copyFile", "path": "x", "sourceRepoType": "bucket", "sourceRepoId": "bob/b", "xetHash": "0" * 64},
        {"type": "explode", "path": "x"},
    ]
    answer = raw("POST", f"{BUCKET}/batch", "alice", content="\n".join(map(json.dumps, lines)).encode())
    assert answer.status_code == 422
    assert [each["error"] for each in answer.json()["failed"]] == [
        *["The content was not uploaded"] * 2,
        *["Invalid path"] * 4,
        *["Source not found (the sandbox copies from buckets only)"] * 2,
        "Unknown operation",
    ]
    assert raw("POST", f"{BUCKET}/batch", "alice", content=b"{").status_code == 400


def test_resolve__gives_the_bytes_and_where_xet_has_them(alice: HfApi, bucket: str, raw: Raw) -> None:
    head = raw("HEAD", "/buckets/alice/b/resolve/logs%2Fone.txt", "alice")
    assert (head.status_code, head.headers["x-linked-size"], len(head.headers["x-xet-hash"])) == (200, "1", 64)
    assert head.links["xet-auth"]["url"].endswith("/api/buckets/alice/b/xet-read-token")
    assert raw("GET", "/buckets/alice/b/resolve/logs/one.txt", "alice").content == b"1"
    part = raw("GET", "/buckets/alice/b/resolve/a.txt", "alice", headers={"Range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"ir")
    assert raw("GET", "/buckets/alice/b/resolve/none", "alice").headers["x-error-code"] == "EntryNotFound"
    assert alice.get_bucket_file_metadata(bucket, "a.txt").size == 5


def test_file_written_into_the_folder__is_in_the_bucket_as_it_is_now(
    alice: HfApi, bucket: str, sandbox: SandboxHub, tmp_path: Path
) -> None:
    written = folder(sandbox, tmp_path) / "out" / "results.json"
    written.parent.mkdir()
    for content in ("{}", '{"longer": 1}'):
        written.write_text(content)
        alice.download_bucket_files(bucket, [("out/results.json", tmp_path / "got")])
        assert (tmp_path / "got").read_text() == content


def test_links_in_the_folder__lead_nowhere(
    alice: HfApi, bucket: str, sandbox: SandboxHub, tmp_path: Path, raw: Raw
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (folder(sandbox, tmp_path) / "link.txt").symlink_to(outside / "secret.txt")
    (folder(sandbox, tmp_path) / "door").symlink_to(outside)
    listed = {item.path for item in alice.list_bucket_tree(bucket, recursive=True)}
    assert listed == set(FILES)
    for path in ("link.txt", "door/secret.txt"):
        assert raw("GET", f"/buckets/alice/b/resolve/{path}", "alice").status_code == 404
    with pytest.raises(BucketBatchError):
        alice.batch_bucket_files(bucket, add=[(b"x", "door/new.txt")])
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]


def test_missing_file__is_an_error_where_it_must_be_there(alice: HfApi, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(EntryNotFoundError):
        alice.download_bucket_files(bucket, [("none", tmp_path / "x")], raise_on_missing_files=True)


def test_sync__both_ways(alice: HfApi, tmp_path: Path) -> None:
    alice.create_bucket("alice/b")
    (tmp_path / "up" / "deep").mkdir(parents=True)
    (tmp_path / "up" / "deep" / "a.txt").write_text("text")
    alice.sync_bucket(str(tmp_path / "up"), "hf://buckets/alice/b/run", quiet=True)
    alice.sync_bucket("hf://buckets/alice/b/run", str(tmp_path / "down"), quiet=True)
    assert (tmp_path / "down" / "deep" / "a.txt").read_text() == "text"
    plan = alice.sync_bucket(str(tmp_path / "up"), "hf://buckets/alice/b/run", quiet=True)
    assert (plan.summary()["uploads"], plan.summary()["skips"]) == (0, 1)


CALLS: dict[str, Callable[[Raw, str | None], Any]] = {
    "info": lambda raw, who: raw("GET", BUCKET, who),
    "tree": lambda raw, who: raw("GET", f"{BUCKET}/tree", who),
    "paths": lambda raw, who: raw("POST", f"{BUCKET}/paths-info", who, json={"paths": ["a.txt"]}),
    "file": lambda raw, who: raw("GET", "/buckets/alice/b/resolve/a.txt", who),
    "read token": lambda raw, who: raw("GET", f"{BUCKET}/xet-read-token", who),
    "write token": lambda raw, who: raw("GET", f"{BUCKET}/xet-write-token", who),
    "batch": lambda raw, who: raw("POST", f"{BUCKET}/batch", who, content=b""),
    "settings": lambda raw, who: raw("PUT", f"{BUCKET}/settings", who, json={}),
    "delete": lambda raw, who: raw("DELETE", BUCKET, who),
}
READS = {"info", "tree", "paths", "file", "read token"}


@pytest.mark.parametrize("name", CALLS)
def test_rights__in_a_private_and_in_a_public_bucket(alice: HfApi, raw: Raw, name: str, bucket: str) -> None:
    call, reads = CALLS[name], name in READS
    assert (call(raw, None).status_code, call(raw, "bob").status_code) == (401, 404)
    assert call(raw, "bob").headers["x-error-code"] == "RepoNotFound"
    assert call(raw, "alice-read").status_code == (200 if reads else 403)
    assert call(raw, "alice-fine-read").status_code == (200 if reads else 403)
    alice.update_bucket_settings(bucket, private=False)
    assert call(raw, "bob").status_code == (200 if reads else 403)
    assert call(raw, None).status_code == (200 if reads else 403)
    assert call(raw, "alice").status_code == 200


def test_list__shows_strangers_what_is_public(api: Api, bucket: str) -> None:
    api["alice"].create_bucket("alice/open", private=False)
    assert [each.id for each in api["bob"].list_buckets(namespace="alice")] == ["alice/open"]
    assert list(api["bob"].list_buckets()) == []


@pytest.mark.parametrize("who", ["bob", "alice-read", "alice-fine-read"])
def test_create__only_where_one_may(api: Api, who: str) -> None:
    with pytest.raises(HfHubHTTPError, match="You don't have the rights to create a bucket"):
        api[who].create_bucket("alice/new")


def test_delete__and_it_is_gone(alice: HfApi, bucket: str) -> None:
    alice.delete_bucket(bucket)
    with pytest.raises(BucketNotFoundError):
        alice.bucket_info(bucket)
    alice.delete_bucket(bucket, missing_ok=True)


def test_restart__buckets_are_kept(tmp_path: Path) -> None:

    with SandboxHub(tmp_path / "own") as hub:
        alice = HfApi(hub.endpoint, token=hub.tokens["alice"])
        alice.create_bucket("alice/b", private=True)
    with SandboxHub(tmp_path / "own") as hub:
        assert HfApi(hub.endpoint, token=hub.tokens["alice"]).bucket_info("alice/b").private
