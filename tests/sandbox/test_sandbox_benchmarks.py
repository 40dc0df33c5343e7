"""Benchmark datasets, the results that name them, and their leaderboards."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

EVAL = b"name: Words\ndescription: Words.\nevaluation_framework: inspect-ai\ntasks:\n- id: short\n- id: long\n"
BOARD = "/api/datasets/acme/words/leaderboard"
RESULTS = "/api/models/{}?expand=evalResults"


def entry(value: object, task: str = "short", dataset: str = "acme/words", more: str = "") -> bytes:
    return f"- dataset: {{id: {dataset}, task_id: {task}}}\n  value: {value}\n{more}".encode()


@pytest.fixture
def words(sandbox: SandboxHub) -> str:
    sandbox.create_repo("acme/words", files={"eval.yaml": EVAL}, repo_type="dataset")
    return "acme/words"


def model(sandbox: SandboxHub, repo_id: str, content: bytes, **options: Any) -> None:
    sandbox.create_repo(repo_id, files={".eval_results/words.yaml": content}, **options)


def test_eval_yaml__is_read_as_a_file(words: str, api: Api, raw: Raw) -> None:
    assert raw("GET", "/datasets/acme/words/resolve/main/eval.yaml").content == EVAL
    assert "eval.yaml" in api["bob"].list_repo_files(words, repo_type="dataset")


def test_list__of_benchmarks(sandbox: SandboxHub, words: str, api: Api) -> None:
    sandbox.create_repo("alice/plain", files={}, repo_type="dataset")
    assert [each.id for each in api["bob"].list_datasets()] == [words, "alice/plain"]
    assert [each.id for each in api["bob"].list_datasets(benchmark=True)] == [words]


def test_leaderboard__ranks_results_published_and_proposed(sandbox: SandboxHub, words: str, api: Api) -> None:
    source = "  source: {url: https://example.org/run, name: Run}\n  notes: no tools\n"
    model(sandbox, "alice/good", entry(71.5, more=source))
    model(sandbox, "bob/better", entry(80, dataset="Acme/Words"))
    model(sandbox, "alice/other", entry(99, dataset="acme/elsewhere"))
    model(sandbox, "alice/secret", entry(90), private=True)
    api["bob"].upload_file(
        path_or_fileobj=entry(75.25, "long"), path_in_repo=".eval_results/l.yaml", repo_id="alice/other", create_pr=True
    )
    board = api["carol"].get_dataset_leaderboard(words)
    assert [(row.rank, row.model_id, row.value, row.pull_request) for row in board] == [
        (1, "bob/better", 80, None),
        (2, "alice/other", 75.25, 1),
        (3, "alice/good", 71.5, None),
    ]
    good = board[-1]
    assert good.source == {"url": "https://example.org/run", "name": "Run", "isExternal": True}
    assert (good.notes, good.verified, good.filename) == ("no tools", False, ".eval_results/words.yaml")
    api["alice"].change_discussion_status("alice/other", 1, "closed")
    assert [row.rank for row in api["carol"].get_dataset_leaderboard(words)] == [1, 2]


def test_leaderboard__names_the_owner_of_the_model(sandbox: SandboxHub, words: str, raw: Raw) -> None:
    model(sandbox, "ACME/ours", entry(2))
    model(sandbox, "bob/mine", entry(1))
    assert [(row["author"]["type"], row["author"]["name"]) for row in raw("GET", BOARD).json()] == [
        ("org", "acme"),
        ("user", "bob"),
    ]


@pytest.mark.parametrize(("task", "values"), [("short", [1]), ("long", [2]), ("none", []), (None, [2, 1])])
def test_leaderboard__of_one_task(
    sandbox: SandboxHub, words: str, raw: Raw, task: str | None, values: list[int]
) -> None:
    model(sandbox, "bob/mine", entry(1) + entry(2, "long"))
    query = f"?task_id={task}" if task else ""
    assert [row["value"] for row in raw("GET", BOARD + query).json()] == values


@pytest.mark.parametrize("value", ["true", "high", ".nan", "[1]"])
def test_leaderboard__ranks_numbers_only(sandbox: SandboxHub, words: str, raw: Raw, value: str) -> None:
    model(sandbox, "bob/mine", entry(value) + entry(3))
    assert [row["value"] for row in raw("GET", BOARD).json()] == [3]


def test_leaderboard__leaves_out_models_made_from_others(sandbox: SandboxHub, words: str, api: Api) -> None:
    card = b"---\nbase_model: alice/good\n---\n"
    sandbox.create_repo("bob/tuned", files={"README.md": card, ".eval_results/words.yaml": entry(5)})
    assert api["bob"].get_dataset_leaderboard(words) == []
    (row,) = api["bob"].get_dataset_leaderboard(words, base_model_only=False)
    assert row.model_id == "bob/tuned"


@pytest.mark.parametrize("files", [{}, {"eval.yaml": b"tasks: []\n"}, {"eval.yaml": b"["}, {"data/eval.yaml": EVAL}])
def test_leaderboard__of_a_dataset_that_is_no_benchmark(sandbox: SandboxHub, api: Api, files: dict[str, bytes]) -> None:
    sandbox.create_repo("alice/plain", files=files, repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="no leaderboard") as caught:
        api["bob"].get_dataset_leaderboard("alice/plain")
    assert (caught.value.response.status_code, type(caught.value)) == (404, HfHubHTTPError)


def test_leaderboard__of_a_dataset_nobody_may_see(sandbox: SandboxHub, api: Api) -> None:
    sandbox.create_repo("alice/hidden", files={"eval.yaml": EVAL}, repo_type="dataset", private=True)
    for repo_id in ("alice/hidden", "alice/none"):
        with pytest.raises(RepositoryNotFoundError):
            api["bob"].get_dataset_leaderboard(repo_id)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (entry(1, "tiny"), "$[0]: dataset acme/words has no task 'tiny'; its eval.yaml has: short, long"),
        (entry(1) + entry(2, "tiny"), "$[1]: dataset acme/words has no task 'tiny'; its eval.yaml has: short, long"),
        (entry(1, dataset="acme/plain"), "$[0]: dataset acme/plain is not a benchmark: it has no valid eval.yaml"),
        (entry(1), None),
        (entry(1, dataset="nobody/knows"), None),
    ],
)
def test_eval_results__must_name_a_task_of_a_benchmark_of_this_hub(
    sandbox: SandboxHub, words: str, raw: Raw, content: bytes, complaint: str | None
) -> None:
    sandbox.create_repo("acme/plain", files={}, repo_type="dataset")
    model(sandbox, "bob/mine", content)
    (item,) = raw("GET", RESULTS.format("bob/mine")).json()["evalResults"]
    assert item.get("error") == complaint


def test_eval_results__of_a_pull_request_are_the_ones_it_brings(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    """The base moved on after the pull request was made: its old copy of that file is no proposal."""
    model(sandbox, "alice/tiny", entry(1))
    api["bob"].upload_file(
        path_or_fileobj=entry(7), path_in_repo=".eval_results/new.yaml", repo_id="alice/tiny", create_pr=True
    )
    api["alice"].upload_file(path_or_fileobj=entry(2), path_in_repo=".eval_results/words.yaml", repo_id="alice/tiny")
    items = raw("GET", RESULTS.format("alice/tiny")).json()["evalResults"]
    assert [(item["data"]["value"], item.get("pullRequest")) for item in items] == [(2, None), (7, 1)]


def test_eval_results__of_a_draft_count(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    sandbox.create_repo("alice/tiny", files={})
    api["bob"].create_pull_request("alice/tiny", title="Results")
    api["bob"].upload_file(
        path_or_fileobj=entry(7), path_in_repo=".eval_results/w.yaml", repo_id="alice/tiny", revision="refs/pr/1"
    )
    (item,) = raw("GET", RESULTS.format("alice/tiny")).json()["evalResults"]
    assert item["pullRequest"] == 1


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (EVAL, None),
        (b"tasks: [{id: a}]\n", None),
        (b"tasks: [{name: a}]\n", "'id' is a required property"),
        (b"name: x\n", "'tasks' is a required property"),
        (b"tasks: [{id: a}]\nevaluation_framework: lighteval\n", "'lighteval' is not one of"),
        (b"tasks: [\n", "Invalid YAML"),
        (b"\xff", "Invalid YAML"),
    ],
)
def test_eval_yaml__is_checked_when_it_is_committed(
    sandbox: SandboxHub, raw: Raw, content: bytes, refused: str | None
) -> None:
    file = {"path": "eval.yaml", "content": base64.b64encode(content).decode(), "encoding": "base64"}
    sandbox.create_repo("alice/tiny", files={})
    sandbox.create_repo("alice/tiny", files={}, repo_type="dataset")
    answer = raw.commit("alice", "main", ("file", file), repo="datasets/alice/tiny")
    assert answer.status_code == (400 if refused else 200)
    assert (refused or "") in answer.headers.get("x-error-message", "")
    assert raw.commit("alice", "main", ("file", file)).status_code == 200, "of a model it is a file like any other"
