"""What was asked for → engine tasks: several by comma, in the words of either engine or in those people know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evalbot.console import one_line
from evalbot.errors import UsageError
from evalbot.evaluate.tasks import inspect_tasks, lighteval_tasks
from evalbot.evaluate.tasks.suggestions import LIST, closest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.evaluate.tasks.catalogue import Engine
    from evalbot.evaluate.tasks.engine_task import EngineTask

Choice = Literal["lighteval", "inspect", "both"]
_LONGEST = 4_000
"""Characters of all names together."""


def resolve(
    asked: str | Sequence[str], engine: Choice | None = None, *, allow_code_execution: bool = False
) -> tuple[EngineTask, ...]:
    """The tasks that are meant, in the order they were asked for.

    A name with `|` is lighteval's, one with `/` or `?` is inspect's. A name without either is inspect's where both
    know it, unless `engine` says otherwise; with `both` it is run by each engine that knows it.

    Raises UsageError, with what to type, where a name is empty, unknown, not written as it should be or asked for
    twice, and where a task is one that evalbot does not run.
    """
    names = _names(asked)
    tasks = [
        _task(name, chosen, allow_code=allow_code_execution) for name in names for chosen in _engines(name, engine)
    ]
    _refuse_twice(tasks)
    return tuple(tasks)


def _names(asked: str | Sequence[str]) -> list[str]:
    texts = [asked] if isinstance(asked, str) else list(asked)
    if sum(map(len, texts)) > _LONGEST:
        raise UsageError("The list of tasks is too long.", hint=f"At most {_LONGEST} characters are read.")
    names = [name.strip() for text in texts for name in text.split(",")]
    if not names or not all(names):
        raise UsageError(
            "There is no task between two commas, or no task at all.", hint="Write for example gsm8k,arc:challenge|25."
        )
    for name in names:
        if not name.isprintable() or not name.isascii() or " " in name:
            raise UsageError(f"{one_line(name)[:100]!r} is not the name of a task.", candidates=closest(name))
    return names


def _engines(name: str, choice: Choice | None) -> tuple[Engine, ...]:
    written: Engine | None = "lighteval" if "|" in name else "inspect" if "/" in name or "?" in name else None
    if written:
        if choice not in {None, "both", written}:
            raise UsageError(
                f"{name[:100]!r} is written as a task of {written}, and the engine asked for is {choice}.",
                hint="Leave the engine out, or type the task's name alone.",
            )
        return (written,)
    if choice in {"lighteval", "inspect"}:
        return (choice,)
    return _that_know(name, choice)


def _that_know(name: str, choice: Choice | None) -> tuple[Engine, ...]:
    by_inspect, by_lighteval = inspect_tasks.knows(name), lighteval_tasks.knows(name)
    if not by_inspect and not by_lighteval:
        raise UsageError(
            f"Neither lighteval nor inspect_evals has a task {name[:100]!r}.",
            hint=LIST,
            candidates=closest(name),
        )
    if by_inspect and by_lighteval and choice == "both":
        return ("lighteval", "inspect")
    return ("inspect",) if by_inspect else ("lighteval",)


def _task(name: str, engine: Engine, *, allow_code: bool) -> EngineTask:
    make = lighteval_tasks.lighteval_task if engine == "lighteval" else inspect_tasks.inspect_task
    return make(name, allow_code=allow_code)


def _refuse_twice(tasks: Sequence[EngineTask]) -> None:
    """A group and one of its tasks too are the same task twice, where the shots are the same."""
    seen: dict[tuple[str, str, int | None], EngineTask] = {}
    for task in tasks:
        arguments = task.name.partition("?")[2]
        for member in task.expands_to:
            first = seen.setdefault((task.engine, f"{member}?{arguments}", task.shots), task)
            if first is not task:
                raise UsageError(
                    f"{member} is asked for twice, by {first.asked!r} and by {task.asked!r}.",
                    hint="Leave one of them out.",
                )
