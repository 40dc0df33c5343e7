"""What a person reads before an evaluation starts, and what `--json` says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalbot.console import one_line
from evalbot.evaluate.hardware.cost import ASSUMPTIONS, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalbot.evaluate.plan import Plan
    from evalbot.evaluate.tasks import EngineTask, ListedTask

MAX_TASKS = 30


def lines(plan: Plan) -> Iterator[str]:
    """The plan: tasks with what they measure, the model, where it runs and what that costs, and what to know."""
    commit = "" if plan.command.revision is None else f" at {plan.command.revision[:8]}"
    yield one_line(f"Evaluating {plan.command.model}{commit}{_limited(plan)}:")
    for task in plan.tasks[:MAX_TASKS]:
        yield one_line(f"  {_task(task)}")
    if len(plan.tasks) > MAX_TASKS:
        yield f"  … and {len(plan.tasks) - MAX_TASKS} more (see --json)"
    yield one_line(_place(plan))
    if plan.choice is not None:
        yield from (one_line(f"  {reason}") for reason in (*plan.choice.reasons, *plan.choice.warnings))
    if plan.cost is not None:
        yield f"Cost: {plan.cost.told}."
        yield f"  {ASSUMPTIONS}"
    yield from (one_line(f"Note: {note}") for note in plan.notes)


def _limited(plan: Plan) -> str:
    limit = plan.command.limit
    return "" if limit is None else f", {limit} samples of each task (partial runs are not published)"


def _task(task: EngineTask) -> str:
    what = [f"{task.shots}-shot"] if task.shots is not None else []
    what += [", ".join(task.metrics)] if task.metrics else []
    what += [f"{task.samples:,} samples"] if task.samples is not None else []
    what += [f"{len(task.expands_to)} tasks"] if len(task.expands_to) > 1 else []
    return f"{task.engine} {task.task}: {'; '.join(what)}" if what else f"{task.engine} {task.task}"


def _place(plan: Plan) -> str:
    within = f"within {duration(plan.timeout)}"
    if plan.choice is not None and plan.where == "jobs":
        split = plan.choice.tensor_parallel_size
        return f"On HF Jobs, {plan.choice.flavor.told}{f', split over {split} GPUs' if split > 1 else ''}, {within}."
    if plan.command.base_url is not None:
        return f"By the server at {plan.command.base_url}, {within}."
    return f"On this machine, {within}."


def as_json(plan: Plan) -> dict[str, Any]:
    """The member `plan` of the answer of `evaluate`."""
    choice, cost = plan.choice, plan.cost
    return {
        "where": plan.where,
        "model": plan.command.model,
        "revision": plan.command.revision,
        "tasks": [_task_json(task) for task in plan.tasks],
        "hardware": None if choice is None else choice.flavor.name,
        "tensor_parallel_size": None if choice is None else choice.tensor_parallel_size,
        "dtype": None if choice is None else choice.dtype,
        "max_model_len": None if choice is None else choice.max_model_len,
        "timeout": plan.timeout,
        "estimated_cost": None if cost is None or cost.estimated is None else float(cost.estimated),
        "maximum_cost": None if cost is None else float(cost.maximum),
        "notes": list(plan.notes),
    }


def _task_json(task: EngineTask) -> dict[str, Any]:
    return {
        "engine": task.engine,
        "name": task.name,
        "asked": task.asked,
        "shots": task.shots,
        "metrics": list(task.metrics),
        "datasets": list(task.datasets),
        "samples": task.samples,
    }


def listed(rows: Iterator[ListedTask]) -> Iterator[str]:
    """The tasks of --list-tasks, a line each."""
    for row in rows:
        what = [", ".join(row.metrics)] if row.metrics else []
        what += [f"{row.samples:,} samples"] if row.samples is not None else []
        what += [f"{row.tasks} tasks"] if row.tasks > 1 else []
        what += [f"not run: {row.not_run}"] if row.not_run else []
        yield one_line(f"{row.engine:9}  {row.name}  {'; '.join(what)}".rstrip())
