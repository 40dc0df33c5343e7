"""The engines without us, by their own command lines where they have one for what is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.engines.stage import CannotMeasure
from evalbot.evaluate.runners.parts import requirements
from evalbot.evaluate.runners.parts.inspect_specs import parse_inspect_spec
from tests.engines.ground import wheels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.engines.stage import Command, Stage, Tasks
    from tests.engines.ground.server import VllmServer

CONCURRENCY = 32
"""Requests at a time, of each engine. It is also what ours has where nothing is said."""
_PARALLEL_TASKS = 2
_INSIDE = Path(__file__).parent / "inside"


def inspect_command(
    tasks: Tasks, server: VllmServer, out: Path, *, max_tokens: int, limit: int | None = None
) -> Command:
    """`inspect eval`, greedy and at the same pace as ours; answers are in OUT, one log for each task."""
    specs = [parse_inspect_spec(name) for name in tasks.inspect]
    arguments = {name: value for spec in specs for name, value in spec.arguments.items()}
    return [
        *wheels.run_with(requirements.INSPECT),
        *("inspect", "eval", *(spec.name for spec in specs)),
        *("--model", f"openai-api/bench/{server.model}", "--model-base-url", server.base_url),
        *(word for name, value in arguments.items() for word in ("-T", f"{name}={json.dumps(value)}")),
        *("--temperature", "0", "--max-tokens", str(max_tokens)),
        *("--max-connections", str(CONCURRENCY), "--max-samples", str(CONCURRENCY)),
        *("--max-tasks", str(_PARALLEL_TASKS)),
        *(() if limit is None else ("--limit", str(limit))),
        *("--log-dir", str(out), "--log-format", "eval", "--log-level", "warning"),
        *("--no-log-realtime", "--no-log-images", "--no-log-model-api"),
        *("--display", "none", "--no-score-display", "--ctl-server", "false"),
    ]


def lighteval_command(tasks: Tasks, server: VllmServer, model: str, out: Path, limit: int | None = None) -> Command:
    """lighteval's own pipeline over all tasks at once, with a model that asks the server: it has no such model."""
    told = {
        "tasks": tasks.lighteval,
        "model": model,
        "base_url": server.base_url,
        "served_name": server.model,
        "concurrency": CONCURRENCY,
        "limit": limit,
        "out": str(out),
    }
    return [*wheels.run_with(requirements.LIGHTEVAL), "python", str(_INSIDE / "bare_lighteval.py"), json.dumps(told)]


def accelerate_command(tasks: Tasks, model: str, out: Path, limit: int | None = None) -> Command:
    """`lighteval accelerate`, in float32, without answers of earlier runs."""
    words = f"model_name={model},dtype=float32,batch_size=4,cache_dir={out / 'cache'}"
    return [
        *(*wheels.run_with(requirements.LIGHTEVAL), "python", str(_INSIDE / "lighteval_command.py")),
        *("accelerate", f"{words},generation_parameters={{temperature:0}}", ",".join(tasks.lighteval)),
        *("--output-dir", str(out), "--save-details"),
        *(() if limit is None else ("--max-samples", str(limit))),
    ]


def lighteval_answers(stage: Stage, out: Path) -> dict[str, Any]:
    """Task → {"scores": {metric: mean over the items}, "items": {prompt: what the model said}} of lighteval's files."""
    needs = requirements.LIGHTEVAL
    return _read(stage, [*wheels.run_with(needs), "python", str(_INSIDE / "lighteval_answers.py"), str(out)])


def inspect_answers(stage: Stage, out: Path) -> dict[str, Any]:
    """The same of inspect-ai's logs. Raises CannotMeasure for a log of a task that was not done."""
    needs = requirements.INSPECT
    found = _read(stage, [*wheels.run_with(needs), "python", str(_INSIDE / "inspect_answers.py"), str(out)])
    for name, task in found.items():
        _must_be_done(name, task)
    return found


def _must_be_done(name: str, task: Mapping[str, Any]) -> None:
    """`inspect eval` ends with 0 also where a task broke."""
    if task["status"] != "success" or task["completed"] != task["total"]:
        raise CannotMeasure(f"{name} by inspect eval: {task['status']}, {task['completed']} of {task['total']} samples")


def _read(stage: Stage, command: Command) -> dict[str, Any]:
    target = stage.folder / "answers.json"
    stage.seconds("answers", [[*command, str(target)]])
    read: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return read
