"""Evaluates one model on lighteval tasks, with vLLM or with lighteval's own backend accelerate.

uv run lighteval_vllm_uv.py --model OWNER/NAME --tasks "leaderboard|mmlu|5,leaderboard|gsm8k|5"
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .entry import child, evaluate
from .lighteval_engine import LightevalRun
from .settings import add_common_options, at_least, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def lighteval_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lighteval_vllm_uv.py", description="Evaluate a model on lighteval tasks.")
    add_common_options(parser)
    parser.add_argument(
        "--tasks", dest="lighteval_tasks", metavar="TASKS", required=True, help="suite|task|shots, several by comma"
    )
    parser.add_argument("--backend", choices=["vllm", "accelerate"], default="vllm")
    parser.add_argument("--max-samples", dest="limit", type=at_least(1), metavar="SAMPLES", help="of each task")
    return parser


def lighteval_main(arguments: Sequence[str]) -> int:
    code = child(arguments, {"lighteval": LightevalRun})
    if code is not None:
        return code
    return evaluate(settings_of(lighteval_parser(), arguments), ["lighteval_vllm_uv.py", *arguments])


if __name__ == "__main__":
    sys.exit(lighteval_main(sys.argv[1:]))
