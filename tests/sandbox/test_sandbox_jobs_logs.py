"""The log of a job as server-sent events, for readers who stay, come back, look once, or leave."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from evalbot.sandbox.jobs import log as logs
from evalbot.sandbox.jobs.log import JobLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from huggingface_hub import HfApi, JobInfo

    from evalbot.sandbox.jobs.job import Job
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

STARTED = "===== Job started at "
LINES = [f"line {number}" for number in range(30)]
COUNT = "for i in $(seq 0 29); do echo line $i; done"
NEVER = float("inf")


@pytest.fixture(autouse=True)
def _ended(sandbox: SandboxHub) -> Iterator[None]:
    """No job outlives its test."""
    sandbox.jobs.grace = 0.5
    yield
    sandbox.jobs.close()


@pytest.fixture
def alice(api: Api) -> HfApi:
    return api["alice"]


def start(api: HfApi, script: str) -> JobInfo:
    return api.run_job(image="python:3.12", command=["sh", "-c", script], namespace="alice")


def finish(api: HfApi, job: JobInfo) -> JobInfo:
    return api.wait_for_job(job_id=job.id, namespace="alice", poll_interval=0.02, timeout=20)


def path(job: JobInfo, what: str = "logs") -> str:
    return f"/api/jobs/alice/{job.id}/{what}"


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_logs__of_a_finished_job_are_all_there_again_and_again(alice: HfApi, raw: Raw) -> None:
    job = start(alice, COUNT)
    finish(alice, job)
    first, second = raw("GET", path(job), "alice"), raw("GET", path(job), "alice")
    assert first.headers["content-type"].startswith("text/event-stream")
    assert first.content == second.content
    found = events(first.text)
    assert found[0]["data"].startswith(STARTED)
    assert [event["data"] for event in found[1:]] == LINES
    assert all(set(event) == {"data", "timestamp"} and event["timestamp"].endswith("Z") for event in found)
    assert first.text.startswith(f"data: {json.dumps(found[0], separators=(',', ':'))}\n\ndata: ")


def test_date__is_never_older_than_this_second(raw: Raw) -> None:
    """By it the client knows which lines were there when it asked; it would leave out the others."""
    for _ in range(40):
        before = int(time.time())
        answer = raw("GET", "/api/jobs/hardware")
        assert before <= parsedate_to_datetime(answer.headers["date"]).timestamp() <= time.time()
        time.sleep(0.03)


def test_logs__arrive_while_the_job_runs(alice: HfApi, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job = start(alice, f"echo first; while ! test -e '{gate}'; do sleep 0.02; done; echo second")
    seen = []
    for line in alice.fetch_job_logs(job_id=job.id, namespace="alice", follow=True):
        seen.append(line)
        stage = alice.inspect_job(job_id=job.id, namespace="alice").status.stage
        if line == "first":
            assert stage == "RUNNING"
            gate.touch()
    assert seen == ["first", "second"]


@pytest.mark.parametrize(("tail", "expected"), [(0, []), (2, LINES[-2:]), (500, LINES)])
def test_tail__is_the_last_lines_after_the_first(alice: HfApi, raw: Raw, tail: int, expected: list[str]) -> None:
    job = start(alice, COUNT)
    finish(alice, job)
    found = [event["data"] for event in events(raw("GET", f"{path(job)}?tail={tail}", "alice").text)]
    assert found[0].startswith(STARTED)
    assert found[1:] == expected
    assert list(alice.fetch_job_logs(job_id=job.id, namespace="alice", tail=tail)) == expected


def test_tail__that_is_no_number_is_refused(alice: HfApi, raw: Raw) -> None:
    job = start(alice, COUNT)
    assert raw("GET", f"{path(job)}?tail=x", "alice").status_code == 400


def test_keep_alive__is_said_while_there_is_nothing_to_say(sandbox: SandboxHub, alice: HfApi, raw: Raw) -> None:
    sandbox.jobs.keep_alive, sandbox.jobs.queue_seconds = 0.05, NEVER
    job = start(alice, "true")
    with httpx2.stream("GET", sandbox.endpoint + path(job), headers=_authorised(sandbox), timeout=5) as answer:
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(4)] == [": keep-alive", "", ": keep-alive", ""]
        sandbox.jobs.queue_seconds = 0.0
        assert any(STARTED in line for line in lines)


def _authorised(sandbox: SandboxHub) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.tokens['alice']}"}


@pytest.mark.parametrize("fault", [{"truncate": 0}, {"truncate": 150}, {"truncate": 250}, {"drop": True}])
def test_dropped_stream__the_client_comes_back_and_has_each_line_once(
    sandbox: SandboxHub, alice: HfApi, tmp_path: Path, fault: dict[str, Any]
) -> None:
    """The job goes on, and waits until the second stream is asked for: the first one ends because it is cut."""
    gate = tmp_path / "gate"
    script = f"echo a; echo b; echo c; echo d; while ! test -e '{gate}'; do sleep 0.02; done; echo e"
    sandbox.faults.add("GET", "/logs$", before=lambda: time.sleep(0.2), **fault)
    sandbox.faults.add("GET", "/logs$", before=gate.touch)
    job, before = start(alice, script), time.monotonic()
    found = list(alice.fetch_job_logs(job_id=job.id, namespace="alice", follow=True))
    assert found == ["a", "b", "c", "d", "e"]
    assert time.monotonic() - before < 30  # a stream that is not cut would end after 120 seconds of silence
    assert sum(record.path.endswith("/logs") for record in sandbox.log) == 2


def test_drip__slows_the_stream_and_loses_nothing(sandbox: SandboxHub, alice: HfApi, raw: Raw) -> None:
    job = start(alice, "echo a; echo b")
    finish(alice, job)
    sandbox.faults.add("GET", "/logs$", drip=0.005)
    assert [event["data"] for event in events(raw("GET", path(job), "alice").text)][1:] == ["a", "b"]


def test_error__instead_of_the_log(sandbox: SandboxHub, alice: HfApi, raw: Raw) -> None:
    job = start(alice, "true")
    sandbox.faults.add("GET", "/logs$", status=503)
    assert raw("GET", path(job), "alice").status_code == 503


def test_reader_who_leaves__is_not_written_to_any_more(
    sandbox: SandboxHub, alice: HfApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.jobs.queue_seconds = NEVER
    looks: list[str] = []

    def look(job: Job) -> bool:
        looks.append(job.id)
        return False

    monkeypatch.setattr(sandbox.jobs, "is_quiet", look)
    job = start(alice, "true")
    with httpx2.stream("GET", sandbox.endpoint + path(job), headers=_authorised(sandbox), timeout=5):
        until(lambda: len(looks) > 2)
    before = -1
    while before != len(looks):  # several looks in this time, as long as there are any
        before = len(looks)
        time.sleep(0.2)
        assert before < 100


def test_stop__ends_the_streams_too(sandbox: SandboxHub, alice: HfApi, raw: Raw) -> None:
    job = start(alice, "echo up; sleep 60")
    until(lambda: len(sandbox.jobs.log(sandbox.jobs.of("alice")[0]).since(0)) == 2)
    sandbox.faults.add("GET", "/logs$", before=sandbox.jobs.close)
    assert [event["data"] for event in events(raw("GET", path(job), "alice").text)][1:] == ["up"]


def test_events__are_the_stages(alice: HfApi, raw: Raw) -> None:
    job = start(alice, "exit 1")
    found = events(raw("GET", path(job, "events"), "alice").text)
    assert [event["stage"] for event in found] == ["SCHEDULING", "RUNNING", "ERROR"]


def test_metrics__while_it_runs_and_406_afterwards(alice: HfApi, raw: Raw) -> None:
    job = start(alice, "sleep 60")
    sample = next(iter(alice.fetch_job_metrics(job_id=job.id, namespace="alice")))
    assert sample["memory_total_bytes"] == 16 * 1024**3
    assert 0 <= sample["memory_used_bytes"] < sample["memory_total_bytes"]
    alice.cancel_job(job_id=job.id, namespace="alice")
    assert raw("GET", path(job, "metrics"), "alice").status_code == 406
    assert list(alice.fetch_job_metrics(job_id=job.id, namespace="alice", follow=True)) == []


def test_log__is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MOST_CHARACTERS", 10)
    kept = JobLog(tmp_path / "log.jsonl")
    for text in ("12345", "67890", "more", "and more"):
        kept.add(text)
    assert [line.text for line in kept.since(0)] == ["12345", "67890", "[the sandbox keeps no more of this log]"]
    assert JobLog(tmp_path / "log.jsonl").since(1) == kept.since(1)


def test_log__of_many_lines_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MOST_LINES", 2)
    kept = JobLog(tmp_path / "log.jsonl")
    for _ in range(9):
        kept.add("x")
    assert len(kept.since(0)) == 3


def test_log__half_a_line_in_its_file_is_passed_over(tmp_path: Path) -> None:
    JobLog(tmp_path / "log.jsonl").add("a\u2028b\x85c")
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"data":"cut')
    assert [line.text for line in JobLog(tmp_path / "log.jsonl").since(0)] == ["a\u2028b\x85c"]


def test_long_line__comes_in_pieces(alice: HfApi, raw: Raw) -> None:
    job = start(alice, "head -c 150000 /dev/zero | tr '\\0' x; echo; echo end")
    finish(alice, job)
    found = [event["data"] for event in events(raw("GET", path(job), "alice").text)][1:]
    assert [len(text) for text in found] == [logs.LONGEST_LINE, logs.LONGEST_LINE, 150_000 - 2 * logs.LONGEST_LINE, 3]
