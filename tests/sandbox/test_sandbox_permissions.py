"""Fine-grained tokens: each permission opens what it names and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError

from evalbot.sandbox.permissions import FineGrained, Scope

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

READ, WRITE, TALK = "repo.content.read", "repo.write", "discussion.write"


def add(path: str = "a.txt") -> list[CommitOperationAdd]:
    return [CommitOperationAdd(path, b"a")]


@pytest.mark.parametrize(
    ("label", "fine"),
    [
        ("bob-fine", {"global": [TALK], "scoped": [], "canReadGatedRepos": False}),
        ("alice-fine-read", {"global": [], "scoped": [("user", "alice", [READ])], "canReadGatedRepos": False}),
    ],
)
def test_whoami__shows_the_permissions(api: Api, label: str, fine: dict[str, Any]) -> None:
    token = api[label].whoami()["auth"]["accessToken"]
    assert (token["role"], token["displayName"]) == ("fineGrained", label)
    scoped = [
        (each["entity"]["type"], each["entity"]["name"], each["permissions"]) for each in token["fineGrained"]["scoped"]
    ]
    assert {**token["fineGrained"], "scoped": scoped} == fine


@pytest.mark.parametrize(
    ("fine", "permission", "repo_id", "allowed"),
    [
        (FineGrained((TALK,)), TALK, "anybody/any", True),
        (FineGrained((TALK,)), READ, "anybody/any", False),
        (FineGrained((), (Scope("user", "alice", (TALK,)),)), TALK, "Alice/tiny", True),
        (FineGrained((), (Scope("user", "alice", (TALK,)),)), TALK, "alice2/tiny", False),
        (FineGrained((), (Scope("org", "acme", (WRITE,)),)), READ, "acme/tiny", True),
        (FineGrained((), (Scope("org", "acme", (WRITE,)),)), TALK, "acme/tiny", False),
        (FineGrained((), (Scope("org", "acme", (READ,)),)), WRITE, "acme/tiny", False),
        (FineGrained((), (Scope("model", "acme/Tiny", (WRITE,)),)), WRITE, "acme/tiny", True),
        (FineGrained((), (Scope("model", "acme/tiny", (WRITE,)),)), WRITE, "acme/tiny2", False),
        (FineGrained((), (Scope("dataset", "acme/tiny", (WRITE,)),)), WRITE, "acme/tiny", False),
        (FineGrained(), READ, "acme/tiny", False),
    ],
)
def test_permission__is_global_or_scoped(fine: FineGrained, permission: Any, repo_id: str, allowed: bool) -> None:
    assert fine.allows(permission, "model", repo_id) is allowed


def test_bob_fine__proposes_and_discusses_anywhere(tiny: str, api: Api) -> None:
    bob = api["bob-fine"]
    made = bob.create_commit("alice/tiny", add(), commit_message="Add", create_pr=True)
    assert made.pr_num == 1
    assert bob.create_commit("alice/tiny", add("b.txt"), commit_message="More", revision="refs/pr/1").oid
    bob.create_discussion("alice/tiny", title="Talk")
    bob.comment_discussion("alice/tiny", 1, "Look")
    bob.change_discussion_status("alice/tiny", 1, "closed")


def test_bob_fine__pushes_nowhere(sandbox: SandboxHub, tiny: str, api: Api) -> None:
    bob = api["bob-fine"]
    sandbox.create_repo("bob/mine", files={})
    for repo_id in ("alice/tiny", "bob/mine"):
        with pytest.raises(HfHubHTTPError, match="403 Forbidden: Forbidden: pass `create_pr=1`"):
            bob.create_commit(repo_id, add(), commit_message="Add")
    refused = r"403 Forbidden: Forbidden: this fine-grained token lacks the permission `repo\.write` on bob/"
    with pytest.raises(HfHubHTTPError, match=refused):
        bob.create_repo("bob/new")
    with pytest.raises(HfHubHTTPError, match=refused):
        bob.delete_repo("bob/mine")
    with pytest.raises(HfHubHTTPError, match=refused):
        bob.update_repo_settings("bob/mine", gated="auto")
    with pytest.raises(HfHubHTTPError, match=refused):
        bob.auth_check("bob/mine", write=True)


def test_alice_fine_read__reads_her_own_and_proposes_nothing(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    alice = api["alice-fine-read"]
    sandbox.create_repo("alice/secret", files={}, private=True, gated=True)
    sandbox.create_repo("acme/secret", files={}, private=True)
    assert alice.list_repo_files("alice/secret") == [".gitattributes"]
    assert raw("GET", "/alice/secret/resolve/main/.gitattributes", "alice-fine-read").status_code == 200
    assert [model.id for model in alice.list_models()] == ["alice/secret"]
    with pytest.raises(HfHubHTTPError, match=r"lacks the permission `repo\.content\.read` on acme/secret"):
        alice.model_info("acme/secret")
    refused = r"lacks the permission `discussion\.write` on alice/secret"
    with pytest.raises(HfHubHTTPError, match=refused):
        alice.create_commit("alice/secret", add(), commit_message="Add", create_pr=True)
    with pytest.raises(HfHubHTTPError, match=refused):
        alice.create_discussion("alice/secret", title="Talk")
    with pytest.raises(HfHubHTTPError, match=r"403 Forbidden: Forbidden: pass `create_pr=1`"):
        alice.create_commit("alice/secret", add(), commit_message="Add")


def test_gated__fine_grained_token_of_its_owner_needs_the_permission(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.create_repo("bob/gated", files={}, gated=True)
    answer = raw("GET", "/bob/gated/resolve/main/.gitattributes", "bob-fine")
    assert (answer.status_code, answer.headers["x-error-code"]) == (403, "GatedRepo")
    assert "public gated repositories in your fine-grained token settings" in answer.json()["error"]


def test_public__is_read_without_any_permission(tiny: str, api: Api, raw: Raw) -> None:
    assert api["bob-fine"].model_info("alice/tiny").sha == tiny
    assert raw("GET", "/alice/tiny/resolve/main/README.md", "bob-fine").status_code == 200
