"""The wire API of jobs: what is asked, answered and refused. What is run is test_sandbox_jobs_running.py's."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi, JobHardware
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, JobNotFoundError

from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from huggingface_hub import JobInfo

    from tests.sandbox.conftest import Api, Raw

JOBS = "/api/jobs/alice"
SECRET = "not-to-be-seen-anywhere"
BODY: dict[str, Any] = {"command": ["true"], "dockerImage": "python:3.12", "flavor": "cpu-basic"}
NEVER = float("inf")


@pytest.fixture(autouse=True)
def _ended(sandbox: SandboxHub) -> Iterator[None]:
    """No job outlives its test."""
    sandbox.jobs.grace = 0.5
    yield
    sandbox.jobs.close()


def start(api: HfApi, command: str = "true", namespace: str = "alice", **options: Any) -> JobInfo:
    return api.run_job(image="python:3.12", command=["sh", "-c", command], namespace=namespace, **options)


def finish(api: HfApi, job: JobInfo) -> JobInfo:
    return api.wait_for_job(job_id=job.id, namespace=job.owner.name, poll_interval=0.02, timeout=20)


def secret_names(job: JobInfo) -> list[str]:
    """The client calls them a dictionary; the Hub sends a list."""
    return list(job.secrets or [])


def test_run__answers_what_was_asked_and_the_names_of_the_secrets(api: Api) -> None:
    job = start(
        api["alice"],
        env={"A": "1"},
        secrets={"KEY": SECRET},
        flavor="t4-small",
        timeout="90m",
        labels={"run": "r1"},
        attempts=2,
    )
    assert (job.status.stage, job.status.message, job.flavor, job.retry) == ("SCHEDULING", None, "t4-small", 1)
    assert (job.docker_image, job.command, job.environment) == ("python:3.12", ["sh", "-c", "true"], {"A": "1"})
    assert secret_names(job) == ["KEY"]
    assert job.labels is not None
    assert job.labels["run"] == "r1"
    assert re.fullmatch(r"python-3-12-[0-9a-f]{8}", job.labels["name"])
    assert job.initiator is not None
    assert (job.owner.name, job.owner.type, job.initiator.type, job.initiator.name) == (
        "alice",
        "user",
        "user",
        "alice",
    )
    assert (job.started_at, job.finished_at) == (None, None)
    assert re.fullmatch("[0-9a-f]{24}", job.id)


def test_inspect__a_finished_job_has_its_times(api: Api) -> None:
    job = finish(api["alice"], start(api["alice"], "sleep 1.1"))
    assert job.status.stage == "COMPLETED"
    assert job.status.message is None
    assert job.created_at is not None
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.created_at <= job.started_at < job.finished_at
    assert job.durations is not None
    lasted = (job.finished_at - job.started_at).total_seconds()
    assert job.durations.running_secs == pytest.approx(lasted, abs=1.0)
    assert (job.durations.running_secs or 0) >= 1
    assert job.durations.scheduling_secs is not None


def test_name__is_given_where_the_client_gave_none(raw: Raw) -> None:
    made = raw("POST", JOBS, "alice", json=BODY).json()
    assert re.fullmatch(r"python-3-12-[0-9a-f]{8}", made["labels"]["name"])


def test_run__in_an_organisation(api: Api) -> None:
    job = start(api["alice"], namespace="acme")
    assert (job.owner.name, job.owner.type) == ("acme", "org")
    assert [each.id for each in api["alice"].list_jobs(namespace="acme")] == [job.id]
    assert list(api["alice"].list_jobs(namespace="alice")) == []


def test_list__by_stage_and_labels_newest_first(sandbox: SandboxHub, api: Api) -> None:
    alice = api["alice"]
    first = start(alice, labels={"run": "a", "kind": "x"})
    finish(alice, first)
    sandbox.jobs.queue_seconds = NEVER
    second, third = start(alice, labels={"run": "a"}), start(alice, labels={"run": "b"})

    def ids(**wanted: Any) -> list[str]:
        return [job.id for job in alice.list_jobs(namespace="alice", **wanted)]

    assert ids() == [third.id, second.id, first.id]
    assert ids(status="SCHEDULING") == [third.id, second.id]
    assert ids(status=["COMPLETED", "ERROR"]) == [first.id]
    assert ids(labels={"run": "a"}) == [second.id, first.id]
    assert ids(labels={"run": "a", "kind": "x"}) == [first.id]
    assert ids(labels={"run": "a"}, status="RUNNING") == []
    with pytest.raises(BadRequestError, match='"stage" must be one of'):
        ids(status="ASLEEP")


def test_list__comes_in_pages(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    sandbox.jobs.queue_seconds = NEVER
    made = [start(api["alice"]).id for _ in range(5)]
    first = raw("GET", f"{JOBS}?limit=2", "alice")
    second = raw("GET", first.links["next"]["url"], "alice")
    assert [job["id"] for job in [*first.json(), *second.json()]] == made[:0:-1]


@pytest.mark.parametrize("job_id", ["0" * 24, "x"])
@pytest.mark.parametrize("act", ["inspect_job", "cancel_job", "rerun_job"])
def test_unknown_job__is_not_found(api: Api, job_id: str, act: str) -> None:
    with pytest.raises(JobNotFoundError):
        getattr(api["alice"], act)(job_id=job_id, namespace="alice")


def test_job_of_another_namespace__is_not_found(api: Api) -> None:
    job = start(api["alice"], namespace="acme")
    with pytest.raises(JobNotFoundError):
        api["alice"].inspect_job(job_id=job.id, namespace="alice")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"command": []}, '"command" must name a program'),
        ({"command": "true"}, '"command" must be a list of texts'),
        ({"command": ["a\0b"]}, '"command" must be a list of texts'),
        ({"arguments": [1]}, '"arguments" must be a list of texts'),
        ({"dockerImage": None}, 'Give either "dockerImage" or "spaceId"'),
        ({"spaceId": "a/b"}, 'Give either "dockerImage" or "spaceId"'),
        ({"dockerImage": 5}, '"dockerImage" must be a text'),
        ({"flavor": "h100"}, '"flavor" must be one of [cpu-basic, '),
        ({"flavor": ["cpu-basic"]}, '"flavor" must be one of [cpu-basic, '),
        ({"environment": {"a b": "c"}}, '"environment" must be an object whose keys are names'),
        ({"environment": {"A": None}}, '"environment" must hold texts'),
        ({"secrets": {"KEY": [SECRET]}}, '"secrets" must hold texts'),
        ({"timeoutSeconds": 0}, '"timeoutSeconds" must be a whole number, 1 to'),
        ({"timeoutSeconds": True}, '"timeoutSeconds" must be a whole number'),
        ({"attempts": 100}, '"attempts" must be a whole number, 1 to 10'),
        ({"labels": {"a": "b c"}}, "Label keys and values must be at most 100 characters"),
        ({"labels": {"a": "b" * 101}}, "Label keys and values must be at most 100 characters"),
        ({"labels": {"": "b"}}, "Label keys and values must be at most 100 characters"),
        ({"labels": ["a"]}, '"labels" must be an object'),
        ({"volumes": ["a"]}, '"volumes" must be a list of objects'),
        ({"volumes": [{"type": "space", "source": "a/b", "mountPath": "/d"}]}, 'The "type" of a volume must be one of'),
        ({"volumes": [{"type": "bucket", "source": "a/b", "mountPath": "/"}]}, 'A volume needs a "source" and an'),
        ({"volumes": [{"type": "bucket", "source": "a/b", "mountPath": "d"}]}, 'A volume needs a "source" and an'),
        ({"volumes": [{"type": "bucket", "mountPath": "/d"}]}, 'A volume needs a "source" and an'),
        (
            {"volumes": [{"type": "bucket", "source": "a/b", "mountPath": "/d", "path": "../c"}]},
            'The "path" of a volume must be a folder in its source',
        ),
        ({"volumes": [{"type": "bucket", "source": "a/b", "mountPath": "/d"}] * 2}, "Two volumes cannot be mounted"),
    ],
)
def test_bad_specification__is_refused_by_the_name_of_its_field(
    raw: Raw, change: dict[str, Any], complaint: str
) -> None:
    answer = raw("POST", JOBS, "alice", json={**BODY, **change})
    assert (answer.status_code, answer.json()["error"][: len(complaint)]) == (400, complaint)
    assert SECRET not in answer.text
    assert raw("GET", JOBS, "alice").json() == []


def test_labels__are_replaced_and_the_name_stays(api: Api) -> None:
    job = start(api["alice"], labels={"a": "1"}, name="mine")
    changed = api["alice"].update_job_labels(job_id=job.id, labels={"b": "2"}, namespace="alice")
    assert changed.labels == {"name": "mine", "b": "2"}
    assert api["alice"].inspect_job(job_id=job.id, namespace="alice").labels == changed.labels
    with pytest.raises(BadRequestError, match="at most 100 characters"):
        api["alice"].update_job_labels(job_id=job.id, labels={"b": "."}, namespace="alice")


def test_rerun__is_the_same_again_with_its_secrets(api: Api) -> None:
    alice = api["alice"]
    first = start(alice, 'test "$KEY" = "$WANTED"', env={"WANTED": "open"}, secrets={"KEY": "open"}, name="mine")
    again = alice.rerun_job(job_id=first.id, namespace="alice")
    assert again.initiator is not None
    assert (again.initiator.type, again.initiator.id) == ("duplicated-job", first.id)
    assert (again.command, again.labels, secret_names(again)) == (first.command, first.labels, ["KEY"])
    assert again.id != first.id
    assert finish(alice, again).status.stage == "COMPLETED"


def test_hardware__is_all_that_the_client_knows_with_the_hubs_prices(api: Api) -> None:
    found = {each.name: each for each in api["nobody"].list_jobs_hardware()}
    assert set(found) == {flavor.value for flavor in JobHardware}
    cpu, many = found["cpu-basic"], found["a100x8"]
    assert (cpu.unit_cost_micro_usd, cpu.unit_cost_usd, cpu.unit_label) == (167, 0.000167, "minute")
    assert (cpu.cpu, cpu.ram, cpu.accelerator) == ("2 vCPU", "16 GB", None)
    assert many.accelerator is not None
    assert (many.accelerator.quantity, many.accelerator.vram, many.accelerator.model) == ("8", "640 GB", "A100")
    assert many.unit_cost_usd * 60 == pytest.approx(20, rel=1e-4)


def test_restart__jobs_and_logs_are_kept_and_secrets_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    with SandboxHub(folder) as hub:
        alice = HfApi(hub.endpoint, token=hub.tokens["alice"])
        done = finish(alice, start(alice, "echo said", secrets={"KEY": SECRET}))
        hub.jobs.queue_seconds = NEVER
        waiting = start(alice, secrets={"KEY": SECRET})
    with SandboxHub(folder) as hub:
        alice = HfApi(hub.endpoint, token=hub.tokens["alice"])
        found = {job.id: job for job in alice.list_jobs(namespace="alice")}
        said = list(alice.fetch_job_logs(job_id=done.id, namespace="alice"))
    assert (found[done.id].status.stage, secret_names(found[done.id]), said) == ("COMPLETED", ["KEY"], ["said"])
    assert (found[waiting.id].status.stage, found[waiting.id].status.message) == ("CANCELED", "The sandbox was stopped")
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert kept
    assert not any(SECRET.encode() in content for content in kept)


def test_fault__the_job_is_there_though_its_answer_was_lost(sandbox: SandboxHub, api: Api) -> None:
    sandbox.faults.add("POST", f"{JOBS}$", status=500, landed=True)
    with pytest.raises(HfHubHTTPError):
        start(api["alice"], labels={"run": "r1"})
    assert [job.labels for job in api["alice"].list_jobs(namespace="alice", labels={"run": "r1"})]


def test_fault__a_slow_answer(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.faults.add("GET", "/api/jobs/hardware", delay=0.3)
    before = time.monotonic()
    assert raw("GET", "/api/jobs/hardware").status_code == 200
    assert time.monotonic() - before >= 0.3
