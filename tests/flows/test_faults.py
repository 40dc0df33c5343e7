"""Every fault of the Hub at every place it can strike: one pull request, the card's bytes, a plain answer, in time.

Afterwards the truth is read with the faults gone, and one more run has to heal what was left undone.
"""

from __future__ import annotations

import itertools
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Literal

import pytest
import stamina

from evalbot import flows, own_pull_request
from evalbot.demo import REPO_ID, demo_card
from evalbot.sandbox.faults import OUT_OF_QUOTA
from evalbot.sandbox.server import SandboxHub
from tests.flows.conftest import Evalbot, Run
from tests.flows.truth import NEW_SCORE, OWN_SCORES, Truth, grown_card, scores_in, without_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Kind = Literal["passes", "garbles", "fails", "denies"]
Place = Literal[
    "whoami", "card", "list", "own card", "details", "commit", "comment", "edit", "summary", "status", "title"
]
Journey = Literal["fresh", "again", "update", "draft", "conflict"]

PLACES: dict[Place, tuple[str, str, int]] = {
    "whoami": ("GET", "/api/whoami-v2$", 0),
    "card": ("GET", "/resolve/main/README.md$", 0),
    "list": ("GET", "/discussions$", 0),
    "own card": ("GET", "/resolve/refs/pr/1/README.md$", 0),
    "details": ("GET", "/discussions/1$", 0),
    "commit": ("POST", "/commit/", 0),
    "comment": ("POST", "/comment$", 0),
    "edit": ("POST", "/edit$", 0),
    "summary": ("POST", "/edit$", 1),
    "status": ("POST", "/status$", 0),
    "title": ("POST", "/title$", 0),
}
"""Method, path, and how many such requests pass before the one that is struck."""
STRUCK: dict[Journey, tuple[Place, ...]] = {
    # Who we are and what main says is asked in the same way on every journey.
    "fresh": ("whoami", "card", "list", "commit", "comment"),
    "again": ("card", "list", "own card"),
    "update": ("list", "own card", "details", "commit", "edit", "summary"),
    "draft": ("status", "comment"),
    "conflict": ("title", "status"),
}
READS: frozenset[Place] = frozenset({"whoami", "card", "list", "own card", "details"})
AFTERWARDS: frozenset[tuple[Journey, Place]] = frozenset(
    {("fresh", "comment"), ("draft", "comment"), ("draft", "status")}
)
"""What is done once the scores are in: where it fails, the run has a warning and the next run does it."""


@dataclass(frozen=True)
class Struck:
    """A fault and what kind it is.

    One that `passes` costs another request and no more; one that `garbles` spoils one answer so that nobody knows
    what was done; one that `fails` lasts; one that `denies` says no, with the exit code that says so.
    """

    kind: Kind
    rule: dict[str, Any]
    code: int = 0
    timeout: float = 8
    silence: float = 0
    """Seconds before the server says anything."""
    only: frozenset[Place] = field(default_factory=lambda: frozenset(PLACES))


