"""Many runs at one moment: as many processes, one pull request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.demo import REPO_ID, demo_card
from tests.flows.truth import NEW_SCORE, OWN_SCORES, Truth, grown_card, scores_in, without_index

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub

LONGEST = 120
"""Seconds all the processes may take together."""
HELD_AT_THE_START = """\
import sys
import evalbot.flows, evalbot.hub.pull_requests, evalbot.report.pull_request
from evalbot.cli import main
print("ready", file=sys.stderr, flush=True)
sys.stdin.read()
main()
"""
"""evalbot's command line, loaded, which starts when its input ends: that of all of them is one pipe."""
EXTRACT = ("extract-readme", "--repo-id", REPO_ID, "--json")
LONG_CONTEXT = {"RULER 32k": "81.5", "LongBench": "44.2"}
"""What the third table says."""


@dataclass(frozen=True)
class Answer:
    code: int
    json: dict[str, Any]
    err: str


def at_once(
    hub: SandboxHub, folder: Path, count: int, *arguments: str, user: str = "bob", tables: tuple[str, ...] = ("2",)
) -> list[Answer]:
    """Start so many processes for each table, let them all go at one moment, and read their answers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    settings = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.tokens[user], "HF_HOME": str(folder / "hf-home")}
    gate, key = os.pipe()
    started = [
        subprocess.Popen(
            [sys.executable, "-c", HELD_AT_THE_START, *EXTRACT, "--table", table, *arguments],
            env=kept | settings,
            stdin=gate,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=folder,
        )
        for table in tables * count
    ]
    os.close(gate)
    try:
        for process in started:
            assert process.stderr is not None
            assert process.stderr.readline() == "ready\n"
    finally:
        os.close(key)
    return [answer_of(process) for process in started]


def answer_of(process: subprocess.Popen[str]) -> Answer:
    with process:
        try:
            out, err = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert "Traceback" not in err
    return Answer(process.returncode, json.loads(out), err)


@pytest.fixture
def truth(hub: SandboxHub, tmp_path: Path) -> Truth:
    return Truth(hub, tmp_path / "hub")


def assert_one(truth: Truth, answers: list[Answer], statuses: set[str], scores: dict[str, str]) -> None:
    """Everybody is content and names the one pull request there is, which says the right thing once."""
    assert [answer.err for answer in answers if answer.code] == []
    assert {answer.json["status"] for answer in answers} <= statuses
    (number,) = truth.ours()
    assert {answer.json["pr"]["number"] for answer in answers} == {number}
    card = truth.card(f"refs/pr/{number}")
    assert scores_in(card) == scores
    assert without_index(card) == demo_card()
    description, *comments = [comment.content for comment in truth.comments(number)]
    assert [name for name in scores if "| " + name.split(" (")[0] not in description] == []
    assert len(comments) == 1


def test_twenty_proposals_at_once__open_one_pull_request(hub: SandboxHub, truth: Truth, tmp_path: Path) -> None:
    answers = at_once(hub, tmp_path, 20, "--create-pr")
    assert_one(truth, answers, {"proposed", "already-proposed"}, OWN_SCORES)
    assert sum(answer.json["status"] == "proposed" for answer in answers) == 1
    assert truth.card() == demo_card()


def test_eight_updates_at_once__make_one(hub: SandboxHub, truth: Truth, tmp_path: Path) -> None:
    (first,) = at_once(hub, tmp_path, 1, "--create-pr")
    assert first.json["status"] == "proposed"
    truth.upload(grown_card())
    commits = truth.commits("refs/pr/1")
    answers = at_once(hub, tmp_path, 8, "--create-pr")
    assert_one(truth, answers, {"updated", "already-proposed"}, OWN_SCORES | NEW_SCORE)
    assert truth.commits("refs/pr/1") == commits + 1
    assert truth.card() == grown_card()


def test_two_tables_at_once__stand_in_one_pull_request(hub: SandboxHub, truth: Truth, tmp_path: Path) -> None:
    answers = at_once(hub, tmp_path, 3, "--create-pr", tables=("2", "3"))
    assert [answer.err for answer in answers if answer.code] == []
    (number,) = truth.ours()
    card = truth.card(f"refs/pr/{number}")
    assert scores_in(card) == OWN_SCORES | LONG_CONTEXT
    assert without_index(card) == demo_card()
    description = truth.comments(number)[0].content
    assert [name for name in OWN_SCORES | LONG_CONTEXT if name.split(" (")[0] not in description] == []


def test_six_pushes_at_once__make_one_commit(hub: SandboxHub, truth: Truth, tmp_path: Path) -> None:
    commits = truth.commits("main")
    answers = at_once(hub, tmp_path, 6, "--apply", user="alice")
    assert [answer.err for answer in answers if answer.code] == []
    assert sorted(answer.json["status"] for answer in answers) == ["pushed", *["up-to-date"] * 5]
    assert truth.commits("main") == commits + 1
    assert scores_in(truth.card()) == OWN_SCORES
    assert without_index(truth.card()) == demo_card()
