"""A sandbox hub with one model on it, and evalbot's command line run against it in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.cli import run
from evalbot.demo import REPO_ID, demo_card
from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.out)
        return answer


@dataclass(frozen=True)
class Evalbot:
    """Runs commands as somebody; every run is checked for tracebacks and for the token."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    hub: SandboxHub

    def __call__(self, *arguments: str, user: str | None = "bob", endpoint: str | None = None) -> Run:
        self.monkeypatch.setenv("HF_ENDPOINT", endpoint or self.hub.endpoint)
        token = self.hub.tokens.get(user, user) if user else ""
        self.monkeypatch.setenv("HF_TOKEN", token)
        self.capsys.readouterr()
        code = run(arguments)
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.err
        assert not token or token not in captured.out + captured.err
        return Run(code, captured.out, captured.err)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SandboxHub]:
    with SandboxHub(tmp_path / "hub") as running:
        running.create_repo(REPO_ID, files={"README.md": demo_card()})
        yield running


@pytest.fixture
def evalbot(
    hub: SandboxHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Evalbot:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Evalbot(capsys, monkeypatch, hub)
