"""A name in lighteval's words → the task or group it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar

from evalbot.console import one_line
from evalbot.errors import UsageError
from evalbot.evaluate.tasks.catalogue import PACKAGE, catalogue
from evalbot.evaluate.tasks.engine_task import EngineTask
from evalbot.evaluate.tasks.notes import lighteval_notes
from evalbot.evaluate.tasks.refusals import inspect_refusal, lighteval_refusal
from evalbot.evaluate.tasks.suggestions import LIST, closest
from evalbot.evaluate.tasks.wording import Wording, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evalbot.evaluate.tasks.catalogue import LightevalEntry


T = TypeVar("T")


def knows(text: str) -> bool:
    """Whether lighteval has a task of this name, in today's or in known older words."""
    return _found(Wording(text, None, text, None)) is not None


def runs(text: str, *, allow_code: bool) -> bool:
    """Whether lighteval has a task or group of this name, and all of it is run."""
    name = _found(Wording(text, None, text, None))
    entries = (catalogue().lighteval[member] for member in catalogue().members(name or ""))
    return name is not None and all(lighteval_refusal(entry, allow_code=allow_code) is None for entry in entries)


def lighteval_task(text: str, *, allow_code: bool) -> EngineTask:
    """Raises UsageError where the name is not written as it should be, is unknown, or stands for what is not run."""
    wording = parse(text)
    name = _found(wording)
    if name is None:
        _unknown(wording)
    entries = [catalogue().lighteval[member] for member in catalogue().members(name)]
    _refuse(name, entries, allow_code=allow_code)
    shots = wording.shots or 0
    limits = [entry.max_tokens for entry in entries if entry.max_tokens and entry.max_tokens > 0]
    return EngineTask(
        engine="lighteval",
        name=f"{name}|{shots}",
        task=name,
        asked=text,
        shots=shots,
        metrics=_union(entry.metrics for entry in entries),
        kinds=_union(entry.kinds for entry in entries),
        datasets=_union((entry.dataset,) for entry in entries),
        samples=None,
        max_tokens=max(limits) if len(limits) == len(entries) else None,
        version=_only(entry.version for entry in entries),
        expands_to=tuple(entry.name for entry in entries),
        needs_code_execution=any(entry.runs_code for entry in entries),
        notes=lighteval_notes(wording, name, entries),
    )


def _found(wording: Wording) -> str | None:
    return next((name for name in wording.names if catalogue().members(name)), None)


def _unknown(wording: Wording) -> NoReturn:
    version = catalogue().packages["lighteval"]
    shown = one_line(wording.task)[:100]
    if wording.task in catalogue().inspect:
        raise UsageError(
            f"lighteval {version} has no task {shown!r}.", hint=f"inspect has it: type {PACKAGE}/{wording.task}."
        )
    raise UsageError(
        f"lighteval {version} has no task {shown!r}; other releases may have had one.",
        hint=LIST,
        candidates=closest(wording.task, "lighteval"),
    )


def _refuse(name: str, entries: Sequence[LightevalEntry], *, allow_code: bool) -> None:
    refusals = {entry.name: lighteval_refusal(entry, allow_code=allow_code) for entry in entries}
    reason = next((refusal for refusal in refusals.values() if refusal), None)
    if reason is None:
        return
    left = [member for member, refusal in refusals.items() if refusal is None]
    hint = f"{len(left)} of the {len(entries)} tasks of this group can be run by their names." if left else None
    other = catalogue().inspect.get(name)
    if other and inspect_refusal(other, allow_code=allow_code) is None:
        hint = f"inspect has a task of this name that can be run: type {PACKAGE}/{name}."
    raise UsageError(f"lighteval's {name} is not run: {reason}.", hint=hint, candidates=left)


def _union(parts: Iterable[Iterable[T]]) -> tuple[T, ...]:
    """All of them, each once, in their order."""
    return tuple(dict.fromkeys(item for part in parts for item in part))


def _only(values: Iterable[str]) -> str | None:
    different = set(values)
    return different.pop() if len(different) == 1 else None
