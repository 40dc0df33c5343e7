"""Results of a run, as the runner writes them: what `evalbot publish` is tested with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from evalbot.evaluate.runners.parts.record import SCHEMA

if TYPE_CHECKING:
    from evalbot.evaluate.runners.parts.record import EngineScore, Results, Task, TaskStatus

COMMIT = "c" * 40
REVISION = "d" * 40


def score(metric: str = "acc", value: float = 0.5, **members: Any) -> EngineScore:
    plain: EngineScore = {
        "metric": metric,
        "value": value,
        "stderr": 0.01,
        "higher_is_better": True,
        "derived": False,
    }
    return plain | members  # type: ignore[return-value]  # members are those of the record


def task(
    name: str = "gsm8k",
    *scores: EngineScore,
    engine: Literal["lighteval", "inspect"] = "lighteval",
    dataset: str | None = "openai/gsm8k",
    config: str | None = "main",
    shots: int | None = 5,
    status: TaskStatus = "complete",
    samples: int = 1319,
    total: int | None = 1319,
    invalid: int | None = 0,
    limit: int | None = None,
    **members: Any,
) -> Task:
    plain: Task = {
        "engine": engine,
        "name": name,
        "version": None,
        "status": status,
        "problem": None,
        "dataset": {"id": dataset, "config": config, "split": "test", "revision": REVISION},
        "shots": shots,
        "chat_template": True,
        "limit": limit,
        "samples": {"total": total, "asked": limit or total, "completed": samples, "invalid": invalid},
        "scores": list(scores or (score("extractive_match", 0.6123456),)),
        "generation": {"temperature": 0.0},
        "seconds": 12.5,
        "log": None,
    }
    return plain | members  # type: ignore[return-value]  # members are those of the record


def results(*tasks: Task, model: str = "acme/Demo-7B", **run: Any) -> Results:
    return {
        "schema": SCHEMA,
        "run": {
            "status": "complete",
            "problem": None,
            "started_at": "2026-11-23T10:00:00Z",
            "finished_at": "2026-11-23T10:05:00Z",
            "seconds": 300.0,
            "command": ["evaluate_uv.py"],
            "job_id": None,
            "log_url": None,
        }
        | run,  # type: ignore[typeddict-item]  # members are those of the record
        "model": {
            "id": model,
            "revision": "main",
            "commit": COMMIT,
            "dtype": "bfloat16",
            "max_model_len": 4096,
            "trust_remote_code": False,
        },
        "server": {
            "backend": "vllm",
            "version": "0.32.0",
            "external": False,
            "root": model,
            "seconds_to_start": 60.0,
        },
        "packages": {"lighteval": "0.13.0", "inspect_ai": "0.3.285", "vllm": "0.32.0"},
        "hardware": {"accelerators": [], "cpus": 2, "memory_bytes": None},
        "tasks": list(tasks or (task(),)),
    }
