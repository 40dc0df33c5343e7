"""Repositories that are or become something else: private, gated, disabled, moved, gone, without discussions, older."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from evalbot import flows
from evalbot.demo import REPO_ID, demo_card
from tests.flows.truth import NEW_SCORE, OWN_SCORES, Truth, grown_card, scores_in, without_index

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

OPTIONS = ("--table", "2", "--model-name", "Aurora-7B-Instruct", "--json")
EXTRACT = ("extract-readme", "--repo-id", REPO_ID, *OPTIONS)
PROPOSE = (*EXTRACT, "--create-pr")
APPLY = (*EXTRACT, "--apply")
MOVED = "alice/Aurora-7B-Instruct-v1"
CLOSED: dict[str, tuple[dict[str, Any], int]] = {
    "private": ({"private": True}, 3),
    "gated": ({"gated": "manual"}, 7),
    "disabled": ({"disabled": True}, 7),
    "without discussions": ({"discussions": False}, 7),
}
"""What a repository becomes, and the exit code that says so to somebody else."""
AGAIN: dict[str, Any] = {"private": False, "gated": False, "disabled": False, "discussions": True}
PLACES = {
    "card": ("GET", "/resolve/main/README.md$"),
    "list": ("GET", "/discussions$"),
    "commit": ("POST", "/commit/"),
}
LET_THROUGH = {("gated", "list"), ("gated", "commit"), ("without discussions", "commit")}
"""A gate is before the files and not before pull requests; a commit to one that is open is no discussion."""


@pytest.fixture
def truth(hub: SandboxHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Truth:
    monkeypatch.setattr(flows, "FIRST_WAIT", 0.001)
    return Truth(hub, tmp_path / "hub")


@pytest.mark.parametrize("state", CLOSED)
@pytest.mark.parametrize("journey", ["fresh", "again", "update"])
def test_closed_to_us__refused_with_the_reason__and_proposed_once_it_is_open(
    evalbot: Evalbot, hub: SandboxHub, truth: Truth, state: str, journey: str
) -> None:
    begin(evalbot, truth, journey)
    settings, code = CLOSED[state]
    hub.change_repo(REPO_ID, **settings)
    written = len([record for record in hub.log if record.method == "POST"])
    done = evalbot(*PROPOSE)
    assert (done.code, bool(done.json["error"]["message"]), bool(done.json["error"]["hint"])) == (code, True, True)
    assert len([record for record in hub.log if record.method == "POST"]) == written
    hub.change_repo(REPO_ID, **AGAIN)
    assert_heals(evalbot, truth, journey)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("state", CLOSED)
@pytest.mark.parametrize("journey", ["fresh", "update"])
def test_closed_while_we_work__is_the_same__and_proposed_once_it_is_open(
    evalbot: Evalbot, truth: Truth, *, state: str, journey: str, place: str
) -> None:
    begin(evalbot, truth, journey)
    settings, code = CLOSED[state]
    truth.hub.faults.add(*PLACES[place], before=lambda: truth.hub.change_repo(REPO_ID, **settings))
    done = evalbot(*PROPOSE)
    assert done.code in ({0, code} if (state, place) in LET_THROUGH else {code}), done.err
    truth.hub.change_repo(REPO_ID, **AGAIN)
    assert len(truth.ours()) <= 1
    assert_heals(evalbot, truth, journey)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("journey", ["fresh", "update"])
def test_moved_while_we_work__is_followed_to_where_it_is_now(
    evalbot: Evalbot, truth: Truth, *, journey: str, place: str
) -> None:
    begin(evalbot, truth, journey)
    truth.hub.faults.add(*PLACES[place], before=lambda: truth.hub.move_repo(REPO_ID, MOVED))
    done = evalbot(*PROPOSE)
    assert done.code == 0, done.err
    assert_heals(evalbot, replace(truth, repo_id=MOVED), journey)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("journey", ["fresh", "update"])
def test_deleted_while_we_work__is_not_there(
    evalbot: Evalbot, hub: SandboxHub, truth: Truth, journey: str, place: str
) -> None:
    begin(evalbot, truth, journey)
    owner = truth.api()
    hub.faults.add(*PLACES[place], before=lambda: owner.delete_repo(REPO_ID))
    done = evalbot(*PROPOSE)
    assert done.code == 3
    assert REPO_ID in done.err


def test_pushed__the_card_is_shown_as_it_was_before__is_not_pushed_twice(
    evalbot: Evalbot, hub: SandboxHub, truth: Truth
) -> None:
    assert evalbot(*APPLY, user="alice").json["status"] == "pushed"
    commits = truth.commits("main")
    hub.faults.add(*PLACES["card"], lag=60)
    done = evalbot(*APPLY, user="alice")
    assert (done.code, done.json["status"]) == (0, "up-to-date")
    assert truth.commits("main") == commits


def test_updated__our_pull_request_is_shown_as_it_was_before__is_read_again(
    evalbot: Evalbot, hub: SandboxHub, truth: Truth
) -> None:
    begin(evalbot, truth, "update")
    between = time.time() + 0.5
    time.sleep(1)
    assert evalbot(*PROPOSE).json["status"] == "updated"
    truth.upload(truth.card().replace(b"**64.80**", b"**65.2**"))
    hub.faults.add("GET", "/resolve/refs/pr/1/README.md$", lag=time.time() - between)
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"]) == (0, "updated"), done.err
    assert scores_in(truth.card("refs/pr/1")) == OWN_SCORES | NEW_SCORE | {"MMLU": "65.2"}
    assert [record.status for record in hub.log if "/commit/refs" in record.path] == [200, 412, 200]


def test_another_run_opens_one_at_the_same_moment__ours_is_closed_and_theirs_named(
    evalbot: Evalbot, hub: SandboxHub, truth: Truth
) -> None:
    other = another_run(evalbot, hub, truth)
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"], done.json["pr"]["number"]) == (0, "already-proposed", other)
    assert truth.ours() == [other]
    assert [each.title[:10] for each in truth.pull_requests("closed")] == ["Superseded"] * 2


def test_another_run_opens_one_at_the_same_moment__ours_cannot_be_closed__both_are_named(
    evalbot: Evalbot, hub: SandboxHub, truth: Truth
) -> None:
    """Nobody can do more; what matters is that it is said, and that no third one is opened."""
    other = another_run(evalbot, hub, truth)
    hub.faults.add("POST", "/(status|title)$", status=403, times=9)
    assert evalbot(*PROPOSE).code == 7
    hub.faults.clear()
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"], done.json["pr"]["number"]) == (0, "already-proposed", other)
    assert [each["number"] for each in done.json["also_open"]] == [each for each in truth.ours() if each != other]


def another_run(evalbot: Evalbot, hub: SandboxHub, truth: Truth) -> int:
    """Another run of ours has its pull request open when ours has looked and not yet posted; its number."""
    assert evalbot(*PROPOSE).json["pr"]["number"] == 1
    card, description = truth.card("refs/pr/1"), truth.comments(1)[0].content
    api = truth.api("bob")
    title = api.get_discussion_details(REPO_ID, 1).title
    api.rename_discussion(REPO_ID, 1, "Superseded: an old one")
    api.change_discussion_status(REPO_ID, 1, "closed")

    def open_one() -> None:
        api.upload_file(
            path_or_fileobj=card,
            path_in_repo="README.md",
            repo_id=REPO_ID,
            create_pr=True,
            commit_message=title,
            commit_description=description,
        )

    hub.faults.add("GET", "/discussions$", before=lambda: None)
    hub.faults.add("GET", "/discussions$", before=open_one)
    return 2


def begin(evalbot: Evalbot, truth: Truth, journey: str) -> None:
    if journey != "fresh":
        assert evalbot(*PROPOSE).json["status"] == "proposed"
    if journey == "update":
        truth.upload(grown_card())


def assert_heals(evalbot: Evalbot, truth: Truth, journey: str) -> None:
    """One more run, and all is as it should be."""
    assert evalbot("extract-readme", "--repo-id", truth.repo_id, *OPTIONS, "--create-pr").code == 0
    (number,) = truth.ours()
    card = truth.card(f"refs/pr/{number}")
    assert scores_in(card) == (OWN_SCORES | NEW_SCORE if journey == "update" else OWN_SCORES)
    assert without_index(card) == demo_card()
    assert without_index(truth.card()) == (grown_card() if journey == "update" else demo_card())
