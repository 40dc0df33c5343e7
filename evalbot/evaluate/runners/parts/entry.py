"""What every runner script begins with: it finds out whether it is a run, or a child of one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .evaluation import FAILED_EXIT, Evaluation
from .failures import ADVICE, Failure, shorten
from .progress import write_line
from .roles import run_engine, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .roles import EngineRun
    from .settings import RunSettings


def evaluate(settings: RunSettings, command: Sequence[str]) -> int:
    """Run, and return the exit code: 0 done, 9 something failed."""
    try:
        return Evaluation(settings, Path(__file__), command).run()
    except Failure as failure:  # before there was a folder for the results
        write_line(sys.stderr, f"{failure.kind}: {shorten(failure.message)} {ADVICE[failure.kind]}")
        return FAILED_EXIT


def child(arguments: Sequence[str], engines: Mapping[str, Callable[..., EngineRun]]) -> int | None:
    """Do what a run wants of its child, and return its exit code; None for a call that is a run itself."""
    if not arguments or arguments[0] != "--role":
        return None
    if arguments[1] == "server":
        return serve(arguments[2:])
    return run_engine(arguments[1], engines[arguments[1]], Path(arguments[2]))
