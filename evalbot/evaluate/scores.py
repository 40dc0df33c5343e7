"""The results of a run as scores to publish, and as reasons why some are none. Pure.

Only what speaks for the whole benchmark is a score: a task that ran to its end on all its samples, with answers that
could be read, and a value that is no average of other values.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from evalbot.benchmarks import find_on
from evalbot.card.metric_types import metric_type
from evalbot.errors import UsageError
from evalbot.score import RUN_SOURCE, Dataset, Measurement, Score, Skipped, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evalbot.evaluate.runners.parts.record import EngineScore, Results, Task

MAX_INVALID = 0.1
"""The share of answers that could not be read from which a score says more about the format than about the model."""
DIGITS = 4
"""Decimals that are published: a hundredth of a percent, below the standard error of every benchmark."""
_DISTRIBUTIONS = {"lighteval": "lighteval", "inspect": "inspect-ai"}
_FRACTIONS = frozenset({"accuracy", "acc_norm", "exact_match", "extractive_match", "f1", "mc1", "mc2", "pass@1"})
"""Metrics that both engines give as a fraction."""
_ADDRESS = re.compile(r"https://[\w.~:/?#@!$&+,;=%-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """A run of ours: what it measured that can be published, and what cannot."""

    results: Results
    scores: tuple[Score, ...]
    skipped: tuple[Skipped, ...]
    source: Source

    @property
    def model_label(self) -> str | None:
        return self.results["model"]["id"]

    @property
    def other_models(self) -> tuple[str, ...]:
        return ()

    @property
    def noun(self) -> str:
        return "run"

    @property
    def says_all(self) -> bool:
        return False

    @property
    def account(self) -> tuple[str, ...]:
        return tuple(_account(self.results))

    def describe(self) -> str:
        count = len(self.results["tasks"])
        return f"a run of {count} task{'' if count == 1 else 's'}"

    def is_of(self, own_name: str) -> bool:
        return self.results["model"]["id"].rpartition("/")[2] == own_name

    def elsewhere(self, card: str) -> tuple[Score, ...]:
        del card  # a run says what it says in one place
        return ()

    def place_of(self, item: Skipped) -> str:
        return f"{self.describe()}, {item.label}"

    def as_json(self) -> dict[str, Any]:
        run = self.results["run"]
        return {
            "table": None,
            "run": {
                "status": run["status"],
                "commit": self.results["model"]["commit"],
                "packages": dict(self.results["packages"]),
                "url": self.source.url,
            },
        }


def origin_of(
    results: Results, repo_id: str, *, max_invalid: float = MAX_INVALID, source_url: str | None = None
) -> RunOrigin:
    """What a run says of the model of this repository. `source_url` is where the run can be looked at.

    Raises UsageError for the results of another model, or of one that nobody can tell.
    """
    _refuse_other_model(results, repo_id)
    url = _public(source_url or results["run"]["log_url"])
    scores: list[Score] = []
    skipped: list[Skipped] = []
    for task in results["tasks"]:
        engine = _engine(task, results["packages"])
        why_not = _obstacle(task, max_invalid)
        for value in task["scores"]:
            reason = why_not or _value_obstacle(value)
            if reason is None:
                scores.append(_score(task, value, engine, url))
            else:
                skipped.append(_skip(task, reason, value))
        if not task["scores"]:
            skipped.append(_skip(task, why_not or "it gave no value"))
    source = Source(name=_source_name(results), url=url or _weights_page(results, repo_id))
    return RunOrigin(results, tuple(scores), tuple(skipped), source)


def _refuse_other_model(results: Results, repo_id: str) -> None:
    evaluated, server = results["model"]["id"], results["server"]
    if evaluated.casefold() != repo_id.casefold():
        raise UsageError(
            f"These are results of {evaluated}, not of {repo_id}.",
            hint=f"Publish them to the model that was evaluated: --repo-id {evaluated}"
            if re.fullmatch(r"[\w.-]+/[\w.-]+", evaluated)
            else "Only a model of the Hub can be published: evaluate it by its id, not by a folder.",
        )
    if server is not None and server["external"] and (server["root"] or "").casefold() != repo_id.casefold():
        raise UsageError(
            f"The server that answered calls its model {server['root'] or 'nothing'}, not {repo_id}.",
            hint=f"Start it with `vllm serve {repo_id}`, so that it says which weights it serves.",
        )


def _obstacle(task: Task, max_invalid: float) -> str | None:
    """Why a task's values do not speak for the benchmark."""
    samples = task["samples"]
    done, total, invalid = samples["completed"], samples["total"], samples["invalid"]
    if task["status"] in ("failed", "cancelled"):
        problem = task["problem"]
        return f"the task was {task['status']}" if problem is None else f"it failed: {problem['message']}"
    limited = task["limit"] is not None and total is None
    if task["status"] == "partial" or limited or (total is not None and done < total):
        return f"only {done} of {total if total is not None else 'its'} samples were run"
    if not done:
        return "no sample was run"
    if invalid is not None and invalid / done > max_invalid:
        share = f"{invalid} of {done} answers could not be read ({100 * invalid / done:.0f} %)"
        return f"{share}, more than --max-invalid {max_invalid:g}"
    return None


