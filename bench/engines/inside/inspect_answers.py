"""Runs in inspect-ai's environment: what its logs say of every sample. python inspect_answers.py FOLDER TARGET"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from inspect_ai.log import read_eval_log


def main() -> None:
    folder, target = map(Path, sys.argv[1:])
    logs = [read_eval_log(str(path)) for path in folder.glob("*.eval")]
    target.write_text(json.dumps({log.eval.task_registry_name: _task(log) for log in logs}), encoding="utf-8")


def _task(log: Any) -> dict[str, Any]:
    results = log.results
    return {
        "status": log.status,
        "total": results.total_samples if results else 0,
        "completed": results.completed_samples if results else 0,
        "scores": {metric: found.value for score in results.scores for metric, found in score.metrics.items()}
        if results
        else {},
        "items": {str(sample.id): _answer(sample) for sample in log.samples or ()},
    }


def _answer(sample: Any) -> dict[str, Any]:
    scores = [score.model_dump(include={"value", "answer"}) for score in (sample.scores or {}).values()]
    return {"text": sample.output.completion, "scores": scores}


if __name__ == "__main__":
    main()
