"""Repositories that are disabled, closed to discussion, or have moved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import DisabledRepoError, HfHubHTTPError

from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from tests.sandbox.conftest import Api, Raw

TINY = "/api/models/alice/tiny"
CHANGE = ("file", {"path": "a.txt", "content": "a"})


def add() -> list[CommitOperationAdd]:
    return [CommitOperationAdd("a.txt", b"a")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", TINY),
        ("GET", f"{TINY}/revision/main"),
        ("GET", f"{TINY}/tree/main"),
        ("GET", f"{TINY}/refs"),
        ("GET", f"{TINY}/commits/main"),
        ("GET", f"{TINY}/discussions"),
        ("GET", f"{TINY}/discussions/1"),
        ("GET", f"{TINY}/auth-check"),
        ("POST", f"{TINY}/discussions"),
        ("POST", f"{TINY}/paths-info/main"),
        ("POST", f"{TINY}/preupload/main"),
        ("PUT", f"{TINY}/settings"),
        ("HEAD", "/alice/tiny/resolve/main/README.md"),
        ("GET", "/alice/tiny/resolve/main/README.md"),
        ("GET", "/alice/tiny/raw/main/README.md"),
        ("GET", "/alice/tiny"),
    ],
)
def test_disabled__every_route_says_so(sandbox: SandboxHub, tiny: str, raw: Raw, method: str, path: str) -> None:
    sandbox.change_repo("alice/tiny", disabled=True)
    for who in ("alice", "bob", None):
        answer = raw(method, path, who, **({} if method in {"GET", "HEAD"} else {"json": {}}))
        assert (answer.status_code, answer.headers["x-error-message"]) == (403, "Access to this resource is disabled.")


def test_disabled__client_has_a_name_for_it(sandbox: SandboxHub, api: Api) -> None:
    sandbox.create_repo("alice/off", files={}, disabled=True)
    with pytest.raises(DisabledRepoError):
        api["bob"].model_info("alice/off")
    with pytest.raises(DisabledRepoError):
        api["bob"].create_commit("alice/off", add(), commit_message="Add", create_pr=True)
    assert list(api["bob"].list_models()) == []
    sandbox.change_repo("alice/off", disabled=False)
    assert api["bob"].model_info("alice/off").disabled is False


def test_disabled_private__is_no_news_for_strangers(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.create_repo("alice/off", files={}, disabled=True, private=True)
    assert {who: raw("GET", "/api/models/alice/off", who).status_code for who in ("alice", "bob", None)} == {
        "alice": 403,
        "bob": 404,
        None: 401,
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{TINY}/discussions", None),
        ("POST", f"{TINY}/discussions", {"title": "Talk"}),
        ("POST", f"{TINY}/discussions", {"title": "Draft", "pullRequest": True}),
        ("POST", f"{TINY}/preupload/main?create_pr=1", {"files": []}),
        ("GET", f"{TINY}/discussions/1", None),
        ("POST", f"{TINY}/discussions/1/comment", {"comment": "Hello"}),
        ("GET", "/alice/tiny/discussions/1", None),
    ],
)
@pytest.mark.usefixtures("tiny")
def test_discussions_off__are_refused(
    sandbox: SandboxHub, raw: Raw, method: str, path: str, body: dict[str, object] | None
) -> None:
    raw("POST", f"{TINY}/discussions", "bob", json={"title": "Before"})
    sandbox.change_repo("alice/tiny", discussions=False)
    answer = raw(method, path, "bob", json=body)
    assert (answer.status_code, answer.json()) == (403, {"error": "Discussions are disabled for this repository"})


def test_discussions_off__no_pull_request_but_commits(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    sandbox.create_repo("alice/tiny", files={}, discussions=False)
    with pytest.raises(HfHubHTTPError, match="403 Forbidden: Discussions are disabled"):
        api["bob"].create_commit("alice/tiny", add(), commit_message="Add", create_pr=True)
    refused = raw.commit("bob", "main", CHANGE, query="?create_pr=1")
    assert refused.status_code == 403
    assert api["bob"].list_repo_refs("alice/tiny", include_pull_requests=True).pull_requests == []
    assert api["alice"].create_commit("alice/tiny", add(), commit_message="Add").oid


def test_discussions_off__by_the_settings_of_the_repository(tiny: str, raw: Raw) -> None:
    for value, status in ((True, 403), (False, 200)):
        assert raw("PUT", f"{TINY}/settings", "alice", json={"discussionsDisabled": value}).status_code == 200
        assert raw("GET", f"{TINY}/discussions").status_code == status
    assert raw("PUT", f"{TINY}/settings", "alice", json={"discussionsDisabled": "no"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "location"),
    [
        ("GET", TINY, "/api/models/acme/big"),
        ("GET", "/api/models/ALICE/Tiny?expand=sha&x=1", "/api/models/acme/big?expand=sha&x=1"),
        ("GET", f"{TINY}/revision/refs%2Fpr%2F1", "/api/models/acme/big/revision/refs%2Fpr%2F1"),
        ("POST", f"{TINY}/commit/main?create_pr=1", "/api/models/acme/big/commit/main?create_pr=1"),
        ("POST", f"{TINY}/paths-info/main", "/api/models/acme/big/paths-info/main"),
        ("HEAD", "/alice/tiny/resolve/main/README.md", "/acme/big/resolve/main/README.md"),
        ("GET", "/alice/tiny/resolve/main/alice/tiny/x", "/acme/big/resolve/main/alice/tiny/x"),
        ("GET", "/alice/tiny/discussions/1", "/acme/big/discussions/1"),
        ("GET", "/models/alice/tiny", "/models/acme/big"),
    ],
)
@pytest.mark.usefixtures("tiny")
def test_moved__leads_to_the_same_place(sandbox: SandboxHub, raw: Raw, method: str, path: str, location: str) -> None:
    sandbox.move_repo("alice/tiny", "acme/big")
    answer = raw(method, path, "bob", **({"content": b"{}"} if method == "POST" else {}))
    assert (answer.status_code, answer.headers["location"]) == (307, location)


def test_moved_dataset__leads_to_the_same_place(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.create_repo("alice/words", files={}, repo_type="dataset")
    sandbox.create_repo("alice/words", files={})
    sandbox.move_repo("alice/words", "acme/words", repo_type="dataset")
    for path in ("/datasets/{}/resolve/main/.gitattributes", "/api/datasets/{}/leaderboard"):
        answer = raw("GET", path.format("alice/words"))
        assert (answer.status_code, answer.headers["location"]) == (307, path.format("acme/words"))
    assert raw("GET", "/api/models/alice/words").status_code == 200


def test_moved__client_follows(sandbox: SandboxHub, tiny: str, card: bytes, api: Api, tmp_path: Path) -> None:
    api["alice"].move_repo("alice/tiny", "acme/big")
    assert api["bob"].model_info("alice/tiny").id == "acme/big"
    path = api["bob"].hf_hub_download("alice/tiny", "README.md", cache_dir=tmp_path)
    assert Path(path).read_bytes() == card
    made = api["bob"].create_commit("alice/tiny", add(), commit_message="Add", create_pr=True)
    assert made.pr_url == f"{sandbox.endpoint}/acme/big/discussions/1"
    assert [each.num for each in api["bob"].get_repo_discussions("alice/tiny")] == [1]


def test_moved__until_a_new_one_takes_the_id(sandbox: SandboxHub, tiny: str, api: Api) -> None:
    sandbox.move_repo("alice/tiny", "acme/big")
    sandbox.move_repo("acme/big", "acme/bigger")
    for old in ("alice/tiny", "acme/big"):
        assert api["bob"].model_info(old).id == "acme/bigger"
    api["alice"].create_repo("alice/tiny")
    assert api["bob"].model_info("alice/tiny").id == "alice/tiny"
    api["alice"].delete_repo("alice/tiny")
    assert not api["bob"].repo_exists("alice/tiny")
    sandbox.move_repo("acme/bigger", "acme/big")
    assert api["bob"].model_info("acme/big").id == "acme/big"
    assert api["bob"].model_info("acme/bigger").id == "acme/big"


def test_moved_private__leads_nobody_who_may_not_see_it(sandbox: SandboxHub, tiny: str, raw: Raw) -> None:
    sandbox.move_repo("alice/tiny", "acme/big")
    sandbox.change_repo("acme/big", private=True)
    statuses = [raw("GET", TINY, who).status_code for who in ("alice", "bob", None)]
    assert statuses == [307, 404, 401]


def test_states__outlive_the_process(tmp_path: Path) -> None:
    with SandboxHub(tmp_path) as hub:
        hub.create_repo("alice/old", files={}, discussions=False)
        hub.create_repo("alice/off", files={}, disabled=True)
        hub.move_repo("alice/old", "alice/new")
    with SandboxHub(tmp_path) as hub:
        paths = ("models/alice/off", "models/alice/old", "models/alice/new", "models/alice/new/discussions")
        statuses = [httpx2.get(f"{hub.endpoint}/api/{path}").status_code for path in paths]
    assert statuses == [403, 307, 200, 403]


def test_change_and_move__of_what_is_not_there(sandbox: SandboxHub, tiny: str) -> None:
    sandbox.create_repo("alice/other", files={})
    with pytest.raises(ValueError, match="There is no dataset alice/tiny here"):
        sandbox.change_repo("alice/tiny", repo_type="dataset", private=True)
    with pytest.raises(ValueError, match="There is no model alice/none here"):
        sandbox.move_repo("alice/none", "alice/some")
    with pytest.raises(ValueError, match="Nobody is called dave here"):
        sandbox.move_repo("alice/tiny", "dave/tiny")
    with pytest.raises(ValueError, match="ALICE/other exists already"):
        sandbox.move_repo("alice/tiny", "ALICE/other")
