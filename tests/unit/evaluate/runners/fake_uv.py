"""Stands in for uv: runs what it was told to run with this very Python, and the engines' part by fake_engine.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    words = sys.argv[sys.argv.index("python") + 1 :]
    role = words[words.index("--role") + 1]
    if role != "server":
        words = [str(HERE / "fake_engine.py"), role, words[-1]]
    os.environ["PATH"] = f"{os.environ['FAKE_BIN']}{os.pathsep}{os.environ['PATH']}"
    os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
