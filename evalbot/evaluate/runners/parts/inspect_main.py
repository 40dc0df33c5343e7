"""Evaluates one model on tasks of inspect_evals, with vLLM or with transformers.

uv run inspect_vllm_uv.py --model OWNER/NAME --task mmlu --task "gsm8k?fewshot=5"
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .entry import child, evaluate
from .inspect_engine import InspectRun
from .inspect_options import add_inspect_task_option
from .settings import add_common_options, at_least, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def inspect_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="inspect_vllm_uv.py", description="Evaluate a model on tasks of inspect_evals."
    )
    add_common_options(parser)
    add_inspect_task_option(parser)
    parser.add_argument("--backend", choices=["vllm", "hf"], default="vllm")
    parser.add_argument("--limit", type=at_least(1), metavar="SAMPLES", help="of each task; never published")
    return parser


def inspect_main(arguments: Sequence[str]) -> int:
    code = child(arguments, {"inspect": InspectRun})
    if code is not None:
        return code
    return evaluate(settings_of(inspect_parser(), arguments), ["inspect_vllm_uv.py", *arguments])


if __name__ == "__main__":
    sys.exit(inspect_main(sys.argv[1:]))
