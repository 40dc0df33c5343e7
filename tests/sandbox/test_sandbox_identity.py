"""Tokens, roles and who may see what: through the official client where it shows the case, raw where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw


def test_whoami__names_user_role_and_organisations(api: Api) -> None:
    alice = api["alice-read"].whoami()
    assert (alice["type"], alice["name"], alice["fullname"]) == ("user", "alice", "Alice")
    assert [org["name"] for org in alice["orgs"]] == ["acme"]
    assert alice["auth"]["accessToken"]["role"] == "read"
    assert api["bob"].whoami()["auth"]["accessToken"]["role"] == "write"


def test_whoami__without_and_with_bad_token(raw: Raw, api: Api) -> None:
    answer = raw("GET", "/api/whoami-v2")
    assert (answer.status_code, answer.headers["x-error-message"]) == (401, "Invalid username or password.")
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        api["bad"].whoami()


def test_bad_token__is_refused_everywhere(tiny: str, raw: Raw) -> None:
    for path in ("/api/models/alice/tiny", "/alice/tiny/resolve/main/README.md"):
        answer = raw("GET", path, headers={"Authorization": "Bearer hf_no"})
        assert answer.status_code == 401
        assert answer.json() == {"error": "Invalid credentials in Authorization header"}


def test_missing_repo__404_with_token_401_without(raw: Raw, api: Api) -> None:
    signed_in = raw("GET", "/api/models/alice/none", "bob")
    assert (signed_in.status_code, signed_in.headers["x-error-code"]) == (404, "RepoNotFound")
    stranger = raw("GET", "/api/models/alice/none")
    assert (stranger.status_code, stranger.headers.get("x-error-code")) == (401, None)
    with pytest.raises(RepositoryNotFoundError):
        api["bob"].model_info("alice/none")


def test_missing_repo__anonymous_over_http_is_a_bare_error(sandbox: SandboxHub, api: Api) -> None:
    """The contract's trap: the client knows this 401 for what it is over https:// only."""
    with pytest.raises(HfHubHTTPError) as caught:
        api["nobody"].model_info("alice/none")
    assert not isinstance(caught.value, RepositoryNotFoundError)
    assert caught.value.response.status_code == 401


def test_private_repo__is_seen_by_members_only(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    sandbox.create_repo("acme/secret", files={"README.md": b"# Secret\n"}, private=True)
    assert api["alice-read"].model_info("acme/secret").private is True
    assert not api["bob"].repo_exists("acme/secret")
    with pytest.raises(RepositoryNotFoundError):
        api["bob"].create_discussion("acme/secret", title="May I?")
    assert raw("GET", "/acme/secret/resolve/main/README.md").status_code == 401
    assert [model.id for model in api["bob"].list_models()] == []
    assert [model.id for model in api["alice"].list_models(author="acme")] == ["acme/secret"]


def test_gated_repo__shows_metadata_not_bytes(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    sandbox.create_repo("alice/gated", files={"README.md": b"# Gated\n"}, gated=True)
    assert api["nobody"].model_info("alice/gated").gated == "auto"
    with pytest.raises(GatedRepoError):
        api["carol-read"].hf_hub_download("alice/gated", "README.md")
    with pytest.raises(GatedRepoError):
        api["carol-read"].auth_check("alice/gated")
    statuses = {who: raw("GET", "/alice/gated/resolve/main/README.md", who) for who in (None, "bob", "alice-read")}
    assert [answer.status_code for answer in statuses.values()] == [401, 403, 200]
    assert statuses[None].headers["x-error-code"] == "GatedRepo"


def test_gated_repo__shows_no_diff_to_strangers(sandbox: SandboxHub, api: Api) -> None:
    sandbox.create_repo("alice/gated", files={}, gated=True)
    api["alice"].upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="alice/gated", create_pr=True)
    assert api["bob"].get_discussion_details("alice/gated", 1).diff is None
    assert api["alice"].get_discussion_details("alice/gated", 1).diff


def test_auth_check__write(tiny: str, api: Api) -> None:
    api["alice"].auth_check("alice/tiny", write=True)
    api["nobody"].auth_check("alice/tiny")
    for who in ("bob", "alice-read"):
        with pytest.raises(HfHubHTTPError, match="403"):
            api[who].auth_check("alice/tiny", write=True)


@pytest.mark.parametrize("create_pr", [False, True])
def test_read_token__may_not_write(tiny: str, api: Api, create_pr: bool) -> None:
    add = CommitOperationAdd("a.txt", b"a")
    with pytest.raises(HfHubHTTPError, match="403 Forbidden"):
        api["alice-read"].create_commit("alice/tiny", [add], commit_message="Add", create_pr=create_pr)


def test_organisation__its_member_writes(sandbox: SandboxHub, api: Api) -> None:
    sandbox.create_repo("acme/shared", files={})
    made = api["alice"].upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="acme/shared")
    assert api["bob"].file_exists("acme/shared", "x.txt")
    assert made.oid == api["bob"].model_info("acme/shared").sha


def test_agent_harnesses__is_an_empty_list(raw: Raw) -> None:
    assert raw("GET", "/api/agent-harnesses").json() == {"standardEnvVars": [], "harnesses": {}}


def test_tokens__work_with_a_client_of_their_own(sandbox: SandboxHub) -> None:
    assert sandbox.tokens["alice"] == "hf_sandbox_alice"
    assert HfApi(sandbox.endpoint, token="hf_sandbox_carol").whoami()["name"] == "carol"
