"""The option that names inspect tasks."""

from __future__ import annotations

import argparse
from typing import Any


class _Joined(argparse.Action):
    """An option that can be given several times, each with one value or several by comma."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, values: Any, _option: str | None = None) -> None:
        before = getattr(namespace, self.dest, None)
        setattr(namespace, self.dest, f"{before},{values}" if before else str(values))


def add_inspect_task_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--task",
        dest="inspect_tasks",
        action=_Joined,
        required=True,
        metavar="TASK",
        help="a name, with arguments as name?fewshot=5&seed=1; several by comma, or by the option again",
    )
