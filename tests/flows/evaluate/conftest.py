"""A sandbox with a small model, a machine whose uv is a stand-in, and `evalbot evaluate` run against both."""

from __future__ import annotations

import json
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.evaluate.jobs import watch
from evalbot.evaluate.local import run as local_run
from evalbot.sandbox.server import SandboxHub
from tests.engines.ground import model
from tests.flows.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.flows.conftest import Evalbot, Run

MODEL = model.ID
ROOT = Path(__file__).parents[3]
GSM8K = "GSM8K (5-shot, acc)"
"""What the score of `gsm8k|5` is called in a card."""


@dataclass(frozen=True)
class Machine:
    """A folder that comes first on PATH: what uv and nvidia-smi do is decided there."""

    folder: Path

    def plans(self, **plan: Any) -> None:
        """What the next runs do (stand_in.py)."""
        (self.folder / "plan.json").write_text(json.dumps(plan))

    def program(self, name: str, script: str) -> None:
        (self.folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.folder / name).chmod(0o755)

    def has_gpu(self, *, total: int = 23028, free: int = 22500) -> None:
        """One A10G, in MiB."""
        self.program("nvidia-smi", f"echo '0, GPU-6a1b, NVIDIA A10G, {total}, {free}, 8.6, [N/A]'")

    def has_no_gpu(self) -> None:
        self.program("nvidia-smi", "echo 'No devices were found'; exit 6")

    @property
    def runs(self) -> list[dict[str, Any]]:
        """Arguments and environment of each runner that was started."""
        seen = self.folder / "seen.jsonl"
        return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []

    def option(self, name: str) -> str:
        """The value of an option of the last run."""
        arguments: list[str] = self.runs[-1]["arguments"]
        return arguments[arguments.index(name) + 1]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Without a GPU; its uv runs a runner that measures 0.5 everywhere."""
    folder = tmp_path / "bin"
    folder.mkdir()
    made = Machine(folder)
    python = (
        f"STAND_IN={shlex.quote(str(folder))} PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)}"
    )
    made.program("uv", f'{python} -B -m tests.flows.evaluate.stand_in "$@"')
    made.program("vllm", f'exec {shlex.quote(sys.executable)} {ROOT}/tests/unit/evaluate/runners/fake_vllm.py "$@"')
    made.has_no_gpu()
    made.plans()
    monkeypatch.setenv("PATH", os.pathsep.join((str(folder), os.environ["PATH"])))
    for name in ("HF_READ_TOKEN", "VLLM_API_KEY", "UV", "JOB_ID", "GITHUB_RUN_ID", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    # What the system shows of the tests' own process stays as it is: tests/flows/test_local_run.py tests the shield.
    monkeypatch.setattr(local_run, "shield", lambda _secrets: True)
    monkeypatch.setattr(watch, "_PAUSES", (0.05, 0.1, 0.2))
    return made


@pytest.fixture(scope="session")
def model_files() -> Mapping[str, bytes]:
    return model.files()


@pytest.fixture
def hub(tmp_path: Path, machine: Machine, model_files: Mapping[str, bytes]) -> Iterator[SandboxHub]:
    environment = {"PATH": os.pathsep.join((str(machine.folder), "/usr/local/bin", "/usr/bin", "/bin"))}
    with SandboxHub(tmp_path / "hub", job_environment=environment) as running:
        running.jobs.grace = 3.0
        running.create_repo(MODEL, files=model_files)
        yield running


@dataclass(frozen=True)
class Evaluates:
    """Bob, who evaluates a model of somebody else's, and what is true of it on the Hub afterwards."""

    evalbot: Evalbot
    truth: Truth

    def __call__(self, *options: str, tasks: str = "leaderboard|gsm8k|5", repo_id: str = MODEL, **who: Any) -> Run:
        return self.evalbot("evaluate", "--repo-id", repo_id, "--tasks", tasks, "--json", *options, **who)

    def here(self, *options: str, **named: Any) -> Run:
        """On this machine, whether it has a GPU or not."""
        return self("--allow-cpu", *options, **named)

    def as_job(self, *options: str, **named: Any) -> Run:
        return self("--where", "jobs", *options, **named)

    def at(self, where: str, *options: str, **named: Any) -> Run:
        """local or jobs."""
        return self.here(*options, **named) if where == "local" else self.as_job(*options, **named)

    def publishes_nothing(self) -> bool:
        return self.truth.ours() == [] and b"model-index" not in self.truth.card()


@pytest.fixture
def evaluates(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Evaluates:
    return Evaluates(evalbot, Truth(hub, tmp_path / "hub", MODEL))


def status(done: Run) -> tuple[int, str]:
    return done.code, done.json["status"]
