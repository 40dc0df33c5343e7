"""pyhfapi, generated from the Hub's OpenAPI document, against the sandbox: it checks every answer against its models.

What it does not offer (model info, auth-check, editing a comment) is left to the other clients.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pyhfapi
import pytest
from pyhfapi import BaseModel
from pyhfapi.types.api import ModelCommitResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evalbot.sandbox.server import SandboxHub

    Make = Callable[..., pyhfapi.Client]

TINY: dict[str, Any] = {"namespace": "alice", "repo": "tiny"}
MODEL: dict[str, Any] = {"repo_type": "models", **TINY}


@pytest.fixture
def make(hub: SandboxHub) -> Iterator[Make]:
    """`make("bob")` is a client of Bob's that raises on an answer that is not as the Hub documents it."""
    made: list[pyhfapi.Client] = []

    def client(who: str) -> pyhfapi.Client:
        token = hub.tokens.get(who, who)
        made.append(
            pyhfapi.Client(
                api_key=token, base_url=hub.endpoint, max_retries=0, timeout=20, _strict_response_validation=True
            )
        )
        return made[-1]

    yield client
    for each in made:
        each.close()


def commit(client: pyhfapi.Client, path: str, text: str, *, query: str = "", **header: str) -> ModelCommitResponse:
    """The commit call as the document describes it; pyhfapi's own method has no place for the lines of its body."""
    lines = [("header", {"summary": f"Write {path}", **header}), ("file", {"path": path, "content": text})]
    body = "\n".join(json.dumps({"key": key, "value": value}) for key, value in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    return client.post(
        f"/api/models/alice/tiny/commit/main{query}",
        cast_to=ModelCommitResponse,
        body=body.encode(),
        options={"headers": headers},
    )


def test_pyhfapi__refuses_what_the_document_does_not_allow() -> None:
    """The check checks: the same client on an answer that lacks what it has to have."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"count": 0, "start": "first"}))
    with (
        httpx.Client(transport=transport) as wire,
        pyhfapi.Client(
            api_key="hf_x", base_url="http://127.0.0.1:1", http_client=wire, _strict_response_validation=True
        ) as client,
        pytest.raises(pyhfapi.APIResponseValidationError),
    ):
        client.api.discussions.list(**MODEL)


@pytest.mark.parametrize(
    ("who", "name", "role"),
    [
        ("alice", "alice", "write"),
        ("alice-read", "alice", "read"),
        ("bob-fine", "bob", "fineGrained"),
        ("alice-fine-read", "alice", "fineGrained"),
    ],
)
def test_pyhfapi__whoami(make: Make, who: str, name: str, role: str) -> None:
    me = make(who).api.get_user_info()
    assert me.name == name
    assert me.auth.access_token is not None
    assert me.auth.access_token.role == role
    assert (me.auth.access_token.fine_grained is None) == (role != "fineGrained")
    assert [org.name for org in me.orgs] == (["acme"] if name == "alice" else [])


def test_pyhfapi__files_refs_and_commits(make: Make) -> None:
    models = make("alice").api.models
    (note,) = models.list_tree_content("docs", **TINY, rev="main", expand=True)
    assert {"path": "docs/notes.txt", "type": "file", "size": 6}.items() <= note.to_dict().items()
    (info,) = models.list_paths_info("main", **TINY, paths=["docs/notes.txt", "none"], expand=True)
    assert info.oid == note.oid
    models.branch.create("side", **TINY)
    models.tag.create("main", **TINY, tag="v1", message="First")
    refs = models.list_refs("tiny", namespace="alice", include_prs=True)
    assert [branch.ref for branch in refs.branches] == ["refs/heads/main", "refs/heads/side"]
    assert [tag.ref for tag in refs.tags] == ["refs/tags/v1"]
    models.branch.delete("side", **TINY)
    models.tag.delete("v1", **TINY)
    commits = models.list_commits("main", **TINY, expand=["formatted"])
    assert commits[0].id == refs.branches[0].target_commit
    assert commits[-1].title == "initial commit"


def test_pyhfapi__commit_to_main_and_as_pull_request(hub: SandboxHub, make: Make) -> None:
    alice, bob = make("alice"), make("bob")
    (asked,) = alice.api.models.check_preupload(
        "main", **TINY, files=[{"path": "a.txt", "sample": "YQ==", "size": 1}]
    ).files
    assert (asked.upload_mode, asked.should_ignore, asked.oid) == ("regular", False, None)
    made = commit(alice, "a.txt", "a")
    assert made.commit_url == f"{hub.endpoint}/alice/tiny/commit/{made.commit_oid}"
    assert made.pull_request_url is None
    proposed = commit(bob, "b.txt", "b", query="?create_pr=1", parentCommit=made.commit_oid)
    assert proposed.pull_request_url == f"{hub.endpoint}/alice/tiny/discussions/1"
    refs = bob.api.models.list_refs("tiny", namespace="alice", include_prs=True).pull_requests
    assert refs is not None
    assert [(each.ref, each.target_commit) for each in refs] == [("refs/pr/1", proposed.commit_oid)]


@pytest.mark.parametrize("is_pull_request", [False, True])
def test_pyhfapi__discussion_from_first_word_to_last(make: Make, is_pull_request: bool) -> None:
    alice, talk = make("alice"), make("bob").api.discussions
    made = talk.create(**MODEL, title="A question", description="Why?", pull_request=is_pull_request)
    assert (made.num, made.pull_request) == (1, is_pull_request)
    assert talk.add_comment("1", **MODEL, comment="Please").new_message.data.latest.raw == "Please"
    assert talk.change_title("1", **MODEL, title="A better question").new_title.data.to == "A better question"
    for status in ("closed", "open"):
        answer = talk.change_status("1", **MODEL, status=status, comment="As I said")
        assert answer.new_status.data.status == status
    (listed,) = talk.list(**MODEL, p=0, sort="recently-created", status="open", type="all", author="bob").discussions
    assert (listed.title, listed.is_pull_request) == ("A better question", is_pull_request)
    if is_pull_request:
        alice.api.discussions.merge("1", **MODEL, comment="Thanks")
    details = talk.retrieve("1", **MODEL)
    assert details.status == ("merged" if is_pull_request else "open")
    types = {event.type for event in details.events}
    assert {"comment", "title-change", "status-change"} <= types


def test_pyhfapi__what_is_hidden_or_nobodys_is_still_as_documented(hub: SandboxHub, make: Make) -> None:
    bob, carol = make("bob"), make("carol")
    carol.api.discussions.create(**MODEL, title="A question", description="Why?")
    comment = carol.api.discussions.add_comment("1", **MODEL, comment="Rude words").new_message
    carol.post(f"/api/models/alice/tiny/discussions/1/comment/{comment.id}/hide", cast_to=object)
    hub.delete_user("carol")
    (listed,) = bob.api.discussions.list(**MODEL).discussions
    assert listed.author is None
    question, answer = bob.api.discussions.retrieve("1", **MODEL).events[:2]
    assert (question.author, answer.author) == (None, None)
    assert isinstance(answer.data, BaseModel)
    assert answer.data.to_dict()["hidden"] is True


def test_pyhfapi__pull_request_that_main_has_overtaken(make: Make) -> None:
    alice, bob = make("alice"), make("bob")
    commit(bob, "README.md", "# Mine\n", query="?create_pr=1")
    commit(alice, "README.md", "# Ours\n")
    details = bob.api.discussions.retrieve("1", **MODEL).to_dict()
    assert details["filesWithConflicts"] == ["README.md"]
    with pytest.raises(pyhfapi.APIStatusError) as refused:
        alice.api.discussions.merge("1", **MODEL)
    assert 400 <= refused.value.status_code < 500


def test_pyhfapi__discussions_come_in_pages(make: Make) -> None:
    talk = make("bob").api.discussions
    for number in range(11):
        talk.create(**MODEL, title=f"Question {number}", description="Why?")
    pages = [talk.list(**MODEL, p=page) for page in range(2)]
    assert [(page.count, page.start, len(page.discussions)) for page in pages] == [(11, 0, 10), (11, 10, 1)]
    assert pages[0].discussions[0].title == "Question 10"


def test_pyhfapi__repository_made_moved_and_settled(hub: SandboxHub, make: Make) -> None:
    alice = make("alice").api
    made = alice.repos.create(type="model", name="new", private=True)
    assert (made.name, made.url) == ("alice/new", f"{hub.endpoint}/alice/new")
    alice.repos.move(from_repo="alice/new", to_repo="acme/moved", type="model")
    settled = alice.models.update_settings("moved", namespace="acme", private=False, gated="auto")
    assert (settled.private, settled.gated) == (False, "auto")
    assert alice.models.list_commits("main", namespace="acme", repo="moved")


def test_pyhfapi__datasets_answer_alike(hub: SandboxHub, make: Make) -> None:
    hub.create_repo("alice/words", files={"eval.yaml": b"name: Words\n"}, repo_type="dataset")
    words: dict[str, Any] = {"namespace": "alice", "repo": "words"}
    bob = make("bob")
    (info,) = bob.api.datasets.list_paths_info("main", **words, paths=["eval.yaml"], expand=False)
    assert info.size == len(b"name: Words\n")
    assert bob.api.datasets.list_commits("main", **words)[-1].title == "initial commit"
    assert bob.api.discussions.create(repo_type="datasets", **words, title="Hello", description="You").num == 1


@pytest.mark.parametrize(
    ("who", "ask", "refusal"),
    [
        ("hf_nobody", lambda api: api.get_user_info(), pyhfapi.AuthenticationError),
        ("bob", lambda api: api.models.list_commits("main", namespace="alice", repo="none"), pyhfapi.NotFoundError),
        ("bob", lambda api: api.discussions.retrieve("9", **MODEL), pyhfapi.NotFoundError),
        ("bob", lambda api: api.models.branch.create("side", **TINY), pyhfapi.PermissionDeniedError),
        ("alice", lambda api: api.repos.create(type="model", name="tiny"), pyhfapi.ConflictError),
        ("alice", lambda api: api.models.tag.create("none", **TINY, tag="v1"), pyhfapi.NotFoundError),
    ],
)
def test_pyhfapi__refusals_have_the_hubs_status(
    make: Make, who: str, ask: Callable[[Any], object], refusal: type[pyhfapi.APIStatusError]
) -> None:
    with pytest.raises(refusal) as refused:
        ask(make(who).api)
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["error"]
    assert refused.value.response.headers["x-error-message"]
