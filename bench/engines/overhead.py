"""Our whole run beside the bare engines, given the same running server, the same tasks and the same pace.

Both engines at once on both sides. The caches of data sets are warm, as on a machine that evaluated before.
"""

from __future__ import annotations

import resource
import statistics
import time
from typing import TYPE_CHECKING

from bench.engines import bare
from bench.engines.stage import (
    QUESTIONS,
    SIX,
    CannotMeasure,
    furnish,
    our_command,
    results_of,
    scores_of,
    stage,
    verdict,
)
from tests.engines.ground import model, wheels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.engines.stage import Stage
    from tests.engines.ground.server import VllmServer

MOST = 1.05
PAIRS = 5


def measure(environment: Mapping[str, str], pairs: int = PAIRS) -> bool:
    """Print the times of alternating runs; whether ours takes at most `MOST` times as long as the bare engines."""
    print(f"\noverhead: 6 tasks of {QUESTIONS} items, the tiny model, a server that already runs")
    with stage(environment) as ground:
        furnish(ground.hub)
        started = time.perf_counter()
        with ground.serving(model.ID, *wheels.VLLM_ARGUMENTS) as server:
            print(f"the server was there after {time.perf_counter() - started:.0f} s", flush=True)
            times = _times(ground, server, pairs)
    ours, our_work, theirs, their_work = (
        statistics.median(found) for side in ("ours", "bare") for found in times[side]
    )
    print(_line("median", (ours, our_work), (theirs, their_work)))
    return verdict(f"our run at most {MOST} x the bare engines ({ours / theirs:.3f})", holds=ours / theirs <= MOST)


def _times(ground: Stage, server: VllmServer, pairs: int) -> dict[str, tuple[list[float], list[float]]]:
    """Side → seconds by the clock, and of the processors without the server's."""
    sides: dict[str, Callable[[Path], float]] = {
        "ours": lambda out: _ours(ground, server, out),
        "bare": lambda out: _bare(ground, server, out),
    }
    for name, side in sides.items():
        side(ground.folder / f"{name}-warm")
    _must_agree(ground)
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in sides}
    print(f"{'pair':7} {'ours':>8} {'bare':>8} {'ratio':>7}   {'ours':>8} {'bare':>8} {'ratio':>7} of processor time")
    for pair in range(pairs):
        for name in sorted(sides, reverse=bool(pair % 2)):
            before = _processor_seconds()
            times[name][0].append(sides[name](ground.folder / f"{name}-{pair}"))
            times[name][1].append(_processor_seconds() - before)
        latest = [(times[name][0][-1], times[name][1][-1]) for name in ("ours", "bare")]
        print(_line(str(pair + 1), *latest), flush=True)
    return times


def _line(name: str, ours: tuple[float, float], theirs: tuple[float, float]) -> str:
    """Each side's seconds: by the clock, of the processors."""
    clock, work = (f"{mine:8.2f} {other:8.2f} {mine / other:7.3f}" for mine, other in zip(ours, theirs, strict=True))
    return f"{name:7} {clock}   {work}"


def _processor_seconds() -> float:
    """Of all children that have ended, and theirs: the server, which goes on, is not among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ours(ground: Stage, server: VllmServer, out: Path) -> float:
    command = our_command(
        SIX, out, base_url=server.base_url, served_model_name=server.model, concurrency=bare.CONCURRENCY
    )
    seconds = ground.seconds(out.name, [command])
    scores_of(results_of(out))
    return seconds


def _bare(ground: Stage, server: VllmServer, out: Path) -> float:
    lighteval = bare.lighteval_command(SIX, server, model.ID, out / "lighteval")
    inspect = bare.inspect_command(SIX, server, out / "inspect", max_tokens=model.CONTEXT)
    return ground.seconds(out.name, [lighteval, inspect])


def _must_agree(ground: Stage) -> None:
    """A side that did less work has no time to show. Raises CannotMeasure."""
    ours, theirs = ground.folder / "ours-warm", ground.folder / "bare-warm"
    for read, engine in ((bare.lighteval_answers, "lighteval"), (bare.inspect_answers, "inspect")):
        mine, other = read(ground, ours / engine), read(ground, theirs / engine)
        done = [{name: len(task["items"]) for name, task in side.items()} for side in (mine, other)]
        if done[0] != done[1] or set(done[0].values()) != {QUESTIONS}:
            raise CannotMeasure(f"{engine} did other work for us than alone: {done[0]}, {done[1]}")
        same = sum(
            other[name]["items"].get(item) == answer for name in mine for item, answer in mine[name]["items"].items()
        )
        print(f"{engine}: {same} of {sum(done[0].values())} answers are the same on both sides", flush=True)