PROPOSE = ("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--create-pr", "--json")
LASTING = {"times": 99}
HTML = {"status": 200, "body": "<html>A proxy was here</html>", "content_type": "text/html"}
WRITES = frozenset(PLACES) - READS
ONE_OF_EACH_KIND: frozenset[Place] = frozenset({"list", "commit", "comment", "edit"})
"""A call that only reads, one that must not be repeated, and one that may: for faults that differ in wording alone."""
A_YEAR = {"Retry-After": str(365 * 24 * 3600)}
FAULTS: dict[str, Struck] = {
    "500 then an answer": Struck("passes", {"status": 500}),
    "503 twice": Struck("passes", {"status": 503, "times": 2}),
    "502 though it was done": Struck("passes", {"status": 502, "landed": True}, only=WRITES),
    "429 with seconds": Struck("passes", {"status": 429, "headers": {"Retry-After": "1"}}),
    "429 with a date": Struck("passes", {"status": 429, "headers": {"Retry-After": "a date"}}, only=ONE_OF_EACH_KIND),
    "429 with a negative wait": Struck(
        "passes", {"status": 429, "headers": {"Retry-After": "-5"}}, only=ONE_OF_EACH_KIND
    ),
    "429 with no wait": Struck("passes", {"status": 429}, only=ONE_OF_EACH_KIND),
    "429 with an empty window": Struck("passes", {"status": 429, "headers": OUT_OF_QUOTA}),
    "cut before": Struck("passes", {"drop": True}),
    "cut afterwards": Struck("passes", {"drop": True, "landed": True}, only=WRITES),
    "truncated": Struck("passes", {"truncate": 5}),
    "drips": Struck("passes", {"drip": 0.01}),
    "HTML": Struck("garbles", HTML),
    "HTML though it was done": Struck("garbles", {**HTML, "landed": True}, only=WRITES),
    "JSON of another kind": Struck("garbles", {"status": 200, "body": [1]}),
    "JSON too deep": Struck("garbles", {"status": 200, "body": "[" * 100_000}, only=ONE_OF_EACH_KIND),
    "JSON of another kind though it was done": Struck(
        "garbles", {"status": 200, "body": [1], "landed": True}, only=WRITES
    ),
    "an answer too long": Struck("garbles", {"status": 200, "body": b" " * 5_000_000}),
    "to another host": Struck("garbles", {"status": 302, "headers": {"Location": "http://127.0.0.1:9/elsewhere"}}),
    "to another scheme": Struck("garbles", {"status": 307, "headers": {"Location": "https://127.0.0.1/elsewhere"}}),
    "500 for ever": Struck("fails", {"status": 500, **LASTING}),
    "HTML for ever": Struck("fails", {**HTML, **LASTING}),
    "cut for ever": Struck("fails", {"drop": True, **LASTING}),
    "429 for a year": Struck("fails", {"status": 429, "headers": A_YEAR, **LASTING}),
    "in circles": Struck("fails", {"status": 307, "headers": {"Location": "?again"}, **LASTING}),
    "drips for ever": Struck("fails", {"drip": 0.7, **LASTING}, timeout=1),
    "says nothing": Struck(
        "fails",
        {"drop": True, **LASTING},
        timeout=1,
        silence=1.3,
        only=frozenset({"whoami", "card", "list", "commit", "comment"}),
    ),
    "401": Struck("denies", {"status": 401, **LASTING}, code=7),
    "403": Struck("denies", {"status": 403, **LASTING}, code=7),
    "400": Struck("denies", {"status": 400, **LASTING}, code=10, only=frozenset({"commit"})),
    "404": Struck("denies", {"status": 404, **LASTING}, code=3, only=frozenset({"card", "list", "details", "commit"})),
    "409 once": Struck("passes", {"status": 409}, only=frozenset({"commit"})),
    "412 once": Struck("passes", {"status": 412}, only=frozenset({"commit"})),
    "409 for ever": Struck("fails", {"status": 409, **LASTING}, only=frozenset({"commit"})),
    "412 for ever": Struck("fails", {"status": 412, **LASTING}, only=frozenset({"commit"})),
    "pages that do not add up": Struck(
        "fails",
        {"status": 200, "body": {"discussions": [], "count": 5, "start": 0}, **LASTING},
        only=frozenset({"list"}),
    ),
    "no such revision": Struck(
        "denies",
        {"status": 404, "headers": {"X-Error-Code": "RevisionNotFound"}, **LASTING},
        code=5,
        only=frozenset({"own card"}),
    ),
    "a list from before": Struck("passes", {"lag": 60}, only=frozenset({"list"})),
    "two lists from before": Struck("passes", {"lag": 60, "times": 2}, only=frozenset({"list"})),
}
CASES = [
    pytest.param(journey, place, FAULTS[fault], id=f"{journey}-{place}-{fault}")
    for fault, (journey, places) in itertools.product(FAULTS, STRUCK.items())
    for place in places
    if place in FAULTS[fault].only
]


CONFLICTING = grown_card().replace(b"version: 1.10\n", b"version: 1.11\n")
"""A card with another line where our pull request adds its own."""


@dataclass(frozen=True)
class Case:
    """One repository in the state that a journey begins with."""

    truth: Truth
    evalbot: Evalbot

    def run(self, timeout: float = 60) -> Run:
        arguments = ("--repo-id", self.truth.repo_id, "--table", "2", "--model-name", "Aurora-7B-Instruct")
        return self.evalbot("extract-readme", *arguments, "--create-pr", "--json", "--timeout", str(timeout))

    def begin(self, journey: Journey) -> None:
        if journey == "draft":
            self._draft()
        elif journey != "fresh":
            assert self.run().json["status"] == "proposed"
        if journey == "update":
            self.truth.upload(grown_card())
        if journey == "conflict":
            self.truth.upload(CONFLICTING)

    def _draft(self) -> None:
        """Our pull request as an interrupted run may leave it: the scores are in, and it is still a draft."""
        assert self.run().json["status"] == "proposed"
        card, bob = self.truth.card("refs/pr/1"), self.truth.api("bob")
        description = self.truth.comments(1)[0].content
        title = bob.get_discussion_details(self.truth.repo_id, 1).title
        bob.rename_discussion(self.truth.repo_id, 1, "Superseded: an old one")
        bob.change_discussion_status(self.truth.repo_id, 1, "closed")
        bob.create_pull_request(self.truth.repo_id, title, description=description)
        self.truth.upload(card, "bob", revision="refs/pr/2")

    def strike(self, place: Place, rule: dict[str, Any], silence: float) -> list[float]:
        """Add a fault at a place, with the date that only now is known. The list is of the moments it was met."""
        met: list[float] = []

        def meet() -> None:
            met.append(time.monotonic())
            time.sleep(silence)

        method, path, after = PLACES[place]
        headers = dict(rule.get("headers", {}))
        if headers.get("Retry-After") == "a date":
            headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
        self.truth.hub.faults.add(method, path, before=meet, **{"after": after, **rule, "headers": headers})
        return met


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHub]:
    """One for all cases, which have a repository each."""
    folder = tmp_path_factory.mktemp("shared") / "hub"
    with SandboxHub(folder) as running:
        yield running


