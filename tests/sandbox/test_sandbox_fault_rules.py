"""Faults by rule: in a file, over HTTP, and what the newer ones do to an answer."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd

from evalbot.sandbox import fault_rules
from evalbot.sandbox.damage import PIECES
from evalbot.sandbox.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

TINY = "/api/models/alice/tiny"
CARD = "/alice/tiny/resolve/main/README.md"
AGENTS = "/api/agent-harnesses"
LAG = 3600.0
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("text", "The rules must be a list of objects"),
        (["text"], "Rule 1 must be an object"),
        ([{"path": ""}, {}], 'Rule 2: "path" is missing'),
        ({"path": "["}, 'Rule 1: "path" must be a regular expression'),
        ({"path": 1}, 'Rule 1: "path" must be a regular expression'),
        ({"path": "", "speed": 1}, 'Rule 1: unknown field "speed"; there are method, path, status'),
        ({"path": "", "method": "LOOK"}, 'Rule 1: "method" must be one of *, GET'),
        ({"path": "", "status": "500"}, 'Rule 1: "status" must be a status from 200 to 599'),
        ({"path": "", "status": 100}, 'Rule 1: "status" must be'),
        ({"path": "", "status": True}, 'Rule 1: "status" must be'),
        ({"path": "", "times": 0}, 'Rule 1: "times" must be a whole number, 1 to'),
        ({"path": "", "after": -1}, 'Rule 1: "after" must be'),
        ({"path": "", "after": 1.5}, 'Rule 1: "after" must be'),
        ({"path": "", "truncate": -1}, 'Rule 1: "truncate" must be a whole number of bytes'),
        ({"path": "", "drip": "slow"}, 'Rule 1: "drip" must be seconds, 0 to 3600'),
        ({"path": "", "lag": 1e9}, 'Rule 1: "lag" must be seconds'),
        ({"path": "", "delay": float("nan")}, 'Rule 1: "delay" must be seconds'),
        ({"path": "", "drop": "yes"}, 'Rule 1: "drop" must be true or false'),
        ({"path": "", "status": 500, "headers": ["a"]}, 'Rule 1: "headers" must be an object'),
        ({"path": "", "status": 500, "headers": {"a b": "c"}}, 'Rule 1: "headers" must be an object'),
        ({"path": "", "status": 500, "headers": {"a": "b\r\nc: d"}}, 'Rule 1: "headers" must be an object'),
        ({"path": "", "status": 500, "headers": {"a": [1]}}, 'Rule 1: "headers" must be an object'),
        ({"path": "", "status": 500, "content_type": "a\nb"}, 'Rule 1: "content_type" must be a text of one line'),
        ({"path": "", "body": "x"}, 'Rule 1: "body" needs "status"'),
        ({"path": "", "headers": {}}, 'Rule 1: "headers" needs "status"'),
        ({"path": "", "landed": True}, 'Rule 1: "landed" needs "status" or "drop"'),
        ({"path": "", "drop": True, "truncate": 5}, 'Rule 1: "truncate" cannot stand beside "drop"'),
        ({"path": "", "status": 500, "lag": 5}, 'Rule 1: "lag" cannot stand beside "status"'),
    ],
)
def test_bad_rule__is_refused_by_the_name_of_its_field(rule: Any, complaint: str) -> None:
    faults = Faults()
    with pytest.raises(fault_rules.BadRuleError) as caught:
        fault_rules.add(faults, rule)
    assert str(caught.value).startswith(complaint)
    assert faults.take("GET", "/anything") is None


def test_rules__are_all_added_or_none(sandbox: SandboxHub) -> None:
    with pytest.raises(fault_rules.BadRuleError):
        fault_rules.add(sandbox.faults, [{"path": "", "status": 500}, {"path": "", "status": 5}])
    assert sandbox.faults.take("GET", "/") is None


@pytest.mark.parametrize(
    "text",
    [
        "- path: agent\n  status: 503\n  headers: {Retry-After: 2}\n  body: {error: Later}\n",
        '[\n\t{"path": "agent", "status": 503, "headers": {"Retry-After": "2"}, "body": {"error": "Later"}}\n]',
        "{method: get, path: agent, status: 503, headers: {Retry-After: 2}, body: {error: Later}}",
    ],
)
def test_rules__in_yaml_and_json(sandbox: SandboxHub, raw: Raw, text: str) -> None:
    assert fault_rules.add(sandbox.faults, fault_rules.read(text)) == 1
    answer = raw("GET", AGENTS)
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (503, "2", {"error": "Later"})
    assert raw("GET", AGENTS).status_code == 200


def test_after__lets_the_first_ones_pass(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.faults.add("GET", "agent", status=500, after=2, times=2)
    sandbox.faults.add("GET", "agent", status=418, after=1)
    assert [raw("GET", AGENTS).status_code for _ in range(6)] == [200, 418, 500, 500, 200, 200]


@pytest.mark.parametrize(("keep", "arrives"), [(0, 0), (10, 10), (10_000, None)])
def test_truncate__announces_all_and_sends_less(
    sandbox: SandboxHub, tiny: str, card: bytes, keep: int, arrives: int | None
) -> None:
    sandbox.faults.add("GET", "README", truncate=keep)
    got = b""
    with httpx2.Client(base_url=sandbox.endpoint) as client, client.stream("GET", CARD) as answer:
        assert (answer.status_code, int(answer.headers["content-length"])) == (200, len(card))
        if arrives is None:
            assert answer.read() == card
            return
        with pytest.raises(httpx2.RemoteProtocolError):  # noqa: PT012 - what came before the end counts as well
            for piece in answer.iter_raw():
                got += piece
    assert got == card[:arrives]


def test_truncate__of_a_replaced_answer(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.faults.add("GET", "agent", status=200, body={"standardEnvVars": []}, truncate=5)
    with pytest.raises(httpx2.RemoteProtocolError):
        raw("GET", AGENTS)
    assert [record.status for record in sandbox.log] == [200]


def test_drip__sends_the_whole_answer_slowly(sandbox: SandboxHub, tiny: str, card: bytes) -> None:
    pause = 0.02
    sandbox.faults.add("GET", "README", drip=pause)
    start = time.monotonic()
    answer = httpx2.get(sandbox.endpoint + CARD, timeout=5)
    assert (answer.content, answer.status_code) == (card, 200)
    assert time.monotonic() - start >= pause * (PIECES - 2)


def _add(path: str, content: bytes = b"new") -> list[CommitOperationAdd]:
    return [CommitOperationAdd(path, content)]


READS: dict[str, Callable[[Raw], object]] = {
    "head": lambda raw: raw("HEAD", CARD).headers["x-repo-commit"],
    "file": lambda raw: raw("GET", CARD).text,
    "info": lambda raw: raw("GET", TINY).json()["sha"],
    "expanded": lambda raw: raw("GET", f"{TINY}?expand=sha").json()["sha"],
    "results": lambda raw: raw("GET", f"{TINY}?expand=evalResults").json()["evalResults"],
    "tree": lambda raw: raw("GET", f"{TINY}/tree/main").json(),
    "paths": lambda raw: raw("POST", f"{TINY}/paths-info/main", json={"paths": ["new.txt"]}).json(),
    "refs": lambda raw: raw("GET", f"{TINY}/refs?include_prs=1").json(),
    "history": lambda raw: raw("GET", f"{TINY}/commits/main").json(),
    "discussions": lambda raw: raw("GET", f"{TINY}/discussions").json()["count"],
    "details": lambda raw: raw("GET", f"{TINY}/discussions/2").status_code,
    "pull request": lambda raw: raw("HEAD", "/alice/tiny/resolve/refs%2Fpr%2F2/README.md").status_code,
    "board": lambda raw: [row["value"] for row in raw("GET", "/api/datasets/alice/words/leaderboard").json()],
}


@pytest.mark.parametrize("read", READS)
def test_lag__reads_what_was_there_before(sandbox: SandboxHub, tiny: str, api: Api, raw: Raw, read: str) -> None:
    sandbox.create_repo("alice/words", files={"eval.yaml": b"tasks: [{id: a}]"}, repo_type="dataset")
    before = READS[read](raw)
    api["alice"].create_commit(
        "alice/tiny", [*_add("new.txt"), *_add("README.md", b"---\nlicense: mit\n---\n")], commit_message="Change"
    )
    api["bob"].create_discussion("alice/tiny", title="Talk")
    result = _add(".eval_results/a.yaml", b"- dataset: {id: alice/words, task_id: a}\n  value: 1\n")
    api["bob"].create_commit("alice/tiny", result, commit_message="Results", create_pr=True)
    sandbox.faults.add("*", "", lag=LAG)
    assert READS[read](raw) == before
    assert READS[read](raw) != before


def test_lag__of_an_edited_closed_renamed_and_merged_pull_request(
    sandbox: SandboxHub, tiny: str, api: Api, raw: Raw
) -> None:
    api["bob"].create_commit("alice/tiny", _add("a.txt"), commit_message="First", create_pr=True)
    url = f"{TINY}/discussions/1"
    before = raw("GET", url).json()
    time.sleep(0.3)
    first = before["events"][0]["id"]
    api["bob"].rename_discussion("alice/tiny", 1, new_title="Second")
    api["bob"].edit_discussion_comment("alice/tiny", 1, first, new_content="Edited")
    api["alice"].merge_pull_request("alice/tiny", 1)
    assert raw("GET", url).json()["status"] == "merged"
    for age in range(3, 300):  # in steps of a tenth of a second, back to before the changes
        sandbox.faults.add("GET", "/discussions/1", lag=age / 10)
        then = raw("GET", url).json()
        if then.get("title") == "First":
            break
    assert then == before


def test_lag__writes_are_never_late(sandbox: SandboxHub, tiny: str, api: Api) -> None:
    first = api["alice"].create_commit("alice/tiny", _add("a.txt"), commit_message="First")
    sandbox.faults.add("POST", "/(commit|preupload)/", lag=LAG, times=2)
    second = api["alice"].create_commit("alice/tiny", _add("b.txt"), commit_message="Next", parent_commit=first.oid)
    assert api["bob"].list_repo_commits("alice/tiny")[1].commit_id == first.oid != second.oid


def test_lag__reaches_back_no_further_than_asked(sandbox: SandboxHub, tiny: str, api: Api, raw: Raw) -> None:
    made = api["alice"].create_commit("alice/tiny", _add("a.txt"), commit_message="First")
    time.sleep(0.05)
    sandbox.faults.add("GET", TINY, lag=0.01)
    assert raw("GET", TINY).json()["sha"] == made.oid


def test_admin__adds_and_clears_rules_and_shows_the_log(sandbox: SandboxHub, raw: Raw) -> None:
    rules = [{"path": "", "status": 500, "times": 9}, {"path": "agent", "status": 501}]
    answer = raw("POST", "/_sandbox/faults", json=rules)
    assert (answer.status_code, answer.json()) == (200, {"added": 2})
    assert raw("GET", AGENTS).status_code == 500
    assert raw("DELETE", "/_sandbox/faults").status_code == 200
    assert raw("GET", AGENTS, "bob").status_code == 200
    log = raw("GET", "/_sandbox/log").json()
    assert [(each["method"], each["path"], each["status"], each["user"]) for each in log] == [
        ("GET", AGENTS, 500, None),
        ("GET", AGENTS, 200, "bob"),
    ]


@pytest.mark.parametrize(
    ("content", "headers", "status", "complaint"),
    [
        ('{"path": "", "status": 5}', JSON, 400, 'Rule 1: "status" must be a status from 200 to 599'),
        ("[", JSON, 400, "The rules are neither JSON nor YAML"),
        ("", JSON, 400, "The rules must be a list of objects"),
        ("[]", {"Content-Type": "text/plain"}, 415, "Send the rules with the header Content-Type"),
        ("[]", {**JSON, "Host": "evil.example"}, 403, "Forbidden: ask for this as http://127.0.0.1"),
    ],
)
def test_admin__refuses(raw: Raw, content: str, headers: dict[str, str], status: int, complaint: str) -> None:
    answer = raw("POST", "/_sandbox/faults", content=content.encode(), headers=headers)
    assert (answer.status_code, answer.json()["error"][: len(complaint)]) == (status, complaint)


def _serve(folder: Path, faults: Path) -> list[str]:
    where = ["--dir", str(folder / "hub"), "--port", "0"]
    return [sys.executable, "-m", "evalbot", "sandbox", "serve", *where, "--faults", str(faults)]


def test_serve__with_a_file_of_faults(tmp_path: Path) -> None:
    rules = tmp_path / "faults.yaml"
    rules.write_text("- path: agent\n  status: 503\n  after: 1\n")
    with subprocess.Popen(_serve(tmp_path, rules), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().split()[1]
        statuses = [httpx2.get(endpoint + AGENTS).status_code for _ in range(3)]
        process.terminate()
        process.communicate(timeout=10)
    assert statuses == [200, 503, 200]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"- {path: x, status: 5}", 'Rule 1: "status" must be'), (b"", "must be a list"), (b"\xff", "not text in UTF-8")],
)
def test_serve__bad_faults_are_a_usage_error(tmp_path: Path, content: bytes, complaint: str) -> None:
    rules = tmp_path / "faults.yaml"
    rules.write_bytes(content)
    done = subprocess.run(_serve(tmp_path, rules), capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "faults.yaml" in done.stderr
