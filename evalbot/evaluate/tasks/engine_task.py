"""One task of one engine, ready to be planned and run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalbot.evaluate.tasks.catalogue import Engine, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTask:
    """What a name stands for. `metrics`, `samples`, `shots` and `max_tokens` say only what is known before a run."""

    engine: Engine
    name: str
    """As the runner takes it: `arc:challenge|25`, `inspect_evals/gsm8k?fewshot=5`."""
    task: str
    """The engine's own name of the task or group, without shots and arguments."""
    asked: str
    """As it was typed."""
    shots: int | None
    metrics: tuple[str, ...]
    kinds: tuple[Kind, ...]
    datasets: tuple[str, ...]
    """Hub ids."""
    samples: int | None
    max_tokens: int | None
    """The longest answer, in tokens; None where the task sets no limit or it is not known."""
    version: str | None
    expands_to: tuple[str, ...]
    """The tasks that are run, by the engine's names: several for a group of lighteval's, else the task itself."""
    needs_code_execution: bool = False
    """Whether code that the model writes is run on the machine that evaluates."""
    notes: tuple[str, ...] = ()
    """What people should know of this number, in sentences."""
