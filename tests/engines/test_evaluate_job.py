"""`evalbot evaluate --where jobs` with the real engines: the sandbox runs the job's command as it was sent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.sandbox.server import SandboxHub
from tests.engines.conftest import furnish
from tests.engines.ground import model
from tests.engines.ground.marks import ENGINES
from tests.engines.ground.wheels import VLLM_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = ENGINES

LONGEST_RUN = 600  # seconds
OPTIONS = (*VLLM_ARGUMENTS[:4], *(f"--vllm-arg={option}" for option in VLLM_ARGUMENTS[4:]), "--max-invalid", "1")
EVALUATE = ("evaluate", "--repo-id", model.ID, "--tasks", "arc:challenge|2,arc_challenge", "--where", "jobs", "--json")


class Rehearsal:
    """Alice, who runs jobs on a sandbox whose machine has vLLM for the CPU."""

    def __init__(self, hub: SandboxHub, folder: Path) -> None:
        self.hub, self.folder = hub, folder
        self.seen: list[str] = []

    def __call__(self, *arguments: str, user: str = "alice") -> tuple[int, dict[str, Any], str]:
        environment = {
            "PATH": str(Path(sys.executable).parent) + ":/usr/bin:/bin",
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_TOKEN": self.hub.tokens[user],
            "HF_HOME": str(self.folder / "home"),
        }
        done = subprocess.run(
            ["evalbot", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
        assert done.stdout, done.stderr[-4000:]
        self.seen += [done.stdout, done.stderr]
        return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def rehearsal(uv_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    folder = tmp_path_factory.mktemp("jobs")
    with SandboxHub(folder / "hub", job_environment=uv_environment) as hub:
        furnish(hub)
        yield Rehearsal(hub, folder)


def test_job__both_engines__scores_arrive_in_a_pull_request(rehearsal: Rehearsal) -> None:
    code, answer, said = rehearsal(*EVALUATE, *OPTIONS, "--create-pr")
    assert (code, answer["status"]) == (0, "evaluated"), said[-4000:]
    results = answer["results"]
    assert [task["status"] for task in results["tasks"]] == ["complete"] * 2
    assert results["run"]["job_id"] == answer["job"]["id"]
    publication = answer["publication"]
    assert (publication["status"], publication["pr"]["number"]) == ("proposed", 1)
    assert "Cost: about $" in said
    assert "arc:challenge" in said


def test_job__the_same_again__finds_the_job_and_its_pull_request(rehearsal: Rehearsal) -> None:
    code, answer, said = rehearsal(*EVALUATE, *OPTIONS, "--create-pr")
    assert (code, answer["publication"]["status"]) == (0, "already-proposed"), said[-4000:]
    assert len(rehearsal.hub.log) > 0
    started = [record for record in rehearsal.hub.log if (record.method, record.path) == ("POST", "/api/jobs/alice")]
    assert len(started) == 1
    assert "did this evaluation already" in said


def test_job__its_results__are_collected_and_published_later(rehearsal: Rehearsal) -> None:
    code, listed, _ = rehearsal("jobs", "list", "--json")
    job = listed["jobs"][0]["id"]
    code, collected, said = rehearsal("jobs", "collect", job, "--json", "-o", "collected.json")
    assert (code, collected["status"]) == (0, "collected"), said
    code, answer, said = rehearsal("publish", "collected.json", "--create-pr", "--max-invalid", "1", "--json")
    assert (code, answer["status"]) == (0, "already-proposed"), said
    assert answer["run"]["url"].startswith("https://"), answer["run"]


def test_job__the_token_that_publishes__is_nowhere_in_the_job(rehearsal: Rehearsal) -> None:
    token = rehearsal.hub.tokens["alice"]
    assert not any(token in text for text in rehearsal.seen)
    kept = [path for path in (rehearsal.folder / "hub" / "jobs").rglob("*") if path.is_file()]
    assert kept
    assert [path.name for path in kept if token.encode() in path.read_bytes()] == []
