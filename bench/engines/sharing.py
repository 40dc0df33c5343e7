"""One load of the model for all tasks of both engines, beside the same script started once for each task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.engines.stage import SIX, CannotMeasure, furnish, our_command, results_of, scores_of, stage, verdict
from evalbot.evaluate.runners.parts import requirements
from tests.engines.ground import wheels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.engines.stage import Stage, Tasks

LEAST = 2.0

Scores = dict[tuple[str, str, str], float]


def measure(environment: Mapping[str, str]) -> bool:
    """Print the times; whether one load is at least `LEAST` times as fast, with the same scores."""
    print("\nsharing: 6 tasks of both engines, the tiny model, every start of vLLM included")
    with stage(environment) as ground:
        furnish(ground.hub)
        _install(ground)
        together, scores = _run(ground, "together", SIX)
        print(f"{'one load of the model':52} {together:7.1f} s", flush=True)
        alone, separate = 0.0, Scores()
        for number, task in enumerate(SIX.each()):
            seconds, found = _run(ground, f"alone-{number}", task)
            alone, separate = alone + seconds, separate | found
            print(f"{f'  {task}':52} {seconds:7.1f} s", flush=True)
    ratio = alone / together
    print(f"{'one process for each task':52} {alone:7.1f} s   ratio {ratio:.2f}")
    fast = verdict(f"one load at least {LEAST:.0f} times as fast ({ratio:.2f})", holds=ratio >= LEAST)
    same = verdict(f"the same {len(scores)} scores either way", holds=scores == separate)
    return fast and same


def _install(ground: Stage) -> None:
    """No time of these holds an installation. What else comes of going first, is at the cost of the one load."""
    for needs in (requirements.VLLM, requirements.LIGHTEVAL, requirements.INSPECT):
        ground.seconds("install", [[*wheels.run_with(needs), "python", "-c", ""]])


def _run(ground: Stage, name: str, tasks: Tasks) -> tuple[float, Scores]:
    out = ground.folder / name
    command = our_command(tasks, out, dtype="float32", max_model_len=4096, vllm_args=("--enforce-eager",))
    seconds = ground.seconds(name, [command])
    scores = scores_of(results_of(out))
    if not scores:
        raise CannotMeasure(f"{name} gave no score")
    return seconds, scores
