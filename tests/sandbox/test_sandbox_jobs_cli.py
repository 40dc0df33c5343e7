"""The official command line runs, watches and ends jobs of the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api

    Hf = Callable[..., str]

SCRIPT = """# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
import os, pathlib, sys
print("hello", *sys.argv[1:], os.environ["KEY"] == "open")
pathlib.Path("/data/out.txt".replace("/data", os.path.dirname(__file__))).write_text("made by the job")
"""


@pytest.fixture(autouse=True)
def _ended(sandbox: SandboxHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No job outlives its test; `uv` is found beside this Python."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "400")  # nothing is cut from its tables
    sandbox.jobs.grace = 0.5
    yield
    sandbox.jobs.close()


def test_run__in_the_foreground_shows_the_log(hf: Hf) -> None:
    shown = hf("alice", "jobs", "run", "--label", "run=r1", "python:3.12", "sh", "-c", "echo to be seen")
    assert "to be seen" in shown


def test_run__ends_badly_where_the_job_does(sandbox: SandboxHub, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("hf")), "jobs", "run", "python:3.12", "sh", "-c", "exit 3"]
    environment = {**os.environ, "HF_TOKEN": sandbox.tokens["alice"]}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode != 0
    assert "Job failed with exit code: 3. Reason: Error." in done.stderr


def test_ps_inspect_logs_labels_wait_and_cancel(hf: Hf, api: Api, sandbox: SandboxHub) -> None:
    made = api["alice"].run_job(image="python:3.12", command=["sh", "-c", "echo up; sleep 60"], namespace="alice")
    assert made.id in hf("alice", "jobs", "ps")
    assert json.loads(hf("alice", "jobs", "inspect", made.id, "--json"))[0]["id"] == made.id
    hf("alice", "jobs", "labels", made.id, "--label", "run=r2")
    assert made.id in hf("alice", "jobs", "ps", "--label", "run=r2")
    hf("alice", "jobs", "cancel", made.id)
    assert sandbox.jobs.wait(sandbox.jobs.of("alice")[0], 10)
    assert "up" in hf("alice", "jobs", "logs", made.id)
    assert made.id not in hf("alice", "jobs", "ps")
    assert "CANCELED" in hf("alice", "jobs", "ps", "--all")


def test_hardware__is_listed(hf: Hf) -> None:
    assert "a10g-largex4" in hf("alice", "jobs", "hardware")


def test_uv_run__ships_the_script_in_a_bucket_and_what_it_writes_comes_back(hf: Hf, api: Api, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "config.yaml").write_text("a: 1\n")
    shown = hf("alice", "jobs", "uv", "run", "--secrets", "KEY=open", "script.py", "--config", "config.yaml")
    job = next(iter(api["alice"].list_jobs(namespace="alice")))
    assert job.status.stage == "COMPLETED", shown
    assert job.command == ["uv", "run", "/data/script.py", "--config", "/data/config.yaml"]
    line = next(line for line in shown.splitlines() if line.startswith("hello"))
    assert line.startswith("hello --config /")
    assert line.endswith("/config.yaml True")
    files = {item.path: item for item in api["alice"].list_bucket_tree("alice/jobs-artifacts", recursive=True)}
    result = next(path for path in files if path.endswith("/out.txt"))
    assert job.volumes is not None
    assert result == f"{job.volumes[0].path}/out.txt"
    api["alice"].download_bucket_files("alice/jobs-artifacts", [(result, tmp_path / "out.txt")])
    assert (tmp_path / "out.txt").read_text() == "made by the job"
