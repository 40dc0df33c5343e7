"""A runner that behaves on the outside as evaluate_uv.py does, without a model: it does what its plan says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "alice/Aurora-7B"

_SCRIPT = r'''
# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
import argparse, json, os, signal, subprocess, sys, time
from pathlib import Path

PLAN = json.loads(%r)

parser = argparse.ArgumentParser()
for name in ("model", "revision", "lighteval-tasks", "inspect-tasks", "backend", "base-url", "served-model-name",
             "output-dir", "limit", "timeout", "seed", "dtype"):
    parser.add_argument("--" + name)
for name in ("emit-results", "trust-remote-code", "allow-code-execution"):
    parser.add_argument("--" + name, action="store_true")
asked = parser.parse_args()
out = Path(asked.output_dir)

STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
time.sleep(120)
"""


def spawn(kind):
    """in-group, own-session, or away: own session, no parent left, and nothing of our environment."""
    command = [sys.executable, "-c", STUBBORN, str(out / "pids")]
    if kind == "in-group":
        subprocess.Popen(command)
    elif kind == "own-session":
        subprocess.Popen(command, start_new_session=True)
    elif kind == "away" and os.fork() == 0:
        os.setsid()
        subprocess.Popen(command, start_new_session=True, env={})
        os._exit(0)


def write(results):
    text = results if isinstance(results, str) else json.dumps(results)
    (out / "results.json").write_text(text.replace("{MODEL}", asked.model))


def say(line):
    sys.stderr.buffer.write(line.encode("utf-8", "surrogateescape") + b"\n")
    sys.stderr.flush()


def look_for(secret):
    """Every process whose environment or arguments show it, and whether the memory of our forebears can be opened."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            try:
                if secret.encode() in (process / name).read_bytes():
                    found.append(f"{process.name} {name}")
            except OSError:
                pass
    pid, memory = os.getppid(), []
    while pid > 1 and len(memory) < 3:
        try:
            (Path("/proc") / str(pid) / "mem").open("rb").close()
            memory.append("open")
        except OSError:
            memory.append("closed")
        pid = int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    (out / "found.json").write_text(json.dumps({"found": found, "memory": memory}))


def stopped(number, frame):
    with (out / "signals").open("a") as file:
        file.write(f"{signal.Signals(number).name}\n")
    if PLAN.get("when_stopped") == "ignore":
        return
    if PLAN.get("results_when_stopped"):
        write(PLAN["results_when_stopped"])
    sys.exit(9)


signal.signal(signal.SIGINT, stopped)
signal.signal(signal.SIGTERM, stopped)
(out / "environ.json").write_text(json.dumps(dict(os.environ)))
for kind in PLAN.get("spawn", ()):
    spawn(kind)
while (out / "pids").exists() < bool(PLAN.get("spawn")) or (
    PLAN.get("spawn") and len((out / "pids").read_text().split()) < len(PLAN["spawn"])
):
    time.sleep(0.02)
if PLAN.get("secret_parts"):
    look_for("".join(PLAN["secret_parts"]))
for progress in PLAN.get("progress", ()):
    say("evalbot-progress " + json.dumps(progress))
for line in PLAN.get("lines", ()):
    say(line)
if PLAN.get("results"):
    write(PLAN["results"])
(out / "ready").touch()
end = time.monotonic() + PLAN.get("seconds", 0)
while time.monotonic() < end:
    time.sleep(0.05)
sys.exit(PLAN.get("code", 0))
'''


def write_runner(folder: Path, **plan: Any) -> Path:
    """The script that follows this plan."""
    path = folder / "evaluate_uv.py"
    path.write_text(_SCRIPT.lstrip() % json.dumps(plan))
    return path


def task(name: str, **members: Any) -> dict[str, Any]:
    """A task that went well, but for what `members` say."""
    return {
        "engine": "lighteval",
        "name": name,
        "version": "0",
        "status": "complete",
        "problem": None,
        "dataset": None,
        "shots": 5,
        "chat_template": False,
        "limit": None,
        "samples": {"total": 100, "asked": 100, "completed": 100, "invalid": 3},
        "scores": [{"metric": "em", "value": 0.41, "stderr": 0.0494, "higher_is_better": True, "derived": False}],
        "generation": {},
        "seconds": 1.0,
        "log": None,
    } | members


def failed(name: str, kind: str, message: str) -> dict[str, Any]:
    """A task that failed for one reason."""
    return task(name, status="failed", problem={"kind": kind, "message": message}, scores=[])


def results(*tasks: dict[str, Any], status: str = "complete", problem: dict[str, str] | None = None) -> dict[str, Any]:
    """A record of these tasks; `{MODEL}` becomes the model that the runner was asked for."""
    return {
        "schema": "evalbot-results/1",
        "run": {
            "status": status,
            "problem": problem,
            "started_at": "2026-11-23T10:00:00Z",
            "finished_at": "2026-11-23T10:01:00Z",
            "seconds": 60.0,
            "command": [],
            "job_id": None,
            "log_url": None,
        },
        "model": {
            "id": "{MODEL}",
            "revision": None,
            "commit": "b" * 40,
            "dtype": None,
            "max_model_len": 2048,
            "trust_remote_code": False,
        },
        "server": {
            "backend": "vllm",
            "version": "0.32.0",
            "external": False,
            "root": None,
            "seconds_to_start": 60.0,
        },
        "packages": {},
        "hardware": {},
        "tasks": list(tasks),
    }
