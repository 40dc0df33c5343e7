"""A running sandbox for every test, with one model of Alice's on it, and the tools that other people's clients need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import pytest

from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CARD = b"---\nlicense: mit\n---\n# Tiny\n\nA model.\n"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxHub]:
    with SandboxHub(tmp_path / "hub") as running:
        monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        running.create_repo("alice/tiny", files={"README.md": CARD, "docs/notes.txt": b"notes\n"})
        yield running


@pytest.fixture(scope="session")
def absent() -> Callable[[str], NoReturn]:
    """What a test says where its tool is missing: it is skipped, but a CI machine has to have the tool."""

    def without(reason: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and CI is to run this test")
        pytest.skip(reason)

    return without
