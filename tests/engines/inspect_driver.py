"""Runs where inspect-ai is installed: tasks by the engine of the runners, with tasks made up for the tests.

    python inspect_driver.py RUNNERS JOB.json

RUNNERS is the folder above `parts`. The job has tasks, model, options and out; what is reported goes to stdout, one
JSON object a line, after the word `told`.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import includes, match
from inspect_ai.solver import generate, solver

_TWICE = 2


def _samples(count: int) -> MemoryDataset:
    return MemoryDataset([Sample(input=f"say {number}", target="", id=number) for number in range(count)])


def _breaking(only: int | None = None) -> Any:
    async def solve(state: Any, generate: Any) -> Any:
        if only in {None, state.sample_id}:
            raise RuntimeError("the solver broke")
        return await generate(state)

    return solve


def whole() -> Task:
    return Task(dataset=_samples(4), solver=generate(), scorer=includes())


def sampled() -> Task:
    config = GenerateConfig(temperature=0.7, max_tokens=5)
    return Task(dataset=_samples(2), solver=generate(), scorer=includes(), config=config, epochs=_TWICE)


def broken() -> Task:
    return Task(dataset=_samples(3), solver=solver(_breaking)(), scorer=includes())


def one_fails() -> Task:
    return Task(dataset=_samples(20), solver=solver(_breaking)(only=7), scorer=includes())


def same_ids() -> Task:
    return Task(dataset=MemoryDataset([Sample(input="a", target="", id=1)] * 2), solver=generate(), scorer=includes())


def too_long() -> Task:
    samples = [Sample(input="word " * 5_000, target="x", id=1), Sample(input="word", target="", id=2)]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=match())


def own_image() -> Task:
    return Task(dataset=_samples(1), solver=generate(), scorer=includes(), sandbox=("docker", "compose.yaml"))


def leaving() -> Task:
    raise SystemExit(3)


def _tell(kind: str, **members: Any) -> None:
    sys.stdout.write("told " + json.dumps({"kind": kind, **members}) + "\n")
    sys.stdout.flush()


def main(runners: str, job: str) -> None:
    sys.path.insert(0, runners)
    engine, options = (importlib.import_module(f"parts.{name}") for name in ("inspect_engine", "options"))
    for each in (whole, sampled, broken, one_fails, same_ids, too_long, own_image, leaving):
        task(each)
    told = json.loads(Path(job).read_text(encoding="utf-8"))
    run = engine.InspectRun(
        told["tasks"],
        options.Options(**told["options"]),
        Path(told["out"]),
        lambda record: _tell("task", record=record),
        lambda name, done=None, total=None: _tell("progress", task=name, done=done, total=total),
    )
    run.prepare()
    run.run(options.ModelUnderTest(**told["model"]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
