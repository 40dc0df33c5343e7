"""Runs where inspect_evals is installed: the number of samples of each task, as JSON.

python inspect_tasks.py
"""

from __future__ import annotations

import json
import sys

from inspect_evals.arc import arc_challenge, arc_easy
from inspect_evals.gsm8k import gsm8k
from inspect_evals.hellaswag import hellaswag
from inspect_evals.humaneval import humaneval
from inspect_evals.mmlu import mmlu_0_shot, mmlu_5_shot
from inspect_evals.truthfulqa import truthfulqa
from inspect_evals.winogrande import winogrande

TASKS = (arc_challenge, arc_easy, gsm8k, hellaswag, humaneval, mmlu_0_shot, mmlu_5_shot, truthfulqa, winogrande)

if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps({task.__name__: len(task().dataset) for task in TASKS}))
