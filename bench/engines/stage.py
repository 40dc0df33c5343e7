"""What the measurements stand on: environments by uv, a sandbox with a model and questions, commands that are timed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.local.run import SCRIPT
from evalbot.evaluate.runners.parts import requirements
from evalbot.sandbox.server import SandboxHub
from tests.engines.ground import model, rows, wheels
from tests.engines.ground.data import Dataset
from tests.engines.ground.server import Starting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.engines.ground.server import VllmServer

QUESTIONS = 100
"""Of each data set made here."""
_LONGEST = 1200  # seconds that any one command may take
_LAST_WORDS = 3000
_TO_END = 15  # seconds that a server has for it
_POLL_SECONDS = 0.02

Command = list[str]


class CannotMeasure(Exception):
    """Something that is measured failed, or what it needs is not here; the message says which and its last words."""


@dataclass(frozen=True)
class Stage:
    """`environment` is whole, for children: uv, a Hub cache of their own, the sandbox as the Hub, and no token."""

    folder: Path
    hub: SandboxHub
    environment: Mapping[str, str]

    def seconds(self, name: str, commands: Sequence[Command]) -> float:
        """Start the commands at once, and wait for the last one. Raises CannotMeasure where one does not end with 0."""
        logs = [self.folder / "logs" / f"{name}-{number}.log" for number in range(len(commands))]
        logs[0].parent.mkdir(exist_ok=True)
        started = time.perf_counter()
        children: list[subprocess.Popen[bytes]] = []
        try:
            for command, log in zip(commands, logs, strict=True):
                children.append(self._begun(command, log))
            _wait(children, started + _LONGEST)
        finally:
            _end(children)
        seconds = time.perf_counter() - started
        for child, log in zip(children, logs, strict=True):
            if child.returncode:
                words = log.read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:]
                raise CannotMeasure(f"{name} ended with {child.returncode}:\n{words}")
        return seconds

    @contextmanager
    def serving(self, name: str, *arguments: str) -> Iterator[VllmServer]:
        """A vLLM server of a model on the sandbox, with further arguments; it has ended afterwards."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        serve = ["vllm", "serve", name, "--host", "127.0.0.1", "--port", str(port), "--generation-config", "vllm"]
        log = self.folder / "server.log"
        child = self._begun([*wheels.run_with(requirements.VLLM), *serve, *arguments], log)
        try:
            yield Starting(child, port, name, log).healthy()
        finally:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(child.pid, signal.SIGINT)
                child.wait(_TO_END)
            _end([child])

    def _begun(self, command: Command, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@contextmanager
def stage(environment: Mapping[str, str]) -> Iterator[Stage]:
    """An empty sandbox and a folder that is gone afterwards. `environment` is that of children that call uv."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, SandboxHub(Path(name) / "hub") as hub:
        folder = Path(name)
        yield Stage(folder, hub, {**environment, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(folder / "hf-home")})


def uv_environment(folder: Path) -> dict[str, str]:
    """The environment of children that call uv, with vLLM for the CPU. Raises CannotMeasure where it is not here."""
    torch = wheels.torch_folder()
    if torch is None:
        raise CannotMeasure("torch for the CPU was not found where pip's find-links or EVALBOT_TORCH_WHEELS says")
    environment = wheels.uv_environment(torch, wheels.write_shims(folder))
    if shutil.which("uv", path=environment["PATH"]) is None:
        raise CannotMeasure("uv is not installed")
    environment["BENCH_API_KEY"] = "none"  # inspect-ai asks for one by the name its provider gets in bare.py
    return environment


def furnish(hub: SandboxHub) -> None:
    """The tiny model, and three data sets of `QUESTIONS` questions each."""
    hub.create_repo(model.ID, files=model.files())
    for dataset in _datasets():
        hub.add_organisation(dataset.owner)
        pinned = [dataset.pinned] if dataset.pinned else []
        hub.create_repo(dataset.id, files=dataset.files(), repo_type="dataset", revisions=pinned)


def _datasets() -> list[Dataset]:
    """Under the commits that inspect_evals asks for."""
    arc = {"train": rows.arc(500, 12, level="Challenge"), "test": rows.arc(0, QUESTIONS, level="Challenge")}
    arc["validation"] = rows.arc(600, 12, level="Challenge")
    hellaswag = {
        "train": rows.hellaswag(500, 12, split="train"),
        "test": rows.hellaswag(600, 12, split="test"),
        "validation": rows.hellaswag(0, QUESTIONS, split="val"),
    }
    gsm8k = {"train": rows.gsm8k(500, 12), "test": rows.gsm8k(0, QUESTIONS)}
    return [
        Dataset("allenai/ai2_arc", {"ARC-Challenge": arc}, "210d026faf9955653af8916fad021475a3f00453"),
        Dataset("Rowan/hellaswag", {"default": hellaswag}, "218ec52e09a7e7462a5400043bb9a69a41d06b76"),
        Dataset("openai/gsm8k", {"main": gsm8k}, "cc7b047b6e5bb11b4f1af84efc572db110a51b3c"),
    ]


@dataclass(frozen=True)
class Tasks:
    """Tasks of both engines, as the runner is told them."""

    lighteval: tuple[str, ...] = ()
    inspect: tuple[str, ...] = ()

    def each(self) -> list[Tasks]:
        return [Tasks(lighteval=(name,)) for name in self.lighteval] + [Tasks(inspect=(name,)) for name in self.inspect]

    def __str__(self) -> str:
        return ", ".join((*(f"lighteval {name}" for name in self.lighteval), *self.inspect))


SIX = Tasks(
    lighteval=("arc:challenge|0", "hellaswag|0", "gsm8k|0"),  # log probabilities, one token, an answer of many
    inspect=("inspect_evals/arc_challenge", "inspect_evals/hellaswag", "inspect_evals/gsm8k?fewshot=0"),
)


def our_command(tasks: Tasks, out: Path, **more: Any) -> Command:
    """Our whole run, as `evalbot evaluate` starts it."""
    told = RunnerCommand(
        model=model.ID, lighteval_tasks=tasks.lighteval, inspect_tasks=tasks.inspect, output_dir=str(out), **more
    )
    return told.argv(str(SCRIPT))


def results_of(out: Path) -> dict[str, Any]:
    """What a run of ours wrote down."""
    read: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return read


def scores_of(results: Mapping[str, Any]) -> dict[tuple[str, str, str], float]:
    """(engine, task, metric) → value. Raises CannotMeasure for a task that did not do all it was to do."""
    for task in results["tasks"]:
        samples = task["samples"]
        if task["problem"] is not None or samples["completed"] != samples["asked"]:
            raise CannotMeasure(f"{task['engine']} {task['name']} was not done: {task['problem'] or samples}")
    return {
        (task["engine"], task["name"], score["metric"]): score["value"]
        for task in results["tasks"]
        for score in task["scores"]
    }


def verdict(name: str, *, holds: bool) -> bool:
    """Print whether a bar holds."""
    print(f"{'holds' if holds else 'DOES NOT HOLD'}: {name}", flush=True)
    return holds


def _wait(children: Sequence[subprocess.Popen[bytes]], deadline: float) -> None:
    while any(child.poll() is None for child in children):
        if time.perf_counter() > deadline:
            raise CannotMeasure(f"a command took more than {_LONGEST} s")
        time.sleep(_POLL_SECONDS)


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Whatever still runs: its whole group."""
    for child in children:
        if child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
