"""Runs on this machine that somebody attacks, or kills in the wrong place."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evalbot import console
from evalbot.evaluate.local.run import Secrets
from tests.flows.fake_runner import results, task, write_runner
from tests.flows.test_local_run import LINUX, drive, environ, go, no_shield, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["environ", "no_shield"]  # fixtures


def processes(words: str) -> dict[int, str]:
    """Those that have these words in their command line, with it."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if words in line and state not in "ZX":
            found[int(place.name)] = line
    return found


def is_keeper(line: str) -> bool:
    return "keeper.py" in line


def is_uv(line: str) -> bool:
    return line.split(maxsplit=1)[0].endswith("/uv")


def is_evalbot(line: str) -> bool:
    return " -c " in line


@LINUX
@pytest.mark.parametrize(
    "are_killed",
    [
        pytest.param([is_keeper], id="the keeper"),
        pytest.param([is_uv], id="uv"),
        pytest.param([is_evalbot, is_keeper], id="evalbot and the keeper"),
    ],
)
def test_run__some_of_it_is_killed__nothing_is_left(
    tmp_path: Path, environ: dict[str, str], are_killed: list[Callable[[str], bool]]
) -> None:
    script = write_runner(tmp_path, seconds=60)
    with drive(tmp_path, environ) as running:
        wait_for(tmp_path / "out" / "ready")
        there = processes(str(script))
        for is_killed in are_killed:
            [pid] = [pid for pid, line in there.items() if is_killed(line)]
            os.kill(pid, signal.SIGKILL)
        running.communicate(timeout=15)
    end = time.monotonic() + 10
    while left := processes(str(script)):
        assert time.monotonic() < end, left
        time.sleep(0.05)
    assert running.returncode != 0


@pytest.mark.usefixtures("no_shield")
@pytest.mark.parametrize("key", ["none", "EMPTY", "1", "task"])
def test_run__a_key_that_is_a_common_word__is_no_secret_to_hide(
    tmp_path: Path, environ: dict[str, str], key: str
) -> None:
    plan = {
        "progress": [
            {"phase": "tasks", "task": "task 1 EMPTY none", "engine": "lighteval", "tasks_done": 0, "tasks": 1}
        ],
        "lines": ["a task, none, 1, EMPTY"],
        "results": results(task("gsm8k")),
        "seconds": 0.4,
    }
    _, said = go(tmp_path, {**environ, "VLLM_API_KEY": key}, plan, secrets=Secrets(server_key=key))
    assert any("task 1 EMPTY none" in line for line in said)
    assert "a task, none, 1, EMPTY" in (tmp_path / "out" / "runner.log").read_text()
    assert console.redacted("task 1 EMPTY none") == "task 1 EMPTY none"


@pytest.mark.usefixtures("no_shield")
def test_run__a_folder_with_an_env_file_of_ours__is_not_read_by_uv(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".env").write_text("HF_TOKEN=from-the-folder\n")
    go(tmp_path, {**environ, "UV_ENV_FILE": str(tmp_path / "out" / ".env")}, {"results": results(task("gsm8k"))})
    assert "from-the-folder" not in (tmp_path / "out" / "environ.json").read_text()
