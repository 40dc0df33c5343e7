"""The installed command, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import evalbot
from evalbot.demo import STORY, demo_card

EVALBOT = Path(sys.executable).with_name("evalbot")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}


def run(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EVALBOT, *arguments],
        env={**CLEAN, **env},
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_demo__tells_the_whole_story(tmp_path: Path) -> None:
    done = run("demo", cwd=tmp_path, HF_TOKEN="hf_a_real_one", HF_ENDPOINT="https://example.org")
    assert done.returncode == 0, done.stdout + done.stderr
    for step in STORY:
        assert step.title in done.stdout
    for said in ("Opened pull request #1", "Already proposed by your pull request #1", "Up to date", "+model-index:"):
        assert said in done.stdout
    assert "\x1b" not in done.stdout
    assert "hf_" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_version__is_the_packages(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout == f"evalbot {evalbot.__version__}\n"


@pytest.mark.parametrize("module", ["huggingface_hub", "yaml", "markdown_it", "jinja2", "jsonschema", "starlette"])
def test_help__imports_nothing_heavy(module: str) -> None:
    code = f"import sys; from evalbot.cli import run; run(['--help']); sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("module", ["huggingface_hub", "httpx2", "socket"])
def test_local_file__opens_no_network_library(module: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(demo_card())
    command = ["extract-readme", "--readme", "README.md", "--table", "2", "--model-name", "aurora 7b instruct"]
    code = f"import sys; from evalbot.cli import run; assert run({command}) == 0; sys.exit({module!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_reader_that_goes_away__is_no_error(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(demo_card() * 100)
    with subprocess.Popen(
        [EVALBOT, "inspect-tables", "--readme", "README.md"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.readline()
        listing.stdout.close()
        assert listing.wait(60) == 0
        assert listing.stderr.read() == b""


def test_sandbox_serve__prints_its_address_and_stops_when_told(tmp_path: Path) -> None:
    with subprocess.Popen(
        [EVALBOT, "sandbox", "serve", "--dir", "hub", "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        endpoint = server.stdout.readline().removeprefix("endpoint ").strip()
        tokens = dict(server.stdout.readline().split()[1:3] for _ in range(2))
        answer = run("show", "--repo-id", "alice/none", cwd=tmp_path, HF_ENDPOINT=endpoint, HF_TOKEN=tokens["alice"])
        server.terminate()
        assert server.wait(20) == 0
    assert (answer.returncode, "no model alice/none" in answer.stderr) == (3, True)
