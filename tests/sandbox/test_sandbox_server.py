"""The folder, the process and the log."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest

from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Api, Raw


def _git(*arguments: str, cwd: Path) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def test_restart__keeps_everything(tmp_path: Path, card: bytes) -> None:
    with SandboxHub(tmp_path / "hub") as hub:
        head = hub.create_repo("alice/tiny", files={"README.md": card}, private=True, gated="manual")
        hub.create_repo("acme/words", files={}, repo_type="dataset")
        headers = {"Authorization": f"Bearer {hub.tokens['alice']}"}
        made = httpx2.post(
            f"{hub.endpoint}/api/models/alice/tiny/discussions",
            json={"title": "A draft", "pullRequest": True},
            headers=headers,
        )
        before = httpx2.get(f"{hub.endpoint}/api/models/alice/tiny/discussions/1", headers=headers).json()
        assert made.json()["num"] == 1
    with SandboxHub(tmp_path / "hub") as hub:
        info = httpx2.get(f"{hub.endpoint}/api/models/alice/tiny", headers=headers).json()
        assert (info["sha"], info["private"], info["gated"]) == (head, True, "manual")
        assert httpx2.get(f"{hub.endpoint}/api/datasets/acme/words").status_code == 200
        after = httpx2.get(f"{hub.endpoint}/api/models/alice/tiny/discussions/1", headers=headers).json()
        assert after == before
        assert len((tmp_path / "hub" / "requests.jsonl").read_text().splitlines()) == 5
        assert len(hub.log) == 3
        with pytest.raises(ValueError, match="exists already"):
            hub.create_repo("ALICE/Tiny", files={})


def test_restart__passes_over_a_half_deleted_repository(tmp_path: Path) -> None:
    folder = tmp_path / "repos" / "models" / "alice"
    folder.mkdir(parents=True)
    (folder / "gone.json").write_text("{}")
    with SandboxHub(tmp_path) as hub:
        assert hub.create_repo("alice/gone", files={})


def test_folder__is_a_git_repository_to_clone_fetch_and_push(
    sandbox: SandboxHub, tiny: str, card: bytes, api: Api, tmp_path: Path
) -> None:
    made = api["bob"].upload_file(
        path_or_fileobj=b"new\n", path_in_repo="new.txt", repo_id="alice/tiny", create_pr=True
    )
    bare = tmp_path / "hub" / "repos" / "models" / "alice" / "tiny.git"
    _git("fsck", "--strict", cwd=bare)
    _git("clone", "-q", str(bare), "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    assert _git("rev-parse", "HEAD", cwd=clone).strip() == tiny
    assert (clone / "README.md").read_bytes() == card
    _git("fetch", "-q", "origin", "refs/pr/1:pr1", cwd=clone)
    assert _git("rev-parse", "pr1", cwd=clone).strip() == made.oid
    assert _git("show", "pr1:new.txt", cwd=clone) == "new\n"
    (clone / "README.md").write_text("---\nbroken: [\n---\n")
    _git("tag", "-a", "v1", "-m", "First", cwd=clone)
    _git("commit", "-aqm", "By git", cwd=clone)
    _git("push", "-q", "origin", "main", "v1", "HEAD:refs/heads/feature/x", cwd=clone)
    info = api["bob"].model_info("alice/tiny")
    assert (info.sha, info.card_data) == (_git("rev-parse", "HEAD", cwd=clone).strip(), None)
    assert api["bob"].model_info("alice/tiny", revision="v1").sha == tiny
    assert api["bob"].model_info("alice/tiny", revision="feature/x").sha == info.sha
    assert [tag.name for tag in api["bob"].list_repo_refs("alice/tiny").tags] == ["v1"]


def test_log__names_users_and_no_tokens(sandbox: SandboxHub, tiny: str, raw: Raw, tmp_path: Path) -> None:
    raw("GET", "/api/models/alice/tiny?expand=sha", "bob")
    raw("GET", f"/api/whoami-v2?token={sandbox.tokens['alice']}", headers={"Authorization": "Bearer hf_wrong"})
    first, second = sandbox.log
    assert (first.method, first.path, first.query) == ("GET", "/api/models/alice/tiny", "expand=sha")
    assert (first.status, first.user) == (200, "bob")
    assert (second.status, second.user, second.query) == (401, None, "token=hf_***")
    written = (tmp_path / "hub" / "requests.jsonl").read_text()
    assert "hf_sandbox" not in written
    assert [json.loads(line)["status"] for line in written.splitlines()] == [200, 401]


def test_accounts__are_for_the_owner_only(sandbox: SandboxHub, tmp_path: Path) -> None:
    assert (tmp_path / "hub" / "accounts.json").stat().st_mode & 0o077 == 0


def test_start__twice_stop_twice_and_taken_port(tmp_path: Path) -> None:
    hub = SandboxHub(tmp_path)
    hub.start()
    with pytest.raises(RuntimeError, match="already running"):
        hub.start()
    port = int(hub.endpoint.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        SandboxHub(tmp_path / "other", port=port).start()
    hub.stop()
    hub.stop()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0
    with SandboxHub(tmp_path, port=port) as again:
        assert again.endpoint == f"http://127.0.0.1:{port}"


def test_discussions_per_page__is_configurable(tmp_path: Path) -> None:
    with SandboxHub(tmp_path, discussions_per_page=2) as hub:
        hub.create_repo("alice/tiny", files={})
        url = f"{hub.endpoint}/api/models/alice/tiny/discussions"
        for _ in range(3):
            httpx2.post(url, json={"title": "Talk"}, headers={"Authorization": f"Bearer {hub.tokens['bob']}"})
        assert [each["num"] for each in httpx2.get(f"{url}?p=1").json()["discussions"]] == [1]


def test_create_repo__unknown_owner_or_name(sandbox: SandboxHub) -> None:
    with pytest.raises(ValueError, match="Nobody is called dave"):
        sandbox.create_repo("dave/tiny", files={})


def test_import__of_the_package_needs_no_server() -> None:
    code = "import sys, evalbot.sandbox; assert not {'starlette', 'uvicorn', 'pygit2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve__announces_and_ends_by_signal(tmp_path: Path, number: signal.Signals) -> None:
    code = (
        "import sys; from pathlib import Path; from evalbot.sandbox.server import serve;"
        "serve(Path(sys.argv[1]), 0, announce=lambda hub: print(hub.endpoint, flush=True))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "hub")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        assert httpx2.get(f"{endpoint}/api/agent-harnesses").status_code == 200
        os.kill(process.pid, number)
        _, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints) == (0, "")
