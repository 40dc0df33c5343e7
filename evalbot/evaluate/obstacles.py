"""Why what a run measured cannot be published: another model, a part of a task, answers nobody could read. Pure."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from evalbot.console import one_line
from evalbot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalbot.evaluate.runners.parts.record import EngineScore, Results, Task

_NAME = re.compile(r"[\x21-\x7e]{1,200}")
"""Of tasks, data sets, their parts and commits: names of one word."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HARMLESS: Final = frozenset(
    """
    api-server-count async-scheduling block-size cpu-offload-gb data-parallel-backend data-parallel-size
    disable-custom-all-reduce disable-frontend-multiprocessing disable-log-requests disable-log-stats
    disable-uvicorn-access-log distributed-executor-backend download-dir enable-chunked-prefill enable-expert-parallel
    enable-log-requests enable-prefix-caching enforce-eager gpu-memory-utilization kv-cache-memory-bytes
    max-cudagraph-capture-size max-log-len max-long-partial-prefills max-model-len max-num-batched-tokens
    max-num-partial-prefills max-num-seqs max-parallel-loading-workers num-gpu-blocks-override pipeline-parallel-size
    safetensors-load-strategy scheduling-policy seed stream-interval swap-space tensor-parallel-size uvicorn-log-level
    """.split()  # noqa: SIM905 - as quoted words no easier to read
)
"""Options of `vllm serve` that say how fast and where a model is run, not which model it is, nor what it is asked."""


def refuse_other_model(results: Results, repo_id: str) -> None:
    """Raise UsageError for the results of another model, or of weights that nobody can tell."""
    model, server = results["model"], results["server"]
    if model["id"].casefold() != repo_id.casefold():
        raise UsageError(
            f"These are results of {one_line(model['id'])[:200]}, not of {repo_id}.",
            hint=f"Publish them to the model that was evaluated: --repo-id {model['id']}"
            if re.fullmatch(r"[\w.-]+/[\w.-]+", model["id"])
            else "Only a model of the Hub can be published: evaluate it by its id, not by a folder.",
        )
    if server is not None and server["backend"] == "provider":
        raise UsageError(
            "Inference Providers do not say which weights they serve, so these results are not published.",
            hint=f"Evaluate the weights themselves: evalbot evaluate --repo-id {repo_id}",
        )
    if server is not None and server["external"]:
        _refuse_other_root(server["root"], repo_id)
    elif any(task["status"] == "complete" for task in results["tasks"]):
        _refuse_unknown_weights(results, repo_id)


def _refuse_unknown_weights(results: Results, repo_id: str) -> None:
    """Raise UsageError for what was loaded from a folder that is called like the repository, or nobody knows whence."""
    server = results["server"]
    root = None if server is None else server["root"]
    if evaluated_commit(results) is None or (root is not None and not _same(root, repo_id)):
        raise UsageError(
            f"Nobody can tell which weights of {repo_id} were evaluated: the results name no commit of it.",
            hint="A folder of that name, or files that lay here while the Hub was out of reach, may be anything."
            " Evaluate it by its id, where the Hub can be reached.",
        )


def _refuse_other_root(root: str | None, repo_id: str) -> None:
    if not _same(root or "", repo_id):
        raise UsageError(
            f"The server that answered calls its model {one_line(root or 'nothing')[:200]}, not {repo_id}.",
            hint=f"Start it with `vllm serve {repo_id}`, so that it says which weights it serves.",
        )


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def evaluated_commit(results: Results) -> str | None:
    """The commit whose weights were evaluated: the one that was loaded, or the one that was asked for by its name.

    None where nobody can tell, and for a server that was running before.
    """
    server = results["server"]
    return None if server is not None and server["external"] else named_commit(results)


def named_commit(results: Results) -> str | None:
    """The commit of the model that a run speaks of, whether or not it loaded it itself."""
    asked = results["model"]["revision"]
    return results["model"]["commit"] or (asked if asked is not None and _COMMIT.fullmatch(asked) else None)


def obstacle_of_run(results: Results) -> str | None:
    """Why no value of a run is the model's own."""
    others = [option for option in _server_options(results["run"]["command"]) if not _is_harmless(option)]
    if others:
        return f"the server was started with {one_line(', '.join(others))[:200]}, which may make it another model"
    return None


def _server_options(command: Sequence[str]) -> Iterator[str]:
    """What a runner's command line passes on to `vllm serve`; argparse takes the beginning of an option's name too."""
    words = iter(command)
    for word in words:
        name, equals, value = word.partition("=")
        if name.startswith("--v") and "--vllm-arg".startswith(name):
            yield value if equals else next(words, "")


def _is_harmless(option: str) -> bool:
    name = option.partition("=")[0].replace("_", "-")
    return name.startswith("--") and name[2:].removeprefix("no-") in _HARMLESS


def obstacle_of_task(task: Task, max_invalid: float) -> str | None:
    """Why a task's values do not speak for the benchmark."""
    problem = task["problem"]
    if task["status"] in ("failed", "cancelled"):
        return f"the task was {task['status']}" if problem is None else f"it failed: {problem['message']}"
    if (reason := _partial(task)) is not None:
        return reason
    if problem is not None:
        return f"it did not go well: {problem['message']}"
    if not all(_NAME.fullmatch(name) for name in _names(task)):
        return "its names are none that a card could hold for years"
    return _unreadable(task, max_invalid) or _truncated(task, max_invalid)


def _names(task: Task) -> Iterator[str]:
    """What of a task would stand in the card."""
    dataset = task["dataset"]
    named = () if dataset is None else (dataset["id"], dataset["config"], dataset["split"], dataset["revision"])
    yield from (name for name in (task["name"], *named) if name is not None)


def _partial(task: Task) -> str | None:
    samples, limit = task["samples"], task["limit"]
    done, total = samples["completed"], samples["total"]
    if not done:
        return "no sample was run"
    if total is None and limit is None:
        total = samples["asked"]
    if total is None and limit is None:
        return "nobody can tell whether all of its samples were run"
    if task["status"] == "partial" or total is None or done < total:
        return f"only {done} of {'its' if total is None else total} samples were run"
    return None if done == total else f"{done} samples were run, and it has {total}"


def _unreadable(task: Task, max_invalid: float) -> str | None:
    done, invalid = task["samples"]["completed"], task["samples"]["invalid"]
    if invalid is None or invalid / done <= max_invalid:
        return None
    share = f"{invalid} of {done} answers could not be read ({100 * invalid / done:.0f} %)"
    return f"{share}, more than --max-invalid {max_invalid:g}"


def truncated_prompts(task: Task) -> int:
    """How many prompts lost their beginning, because they did not fit the context."""
    count = task["generation"].get("truncated_prompts")
    return count if isinstance(count, int) else 0


def _truncated(task: Task, max_invalid: float) -> str | None:
    done, cut = task["samples"]["completed"], truncated_prompts(task)
    if cut / done <= max_invalid:
        return None
    return f"{cut} of {done} prompts did not fit the context and lost their beginning ({100 * cut / done:.0f} %)"


def obstacle_of_value(score: EngineScore) -> str | None:
    """Why a value is none of its own."""
    if score["derived"]:
        return "an average of other scores"
    return None if math.isfinite(score["value"]) else "its value is no number"
