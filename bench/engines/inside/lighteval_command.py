"""Runs in lighteval's environment: its command line, started where it could fetch nothing from another host.

python lighteval_command.py accelerate MODEL TASKS...
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def main() -> None:
    spec = importlib.util.find_spec("lighteval")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("lighteval is not installed")
    (Path(spec.submodule_search_locations[0]) / "tasks" / "tasks" / "tinyBenchmarks.pkl").touch()
    from lighteval.__main__ import app  # noqa: PLC0415 - after the file is there

    app()


if __name__ == "__main__":
    main()
