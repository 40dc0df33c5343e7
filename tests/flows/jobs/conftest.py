"""A sandbox that runs jobs, and our side of one: a small runner stands in for the engines."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.jobs import JobRequest, submission, watch
from evalbot.evaluate.jobs import follow as follow_job
from evalbot.evaluate.jobs import submit as submit_job
from evalbot.hub.client import Hub
from evalbot.hub.jobs import Jobs, open_jobs
from evalbot.sandbox.server import SandboxHub
from evalbot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalbot.evaluate.jobs import Finished, Submitted

MODEL, COMMIT = "alice/Aurora-7B", "a" * 40
RUNNER = Path(__file__).with_name("runner.py").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


@dataclass
class World:
    """The sandbox, and what our side told the reader."""

    sandbox: SandboxHub
    folder: Path
    said: list[str] = field(default_factory=list)

    def hub(self, who: str = "alice", **settings: Any) -> Hub:
        return Hub(
            Settings(endpoint=self.sandbox.endpoint, hf_token=self.sandbox.tokens[who], **settings), self.said.append
        )

    def jobs(self, who: str = "alice", namespace: str | None = None, **settings: Any) -> Jobs:
        return open_jobs(self.hub(who, **settings), namespace)

    @property
    def gate(self) -> Path:
        """A runner that waits goes on once this file is there."""
        return self.folder / "gate"

    def request(self, does: str = "finish", **changes: Any) -> JobRequest:
        command = RunnerCommand(
            model=MODEL,
            revision=COMMIT,
            lighteval_tasks=("gsm8k|5",),
            inspect_tasks=("inspect_evals/mmlu_0_shot",),
            output_dir="results",
        )
        environment = {"RUNNER_DOES": does, "RUNNER_GATE": str(self.gate), **changes.pop("environment", {})}
        given = {"flavor": "cpu-basic", "timeout": 600, "versions": {"lighteval": "0.13.0"}, **changes}
        return JobRequest(script=RUNNER, command=command, environment=environment, **given)

    def submit(self, does: str = "finish", *, jobs: Jobs | None = None, **changes: Any) -> Submitted:
        choices = {name: changes.pop(name) for name in ("bucket", "again") if name in changes}
        return submit_job(jobs or self.jobs(), self.request(does, **changes), notify=self.said.append, **choices)

    def follow(self, submitted: Submitted, *, jobs: Jobs | None = None, **how: Any) -> Finished:
        return follow_job(jobs or self.jobs(), submitted, watch.Watching(**how), notify=self.said.append)

    def told(self, text: str) -> bool:
        return any(text in line for line in self.said)

    def asked(self, method: str, ending: str) -> int:
        return sum(record.method == method and record.path.endswith(ending) for record in self.sandbox.log)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(watch, "_PAUSES", (0.05, 0.1, 0.2))
    monkeypatch.setattr(submission, "_LOOKS_FOR_A_LOST_ANSWER", (0.05, 0.1, 0.2))
    environment = {
        "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
        "UV_OFFLINE": "1",
        "UV_PYTHON": sys.executable,
        "UV_CACHE_DIR": str(tmp_path / "uv"),
    }
    with SandboxHub(tmp_path / "hub", job_environment=environment) as sandbox:
        sandbox.jobs.grace = 3.0
        yield World(sandbox, tmp_path)