_numbers = itertools.count(1)


@pytest.fixture
def case(
    shared_hub: SandboxHub,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Case]:
    """Nothing is waited for here: retries and second readings follow at once, and a pull request is settled at once.

    That they wait as they should is tested in unit/hub.
    """
    repo_id = f"alice/Case-{next(_numbers)}"
    shared_hub.create_repo(repo_id, files={"README.md": demo_card()})
    monkeypatch.chdir(tmp_path)
    # Each client reads all the world's certificates, which takes longer than its requests; none of them uses TLS.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_args, **_options: None)
    monkeypatch.setattr(flows, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(own_pull_request, "SETTLED_AFTER", -10.0)
    with stamina.set_testing(True, attempts=4):
        yield Case(Truth(shared_hub, shared_hub._data_dir, repo_id), Evalbot(capsys, monkeypatch, shared_hub))  # noqa: SLF001
    shared_hub.faults.clear()


def expected_code(journey: Journey, place: Place, fault: Struck) -> int:
    """0 where trying again, or looking what was done, helps; where only a comment is missing; else what went wrong."""
    if fault.kind == "passes" or (journey, place) in AFTERWARDS:
        return 0
    if fault.kind == "garbles":
        return 0 if place == "commit" else 8
    return 8 if fault.kind == "fails" else fault.code


@pytest.mark.parametrize(("journey", "place", "fault"), CASES)
def test_fault__one_pull_request_every_byte_a_plain_answer__and_the_next_run_heals(
    case: Case, journey: Journey, place: Place, fault: Struck
) -> None:
    case.begin(journey)
    main = case.truth.card()
    met = case.strike(place, fault.rule, fault.silence)
    started = time.monotonic()
    done = case.run(fault.timeout)
    took = time.monotonic() - started
    case.truth.hub.faults.clear()

    assert met, "a fault that nothing met tests nothing"
    assert (done.code, done.json["status"] == "bug") == (expected_code(journey, place, fault), False), done.err
    assert took < fault.timeout + 2
    assert_truthful(case.truth, journey, main)

    healed = case.run()
    assert healed.code == 0, healed.err
    assert_truthful(case.truth, journey, main)
    (number,) = case.truth.ours()
    assert scores_in(case.truth.card(f"refs/pr/{number}")) == wanted(journey)
    assert_told(case.truth, number, journey)


def wanted(journey: Journey) -> dict[str, str]:
    return OWN_SCORES | NEW_SCORE if journey in ("update", "conflict") else OWN_SCORES


def assert_truthful(truth: Truth, journey: Journey, main: bytes) -> None:
    """Whatever happened: at most one open pull request of ours, no wrong value, and no byte touched around them."""
    numbers = truth.ours()
    assert len(numbers) <= 1
    assert truth.card() == main
    for number in numbers:
        card = truth.card(f"refs/pr/{number}")
        assert without_index(card) in (demo_card(), main)
        assert scores_in(card).items() <= wanted(journey).items()


def assert_told(truth: Truth, number: int, journey: Journey) -> None:
    """Its page is complete: open, a description of every score, and one comment of ours."""
    assert [each.status for each in truth.pull_requests() if each.num == number] == ["open"]
    description, *comments = [each.content for each in truth.comments(number)]
    assert [name for name in wanted(journey) if "| " + name.split(" (")[0] not in description] == []
    assert len(comments) <= 1


def test_wait__that_is_asked_for__is_waited_and_announced(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.faults.add("GET", "/discussions$", status=429, headers={"Retry-After": "1"})
    started = time.monotonic()
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"]) == (0, "proposed")
    assert time.monotonic() - started >= 1
    assert "Waiting 1 s: the Hub answered 429 and asks for it." in done.err


@pytest.mark.parametrize(("wait", "said"), [("1", "more than the 2 seconds"), (A_YEAR["Retry-After"], "asks to wait")])
def test_wait__longer_than_the_command_may_take__ends_it_with_the_reason(
    evalbot: Evalbot, hub: SandboxHub, wait: str, said: str
) -> None:
    hub.faults.add("GET", "/discussions$", status=429, headers={"Retry-After": wait}, times=9)
    started = time.monotonic()
    done = evalbot(*PROPOSE, "--timeout", "2")
    assert (done.code, said in done.err) == (8, True), done.err
    assert time.monotonic() - started < 4