def _value_obstacle(score: EngineScore) -> str | None:
    if score["derived"]:
        return "an average of other scores"
    return None if math.isfinite(score["value"]) else "its value is no number"


def _score(task: Task, value: EngineScore, engine: str, url: str | None) -> Score:
    told = task["dataset"] or {"id": None, "config": None, "split": None, "revision": None}
    dataset = None if told["id"] is None else _dataset(task, told["id"])
    benchmark = None if told["id"] is None else find_on(told["id"], told["config"])
    name = task["name"] if benchmark is None else benchmark.name
    setting = [value["metric"]] if task["shots"] is None else [f"{task['shots']}-shot", value["metric"]]
    better = value["higher_is_better"]
    return Score(
        label=f"{name} ({', '.join(setting)})",
        benchmark=name,
        value=rounded(value["value"]),
        evidence=Measurement(
            engine=engine,
            task=task["name"],
            samples=task["samples"]["completed"],
            cell=repr(value["value"]),
            url=url,
        ),
        dataset=dataset,
        scale="fraction" if metric_type(value["metric"]) in _FRACTIONS and 0 <= value["value"] <= 1 else None,
        metric=value["metric"],
        shots=task["shots"],
        stderr=None if value["stderr"] is None or not math.isfinite(value["stderr"]) else rounded(value["stderr"]),
        direction=None if better is None else "higher" if better else "lower",
    )


def _dataset(task: Task, dataset_id: str) -> Dataset:
    told = task["dataset"]
    settings: dict[str, str | int | bool] = {"engine": task["engine"], "task": task["name"]}
    if task["chat_template"] is not None:
        settings["chat_template"] = task["chat_template"]
    return Dataset(
        id=dataset_id,
        config=None if told is None else told["config"],
        split=None if told is None else told["split"],
        revision=None if told is None else told["revision"],
        settings=tuple(settings.items()),
    )


def rounded(value: float) -> Decimal:
    """A value as it is published: DIGITS decimals, or as many significant digits where it is smaller than those."""
    exact = Decimal(repr(value))
    places = DIGITS if not exact or exact.adjusted() >= 1 - DIGITS else DIGITS - 1 - exact.adjusted()
    return Decimal(format(exact.quantize(Decimal(1).scaleb(-places)).normalize(), "f"))


def _skip(task: Task, reason: str, value: EngineScore | None = None) -> Skipped:
    label = task["name"] if value is None else f"{task['name']} ({value['metric']})"
    return Skipped(
        label=label, cell="" if value is None else repr(value["value"]), row=None, column=None, reason=reason
    )


def _engine(task: Task, packages: Mapping[str, str]) -> str:
    """`lighteval 0.13.0`."""
    name = _DISTRIBUTIONS[task["engine"]]
    return " ".join(filter(None, (name, _version(name, packages))))


def _version(name: str, packages: Mapping[str, str]) -> str | None:
    return next((version for key, version in packages.items() if key.replace("_", "-").casefold() == name), None)


def _programs(results: Results) -> Iterator[str]:
    """The engines and the server that took part, each with its version."""
    yield from dict.fromkeys(_engine(task, results["packages"]) for task in results["tasks"])
    server = results["server"]
    if server is not None and server["backend"] == "vllm":
        yield " ".join(filter(None, ("vLLM", server["version"])))


def _source_name(results: Results) -> str:
    return f"{RUN_SOURCE}: {', '.join(_programs(results))}"


def _weights_page(results: Results, repo_id: str) -> str:
    """Where nothing tells of the run, the weights that were evaluated; another place than the card."""
    commit = results["model"]["commit"]
    return f"https://huggingface.co/{repo_id}" + ("" if commit is None else f"/tree/{commit}")


def _public(url: str | None) -> str | None:
    return url if url is not None and _ADDRESS.fullmatch(url) else None


def _account(results: Results) -> Iterator[str]:
    model, run = results["model"], results["run"]
    weights = f"commit {model['commit']}" if model["commit"] else "the commit that the server had loaded"
    how = ", ".join(
        filter(
            None, (model["dtype"], f"context of {model['max_model_len']} tokens" if model["max_model_len"] else None)
        )
    )
    yield f"Measured on {weights} of {model['id']}{f' ({how})' if how else ''} with {', '.join(_programs(results))}."
    seconds = "" if run["seconds"] is None else f" and took {run['seconds']:.0f} seconds"
    yield f"The run began at {run['started_at']}{seconds}."
