"""A real model and real questions: what `evalbot evaluate` says beside what the bare engines say of the same items.

Both ask one server with greedy decoding and the model's chat template, so every answer has to be the same. lighteval's
own backend accelerate is another implementation of the model: its values are shown for information.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.engines import bare, real
from bench.engines.stage import Tasks, results_of, scores_of, stage, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.engines.stage import Stage
    from tests.engines.ground.server import VllmServer

ITEMS = 20
TASKS = Tasks(
    lighteval=("gsm8k|0", "hellaswag|0", "truthfulqa:mc|0"),
    inspect=("inspect_evals/gsm8k?fewshot=0", "inspect_evals/hellaswag", "inspect_evals/truthfulqa"),
)
ON_ACCELERATE, ON_ACCELERATE_ITEMS = Tasks(lighteval=("hellaswag|0", "truthfulqa:mc|0")), 5
"""Not all, and not the long answers of gsm8k: they would take minutes there."""
CONTEXT = 512
"""In tokens. It bounds the answers of a model that repeats itself, on both sides alike."""
_SERVER = ("--dtype", "float32", "--max-model-len", str(CONTEXT), "--enforce-eager", "--no-enable-prefix-caching")
"""In bfloat16, 6 of 20 long greedy answers differed between the two sides; a server rounds a request according to what
shares its batch, which float32 leaves less room for. Without the prefix cache, in which whoever comes second would find
the prompts of the first.
"""
_SAME = 1e-9
_CACHE = "EVALBOT_BENCH_CACHE"

Answers = dict[str, dict[str, Any]]
"""`engine task` → {"scores": {metric: value}, "items": {item: what the model said}}."""


def measure(environment: Mapping[str, str]) -> bool:
    """Print the scores of both sides; whether all values and all answers are the same."""
    print(f"\nreal: {real.MODEL_ID} from a four-bit file, {ITEMS} items a task, greedy, with its chat template")
    cache = Path(os.environ.get(_CACHE) or Path(sys.prefix) / "bench-cache")
    with stage(environment) as ground:
        real.furnish(ground.hub, cache, environment)
        with ground.serving(real.MODEL_ID, *_SERVER) as server:
            seconds = _ours(ground, server), _bare(ground, server)
        ours, theirs = _answers(ground, "ours"), _answers(ground, "bare")
        print(f"evalbot evaluate {seconds[0]:.1f} s, the bare engines on the same server {seconds[1]:.1f} s")
        held = _compared(results_of(ground.folder / "ours"), ours, theirs)
        _beside_accelerate(ground, ours)
    return held


def _ours(ground: Stage, server: VllmServer) -> float:
    command = [
        *(sys.executable, "-m", "evalbot", "evaluate", "--repo-id", real.MODEL_ID),
        *("--tasks", ",".join((*(f"lighteval|{name}" for name in TASKS.lighteval), *TASKS.inspect))),
        *("--base-url", server.base_url, "--served-model-name", server.model),
        *("--limit", str(ITEMS), "--output-dir", str(ground.folder / "ours")),
    ]
    return ground.seconds("ours", [command])


def _bare(ground: Stage, server: VllmServer) -> float:
    out = ground.folder / "bare"
    lighteval = bare.lighteval_command(TASKS, server, real.MODEL_ID, out / "lighteval", ITEMS)
    inspect = bare.inspect_command(TASKS, server, out / "inspect", max_tokens=CONTEXT, limit=ITEMS)
    return ground.seconds("bare", [lighteval, inspect])


def _answers(ground: Stage, side: str) -> Answers:
    folder = ground.folder / side
    lighteval = bare.lighteval_answers(ground, folder / "lighteval")
    inspect = bare.inspect_answers(ground, folder / "inspect")
    return {f"lighteval {name}": task for name, task in lighteval.items()} | {
        f"inspect {name}": task for name, task in inspect.items()
    }


def _compared(results: Mapping[str, Any], ours: Answers, theirs: Answers) -> bool:
    published = scores_of(results)
    print(f"{'task':36} {'metric':18} {'ours':>8} {'bare':>8} {'invalid':>8}   answers alike")
    alike = equal = True
    for task in results["tasks"]:
        name = _name(task)
        mine, other = ours[name]["items"], theirs[name]["items"]
        same = sum(mine[item] == other.get(item) for item in mine)
        alike &= same == len(mine) == len(other) == ITEMS
        for metric, value in theirs[name]["scores"].items():
            if metric == "stderr":
                continue  # inspect-ai counts it among the metrics
            found = published.get((task["engine"], task["name"], metric), float("nan"))
            equal &= abs(found - value) < _SAME
            invalid = _invalid(task["samples"])
            print(f"{name:36} {metric:18} {found:8.4f} {value:8.4f} {invalid:>8}   {same} of {len(mine)}")
    values = verdict("every value of ours is the bare engines'", holds=equal and len(ours) == len(theirs) == _COUNT)
    return verdict("every answer is the same, item for item", holds=alike) and values


_COUNT = len(TASKS.lighteval) + len(TASKS.inspect)


def _name(task: Mapping[str, Any]) -> str:
    return f"{task['engine']} {task['name'].partition('?')[0]}"


def _invalid(samples: Mapping[str, Any]) -> str:
    """The part of the answers that could not be read; lighteval's exact matches do not tell."""
    return "-" if samples["invalid"] is None else f"{samples['invalid'] / samples['completed']:.2f}"


def _beside_accelerate(ground: Stage, ours: Answers) -> None:
    out = ground.folder / "accelerate"
    seconds = ground.seconds(
        "accelerate", [bare.accelerate_command(ON_ACCELERATE, real.MODEL_ID, out, ON_ACCELERATE_ITEMS)]
    )
    print(f"lighteval accelerate, float32, on {ON_ACCELERATE_ITEMS} of the items ({seconds:.1f} s), for information:")
    for name, task in sorted(bare.lighteval_answers(ground, out).items()):
        mine = ours[f"lighteval {name}"]
        for metric, value in task["scores"].items():
            print(f"  {name:34} {metric:18} {mine['scores'][metric]:8.4f} {value:8.4f}")
        print(f"  {'':34} {_difference(mine['items'], task['items'])}")


def _difference(mine: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    both = [(mine[item], other[item]) for item in mine if item in other]
    furthest = max((abs(a - b) for one, two in both for a, b in _pairs(one["logprobs"], two["logprobs"])), default=None)
    if furthest is not None:
        return f"log probabilities of {len(both)} items differ by {furthest:.1e} at most"
    return f"{sum(one['text'] == two['text'] for one, two in both)} of {len(both)} answers alike"


def _pairs(one: Sequence[float] | None, two: Sequence[float] | None) -> Sequence[tuple[float, float]]:
    return list(zip(one or (), two or (), strict=True))
