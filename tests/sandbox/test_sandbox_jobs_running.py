"""What a job really runs: its command in its environment, and how all of it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi, Volume

from evalbot.sandbox.jobs.process import pids
from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from huggingface_hub import JobInfo

    from tests.sandbox.conftest import Api

SECRET = "not-to-be-seen-anywhere"
NEVER = float("inf")
needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked up in /proc")


@pytest.fixture(autouse=True)
def _ended(sandbox: SandboxHub) -> Iterator[None]:
    """No job outlives its test."""
    sandbox.jobs.grace = 0.5
    yield
    sandbox.jobs.close()


@pytest.fixture
def alice(api: Api) -> HfApi:
    return api["alice"]


def start(api: HfApi, *command: str, **options: Any) -> JobInfo:
    return api.run_job(image="python:3.12", command=list(command), namespace="alice", **options)


def finish(api: HfApi, job: JobInfo) -> JobInfo:
    return api.wait_for_job(job_id=job.id, namespace="alice", poll_interval=0.02, timeout=20)


def said(api: HfApi, job: JobInfo) -> list[str]:
    finish(api, job)
    return list(api.fetch_job_logs(job_id=job.id, namespace="alice"))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def in_stage(api: HfApi, job: JobInfo, stage: str) -> bool:
    return api.inspect_job(job_id=job.id, namespace="alice").status.stage == stage


def test_environment__is_the_jobs_own_and_nothing_of_the_sandboxs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_caller")
    with SandboxHub(tmp_path / "own", job_environment={"UV_OFFLINE": "1", "OURS": "base"}) as hub:
        api = HfApi(hub.endpoint, token=hub.tokens["alice"])
        show = "import json, os; print(json.dumps(dict(os.environ)))"
        job = start(
            api,
            sys.executable,
            "-c",
            show,
            env={"A": "1", "B": "env", "OURS": "job"},
            secrets={"B": "secret", "KEY": SECRET},
            flavor="l4x4",
        )
        seen = json.loads(said(api, job)[0])
    home, room = Path(seen.pop("HOME")), Path(seen.pop("TMPDIR"))
    assert home.parent == room.parent
    assert not home.exists()
    assert seen.pop("PATH") == os.environ["PATH"]
    seen.pop("LC_CTYPE", None)  # Python's own
    assert seen == {
        "LANG": "C.UTF-8",
        "HF_ENDPOINT": hub.endpoint,
        "UV_OFFLINE": "1",
        "OURS": "job",
        "A": "1",
        "B": "secret",
        "KEY": SECRET,
        "JOB_ID": job.id,
        "ACCELERATOR": "l4x4",
        "CPU_CORES": "48",
        "MEMORY": "186Gi",
    }


@pytest.mark.parametrize(
    ("command", "stage", "message"),
    [
        (["true"], "COMPLETED", None),
        (["sh", "-c", "exit 3"], "ERROR", "Job failed with exit code: 3. Reason: Error."),
        (["sh", "-c", "kill -9 $$"], "ERROR", "Job failed with exit code: 137. Reason: OOMKilled."),
        (["sh", "-c", "kill -11 $$"], "ERROR", "Job failed with exit code: 139. Reason: Error."),
        (["no-such-program-at-all"], "ERROR", "Job failed with exit code: 128. Reason: StartError."),
    ],
)
def test_end__is_told_in_the_hubs_words(alice: HfApi, command: list[str], stage: str, message: str | None) -> None:
    found = finish(alice, start(alice, *command))
    assert (found.status.stage, found.status.message) == (stage, message)


def test_output__of_both_streams_in_order_and_whatever_the_bytes(alice: HfApi) -> None:
    job = start(alice, "sh", "-c", r"echo one; echo two >&2; printf 'a\377\302\205b\n\n\rlast'")
    assert said(alice, job) == ["one", "two", "a\ufffd\x85b", "", "\rlast"]


def test_arguments__follow_the_command(sandbox: SandboxHub, alice: HfApi) -> None:
    job = start(alice, "printf", "%s,%s", "a b", "$HOME")
    assert said(alice, job) == ["a b,$HOME"]


def test_attempts__until_one_succeeds(alice: HfApi) -> None:
    alice.create_bucket("alice/b")
    count = "echo x >> /data/n; test $(wc -l < /data/n) -ge 2"
    volume = Volume(type="bucket", source="alice/b", mount_path="/data")
    found = finish(alice, start(alice, "sh", "-c", count, volumes=[volume], attempts=3))
    assert (found.status.stage, found.retry) == ("COMPLETED", 2)
    assert alice.bucket_info("alice/b").size == 4
    assert finish(alice, start(alice, "false", attempts=2)).status.stage == "ERROR"


def test_queue__holds_jobs_until_it_is_shorter(sandbox: SandboxHub, alice: HfApi) -> None:
    sandbox.jobs.queue_seconds = NEVER
    job = start(alice, "true")
    time.sleep(0.1)
    waiting = alice.inspect_job(job_id=job.id, namespace="alice")
    assert (waiting.status.stage, waiting.started_at) == ("SCHEDULING", None)
    assert waiting.durations is not None
    assert (waiting.durations.scheduling_secs, waiting.durations.running_secs) == (None, None)
    sandbox.jobs.queue_seconds = 0.0
    assert finish(alice, job).status.stage == "COMPLETED"


def test_cancel__in_the_queue(sandbox: SandboxHub, alice: HfApi) -> None:
    sandbox.jobs.queue_seconds = NEVER
    job = start(alice, "true")
    alice.cancel_job(job_id=job.id, namespace="alice")
    found = finish(alice, job)
    assert (found.status.stage, found.started_at) == ("CANCELED", None)
    assert said(alice, job) == []


@needs_proc
@pytest.mark.parametrize("ends", ["cancel", "timeout", "stop", "exit"])
def test_processes__all_end_with_the_job(sandbox: SandboxHub, alice: HfApi, tmp_path: Path, ends: str) -> None:
    """Also those in a session of their own, and those that ignore the polite way."""
    gate = tmp_path / "gate"
    script = (
        "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 60' & setsid sleep 60 & sleep 60 & "
        f"while ! test -e '{gate}'; do sleep 0.05; done"
    )
    job = start(alice, "sh", "-c", script, timeout=3 if ends == "timeout" else 60)
    until(lambda: len(pids(job.id)) >= 5)
    if ends == "exit":
        gate.touch()
    if ends == "cancel":
        alice.cancel_job(job_id=job.id, namespace="alice")
        assert in_stage(alice, job, "CANCELED")
    if ends == "stop":
        sandbox.jobs.close()
    assert sandbox.jobs.wait(sandbox.jobs.of("alice")[0], 10)
    assert pids(job.id) == []
    found = finish(alice, job)
    assert (found.status.stage, found.status.message) == {
        "cancel": ("CANCELED", None),
        "timeout": ("ERROR", "Job timed out after 3 seconds."),
        "stop": ("CANCELED", "The sandbox was stopped"),
        "exit": ("COMPLETED", None),
    }[ends]


@needs_proc
def test_sandbox_that_was_killed__leaves_no_job_to_the_next(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from evalbot.sandbox.server import SandboxHub; hub = SandboxHub(pathlib.Path("
        "sys.argv[1])); hub.start(); print(hub.endpoint, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "own")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        job = start(HfApi(first.stdout.readline().strip(), token="hf_sandbox_alice"), "sleep", "60")
        until(lambda: pids(job.id))
        first.kill()
    assert pids(job.id)
    assert list(Path(tempfile.gettempdir()).glob(f"*{job.id}*"))
    with SandboxHub(tmp_path / "own") as hub:
        assert pids(job.id) == []
        assert not list(Path(tempfile.gettempdir()).glob(f"*{job.id}*"))
        assert in_stage(HfApi(hub.endpoint, token="hf_sandbox_alice"), job, "CANCELED")


def test_cancel__leaves_time_to_write_what_is_there(sandbox: SandboxHub, alice: HfApi, tmp_path: Path) -> None:
    sandbox.jobs.grace = 10.0
    alice.create_bucket("alice/b", private=True)
    volume = Volume(type="bucket", source="alice/b", mount_path="/out")
    script = "trap 'echo partial > /out/results.json; exit 1' TERM; echo up; while :; do sleep 0.05; done"
    job = start(alice, "sh", "-c", script, volumes=[volume])
    until(lambda: len(sandbox.jobs.log(sandbox.jobs.of("alice")[0]).since(0)) == 2)
    alice.cancel_job(job_id=job.id, namespace="alice")
    assert sandbox.jobs.wait(sandbox.jobs.of("alice")[0], 10)
    alice.download_bucket_files("alice/b", [("results.json", tmp_path / "results.json")])
    assert (tmp_path / "results.json").read_text() == "partial\n"
    assert in_stage(alice, job, "CANCELED")


@needs_proc
def test_secrets__are_in_the_environment_and_in_no_command_line(alice: HfApi) -> None:
    job = start(alice, "sh", "-c", "echo up; sleep 60", secrets={"KEY": SECRET})
    until(lambda: pids(job.id))
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert any(b"sleep 60" in line for line in lines)
    assert not any(SECRET.encode() in line for line in lines)
    assert f"KEY={SECRET}".encode() in Path(f"/proc/{pids(job.id)[0]}/environ").read_bytes()
