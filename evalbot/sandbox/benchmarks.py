"""Benchmark datasets: `eval.yaml` at the root of a dataset repository, as docs/hub-api.md, Benchmarks, has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from evalbot.sandbox.card_yaml import CardYamlError, parse
from evalbot.sandbox.repos import DATASET

if TYPE_CHECKING:
    from evalbot.sandbox.git_store import GitStore
    from evalbot.sandbox.repos import Repos

FILE = "eval.yaml"

_FRAMEWORKS = (
    *("exgentic", "inspect-ai", "math-arena", "mteb", "olmocr-bench", "harbor", "ifstruct", "pier", "redline-bench"),
    *("archipelago", "benchflow", "apex-evals", "screenspot-pro", "swe-bench", "swe-bench-pro", "nemo-evaluator"),
    *("yc-bench", "open-asr-leaderboard", "mdpbench", "real5-omnidocbench", "parsebench", "video-mme-v2"),
    *("claw-eval", "researchclawbench", "pbench", "wildclawbench", "wbench", "nanofold", "mmmu", "extractbench"),
)
"""Values of `evaluation_framework` in npm @huggingface/tasks 0.21."""

_TEXT = {"type": "string", "minLength": 1}
_SPEC = Draft202012Validator(
    {
        "type": "object",
        "required": ["tasks"],  # the Hub may ask for more: only a task's id is known to be needed
        "properties": {
            "name": _TEXT,
            "description": _TEXT,
            "evaluation_framework": {"enum": list(_FRAMEWORKS)},
            "tasks": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": _TEXT, "config": _TEXT, "split": _TEXT},
                },
            },
        },
    },
)


class InvalidBenchmarkError(ValueError):
    """Not an eval.yaml the Hub takes; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What makes a dataset a benchmark: the ids of its tasks, in the order of the file."""

    tasks: tuple[str, ...]


def read(content: bytes) -> Benchmark:
    """The benchmark an eval.yaml describes. Raises InvalidBenchmarkError."""
    try:
        spec: Any = parse(content.decode("utf-8"))
    except (CardYamlError, UnicodeDecodeError) as error:
        raise InvalidBenchmarkError(f"Invalid YAML: {error}") from None
    wrong = next(_SPEC.iter_errors(spec), None)
    if wrong:
        raise InvalidBenchmarkError(f"{wrong.json_path}: {wrong.message}")
    return Benchmark(tuple(task["id"] for task in spec["tasks"]))


def at(store: GitStore, commit: str) -> Benchmark | None:
    """The benchmark a dataset repository is at a commit; None where it has no valid eval.yaml."""
    content = store.read(commit, FILE)
    try:
        return None if content is None else read(content)
    except InvalidBenchmarkError:
        return None


def complaint(repos: Repos, dataset: str, task: str) -> str | None:
    """Why a result may not name this dataset and task, or None.

    Of a dataset that is not on this sandbox nothing is known, so a result may name it: most rehearsals have the
    model only. On the Hub it must be a benchmark. The sentences are ours.
    """
    repo = repos.find(DATASET, dataset)
    if repo is None or repo.private:
        return None
    store = repo.store()
    found = at(store, store.resolve("main"))
    if found is None:
        return f"dataset {dataset} is not a benchmark: it has no valid {FILE}"
    known = ", ".join(found.tasks)
    return None if task in found.tasks else f"dataset {dataset} has no task {task!r}; its {FILE} has: {known}"
