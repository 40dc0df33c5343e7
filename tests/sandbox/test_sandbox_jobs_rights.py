"""Who may start, see and end jobs, and what they cost."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from evalbot.sandbox import seed
from evalbot.sandbox.accounts import Token
from evalbot.sandbox.permissions import FineGrained, Scope
from evalbot.sandbox.routes.jobs import PERMISSION
from evalbot.sandbox.server import SandboxHub
from tests.sandbox.conftest import Raw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from huggingface_hub import JobInfo

    from tests.sandbox.conftest import Api

JOBS = "/api/jobs/alice"
BODY: dict[str, Any] = {"command": ["true"], "dockerImage": "python:3.12", "flavor": "cpu-basic"}
NEVER = float("inf")


@pytest.fixture(autouse=True)
def _ended(sandbox: SandboxHub) -> Iterator[None]:
    """No job outlives its test."""
    yield
    sandbox.jobs.close()


def start(api: HfApi, namespace: str = "alice", **options: Any) -> JobInfo:
    return api.run_job(image="python:3.12", command=["true"], namespace=namespace, **options)


def fine(*permissions: str, everywhere: tuple[str, ...] = (), scope: str = "alice") -> FineGrained:
    return FineGrained(everywhere, (Scope("user", scope, permissions),))


@pytest.mark.parametrize(
    ("token", "starts", "looks"),
    [
        (Token("hf_t", "t", "alice", "write"), 200, 200),
        (Token("hf_t", "t", "alice", "read"), 403, 200),
        (Token("hf_t", "t", "bob", "write"), 403, 403),
        (Token("hf_t", "t", "alice", "fineGrained", fine(PERMISSION)), 200, 200),
        (Token("hf_t", "t", "alice", "fineGrained", fine(everywhere=(PERMISSION,))), 200, 200),
        (Token("hf_t", "t", "alice", "fineGrained", fine("repo.write", "discussion.write")), 403, 403),
        (Token("hf_t", "t", "alice", "fineGrained", fine(PERMISSION, scope="acme")), 403, 403),
    ],
)
def test_rights__of_tokens(tmp_path: Path, token: Token, starts: int, looks: int) -> None:
    accounts = seed.accounts()
    accounts.tokens[token.value] = token
    accounts.save(tmp_path / "own" / "accounts.json")
    with SandboxHub(tmp_path / "own") as hub, httpx2.Client(base_url=hub.endpoint) as client:
        job = start(HfApi(hub.endpoint, token=hub.tokens["alice"]))
        raw = Raw(client, hub.tokens)
        changes = [
            raw("POST", JOBS, "t", json=BODY),
            raw("POST", f"{JOBS}/{job.id}/duplicate", "t"),
            raw("PUT", f"{JOBS}/{job.id}/labels", "t", json={"labels": {"a": "b"}}),
            raw("POST", f"{JOBS}/{job.id}/cancel", "t"),
        ]
        hub.jobs.close()
        reads = [raw("GET", f"{JOBS}{path}", "t") for path in ("", f"/{job.id}", f"/{job.id}/logs")]
    assert [answer.status_code for answer in changes] == [starts] * 4
    assert [answer.status_code for answer in reads] == [looks] * 3


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("bob", 403), ("alice-fine-read", 403)])
@pytest.mark.parametrize("namespace", ["alice", "nobody-at-all"])
def test_jobs_of_others__are_nobody_elses_business(raw: Raw, who: str | None, status: int, namespace: str) -> None:
    assert raw("GET", f"/api/jobs/{namespace}", who).status_code == status
    assert raw("POST", f"/api/jobs/{namespace}", who, json=BODY).status_code == status


def test_credit__without_it_no_job_starts(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    sandbox.jobs.set_credit("alice", 0)
    with pytest.raises(HfHubHTTPError, match="Pre-paid credit balance is insufficient - add more credits") as caught:
        start(api["alice"])
    assert caught.value.response.status_code == 402
    assert start(api["alice"], namespace="acme").id
    assert raw("PUT", "/_sandbox/credit", json={"namespace": "Alice", "usd": None}).status_code == 200
    assert start(api["alice"]).id


def test_credit__is_spent_by_the_minute_begun(sandbox: SandboxHub, api: Api) -> None:
    sandbox.jobs.set_credit("alice", 0.05)
    found = []
    for flavor in ("cpu-basic", "l40sx1"):
        job = start(api["alice"], flavor=flavor)
        assert sandbox.jobs.wait(sandbox.jobs.of("alice")[0], 10), job
        found.append(sandbox.jobs.credit("alice"))
    assert found == pytest.approx([0.05 - 0.000167, 0.05 - 0.000167 - 0.03])


@pytest.mark.parametrize("asked", [{"namespace": "nobody"}, {"namespace": "alice", "usd": "1"}, {"usd": 1}])
def test_credit__of_nobody_or_of_no_amount_is_refused(raw: Raw, asked: dict[str, Any]) -> None:
    assert raw("PUT", "/_sandbox/credit", json=asked).status_code == 400


def test_quota__of_unfinished_jobs(sandbox: SandboxHub, api: Api) -> None:
    sandbox.jobs.quota, sandbox.jobs.queue_seconds = 1, NEVER
    job = start(api["alice"])
    with pytest.raises(HfHubHTTPError, match="limit of 1 concurrent Jobs") as caught:
        start(api["alice"])
    assert caught.value.response.status_code == 429
    api["alice"].cancel_job(job_id=job.id, namespace="alice")
    assert start(api["alice"]).id


def test_page_of_another_site__starts_nothing(raw: Raw, api: Api) -> None:
    job = start(api["alice"])
    evil = {"Host": "evil.example"}
    for path in (JOBS, f"{JOBS}/{job.id}/duplicate"):
        assert raw("POST", path, "alice", json=BODY, headers=evil).status_code == 403
    assert len(list(api["alice"].list_jobs(namespace="alice"))) == 1


def test_serve__runs_no_jobs_unless_told_to(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from evalbot.sandbox import server; server.serve(pathlib.Path(sys.argv[1]), 0, announce="
    )
    for given, status in (("", 501), (", job_environment={}", 200)):
        program = f"{code}lambda hub: print(hub.endpoint, flush=True){given})"
        command = [sys.executable, "-c", program, str(tmp_path / "own")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            headers = {"Authorization": "Bearer hf_sandbox_alice"}
            answer = httpx2.post(process.stdout.readline().strip() + JOBS, json=BODY, headers=headers, timeout=10)
            process.terminate()
            process.communicate(timeout=15)
        assert answer.status_code == status
