"""A runner script in a world without engines: uv, vllm and the engines are small stand-ins."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from evalbot.evaluate import runners

HERE = Path(__file__).parent
RUNNERS = Path(runners.__file__).parent
SCHEMA = json.loads((RUNNERS.parent / "results.schema.json").read_text(encoding="utf-8"))
END_SECONDS = 10.0
"""How long a run that is told to end may take to be gone, all of it."""


@dataclass
class World:
    """A folder with a model, the stand-ins, and the environment that finds them."""

    folder: Path
    env: dict[str, str]

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def command(self, *arguments: str, script: str = "evaluate_uv.py") -> list[str]:
        model = () if "--model" in arguments else ("--model", str(self.folder / "tiny"))
        out = () if "--output-dir" in arguments else ("--output-dir", str(self.out))
        return [sys.executable, str(RUNNERS / script), *model, *out, *arguments]

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env={**self.env, **env},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, script: str = "evaluate_uv.py", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, script=script),
            env={**self.env, **env},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def results(self) -> Any:
        """What was written, checked with the schema."""
        results = json.loads((self.out / "results.json").read_text(encoding="utf-8"))
        jsonschema.validate(results, SCHEMA)
        return results

    def left(self) -> list[str]:
        """Processes of this world that are still there: their environment names its folder."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder).encode() in (place / "environ").read_bytes():
                    found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def wait_until_gone(self, seconds: float = END_SECONDS) -> None:
        until = time.monotonic() + seconds
        while (left := self.left()) and time.monotonic() < until:
            time.sleep(0.05)
        assert left == []


def wait_for_line(process: subprocess.Popen[str], word: str) -> str:
    """The first line on stderr with this word."""
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            return line
    raise AssertionError(f"{word} never came")


def end(process: subprocess.Popen[str], number: int = signal.SIGINT) -> tuple[float, str]:
    """Send a signal; seconds until it ended, and the rest of its stderr."""
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=2 * END_SECONDS)
    return time.monotonic() - began, said


def executable(path: Path, target: Path) -> None:
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{target}" "$@"\n', encoding="utf-8")
    path.chmod(0o755)


def make_world(folder: Path) -> World:
    model = folder / "tiny"
    model.mkdir()
    (model / "config.json").write_text("{}", encoding="utf-8")
    (model / "model.safetensors").write_bytes(b"")
    fakes = folder / "bin"
    fakes.mkdir()
    executable(fakes / "uv", HERE / "fake_uv.py")
    executable(fakes / "vllm", HERE / "fake_vllm.py")
    dropped = {"HF_TOKEN", "UV", "JOB_ID", "GITHUB_RUN_ID", "VLLM_API_KEY", "FAKE_VLLM", "FAKE_ENGINE"}
    env = {name: value for name, value in os.environ.items() if name not in dropped}
    (folder / "tmp").mkdir()
    env["TMPDIR"] = str(folder / "tmp")  # a run that is killed leaves its own there
    env |= {"UV": str(fakes / "uv"), "FAKE_BIN": str(fakes), "HF_HUB_OFFLINE": "1"}
    return World(folder, env)
