"""One pull request of ours: brought up to date in place, left alone, replaced, or not needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from evalbot import own_pull_request
from evalbot.demo import REPO_ID, demo_card
from evalbot.proposer import MAX_OWN
from evalbot.report import pull_request as text
from tests.flows.bob import ALL, REF, Bob, status
from tests.flows.truth import NEW_SCORE, OWN_SCORES, Truth, grown_card, without_index

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot, Run


@pytest.fixture
def bob(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Bob:
    return Bob(evalbot, hub, Truth(hub, tmp_path / "hub"))


def test_again__nothing_has_changed__nothing_is_written(bob: Bob) -> None:
    bob.has_proposed()
    before = bob.said(), bob.truth.git("rev-parse", REF)
    done, asked = bob.requests()
    assert (status(done), done.json["pr"]["number"], done.json["changed"]) == ((0, "already-proposed"), 1, False)
    assert (bob.said(), bob.truth.git("rev-parse", REF)) == before
    assert [each for each in asked if not each.startswith("GET")] == []


def test_again__the_table_gained_a_row__the_pull_request_is_brought_up_to_date_in_place(bob: Bob) -> None:
    bob.has_proposed()
    commits = bob.truth.commits(REF)
    bob.truth.upload(grown_card())
    done = bob.proposes()
    assert (status(done), done.json["pr"]["number"], done.json["changed"]) == ((0, "updated"), 1, True)
    assert (bob.truth.ours(), bob.truth.commits(REF)) == ([1], commits + 1)
    assert bob.scores() == ALL
    assert without_index(bob.truth.card(REF)) == demo_card()
    assert bob.truth.card() == grown_card()
    description, (summary,) = bob.said()
    assert "| ARC-C | 55.5 |" in description
    assert "| MMLU | 64.80 |" in description
    assert summary.count("ARC-C") == 1
    assert "MMLU" not in summary


def test_again__after_an_update__nothing_is_written(bob: Bob) -> None:
    bob.has_proposed()
    bob.truth.upload(grown_card())
    assert bob.proposes().json["status"] == "updated"
    before = bob.said(), bob.truth.git("rev-parse", REF)
    assert status(bob.proposes()) == (0, "already-proposed")
    assert (bob.said(), bob.truth.git("rev-parse", REF)) == before


def test_again__a_value_has_changed__it_is_shown_old_and_new(bob: Bob) -> None:
    bob.has_proposed()
    bob.truth.upload(demo_card().replace(b"**64.80**", b"**65.2**"))
    assert status(bob.proposes()) == (0, "updated")
    assert bob.scores() == OWN_SCORES | {"MMLU": "65.2"}
    description, (summary,) = bob.said()
    assert "64.80 → 65.2" in summary
    assert "| MMLU | 65.2 |" in description


def test_again__twice_updated__still_one_comment(bob: Bob) -> None:
    bob.has_proposed()
    for value in (b"**65.2**", b"**65.3**"):
        bob.truth.upload(demo_card().replace(b"**64.80**", value))
        assert status(bob.proposes()) == (0, "updated")
    description, (summary,) = bob.said()
    assert "65.2 → 65.3" in summary
    assert "65.3" in description
    assert "65.2" not in description


@pytest.mark.parametrize(("fault", "code"), [({"status": 403}, 7), ({"status": 400}, 10), ({"status": 500}, 8)])
def test_update__its_commit_is_refused__says_that_the_text_is_ahead__and_the_next_run_follows(
    bob: Bob, fault: dict[str, Any], code: int
) -> None:
    bob.has_proposed()
    bob.truth.upload(grown_card())
    bob.hub.faults.add("POST", "/commit/", times=9, **fault)
    done = bob.proposes("--timeout", "5")
    assert done.code == code
    if code != 8:
        assert "The text of pull request #1 names the new scores already" in done.err
    assert bob.scores() == OWN_SCORES
    bob.hub.faults.clear()
    assert status(bob.proposes()) == (0, "updated")
    assert bob.scores() == ALL


@pytest.mark.parametrize(("status_code", "code"), [(403, 7), (404, 3), (422, 8)])
def test_update__its_text_cannot_be_edited__nothing_is_committed(bob: Bob, status_code: int, code: int) -> None:
    bob.has_proposed()
    bob.truth.upload(grown_card())
    bob.hub.faults.add("POST", "/edit$", status=status_code, times=9)
    assert bob.proposes().code == code
    assert bob.scores() == OWN_SCORES
    bob.hub.faults.clear()
    assert status(bob.proposes()) == (0, "updated")
    description, (_,) = bob.said()
    assert "| ARC-C | 55.5 |" in description


def test_two_tables__one_after_the_other__stand_in_one_pull_request(bob: Bob) -> None:
    bob.has_proposed()
    done = bob.proposes(table="3")
    assert status(done) == (0, "updated"), done.err
    assert bob.truth.ours() == [1]
    assert OWN_SCORES.items() < bob.scores().items()
    assert {"RULER 32k", "LongBench"} < set(bob.scores())
    description, _ = bob.said()
    latest, _, earlier = description.partition("From earlier runs")
    assert ("RULER 32k" in latest, "MMLU" in latest) == (True, False)
    assert "MMLU: 64.80" in earlier


def test_draft__is_made_ready(bob: Bob) -> None:
    bob.has_proposed()
    card, (description, _) = bob.truth.card(REF), bob.said()
    api = bob.truth.api("bob")
    title = api.get_discussion_details(REPO_ID, 1).title
    api.rename_discussion(REPO_ID, 1, "Superseded: an old one")
    bob.closes()
    api.create_pull_request(REPO_ID, title, description=description)
    bob.truth.upload(card, "bob", revision="refs/pr/2")
    done = bob.proposes()
    assert (status(done), done.json["pr"]["number"]) == ((0, "already-proposed"), 2)
    assert [(each.num, each.status) for each in bob.truth.pull_requests("open", "draft")] == [(2, "open")]


def test_draft__that_lacks_a_score__is_brought_up_to_date_and_made_ready(bob: Bob) -> None:
    bob.has_proposed()
    title, (description, _) = bob.truth.api().get_discussion_details(REPO_ID, 1).title, bob.said()
    bob.truth.api("bob").rename_discussion(REPO_ID, 1, "Superseded: an old one")
    bob.closes()
    bob.truth.api("bob").create_pull_request(REPO_ID, title, description=description)
    done = bob.proposes()
    assert (status(done), done.json["pr"]["number"]) == ((0, "updated"), 2)
    assert [(each.num, each.status) for each in bob.truth.pull_requests("open", "draft")] == [(2, "open")]
    assert bob.scores(2) == OWN_SCORES


def test_more_than_one_of_ours__the_newest_is_updated_and_the_other_named(bob: Bob) -> None:
    bob.has_proposed()
    assert bob.has_proposed("--allow-duplicate")["number"] == 2
    bob.truth.upload(grown_card())
    done = bob.proposes()
    assert (status(done), done.json["pr"]["number"]) == ((0, "updated"), 2)
    assert [each["number"] for each in done.json["also_open"]] == [1]
    assert (bob.scores(2), bob.scores(1)) == (ALL, OWN_SCORES)


def test_more_than_one_of_ours__nothing_new__both_are_named(bob: Bob) -> None:
    bob.has_proposed()
    bob.has_proposed("--allow-duplicate")
    done = bob.proposes()
    assert status(done) == (0, "already-proposed")
    assert {done.json["pr"]["number"], *(each["number"] for each in done.json["also_open"])} == {1, 2}


def test_more_of_ours_than_are_read__the_oldest_is_named(bob: Bob) -> None:
    """Where many runs open one at the same moment, all but the oldest are about to be closed."""
    for _ in range(MAX_OWN + 2):
        bob.has_proposed("--allow-duplicate")
    assert bob.proposes().json["pr"]["number"] == 1


def test_somebody_else_has_pushed_to_it__it_is_left_alone(bob: Bob) -> None:
    bob.has_proposed()
    bob.truth.upload(bob.truth.card(REF) + b"\nBy Alice.\n", revision=REF)
    bob.truth.upload(grown_card())
    before = bob.said(), bob.truth.git("rev-parse", REF)
    done = bob.proposes()
    assert status(done) == (5, "duplicate")
    assert "alice pushed to it" in done.err
    assert (bob.said(), bob.truth.git("rev-parse", REF)) == before
    assert bob.truth.ours() == [1]


def test_its_description_has_been_rewritten__it_is_left_alone(bob: Bob) -> None:
    bob.has_proposed()
    first = bob.truth.comments(1)[0]
    bob.truth.api("bob").edit_discussion_comment(REPO_ID, 1, first.id, "My own words.")
    bob.truth.upload(grown_card())
    done = bob.proposes()
    assert status(done) == (5, "duplicate")
    assert "its description has been rewritten" in done.err
    assert (bob.said()[0], bob.scores()) == ("My own words.", OWN_SCORES)
    assert bob.truth.ours() == [1]


def test_somebody_elses_pull_request_with_our_title_and_mark__is_not_ours(bob: Bob) -> None:
    bob.has_proposed(user="carol")
    done = bob.proposes()
    assert status(done) == (5, "duplicate")
    assert bob.truth.ours() == []


def test_a_discussion_with_our_title_and_mark__is_no_pull_request(bob: Bob) -> None:
    description = f"Scores.\n\n{text.DESCRIPTION_MARK} version=0 -->"
    title = "[evalbot] Add evaluation results of Aurora 7B Instruct"
    bob.truth.api("bob").create_discussion(REPO_ID, title, description=description)
    assert bob.has_proposed()["number"] == 2
    assert bob.proposes().json["pr"]["number"] == 2


def test_in_conflict_with_main__is_closed_and_a_new_one_opened(bob: Bob) -> None:
    bob.has_proposed()
    bob.truth.upload(grown_card().replace(b"version: 1.10\n", b"version: 1.11\n"))
    done = bob.proposes()
    assert (status(done), done.json["pr"]["number"]) == ((0, "proposed"), 2), done.err
    assert bob.truth.ours() == [2]
    assert bob.scores(2) == ALL
    (old,) = bob.truth.pull_requests("closed")
    assert (old.num, old.title) == (1, "Superseded: Add evaluation results of Aurora 7B Instruct")
    assert status(bob.proposes()) == (0, "already-proposed")


def test_replaced_one__its_closing_is_nobodys_no(bob: Bob) -> None:
    bob.has_proposed()
    bob.truth.upload(grown_card().replace(b"version: 1.10\n", b"version: 1.11\n"))
    assert bob.has_proposed()["number"] == 2
    bob.truth.api().merge_pull_request(REPO_ID, 2)
    bob.truth.upload(bob.truth.card().replace(b"**64.80**", b"**65.2**"))
    assert bob.has_proposed()["number"] == 3


def test_closed_unmerged__is_a_no(bob: Bob) -> None:
    bob.has_proposed()
    bob.closes()
    done = bob.proposes()
    assert (status(done), done.json["changed"], done.json["pr"]) == ((0, "declined"), False, None)
    assert [(each["number"], each["same"]) for each in done.json["declined"]] == [(1, list(OWN_SCORES))]
    assert bob.truth.ours() == []


def test_closed_unmerged__propose_again__opens_another(bob: Bob) -> None:
    bob.has_proposed()
    bob.closes()
    assert bob.has_proposed("--propose-again")["number"] == 2


def test_closed_unmerged__what_is_new_since_then__is_proposed_alone(bob: Bob) -> None:
    bob.has_proposed()
    bob.closes()
    bob.truth.upload(grown_card())
    done = bob.proposes()
    assert (status(done), done.json["pr"]["number"]) == ((0, "proposed"), 2)
    assert bob.scores(2) == NEW_SCORE
    proposed, _, left_out = bob.said(2)[0].partition("Left out")
    assert ("MMLU" in proposed, "MMLU" in left_out) == (False, True)
    assert [each["number"] for each in done.json["declined"]] == [1]
    again = bob.proposes()
    assert (status(again), again.json["pr"]["number"]) == ((0, "already-proposed"), 2)


def test_closed_unmerged__the_value_is_another_now__it_is_proposed(bob: Bob) -> None:
    bob.has_proposed()
    bob.closes()
    bob.truth.upload(demo_card().replace(b"**64.80**", b"**65.2**"))
    assert bob.has_proposed()["number"] == 2
    assert bob.scores(2) == {"MMLU": "65.2"}


def test_closed_by_somebody_else__another_account_may_still_propose(bob: Bob) -> None:
    bob.has_proposed(user="carol")
    bob.closes()
    assert bob.has_proposed()["number"] == 2


def test_merged__all_is_up_to_date(bob: Bob) -> None:
    bob.has_proposed()
    bob.truth.api().merge_pull_request(REPO_ID, 1)
    done = bob.proposes()
    assert (status(done), done.json["pr"]) == ((0, "up-to-date"), None)
    bob.truth.upload(grown_card(bob.truth.card()))
    assert bob.has_proposed()["number"] == 2
    assert bob.scores(2) == ALL


@dataclass(frozen=True)
class Lost:
    """Our pull request, whose comment was lost on the way."""

    done: Run

    @property
    def is_told(self) -> bool:
        return any("comment on pull request #1 is missing" in said for said in self.done.json["warnings"])


@pytest.fixture
def lost(bob: Bob) -> Lost:
    bob.hub.faults.add("POST", "/comment$", status=500)
    return Lost(bob.proposes())


def test_a_comment_lost_on_the_way__is_left_by_the_next_run(
    bob: Bob, lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (status(lost.done), lost.is_told, bob.said()[1]) == ((0, "proposed"), True, [])
    monkeypatch.setattr(own_pull_request, "SETTLED_AFTER", -10.0)
    assert status(bob.proposes()) == (0, "already-proposed")
    (summary,) = bob.said()[1]
    assert text.SUMMARY_MARK in summary
    assert status(bob.proposes()) == (0, "already-proposed")
    assert len(bob.said()[1]) == 1


def test_a_comment_that_is_missing__of_a_pull_request_just_opened__is_for_its_own_run_to_leave(
    bob: Bob, lost: Lost
) -> None:
    assert status(bob.proposes()) == (0, "already-proposed")
    assert bob.said()[1] == []
