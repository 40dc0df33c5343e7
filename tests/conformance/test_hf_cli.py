"""The official `hf` command on repositories, pull requests and discussions; tests/sandbox has the rest of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.sandbox.server import SandboxHub

    Start = Callable[..., subprocess.CompletedProcess[str]]
    Hf = Callable[..., Any]

LONGEST_RUN = 60  # seconds; each takes about one


@pytest.fixture
def start(hub: SandboxHub, tmp_path: Path) -> Start:
    def run(who: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("hf")), *arguments]
        environment = {**os.environ, "HF_TOKEN": hub.tokens[who], "HF_HOME": str(tmp_path / "hf"), "NO_COLOR": "1"}
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=LONGEST_RUN, check=False
        )

    return run


@pytest.fixture
def hf(start: Start) -> Hf:
    """`hf("bob", "discussions", "list", "alice/tiny")` gives what it answers as JSON."""

    def run(who: str, *arguments: str) -> Any:
        done = start(who, *arguments, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    return run


def test_hf__repository_made_filled_and_deleted(hub: SandboxHub, hf: Hf, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "README.md").write_bytes(b"---\nlicense: mit\n---\n# New\n")
    (folder / "notes.txt").write_bytes(b"notes\n")
    assert hf("alice", "repos", "create", "alice/new")["url"] == f"{hub.endpoint}/alice/new"
    hf("alice", "upload", "alice/new", str(folder), ".")
    info = hf("bob", "models", "info", "alice/new", "--expand", "siblings,cardData,sha")
    assert {file["rfilename"] for file in info["siblings"]} >= {"README.md", "notes.txt"}
    hf("alice", "repos", "delete", "alice/new", "--yes")
    assert not HfApi(hub.endpoint, token=hub.tokens["bob"]).repo_exists("alice/new")


def test_hf__pull_request_proposed_looked_at_and_merged(hub: SandboxHub, start: Start, hf: Hf, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_bytes(b"more\n")
    proposal = ("upload", "alice/tiny", "more.txt", "docs/more.txt", "--create-pr", "--commit-message", "Say more")
    assert hf("bob", *proposal)["url"].startswith(f"{hub.endpoint}/alice/tiny/commit/")
    hf("bob", "download", "alice/tiny", "docs/more.txt", "--revision", "refs/pr/1", "--local-dir", "here")
    assert (tmp_path / "here" / "docs" / "more.txt").read_bytes() == b"more\n"
    (listed,) = hf("carol", "discussions", "list", "alice/tiny", "--kind", "pull_request", "--author", "bob")
    assert (listed["num"], listed["title"], listed["status"]) == (1, "Say more", "open")
    diff = start("carol", "discussions", "diff", "alice/tiny", "1").stdout
    assert "+++ b/docs/more.txt" in diff
    assert "\n+more" in diff
    hf("alice", "discussions", "merge", "alice/tiny", "1", "--yes", "--comment", "Thanks")
    info = hf("bob", "discussions", "info", "alice/tiny", "1")
    assert (info["status"], info["is_pull_request"]) == ("merged", True)
    assert info["merge_commit_oid"] == hf("bob", "models", "info", "alice/tiny")["sha"]


def test_hf__discussion_from_first_word_to_last(hf: Hf) -> None:
    words = ("--title", "A question", "--body", "Why?")
    assert hf("bob", "discussions", "create", "alice/tiny", *words)["num"] == 1
    here = ("alice/tiny", "1")
    hf("carol", "discussions", "comment", *here, "--body", "Because.")
    comments = [event for event in hf("bob", "discussions", "info", *here)["events"] if event["type"] == "comment"]
    assert [(comment["author"], comment["content"]) for comment in comments] == [("bob", "Why?"), ("carol", "Because.")]
    hf("carol", "discussions", "edit", *here, comments[1]["id"], "--body", "It is so.")
    hf("bob", "discussions", "rename", *here, "A better question")
    hf("bob", "discussions", "close", *here, "--yes", "--comment", "I see")
    assert hf("bob", "discussions", "list", "alice/tiny") == []
    hf("bob", "discussions", "reopen", *here, "--yes")
    (listed,) = hf("bob", "discussions", "list", "alice/tiny")
    assert (listed["title"], listed["status"]) == ("A better question", "open")
    last = [event.get("content") for event in hf("bob", "discussions", "info", *here)["events"]]
    assert "It is so." in last
    assert "Because." not in last


@pytest.mark.parametrize(
    ("who", "command", "says"),
    [
        ("bob", ("models", "info", "alice/none"), "not found"),
        ("bob", ("repos", "delete", "alice/tiny", "--yes"), "403"),
        ("bob", ("discussions", "info", "alice/tiny", "9"), "404"),
        ("bob", ("download", "alice/tiny", "none.md"), "not found"),
    ],
)
def test_hf__refusals_are_told(start: Start, who: str, command: tuple[str, ...], says: str) -> None:
    done = start(who, *command)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
