"""How far a run is, as the runner tells it in lines `evalbot-progress {json}` (runners/parts/progress.py)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

MARK = "evalbot-progress "
MAX_LINE = 4_000
"""Characters; the runner's lines have about 200."""
_LONGEST_NAME = 200
_MOST = 10**12
"""No count and no number of seconds is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the runner said last. None: it did not say. Samples are those of `task`."""

    phase: str
    task: str | None = None
    engine: str | None = None
    tasks_done: int | None = None
    tasks: int | None = None
    samples_done: int | None = None
    samples: int | None = None
    seconds: float | None = None
    """Since the runner began."""


def parse(line: str) -> Progress | None:
    """The progress a line tells; None for any other line, which then belongs in the log."""
    if not line.startswith(MARK) or len(line) > MAX_LINE:
        return None
    try:
        said = json.loads(line.removeprefix(MARK))
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or _text(said.get("phase")) is None:
        return None
    return Progress(
        phase=_text(said["phase"]) or "",
        task=_text(said.get("task")),
        engine=_text(said.get("engine")),
        tasks_done=_count(said.get("tasks_done")),
        tasks=_count(said.get("tasks")),
        samples_done=_count(said.get("samples_done")),
        samples=_count(said.get("samples")),
        seconds=_seconds(said.get("seconds")),
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it goes: samples a second of the task that runs, and seconds that are left of the whole run."""

    samples_per_second: float | None = None
    seconds_left: float | None = None


LEAST_SHARE, LEAST_SECONDS = 0.02, 10.0
"""Below these an estimate of the end would be a guess."""
QUIET_SECONDS = 15.0
"""Between two lines about the same task."""
STEP_SECONDS = 1.0
"""Between two lines whatever they are about: a hundred tasks may end at once."""


class Watch:
    """Says which news are worth a line, and how fast it goes. `now` is in seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._told: Progress | None = None
        self._told_at = -math.inf
        self._first_share: tuple[float, float] | None = None
        self._task: tuple[str | None, str | None] | None = None
        self._task_since: tuple[float, int] = (0.0, 0)

    def news(self, progress: Progress, now: float) -> Pace | None:
        """The pace, where this is worth a line; None where it is not."""
        pace = self._pace(progress, now)
        told = self._told
        is_step = told is None or (told.phase, told.tasks_done, told.tasks) != (
            progress.phase,
            progress.tasks_done,
            progress.tasks,
        )
        if progress == told or now - self._told_at < (STEP_SECONDS if is_step else QUIET_SECONDS):
            return None
        self._told, self._told_at = progress, now
        return pace

    def _pace(self, progress: Progress, now: float) -> Pace:
        return Pace(self._per_second(progress, now), self._left(progress, now))

    def _per_second(self, progress: Progress, now: float) -> float | None:
        task = (progress.engine, progress.task)
        done = progress.samples_done
        if task != self._task:
            self._task, self._task_since = task, (now, done or 0)
        since, before = self._task_since
        return (done - before) / (now - since) if done is not None and done > before and now > since else None

    def _left(self, progress: Progress, now: float) -> float | None:
        if not progress.tasks or progress.tasks_done is None:
            return None
        within = (progress.samples_done or 0) / progress.samples if progress.samples else 0.0
        share = min(1.0, (progress.tasks_done + min(1.0, within)) / progress.tasks)
        if self._first_share is None and progress.task is not None:
            self._first_share = (now, share)
        if self._first_share is None:
            return None
        since, before = self._first_share
        gained, seconds = share - before, now - since
        return seconds * (1 - share) / gained if gained >= LEAST_SHARE and seconds >= LEAST_SECONDS else None


def _text(value: Any) -> str | None:
    return value[:_LONGEST_NAME] if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST else None


def _seconds(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < _MOST else None
