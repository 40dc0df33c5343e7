"""The official `hf` command against the sandbox, as a person would type it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub

    Hf = Callable[..., str]


def test_hf__whoami_info_and_download(sandbox: SandboxHub, tiny: str, card: bytes, hf: Hf, tmp_path: Path) -> None:
    assert "user: bob" in hf("bob", "auth", "whoami")
    assert json.loads(hf("bob", "models", "info", "alice/tiny"))["sha"] == tiny
    hf("bob", "download", "alice/tiny", "README.md", "--local-dir", "here")
    assert (tmp_path / "here" / "README.md").read_bytes() == card
    assert {record.user for record in sandbox.log} <= {"bob", None}


def test_hf__upload_and_discuss(sandbox: SandboxHub, tiny: str, card: bytes, hf: Hf, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(card + b"\nMore.\n")
    said = hf("bob", "upload", "alice/tiny", "README.md", "README.md", "--create-pr", "--commit-message", "More")
    assert f"{sandbox.endpoint}/alice/tiny" in said
    assert "More" in hf("bob", "discussions", "list", "alice/tiny", "--status", "open")
    assert "More" in hf("bob", "discussions", "info", "alice/tiny", "1")
    hf("alice", "discussions", "merge", "alice/tiny", "1", "--yes")
    assert "merged" in hf("bob", "discussions", "list", "alice/tiny", "--status", "all")
