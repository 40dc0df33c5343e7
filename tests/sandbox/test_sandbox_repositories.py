"""Creating, describing, setting and deleting repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

INDEXED = b"""---
library_name: transformers
pipeline_tag: text-generation
tags: [chat]
model-index:
- name: Tiny
  results:
  - task: {type: text-generation}
    dataset: {type: mmlu, name: MMLU}
    metrics:
    - {type: acc, value: 71.0}
---
# Tiny
"""


def test_create__gives_url_and_first_commit(api: Api, sandbox: SandboxHub) -> None:
    url = api["bob"].create_repo("bob/new", private=True)
    assert str(url) == f"{sandbox.endpoint}/bob/new"
    assert api["bob"].model_info("bob/new").private is True
    (first,) = api["bob"].list_repo_commits("bob/new")
    assert (first.title, first.authors) == ("initial commit", ["bob"])
    assert api["bob"].list_repo_files("bob/new") == [".gitattributes"]


@pytest.mark.parametrize("repo_type", ["model", "dataset"])
def test_create__existing_is_409_with_url(api: Api, repo_type: str) -> None:
    first = api["bob"].create_repo("bob/new", repo_type=repo_type)
    assert str(api["bob"].create_repo("BOB/New", repo_type=repo_type, exist_ok=True)).lower() == str(first)
    with pytest.raises(HfHubHTTPError, match="409"):
        api["bob"].create_repo("bob/new", repo_type=repo_type)


def test_create__foreign_namespace_and_bad_name(api: Api, raw: Raw) -> None:
    with pytest.raises(HfHubHTTPError, match="403"):
        api["bob"].create_repo("alice/new")
    for name in ("a--b", "a..b", "x/../y", "", ".git", "a.git", "a\\b", "-a", None):
        assert raw("POST", "/api/repos/create", "bob", json={"name": name}).status_code == 400
    assert raw("POST", "/api/repos/create", "bob", json={"name": "n", "type": "planet"}).status_code == 400


def test_create__with_files_and_license_as_javascript_asks(api: Api, raw: Raw) -> None:
    files = [{"path": "a.txt", "content": "aGVsbG8=", "encoding": "base64"}]
    asked = {"name": "js", "license": "mit", "files": files}
    assert raw("POST", "/api/repos/create", "bob", json=asked).status_code == 200
    assert raw("GET", "/bob/js/resolve/main/a.txt").text == "hello"
    assert api["bob"].model_info("bob/js").tags == ["license:mit", "region:us"]
    assert raw("POST", "/api/repos/create", "bob", json={"name": "x", "files": ["a"]}).status_code == 400


def test_delete__removes_and_then_is_not_found(api: Api, sandbox: SandboxHub, tmp_path: object) -> None:
    sandbox.create_repo("alice/tiny", files={})
    with pytest.raises(HfHubHTTPError, match="403"):
        api["bob"].delete_repo("alice/tiny")
    api["alice"].delete_repo("alice/tiny")
    assert not api["alice"].repo_exists("alice/tiny")
    assert sandbox.create_repo("alice/tiny", files={})


def test_move__keeps_content(api: Api, sandbox: SandboxHub) -> None:
    head = sandbox.create_repo("alice/tiny", files={"a.txt": b"a"})
    sandbox.create_repo("alice/other", files={})
    with pytest.raises(HfHubHTTPError, match="already exists"):
        api["alice"].move_repo("alice/tiny", "alice/other")
    api["alice"].move_repo("alice/tiny", "acme/tiny")
    assert api["bob"].model_info("acme/tiny").sha == head
    assert [model.id for model in api["bob"].list_models()] == ["acme/tiny", "alice/other"]


def test_settings__gate_and_visibility(tiny: str, api: Api) -> None:
    api["alice"].update_repo_settings("alice/tiny", gated="manual", visibility="private")
    info = api["alice"].model_info("alice/tiny")
    assert (info.gated, info.private) == ("manual", True)
    api["alice"].update_repo_settings("alice/tiny", gated=False)
    info = api["alice"].model_info("alice/tiny")
    assert (info.gated, info.private) == (False, True)


def test_branches_and_tags__are_made_and_removed(tiny: str, api: Api, raw: Raw) -> None:
    alice = api["alice"]
    alice.create_branch("alice/tiny", branch="feature/x", revision=tiny)
    alice.create_tag("alice/tiny", tag="v1", revision="feature/x")
    with pytest.raises(HfHubHTTPError, match="Reference refs/heads/feature/x already exists"):
        alice.create_branch("alice/tiny", branch="feature/x")
    with pytest.raises(HfHubHTTPError, match="Reference refs/tags/v1 already exists"):
        alice.create_tag("alice/tiny", tag="v1")
    assert api["bob"].model_info("alice/tiny", revision="v1").sha == tiny
    with pytest.raises(HfHubHTTPError, match="403"):
        api["bob"].create_branch("alice/tiny", branch="mine")
    alice.delete_branch("alice/tiny", branch="feature/x")
    alice.delete_tag("alice/tiny", tag="v1")
    with pytest.raises(RevisionNotFoundError):
        alice.delete_tag("alice/tiny", tag="v1")
    with pytest.raises(HfHubHTTPError, match="403"):
        alice.delete_branch("alice/tiny", branch="main")
    for name in ("a b", "x..y", "", "a/"):
        assert raw("POST", "/api/models/alice/tiny/tag/main", "alice", json={"tag": name}).status_code == 400
    assert raw("POST", "/api/models/alice/tiny/branch/main%2Fx", "alice", json={}).status_code == 409
    refs = alice.list_repo_refs("alice/tiny")
    assert ([each.name for each in refs.branches], refs.tags) == (["main"], [])


def test_info__reads_the_card_of_the_revision(sandbox: SandboxHub, api: Api) -> None:
    head = sandbox.create_repo("alice/tiny", files={"README.md": INDEXED})
    info = api["nobody"].model_info("ALICE/tiny", files_metadata=True)
    assert (info.id, info.sha, info.library_name, info.pipeline_tag) == (
        "alice/tiny",
        head,
        "transformers",
        "text-generation",
    )
    assert info.model_index is not None
    assert info.model_index[0]["results"][0]["metrics"][0]["value"] == 71.0
    assert info.tags is not None
    assert {"chat", "model-index", "region:us"} <= set(info.tags)
    assert {file.rfilename: file.size for file in info.siblings or []}["README.md"] == len(INDEXED)
    first = api["nobody"].model_info("alice/tiny", revision=api["nobody"].list_repo_commits("alice/tiny")[-1].commit_id)
    assert first.card_data is None
    assert [file.rfilename for file in first.siblings or []] == [".gitattributes"]


def test_info__yaml_is_read_as_the_hub_reads_it(tiny: str, raw: Raw) -> None:
    assert raw("GET", "/api/models/alice/tiny").json()["cardData"] == {"license": "mit", "language": "no"}


def test_info__head_is_main_and_unknown_revision_is_404(tiny: str, raw: Raw, api: Api) -> None:
    assert raw("GET", "/api/models/alice/tiny/revision/HEAD").json()["sha"] == tiny
    assert raw("GET", f"/api/models/alice/tiny/revision/{tiny[:7]}").json()["sha"] == tiny
    with pytest.raises(RevisionNotFoundError):
        api["bob"].model_info("alice/tiny", revision="nope")


def test_expand__gives_only_what_is_asked(tiny: str, raw: Raw, api: Api) -> None:
    answer = raw("GET", "/api/models/alice/tiny?expand=sha&expand[]=likes").json()
    assert answer.keys() == {"_id", "id", "sha", "likes"}
    refused = raw("GET", "/api/models/alice/tiny?expand=everything")
    assert refused.status_code == 400
    assert refused.json()["error"].startswith('"expand[0]" must be one of [')
    assert api["nobody"].model_info("alice/tiny", expand=["cardData"]).card_data is not None


def test_eval_results__of_main_and_of_open_pull_requests(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    good = b"- dataset: {id: cais/mmlu, task_id: mmlu}\n  value: 71.5\n"
    files = {".eval_results/mmlu.yaml": good, ".eval_results/bad.yaml": b"- value: 1\n", "other.yaml": good}
    sandbox.create_repo("alice/tiny", files=files)
    proposed = good.replace(b"mmlu", b"arc")
    made = api["bob"].upload_file(
        path_or_fileobj=proposed, path_in_repo=".eval_results/arc.yaml", repo_id="alice/tiny", create_pr=True
    )
    items = raw("GET", "/api/models/alice/tiny?expand=evalResults").json()["evalResults"]
    assert [(item["filename"], item.get("pullRequest")) for item in items] == [
        (".eval_results/bad.yaml", None),
        (".eval_results/mmlu.yaml", None),
        (".eval_results/arc.yaml", made.pr_num),
    ]
    assert items[0]["error"] == "$[0]: 'dataset' is a required property"
    results = api["bob"].model_info("alice/tiny", expand=["evalResults"]).eval_results
    assert [(result.dataset_id, result.value) for result in results or []] == [("cais/mmlu", 71.5), ("cais/arc", 71.5)]
    api["bob"].change_discussion_status("alice/tiny", 1, "closed")
    assert len(raw("GET", "/api/models/alice/tiny?expand=evalResults").json()["evalResults"]) == 2


def test_datasets__are_repositories_of_another_type(sandbox: SandboxHub, api: Api) -> None:
    head = sandbox.create_repo("alice/words", files={"README.md": b"# Words\n"}, repo_type="dataset")
    assert api["bob"].dataset_info("alice/words").sha == head
    assert not api["bob"].repo_exists("alice/words")
    made = api["bob"].upload_file(
        path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="alice/words", repo_type="dataset", create_pr=True
    )
    assert made.pr_url == f"{sandbox.endpoint}/datasets/alice/words/discussions/1"
    assert api["bob"].file_exists("alice/words", "x.txt", repo_type="dataset", revision="refs/pr/1")


@pytest.mark.parametrize("path", ["/api/spaces/alice/tiny", "/nothing", "/api"])
def test_unknown_page__is_404_json(raw: Raw, path: str) -> None:
    answer = raw("GET", path)
    assert (answer.status_code, list(answer.json())) == (404, ["error"])


@pytest.mark.parametrize("path", ["tiny", "tiny/commits/main", "tiny/extra/parts/here", "alice/none/refs"])
def test_unknown_repo__whatever_is_asked_of_it(raw: Raw, path: str) -> None:
    answer = raw("GET", f"/api/models/{path}", "bob")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RepoNotFound")


def test_unknown_repo__a_file_of_an_id_without_a_namespace(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    assert not api["bob"].file_exists("gpt2", "README.md")
    assert raw("GET", "/gpt2/resolve/main/README.md").status_code == 401
    sandbox.create_repo("alice/resolve", files={"a.txt": b"a"})
    assert api["bob"].file_exists("alice/resolve", "a.txt")


def test_unknown_call__of_a_known_repo(tiny: str, raw: Raw) -> None:
    answer = raw("GET", "/api/models/alice/tiny/planets", "bob")
    assert (answer.status_code, answer.headers.get("x-error-code")) == (404, None)
    assert raw("DELETE", "/api/models/alice/tiny/refs", "bob").status_code == 405


def test_bad_requests__are_400(tiny: str, raw: Raw) -> None:
    for body in (b"{", b"[]", b'"text"', b"[" * 100_000, rb'{"name": "\ud800"}'):
        assert raw("POST", "/api/repos/create", "bob", content=body).status_code == 400
    assert raw("GET", "/api/models/alice/tiny/tree/main?cursor=!!").status_code in {200, 400}
    assert raw("PUT", "/api/models/alice/tiny/settings", "alice", json={"gated": "soon"}).status_code == 400
    odd: list[object] = ["odd", [], {}, None]
    for value in odd:
        answer = raw("PUT", "/api/models/alice/tiny/settings", "alice", json={"visibility": value})
        assert answer.status_code == 400


def test_list_models__pages(sandbox: SandboxHub, api: Api) -> None:
    for number in range(3):
        sandbox.create_repo(f"bob/m{number}", files={"README.md": INDEXED})
    assert [model.id for model in api["nobody"].list_models(author="bob", search="m1")] == ["bob/m1"]


def test_error_header__holds_no_control_characters(tiny: str, raw: Raw) -> None:
    answer = raw("GET", "/api/models/alice/tiny/revision/a%00b%0d%0ac%E2%82%AC")
    assert (answer.status_code, answer.headers["x-error-message"]) == (404, "Invalid rev id: a?b c?")
