"""The words that change what is proposed: --on-conflict, --prune-own, --duplicate-check, --dry-run; the requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from evalbot.demo import REPO_ID
from evalbot.report import pull_request as text
from tests.flows.bob import ALL, REF, Bob, status
from tests.flows.truth import OWN_SCORES, Truth, grown_card

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot


OURS = b"https://huggingface.co/" + REPO_ID.encode()
PAPER = b"https://example.org/paper"


@pytest.fixture
def bob(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Bob:
    return Bob(evalbot, hub, Truth(hub, tmp_path / "hub"))


def published(bob: Bob, card: bytes | None = None) -> bytes:
    """The card on main with its scores published, as by Alice's own push."""
    if card is not None:
        bob.truth.upload(card)
    options = ("--repo-id", REPO_ID, "--table", "2", "--apply", "--json")
    assert bob.evalbot("extract-readme", *options, user="alice").code == 0
    return bob.truth.card()


def test_on_conflict__fail__stops_and_writes_nothing(bob: Bob) -> None:
    bob.truth.upload(published(bob).replace(OURS, PAPER).replace(b"**64.80**", b"**65.2**"))
    done = bob.proposes()
    assert status(done) == (6, "conflict")
    assert bob.truth.ours() == []


def test_on_conflict__skip__proposes_the_rest(bob: Bob) -> None:
    card = published(bob).replace(OURS, PAPER).replace(b"**64.80**", b"**65.2**")
    bob.truth.upload(grown_card(card))
    assert bob.has_proposed("--on-conflict", "skip")["number"] == 1
    assert bob.scores() == ALL
    assert PAPER in bob.truth.card(REF)


def test_on_conflict__skip__with_nothing_else_to_say__writes_nothing(bob: Bob) -> None:
    bob.truth.upload(published(bob).replace(OURS, PAPER).replace(b"**64.80**", b"**65.2**"))
    assert status(bob.proposes("--on-conflict", "skip")) == (0, "skipped")
    assert bob.truth.ours() == []


def test_on_conflict__update__replaces_the_value_and_its_source(bob: Bob) -> None:
    """A number of ours never stands under the name of another source."""
    bob.truth.upload(published(bob).replace(OURS, PAPER).replace(b"**64.80**", b"**65.2**"))
    assert bob.has_proposed("--on-conflict", "update")["number"] == 1
    assert bob.scores() == ALL_BUT_MMLU | {"MMLU": "65.2"}
    assert source_of(bob.truth.card(REF), "MMLU") == OURS.decode()
    assert source_of(bob.truth.card(REF), "GSM8K") == PAPER.decode()
    assert "| MMLU | 64.80 |" in bob.said()[0]


ALL_BUT_MMLU = {name: value for name, value in OWN_SCORES.items() if name != "MMLU"}


def source_of(card: bytes, name: str) -> str:
    front = yaml.safe_load(card.split(b"---\n")[1])
    (found,) = [
        result["source"]["url"]
        for result in front["model-index"][0]["results"]
        for metric in result["metrics"]
        if metric["name"] == name
    ]
    return str(found)


def test_our_own_sources_value__is_updated_without_being_asked(bob: Bob) -> None:
    bob.truth.upload(published(bob).replace(b"**64.80**", b"**65.2**"))
    assert bob.has_proposed()["number"] == 1
    assert bob.scores() == ALL_BUT_MMLU | {"MMLU": "65.2"}


def test_verified__is_never_updated(bob: Bob) -> None:
    verified = b"            value: 64.80\n            verified: true\n"
    card = published(bob).replace(b"            value: 64.80\n", verified).replace(b"**64.80**", b"**65.2**")
    bob.truth.upload(card)
    assert status(bob.proposes("--on-conflict", "update")) == (6, "conflict")
    assert bob.truth.ours() == []
    assert status(bob.proposes("--on-conflict", "skip")) == (0, "skipped")


def test_prune_own__deletes_what_the_table_says_no_more(bob: Bob) -> None:
    bob.truth.upload(published(bob).replace(b"| GSM8K | 8 | 52.4 | 58.9 | **60.2** |\n", b""))
    assert status(bob.proposes()) == (0, "up-to-date")
    assert bob.has_proposed("--prune-own")["number"] == 1
    assert bob.scores() == {name: value for name, value in OWN_SCORES.items() if name != "GSM8K"}
    assert [line for line in bob.said()[0].splitlines() if "GSM8K" in line and "58.9" in line]
    assert status(bob.proposes("--prune-own")) == (0, "already-proposed")


