"""The shell script that a job runs, by every shell there is here: images differ."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.jobs import spec

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = [words for words in (["sh"], ["dash"], ["bash"], ["busybox", "sh"]) if shutil.which(words[0])]
RUNNER = """\
import json, pathlib, signal, sys, time
out = pathlib.Path(sys.argv[sys.argv.index("--output-dir") + 1])
out.mkdir(parents=True)
if "--wait" in sys.argv:
    def stop(*_):
        (out / "results.json").write_text("stopped")
        sys.exit(9)
    signal.signal(signal.SIGTERM, stop)
    (out / "results.json").write_text("so far")
    print("waiting", flush=True)
    time.sleep(60)
(out / "results.json").write_text(json.dumps(sys.argv[3:]))
(out / "logs").mkdir()
(out / "logs" / "engine.log").write_text("all of it")
sys.exit(int(sys.argv[-1]))
"""


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def shell(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param
    return words


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A `uv` that runs the script with this Python: `uv run --no-project --script FILE …`."""
    tools = tmp_path / "tools"
    tools.mkdir()
    uv = tools / "uv"
    uv.write_text(f'#!/bin/sh\nshift 3\nexec "{sys.executable}" "$@"\n')
    uv.chmod(0o755)
    (tmp_path / "keep").mkdir()
    return {"PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": str(tmp_path), "EVALBOT_RUNNER": spec.pack(RUNNER)}


def command(shell: list[str], keep: Path | str, *arguments: str) -> list[str]:
    return [*shell, "-c", spec._SHELL, "evalbot", str(keep), *arguments]  # noqa: SLF001 - what a job is started with


@pytest.mark.parametrize("code", [0, 9])
def test_shell__arguments_and_exit_code__pass_as_they_are(
    shell: list[str], environment: dict[str, str], tmp_path: Path, code: int
) -> None:
    keep = tmp_path / "keep"
    arguments = ("--lighteval-tasks", "arc:challenge|25,gsm8k|5", "--note", 'it\'s $HOME `x` "y" *', str(code))
    done = subprocess.run(
        command(shell, keep, *arguments), env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    assert json.loads((keep / "results.json").read_text()) == list(arguments)
    assert (keep / "logs" / "engine.log").read_text() == "all of it"


def test_shell__without_a_folder_to_keep_results__just_runs(shell: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command(shell, "", "3"), env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3, done.stderr


def test_shell__told_to_end__lets_the_runner_end_and_keeps_what_it_wrote(
    shell: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    kept = tmp_path / "keep" / "results.json"
    with subprocess.Popen(
        command(shell, kept.parent, "--wait"), env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "waiting\n"
        for _ in range(100):
            if kept.exists():
                break
            time.sleep(0.1)
        assert kept.read_text() == "so far"
        running.terminate()
        assert running.wait(30) == 9
    assert kept.read_text() == "stopped"


@pytest.mark.parametrize("damage", ["", "H4sIAAAA", "not base64 at all!"])
def test_shell__a_runner_that_cannot_be_unpacked__is_exit_code_9(
    shell: list[str], environment: dict[str, str], tmp_path: Path, damage: str
) -> None:
    done = subprocess.run(
        command(shell, tmp_path / "keep", "0"),
        env={**environment, "EVALBOT_RUNNER": damage},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 9
    assert "the runner could not be unpacked" in done.stderr
