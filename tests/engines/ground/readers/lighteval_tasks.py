"""Runs where lighteval is installed: the number of documents of each task, and of its examples, as JSON.

python lighteval_tasks.py arc:challenge gsm8k …
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path


def main() -> None:
    found = importlib.util.find_spec("lighteval")
    assert found is not None
    assert found.origin is not None
    # Else lighteval fetches this file from the web before it does anything else.
    (Path(found.origin).parent / "tasks" / "tasks" / "tinyBenchmarks.pkl").touch()
    from lighteval.tasks.lighteval_task import LightevalTask  # noqa: PLC0415
    from lighteval.tasks.registry import Registry  # noqa: PLC0415

    tasks = Registry(tasks=",".join(f"{name}|0" for name in sys.argv[1:])).load_tasks()
    LightevalTask.load_datasets(tasks)
    counts = {name.partition("|")[0]: [len(task.eval_docs()), len(task.fewshot_docs())] for name, task in tasks.items()}
    sys.stdout.write("\n" + json.dumps(counts))


if __name__ == "__main__":
    main()
