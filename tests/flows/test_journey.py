"""The main job over HTTP: one truthful pull request, and no second one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi

from evalbot.card.document import parse_card
from evalbot.card.model_index import published
from evalbot.demo import REPO_ID, demo_card
from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from tests.flows.conftest import Evalbot

PROPOSE = ("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--create-pr", "--json")
APPLY = ("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--apply", "--json")
OWN_SCORES = {"MMLU": "64.80", "GSM8K": "58.9", "HumanEval (pass@1)": "40.2", "TruthfulQA": "51.6", "MT-Bench": "7.84"}


def api(hub: SandboxHub, user: str = "alice") -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.tokens[user])


def card_at(hub: SandboxHub, revision: str, tmp_path: Path) -> bytes:
    path = api(hub).hf_hub_download(REPO_ID, "README.md", revision=revision, cache_dir=tmp_path / "cache")
    return Path(path).read_bytes()


def pull_requests(hub: SandboxHub) -> int:
    return len(list(api(hub).get_repo_discussions(REPO_ID, discussion_type="pull_request")))


def test_preview__writes_nothing_and_prints_this_models_scores(evalbot: Evalbot, hub: SandboxHub) -> None:
    done = evalbot("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--json", user=None)
    assert done.code == 0
    assert done.json["status"] == "preview"
    assert {score["label"]: score["printed"] for score in done.json["scores"]} == OWN_SCORES
    assert done.json["scores"][0]["evidence"] == {"table": 2, "row": 1, "column": 3, "line": 31, "cell": "**64.80**"}
    assert {record.method for record in hub.log} <= {"GET", "HEAD"}


def test_create_pr__opens_one_pull_request_with_only_the_model_index(
    evalbot: Evalbot, hub: SandboxHub, tmp_path: Path
) -> None:
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"], done.json["pr"]["number"]) == (0, "proposed", 1)
    before, after = demo_card().decode(), card_at(hub, "refs/pr/1", tmp_path).decode()
    head, _, tail = before.partition("version: 1.10\n")
    assert after.startswith(head + "version: 1.10\nmodel-index:\n")
    assert after.endswith(tail)
    assert card_at(hub, "main", tmp_path) == demo_card()
    details = api(hub).get_discussion_details(REPO_ID, 1)
    assert details.title == "[evalbot] Add evaluation results of Aurora 7B Instruct"
    assert details.status == "open"
    assert "| MMLU | 64.80 | [table 2, row 1, column 3](" in details.events[0].content  # type: ignore[attr-defined]


def test_create_pr__again__finds_our_pull_request_and_then_that_all_is_merged(
    evalbot: Evalbot, hub: SandboxHub
) -> None:
    assert evalbot(*PROPOSE).code == 0
    again = evalbot(*PROPOSE)
    assert (again.code, again.json["status"], again.json["changed"]) == (0, "already-proposed", False)
    assert again.json["pr"]["number"] == 1
    api(hub).merge_pull_request(REPO_ID, 1)
    third = evalbot(*PROPOSE)
    assert (third.code, third.json["status"], third.json["pr"]) == (0, "up-to-date", None)
    assert pull_requests(hub) == 1


def test_create_pr__somebody_elses_same_scores__stop_us_with_their_address(evalbot: Evalbot, hub: SandboxHub) -> None:
    assert evalbot(*PROPOSE, user="carol").code == 0
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"]) == (5, "duplicate")
    (duplicate,) = done.json["duplicates"]
    assert duplicate["url"] == f"{hub.endpoint}/{REPO_ID}/discussions/1"
    assert duplicate["same"] == list(OWN_SCORES)
    assert duplicate["url"] in done.err
    assert pull_requests(hub) == 1


def test_create_pr__allow_duplicate__is_the_word_that_overrides(evalbot: Evalbot, hub: SandboxHub) -> None:
    assert evalbot(*PROPOSE, user="carol").code == 0
    assert evalbot(*PROPOSE, "--allow-duplicate").json["pr"]["number"] == 2


def test_create_pr__an_open_pull_request_about_something_else__is_no_obstacle(
    evalbot: Evalbot, hub: SandboxHub
) -> None:
    api(hub, "carol").upload_file(
        path_or_fileobj=b"x", path_in_repo="notes.txt", repo_id=REPO_ID, create_pr=True, commit_message="Add notes"
    )
    api(hub, "carol").upload_file(
        path_or_fileobj=demo_card() + b"\nA typo mended.\n",
        path_in_repo="README.md",
        repo_id=REPO_ID,
        create_pr=True,
        commit_message="Mend a typo",
    )
    assert evalbot(*PROPOSE).json["pr"]["number"] == 3


def test_create_pr__another_value_in_an_open_pull_request__stops_us(evalbot: Evalbot, hub: SandboxHub) -> None:
    assert evalbot(*PROPOSE, user="carol").code == 0
    changed = demo_card().replace(b"**64.80**", b"**99.9**")
    api(hub).upload_file(path_or_fileobj=changed, path_in_repo="README.md", repo_id=REPO_ID)
    done = evalbot(*PROPOSE)
    assert done.code == 5
    assert done.json["duplicates"][0]["other_value"] == ["MMLU"]


def test_create_pr__the_same_scores_under_other_labels__stop_us_too(evalbot: Evalbot, hub: SandboxHub) -> None:
    assert evalbot(*PROPOSE, "--dataset-type", "other", "--task-type", "other", user="carol").code == 0
    assert evalbot(*PROPOSE).code == 5


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404, "body": "<html>", "content_type": "text/html"},
        {"status": 404, "headers": {"X-Error-Code": "RevisionNotFound"}},
        {"status": 404, "headers": {"X-Error-Code": "RepoNotFound"}},
    ],
)
def test_create_pr__an_open_pull_request_that_cannot_be_read__stops_us(
    evalbot: Evalbot, hub: SandboxHub, fault: dict[str, object]
) -> None:
    assert evalbot(*PROPOSE, user="carol").code == 0
    hub.faults.add("GET", "refs/pr/1", times=9, **fault)  # type: ignore[arg-type]
    done = evalbot(*PROPOSE)
    assert (done.code, "what it proposes is unknown" in done.err) == (5, True)


def test_create_pr__a_list_that_shifts_between_two_pages__is_read_again(
    hub: SandboxHub, evalbot: Evalbot, tmp_path: Path
) -> None:
    with SandboxHub(tmp_path / "small-pages", discussions_per_page=2) as small:
        small.create_repo(REPO_ID, files={"README.md": demo_card()})
        other = api(small, "carol")
        other.create_pull_request(REPO_ID, title="One of carol's")
        assert evalbot(*PROPOSE, user="carol", endpoint=small.endpoint).code == 0
        other.create_pull_request(REPO_ID, title="Three of carol's")
        other.create_pull_request(REPO_ID, title="Four of carol's")

        def close_one() -> None:
            if api(small).get_discussion_details(REPO_ID, 4).status == "draft":
                api(small).change_discussion_status(REPO_ID, 4, "closed")

        small.faults.add("GET", "/discussions$", before=lambda: None)
        small.faults.add("GET", "/discussions$", before=close_one)
        assert evalbot(*PROPOSE, endpoint=small.endpoint).code == 5


def test_another_models_column__gets_an_entry_of_its_own(evalbot: Evalbot, hub: SandboxHub) -> None:
    assert evalbot(*APPLY, user="alice").code == 0
    done = evalbot(*PROPOSE, "--model-column-index", "2")
    assert (done.code, done.json["model"]) == (0, "Polaris-7B-Chat")
    assert "name: Polaris-7B-Chat" in done.json["yaml"]
    card = Path(api(hub).hf_hub_download(REPO_ID, "README.md", revision="refs/pr/1")).read_text(encoding="utf-8")
    entries = {metric.model: metric.value for metric in published(parse_card(card)) if metric.name == "MMLU"}
    assert entries == {"Aurora 7B Instruct": "64.80", "Polaris-7B-Chat": "61.30"}
    assert api(hub).get_discussion_details(REPO_ID, 1).title.endswith("of Polaris-7B-Chat")


def test_dry_run__goes_all_the_way_but_writes_nothing(evalbot: Evalbot, hub: SandboxHub) -> None:
    done = evalbot(*PROPOSE, "--dry-run")
    assert (done.code, done.json["status"], done.json["would"]) == (0, "preview", "proposed")
    assert {record.method for record in hub.log} <= {"GET", "HEAD"}


def test_apply__pushes_to_a_repository_of_ones_own(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> None:
    done = evalbot(*APPLY, user="alice")
    assert (done.code, done.json["status"]) == (0, "pushed")
    assert done.json["commit_url"].startswith(f"{hub.endpoint}/{REPO_ID}/commit/")
    assert b"value: 64.80" in card_at(hub, "main", tmp_path)
    assert evalbot(*APPLY, user="alice").json["status"] == "up-to-date"


def test_apply__the_card_changes_under_us__is_read_again(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> None:
    def somebody_else() -> None:
        api(hub).upload_file(path_or_fileobj=demo_card() + b"\nMore.\n", path_in_repo="README.md", repo_id=REPO_ID)

    hub.faults.add("POST", "/commit/main", before=somebody_else)
    done = evalbot(*APPLY, user="alice")
    assert (done.code, done.json["status"]) == (0, "pushed")
    card = card_at(hub, "main", tmp_path)
    assert card.endswith(b"\nMore.\n")
    assert b"value: 64.80" in card


def test_apply__the_card_keeps_changing__gives_up_after_four_tries(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.faults.add("POST", "/commit/main", status=412, times=9)
    assert evalbot(*APPLY, user="alice").code == 8
    assert sum(record.method == "POST" and "/commit/" in record.path for record in hub.log) == 4


def published_by(card: bytes, source: str) -> bytes:
    """The card with its results said to come from somewhere else."""
    return card.replace(b"https://huggingface.co/" + REPO_ID.encode(), source.encode())


def test_conflict__another_sources_value__is_never_overwritten(
    evalbot: Evalbot, hub: SandboxHub, tmp_path: Path
) -> None:
    assert evalbot(*APPLY, user="alice").code == 0
    card = published_by(card_at(hub, "main", tmp_path), "https://example.org/paper").replace(b"**64.80**", b"**70.1**")
    api(hub).upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=REPO_ID)
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"]) == (6, "conflict")
    assert "MMLU: 64.80 (model-index) → 70.1 (table)" in done.err
    preview = evalbot("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--json")
    assert preview.code == 0
    (conflict,) = preview.json["conflicts"]
    assert (conflict["name"], conflict["type"], conflict["value"]) == ("MMLU", "mmlu", 70.1)
    assert (conflict["published"], conflict["published_for"]) == ("64.80", "benchmark")
    assert card_at(hub, "main", tmp_path) == card
    assert pull_requests(hub) == 0


def test_get_prs__120_open_pull_requests__are_all_listed(evalbot: Evalbot, hub: SandboxHub) -> None:
    carol = api(hub, "carol")
    for number in range(120):
        carol.create_pull_request(REPO_ID, title=f"Draft {number}")
    done = evalbot("get-prs", "--repo-id", REPO_ID, "--json", user=None)
    assert done.code == 0
    assert [pr["number"] for pr in done.json["pull_requests"]] == list(range(120, 0, -1))
    assert {pr["status"] for pr in done.json["pull_requests"]} == {"draft"}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 403},
        {"status": 429},
        {"status": 200, "body": "<html>proxy</html>", "content_type": "text/html"},
        {"status": 200, "body": {"discussions": [], "count": 5, "start": 0}},
        {"status": 200, "body": {"discussions": [], "count": 100, "start": 100}},
        {"status": 200, "body": '{"discussions": [], "count": 1e999, "start": 0}'},
        {"status": 200, "body": "[" * 100_000},
        {"status": 200, "body": {"unexpected": True}},
        {"status": 200, "body": [1]},
        {"drop": True},
    ],
)
def test_create_pr__the_list_of_pull_requests_cannot_be_had__makes_none(
    evalbot: Evalbot, hub: SandboxHub, fault: dict[str, object]
) -> None:
    hub.faults.add("GET", "/discussions$", times=50, **fault)  # type: ignore[arg-type]
    done = evalbot(*PROPOSE)
    assert done.code in (7, 8)
    assert done.json["pr"] is None
    hub.faults.clear()
    assert pull_requests(hub) == 0


def test_create_pr__a_passing_failure_while_listing__is_tried_again(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.faults.add("GET", "/discussions$", status=503, times=2)
    assert evalbot(*PROPOSE).json["status"] == "proposed"


@pytest.mark.parametrize("fault", [{"status": 502}, {"drop": True}, {"status": 200, "body": "<html>"}])
def test_create_pr__the_answer_to_the_commit_is_lost__is_found_and_not_repeated(
    evalbot: Evalbot, hub: SandboxHub, fault: dict[str, object]
) -> None:
    hub.faults.add("POST", "/commit/", landed=True, **fault)  # type: ignore[arg-type]
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"], done.json["pr"]["number"]) == (0, "proposed", 1)
    assert pull_requests(hub) == 1


@pytest.mark.parametrize("command", ["extract-readme", "inspect-tables", "show", "validate", "get-prs"])
def test_json__docs_name_every_member_there_is(evalbot: Evalbot, hub: SandboxHub, command: str) -> None:
    assert evalbot(*PROPOSE, user="carol").code == 0
    table = ("--table", "2", "--layout", "per-benchmark") if command == "extract-readme" else ()
    answer = evalbot(command, "--repo-id", REPO_ID, *table, "--json").json
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z_]+)`", page))
    assert members(answer) <= documented


def members(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values())) if value else set()
    return set().union(*map(members, value)) if isinstance(value, list) else set()


def test_entry__a_label_that_only_says_ours__is_published_under_the_repositorys_name(
    evalbot: Evalbot, hub: SandboxHub
) -> None:
    card = demo_card().replace(b"Aurora 7B Instruct |", b"Ours |")
    hub.create_repo("alice/Named-7B", files={"README.md": card})
    options = ("--repo-id", "alice/Named-7B", "--table", "2", "--model-name-override", "Ours", "--json")
    done = evalbot("extract-readme", *options)
    assert (done.code, done.json["model"]) == (0, "Named-7B")
    assert "name: Named-7B" in done.json["yaml"]
