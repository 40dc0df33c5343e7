"""What others do between our reading and our writing, and answers that are lost or late just then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evalbot import flows
from evalbot.demo import REPO_ID, demo_card
from tests.flows.bob import ALL, REF, Bob, status
from tests.flows.truth import OWN_SCORES, Truth, grown_card, scores_in, without_index

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

LIST = ("GET", "/discussions$")
DETAILS = ("GET", "/discussions/1$")
COMMIT = ("POST", "/commit/")
EDIT = ("POST", "/edit$")
NEW_COMMENT = ("POST", "/comment$")


@pytest.fixture
def bob(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bob:
    monkeypatch.setattr(flows, "FIRST_WAIT", 0.001)
    return Bob(evalbot, hub, Truth(hub, tmp_path / "hub"))


def assert_one_pull_request_or_all_published(bob: Bob, wanted: dict[str, str]) -> None:
    """One more run without hindrance: what main does not publish stands in one pull request of ours."""
    done = bob.proposes()
    assert done.code == 0, done.err
    missing = wanted.items() - scores_in(bob.truth.card()).items()
    numbers = bob.truth.ours()
    assert len(numbers) == (1 if missing else 0)
    for number in numbers:
        assert bob.scores(number).items() >= missing


@pytest.mark.parametrize("place", [LIST, DETAILS, EDIT, COMMIT])
def test_our_pull_request_is_merged_while_we_update_it__the_rest_is_proposed_anew(
    bob: Bob, place: tuple[str, str]
) -> None:
    bob.has_proposed()
    bob.truth.upload(grown_card())
    alice = bob.truth.api()
    bob.hub.faults.add(*place, before=lambda: alice.merge_pull_request(REPO_ID, 1))
    done = bob.proposes()
    assert done.code in (0, 8), done.err
    assert_one_pull_request_or_all_published(bob, ALL)
    assert without_index(bob.truth.card()) == grown_card()


@pytest.mark.parametrize("place", [LIST, DETAILS, EDIT, COMMIT])
def test_our_pull_request_is_closed_while_we_update_it__that_is_a_no(bob: Bob, place: tuple[str, str]) -> None:
    bob.has_proposed()
    bob.truth.upload(grown_card())
    alice = bob.truth.api()
    bob.hub.faults.add(*place, before=lambda: alice.change_discussion_status(REPO_ID, 1, "closed"))
    done = bob.proposes()
    assert done.code in (0, 8), done.err
    if place == DETAILS:  # after that, the owner was a moment later than we
        assert done.json["status"] != "updated"
    again = bob.proposes()
    assert again.code == 0
    assert "MMLU" not in {name for number in bob.truth.ours() for name in bob.scores(number)}


@pytest.mark.parametrize("place", [DETAILS, EDIT, COMMIT])
def test_somebody_pushes_to_our_pull_request_while_we_update_it__their_work_stays(
    bob: Bob, place: tuple[str, str]
) -> None:
    bob.has_proposed()
    bob.truth.upload(grown_card())
    theirs = bob.truth.card(REF) + b"\nBy Alice.\n"
    alice = bob.truth.api()
    bob.hub.faults.add(
        *place,
        before=lambda: alice.upload_file(
            path_or_fileobj=theirs, path_in_repo="README.md", repo_id=REPO_ID, revision=REF
        ),
    )
    done = bob.proposes()
    assert status(done) == (5, "duplicate")
    assert "alice pushed to it" in done.err
    assert bob.truth.card(REF) == theirs
    assert bob.truth.ours() == [1]


@pytest.mark.parametrize("place", [LIST, COMMIT])
def test_the_table_changes_while_we_propose__the_next_run_says_the_new_value(bob: Bob, place: tuple[str, str]) -> None:
    newer = demo_card().replace(b"**64.80**", b"**65.2**")
    alice = bob.truth.api()
    bob.hub.faults.add(
        *place,
        before=lambda: alice.upload_file(path_or_fileobj=newer, path_in_repo="README.md", repo_id=REPO_ID),
    )
    assert bob.proposes().code == 0
    assert bob.proposes().code == 0
    assert (bob.truth.ours(), bob.scores()["MMLU"]) == ([1], "65.2")
    assert bob.truth.card() == newer


@pytest.mark.parametrize("place", [LIST, COMMIT])
def test_the_owner_publishes_the_scores_while_we_propose__ours_is_not_left_open(
    bob: Bob, place: tuple[str, str]
) -> None:
    def publish() -> None:
        bob.truth.git("update-ref", "refs/heads/main", published)

    bob.has_proposed("--allow-duplicate")
    published = bob.truth.git("rev-parse", REF).decode().strip()
    bob.truth.api("bob").rename_discussion(REPO_ID, 1, "Superseded: an old one")
    bob.closes()
    bob.hub.faults.add(*place, before=publish)
    done = bob.proposes()
    assert done.code == 0
    again = bob.proposes()
    assert (again.code, bob.truth.ours()) == (0, []), again.err
    assert scores_in(bob.truth.card()) == OWN_SCORES


def test_the_answer_is_lost_and_the_list_is_late__the_second_one_is_closed_again(bob: Bob) -> None:
    bob.hub.faults.add(*COMMIT, status=502, landed=True)
    bob.hub.faults.add(*LIST, before=lambda: None, times=2)
    bob.hub.faults.add(*LIST, lag=60)
    done = bob.proposes()
    assert (status(done), done.json["pr"]["number"]) == ((0, "already-proposed"), 1)
    assert bob.truth.ours() == [1]
    assert [each.num for each in bob.truth.pull_requests("closed")] == [2]
    assert status(bob.proposes()) == (0, "already-proposed")


@pytest.mark.parametrize("times", [1, 2])
def test_the_answer_is_lost_and_the_look_fails_as_well__the_hint_says_where_to_look(bob: Bob, times: int) -> None:
    bob.hub.faults.add(*COMMIT, status=502, landed=True)
    bob.hub.faults.add(*LIST, before=lambda: None, times=2)
    bob.hub.faults.add(*LIST, status=403, times=times)
    done = bob.proposes()
    assert done.code in (7, 8)
    assert f"look at {bob.hub.endpoint}/{REPO_ID}/discussions" in done.err
    assert status(bob.proposes("--timeout", "60"))[0] in (0, 7)
    bob.hub.faults.clear()
    assert (status(bob.proposes()), bob.truth.ours()) == ((0, "already-proposed"), [1])


def test_the_comment_is_lost_though_it_was_left__there_is_one(bob: Bob) -> None:
    bob.hub.faults.add(*NEW_COMMENT, status=502, landed=True)
    assert status(bob.proposes()) == (0, "proposed")
    assert status(bob.proposes()) == (0, "already-proposed")
    assert len(bob.said()[1]) == 1
