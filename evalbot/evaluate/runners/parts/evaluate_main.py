"""Evaluates one model on tasks of lighteval and inspect-ai, with one load of the model.

    uv run evaluate_uv.py --model OWNER/NAME --lighteval-tasks "arc:challenge|25,gsm8k|5" \
        --inspect-tasks "inspect_evals/mmlu_0_shot" --output-dir results

One vLLM server is started on this machine's loopback, and both engines are its clients, each in an environment of its
own that uv makes. results.json is written after every task.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .entry import child, evaluate
from .inspect_engine import InspectRun
from .lighteval_engine import LightevalRun
from .settings import add_common_options, at_least, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evaluate_uv.py", description="Evaluate a model on tasks of lighteval and inspect-ai."
    )
    add_common_options(parser)
    parser.add_argument("--lighteval-tasks", metavar="TASKS", help="task|shots, several by comma")
    parser.add_argument("--inspect-tasks", metavar="TASKS", help="package/task?argument=value, several by comma")
    parser.add_argument("--backend", choices=["vllm", "transformers"], default="vllm")
    parser.add_argument("--limit", type=at_least(1), metavar="SAMPLES", help="of each task; never published")
    return parser


def evaluate_main(arguments: Sequence[str]) -> int:
    code = child(arguments, {"lighteval": LightevalRun, "inspect": InspectRun})
    if code is not None:
        return code
    return evaluate(settings_of(evaluate_parser(), arguments), ["evaluate_uv.py", *arguments])


if __name__ == "__main__":
    sys.exit(evaluate_main(sys.argv[1:]))
