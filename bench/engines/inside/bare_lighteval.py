"""Runs in lighteval's environment: its pipeline and nothing else, asking a vLLM server by the class that we ask by.

python bare_lighteval.py '{"tasks": [...], "model": ..., "base_url": ..., "out": ..., ...}'
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

RUNNERS = Path(__file__).parents[3] / "evalbot" / "evaluate" / "runners"


def main() -> None:
    told = json.loads(sys.argv[1])
    out = Path(told["out"])
    out.mkdir(parents=True)
    os.chdir(out)
    sys.path.insert(0, str(RUNNERS))  # the parts alone: evalbot is not installed here
    parts: Any = importlib.import_module("parts.lighteval_model")
    options: Any = importlib.import_module("parts.options")
    importlib.import_module("parts.lighteval_tasks").touch_missing_file()

    from lighteval.logging.evaluation_tracker import EvaluationTracker  # noqa: PLC0415 - after the file is there
    from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters  # noqa: PLC0415

    with urllib.request.urlopen(f"{told['base_url']}/models") as answer:  # noqa: S310 - the server on this machine
        served = json.load(answer)["data"][0]
    asked = options.ModelUnderTest(
        told["model"], None, "vllm", told["base_url"], told["served_name"], served["max_model_len"]
    )
    wanted = options.Options(concurrency=told["concurrency"])
    pipeline = Pipeline(
        tasks=",".join(told["tasks"]),
        pipeline_parameters=PipelineParameters(launcher_type=ParallelismManager.NONE, max_samples=told["limit"]),
        evaluation_tracker=EvaluationTracker(output_dir=str(out), save_details=True),
        model=parts.served_model(asked, wanted, parts.Counts(), lambda: None),
    )
    pipeline.evaluate()
    pipeline.save_and_push_results()


if __name__ == "__main__":
    main()
