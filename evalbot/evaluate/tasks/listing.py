"""What can be run, for people who look for a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.evaluate.runners.parts.aliases import LIGHTEVAL_ALIASES
from evalbot.evaluate.tasks.catalogue import PACKAGE, catalogue
from evalbot.evaluate.tasks.refusals import inspect_refusal, lighteval_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalbot.evaluate.tasks.catalogue import Engine, InspectEntry, LightevalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTask:
    """A row. `name` is what to type, but for lighteval's shots; `tasks` how many a group has."""

    engine: Engine
    name: str
    tasks: int
    metrics: tuple[str, ...]
    kinds: tuple[str, ...]
    datasets: tuple[str, ...]
    samples: int | None
    not_run: str | None
    """Why evalbot does not run it; None where it does. What needs --allow-code-execution counts as run."""


def listing(words: str | None = None, *, groups: bool = True) -> Iterator[ListedTask]:
    """Tasks of both engines by name, those that hold every word of `words` in their name or data set.

    With `groups`, lighteval's groups stand as one row each; their tasks are listed where words are given.
    """
    wanted = (words or "").lower().split()
    for row in _rows(groups=groups, members=bool(wanted) or not groups):
        text = " ".join((row.name, row.engine, *row.datasets)).lower()
        if all(word in text for word in wanted):
            yield row


def _rows(*, groups: bool, members: bool) -> Iterator[ListedTask]:
    known = catalogue()
    inside = {member for tasks in known.groups.values() for member in tasks}
    rows = [_lighteval(name, [entry]) for name, entry in known.lighteval.items() if members or name not in inside]
    if groups:
        rows += [
            _lighteval(name, [known.lighteval[member] for member in tasks])
            for name, tasks in known.groups.items()
            if name not in {*known.lighteval, *LIGHTEVAL_ALIASES}
        ]
    yield from sorted(rows, key=lambda row: row.name)
    yield from (_inspect(entry) for entry in known.inspect.values())


def _lighteval(name: str, entries: list[LightevalEntry]) -> ListedTask:
    refusals = (lighteval_refusal(entry, allow_code=True) for entry in entries)
    return ListedTask(
        engine="lighteval",
        name=name,
        tasks=len(entries),
        metrics=tuple(dict.fromkeys(metric for entry in entries for metric in entry.metrics)),
        kinds=tuple(dict.fromkeys(kind for entry in entries for kind in entry.kinds)),
        datasets=tuple(dict.fromkeys(entry.dataset for entry in entries)),
        samples=None,
        not_run=next((refusal for refusal in refusals if refusal), None),
    )


def _inspect(entry: InspectEntry) -> ListedTask:
    return ListedTask(
        engine="inspect",
        name=f"{PACKAGE}/{entry.name}",
        tasks=1,
        metrics=tuple(metric for metric in entry.metrics if metric != "stderr"),
        kinds=("generative",),
        datasets=entry.datasets,
        samples=entry.samples,
        not_run=inspect_refusal(entry, allow_code=True),
    )
