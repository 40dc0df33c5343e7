"""What reviews found last: ours among several, closed deletions, another host, a person's own pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from huggingface_hub import CommitOperationDelete

from tests.flows.tern import MODEL, PAPER, Tern, card, index, table

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

FIRST = {"MMLU": "60.1", "GSM8K": "41.2"}


@pytest.fixture
def tern(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Tern:
    return Tern(evalbot, hub, tmp_path)


def test_several_of_ours_no_longer_fit_main__one_takes_the_place_of_all(tern: Tern, hub: SandboxHub) -> None:
    tern.has(card(table(FIRST)))
    for number in range(1, 6):
        assert tern.proposes("--allow-duplicate") == (0, "proposed", number)
    tern.edit("license: mit", "license: apache-2.0")
    before = len(hub.log)
    assert tern.proposes() == (0, "proposed", 6)
    assert list(tern.open()) == [6]
    assert sum("/commit/" in record.path for record in hub.log[before:]) == 1


def test_ours_that_cannot_be_read_any_more__stops_us_and_is_named(tern: Tern) -> None:
    tern.has(card(table(FIRST)))
    assert tern.proposes()[1] == "proposed"
    tern.api("bob").create_commit(
        MODEL, [CommitOperationDelete("README.md")], commit_message="[evalbot] Gone", revision="refs/pr/1"
    )
    for _ in range(2):
        refused = tern.run("--create-pr")
        assert (refused.code, "cannot be read any more" in refused.err) == (5, True)
    assert list(tern.open()) == [1]


def test_a_persons_own_pull_request__is_theirs_whatever_its_title(tern: Tern) -> None:
    tern.has(card(table(FIRST)))
    tern.api("bob").upload_file(
        path_or_fileobj=b"x", path_in_repo="n.txt", repo_id=MODEL, create_pr=True, commit_message="Superseded: notes"
    )
    assert tern.proposes() == (0, "proposed", 2)
    assert sorted(tern.open()) == [1, 2]


def test_closed_deletion__is_a_no_as_well(tern: Tern) -> None:
    tern.has(card(table(FIRST)))
    tern.has_merged()
    tern.edit("| GSM8K | 41.2 | 30.2 |\n", "")
    assert tern.proposes("--prune-own")[1] == "proposed"
    tern.closes(2)
    assert tern.proposes("--prune-own") == (0, "declined", None)
    assert tern.proposes("--prune-own", "--propose-again")[1] == "proposed"


def test_ours_that_replaced_another_sources_value__is_replaced_when_that_is_to_stay(tern: Tern) -> None:
    tern.has(card(table(FIRST), front=index("{name: MMLU, type: mmlu, value: 63.0}", source=PAPER)))
    assert tern.proposes("--on-conflict", "update") == (0, "proposed", 1)
    done = tern.run("--create-pr", "--on-conflict", "skip")
    assert (done.code, done.json["status"], done.json["pr"]["number"]) == (0, "proposed", 2)
    assert any("#1" in warning for warning in done.json["warnings"])
    assert (list(tern.open()), tern.scores("refs/pr/2")["MMLU"]) == ([2], "63.0")


@pytest.mark.parametrize("again", [("--layout", "per-benchmark"), ("--dataset-type", "other")])
def test_the_same_scores_laid_out_otherwise__leave_ours_as_it_is(tern: Tern, again: tuple[str, ...]) -> None:
    tern.has(card(table(FIRST)))
    assert tern.proposes() == (0, "proposed", 1)
    assert tern.proposes(*again) == (0, "already-proposed", 1)
    assert tern.scores("refs/pr/1") == FIRST


@pytest.mark.parametrize("layout", [(), ("--layout", "per-benchmark"), ("--dataset-type", "other")])
@pytest.mark.parametrize(
    ("first", "more"),
    [
        ({"WMT14 en-de": "26.0"}, {"WMT14 de-en": "30.1"}),
        ({"GSM8K": "58.9"}, {"GSM8K (8-shot)": "60.0"}),
        ({"MMLU": "58.9"}, {"MMLU (5-shot)": "61.0", "MMLU (0-shot)": "60.0"}),
    ],
)
def test_a_published_value__is_replaced_by_no_other_of_its_kind(
    tern: Tern, first: dict[str, str], more: dict[str, str], layout: tuple[str, ...]
) -> None:
    tern.has(card(table(first)))
    tern.has_merged()
    tern.edit(table(first), table({**first, **more}))
    assert tern.proposes(*layout) == (0, "proposed", 2)
    values = sorted(tern.scores("refs/pr/2").values())
    assert values == sorted({**first, **more}.values())
    tern.api().merge_pull_request(MODEL, 2)
    assert tern.proposes() == (0, "up-to-date", None)


def test_a_link_to_another_host__is_not_followed(tern: Tern, hub: SandboxHub) -> None:
    tern.has(card(table(FIRST)))
    tern.edit("| MMLU | 60.1", "| MMLU | 61.1", user="carol", pr=True)
    elsewhere = {"Link": '<http://localhost:9/commits>; rel="next"'}
    hub.faults.add("GET", "/commits/", status=200, body=[], headers=elsewhere, times=9)
    refused = tern.run("--create-pr")
    assert (refused.code, "another host" in refused.err) == (8, True)


def test_a_comment_count_that_is_late__leaves_no_second_comment(tern: Tern, hub: SandboxHub) -> None:
    tern.has(card(table(FIRST)))
    assert tern.proposes()[1] == "proposed"
    title = next(iter(tern.open().values()))
    stale = {
        "num": 1,
        "title": title,
        "status": "open",
        "isPullRequest": True,
        "createdAt": "2020-01-01T00:00:00",
        "author": {"name": "bob"},
        "numComments": 1,
    }
    hub.faults.add("GET", "/discussions$", status=200, body={"discussions": [stale], "count": 1, "start": 0}, times=1)
    assert tern.proposes() == (0, "already-proposed", 1)
    assert len([e for e in tern.api().get_discussion_details(MODEL, 1).events if e.type == "comment"]) == 2
