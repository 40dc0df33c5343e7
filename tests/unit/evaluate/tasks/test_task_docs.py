"""What docs/evaluating.md says of tasks is what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalbot.errors import UsageError
from evalbot.evaluate.tasks import resolve

TEXT = (Path(__file__).parents[4] / "docs" / "evaluating.md").read_text(encoding="utf-8")
ROWS = [
    [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| ---")
]
USUAL = [[cell.strip() for cell in row] for row in ROWS if len(row) == 7][1:]
NOT_RUN = [row[0] for row in ROWS if len(row) == 2][1:]
REFUSED = [
    (engine.strip(), name)
    for cell in NOT_RUN
    for engine, names in re.findall(r"(inspect|lighteval): ([^;]+)", cell)
    for name in re.findall(r"`([^`]+)`", names)
]


def test_docs__have_both_tables() -> None:
    assert len(USUAL) >= 15
    assert len(REFUSED) >= 18


@pytest.mark.parametrize("row", USUAL, ids=[row[0] for row in USUAL])
def test_docs__a_row_says_what_the_task_is(row: list[str]) -> None:
    (task,) = resolve(row[0].strip("`"), allow_code_execution=True)
    runs = f"`{task.name}`" + (f", {len(task.expands_to)} tasks" if len(task.expands_to) > 1 else "")
    said = [task.engine, runs, ", ".join(task.metrics), *task.kinds, *task.datasets, str(task.shots)]
    assert row[1:] == said


@pytest.mark.parametrize(("engine", "name"), REFUSED)
def test_docs__what_is_said_not_to_run_is_refused(engine: str, name: str) -> None:
    asked = f"{name}|0" if engine == "lighteval" else f"inspect_evals/{name}"
    with pytest.raises(UsageError, match=r"is not run|has no task"):
        resolve(asked)