def test_prune_own__another_sources_value__stays(bob: Bob) -> None:
    bob.truth.upload(published(bob).replace(OURS, PAPER).replace(b"| GSM8K | 8 | 52.4 | 58.9 | **60.2** |\n", b""))
    assert status(bob.proposes("--prune-own")) == (0, "up-to-date")
    assert bob.truth.ours() == []


@pytest.mark.parametrize("user", ["carol", "bob"])
def test_duplicate_check__any_open_pr__stops_at_whatever_is_open(bob: Bob, user: str) -> None:
    bob.truth.api(user).create_pull_request(REPO_ID, title="About something else")
    done = bob.proposes("--duplicate-check", "any-open-pr")
    assert status(done) == (5, "duplicate")
    assert [each["number"] for each in done.json["duplicates"]] == [1]
    assert bob.has_proposed()["number"] == 2


def test_duplicate_check__any_open_pr__is_not_stopped_by_our_own(bob: Bob) -> None:
    bob.has_proposed()
    assert status(bob.proposes("--duplicate-check", "any-open-pr")) == (0, "already-proposed")
    bob.truth.upload(grown_card())
    assert status(bob.proposes("--duplicate-check", "any-open-pr")) == (0, "updated")


def test_duplicate_check__off__looks_at_nobody_elses(bob: Bob) -> None:
    bob.has_proposed(user="carol")
    assert bob.has_proposed("--duplicate-check", "off")["number"] == 2
    assert status(bob.proposes("--duplicate-check", "off")) == (0, "already-proposed")


STATES = ("fresh", "proposed", "grown", "draft", "conflicting", "declined", "merged")


def bring_about(bob: Bob, state: str) -> None:
    if state != "fresh":
        bob.has_proposed()
    if state == "grown":
        bob.truth.upload(grown_card())
    if state == "conflicting":
        bob.truth.upload(grown_card().replace(b"version: 1.10\n", b"version: 1.11\n"))
    if state == "declined":
        bob.closes()
    if state == "merged":
        bob.truth.api().merge_pull_request(REPO_ID, 1)
    if state == "draft":
        title = bob.truth.api("bob").get_discussion_details(REPO_ID, 1).title
        bob.closes()
        bob.truth.api("bob").rename_discussion(REPO_ID, 1, "Superseded: an old one")
        bob.truth.api("bob").create_pull_request(REPO_ID, title, description=f"{text.DESCRIPTION_MARK} -->")


@pytest.mark.parametrize(
    ("state", "would"), [("fresh", "proposed"), ("grown", "updated"), ("draft", "updated"), ("conflicting", "proposed")]
)
def test_dry_run__says_what_it_would_do_and_writes_nothing(bob: Bob, state: str, would: str) -> None:
    bring_about(bob, state)
    done, asked = bob.requests("--dry-run")
    assert (status(done), done.json["would"], done.json["changed"]) == ((0, "preview"), would, False)
    assert {each.split()[0] for each in asked} == {"GET"}


@pytest.mark.parametrize(
    ("state", "said"), [("proposed", "already-proposed"), ("declined", "declined"), ("merged", "up-to-date")]
)
def test_dry_run__where_there_is_nothing_to_do__says_so(bob: Bob, state: str, said: str) -> None:
    bring_about(bob, state)
    done, asked = bob.requests("--dry-run")
    assert status(done) == (0, said)
    assert {each.split()[0] for each in asked} == {"GET"}


@pytest.mark.parametrize(
    ("state", "said", "most"),
    [
        ("proposed", "already-proposed", 4),
        ("fresh", "proposed", 9),
        ("grown", "updated", 9),
        ("merged", "up-to-date", 4),
    ],
)
def test_requests__are_few(bob: Bob, state: str, said: str, most: int) -> None:
    bring_about(bob, state)
    done, asked = bob.requests()
    assert status(done) == (0, said)
    assert len(asked) <= most, asked
