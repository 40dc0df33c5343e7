"""What a job was asked for, by its own command line; and whether results are about that."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.console import one_line
from evalbot.errors import EvaluationFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.evaluate.runners.parts.record import Results, Task

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`tasks` are (engine, name) without shots and arguments."""

    model: str
    revision: str | None
    tasks: tuple[tuple[str, str], ...]


def asked_of(arguments: Sequence[str]) -> Asked | None:
    """What the runner's arguments ask for; None where they name no model, so that they are not the runner's."""
    values = dict(itertools.pairwise(arguments))
    model = values.get("--model")
    if model is None:
        return None
    lighteval = [("lighteval", text.partition("|")[0]) for text in _split(values.get("--lighteval-tasks"))]
    inspect = [("inspect", text.partition("?")[0]) for text in _split(values.get("--inspect-tasks"))]
    return Asked(model=model, revision=values.get("--revision"), tasks=(*lighteval, *inspect))


def check(results: Results, asked: Asked, job_id: str) -> None:
    """Raise EvaluationFailed for results of another job, model, commit or task than was asked for."""
    model, run = results["model"], results["run"]
    reason = None
    if model["id"] != asked.model:
        reason = f"they are about {model['id']}, not {asked.model}"
    elif _differ(asked.revision, model["commit"]):
        reason = f"they are about commit {model['commit']}, not {asked.revision}"
    elif run["job_id"] not in {None, job_id}:
        reason = f"they are of job {run['job_id']}"
    else:
        other = [task["name"] for task in results["tasks"] if not any(_is_of(task, each) for each in asked.tasks)]
        missing = [name for engine, name in asked.tasks if not any(_is_of(t, (engine, name)) for t in results["tasks"])]
        if other:
            reason = f"nobody asked for {', '.join(other[:3])}"
        elif missing and run["status"] == "complete":
            reason = f"{', '.join(missing[:3])} is missing in them"
    if reason is not None:
        raise EvaluationFailed(
            f"The results of job {job_id} are not used: {one_line(reason)[:300]}.",
            hint="Run the evaluation again with --again.",
        )


def _differ(revision: str | None, commit: str | None) -> bool:
    both_known = commit is not None and revision is not None and _COMMIT.fullmatch(revision) is not None
    return both_known and commit != revision


def _is_of(task: Task, asked: tuple[str, str]) -> bool:
    """Whether this is a task that was asked for, or one of the group that was."""
    engine, name = asked
    if task["engine"] != engine:
        return False
    said = task["name"].partition("?")[0].partition("|")[0]
    return said == name or said.startswith(f"{name}:") or said == name.rpartition("/")[2]


def _split(text: str | None) -> list[str]:
    return [part for part in (text or "").split(",") if part]
