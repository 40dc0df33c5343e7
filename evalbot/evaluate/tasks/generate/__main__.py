"""Write lighteval.json and inspect.json anew, each in its engine's own environment. Needs uv and a package registry."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.evaluate.runners.parts.requirements import requirements
from evalbot.evaluate.tasks.catalogue import FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINES = ("lighteval", "inspect")
LONGEST = 900
"""Seconds, an installation of torch included."""


def command(engine: str, target: Path, uv: str = "uv") -> list[str]:
    """What writes the catalogue of an engine to `target`."""
    packages = [part for package in requirements(engine, "vllm") for part in ("--with", package)]
    script = Path(__file__).parent / f"{engine}_catalogue.py"
    return [uv, "run", "--no-project", "--isolated", *packages, "python", str(script), str(target)]


def main(engines: Sequence[str]) -> None:
    uv = shutil.which("uv") or "uv"
    for engine in engines or ENGINES:
        subprocess.run(command(engine, FOLDER / f"{engine}.json", uv), check=True, timeout=LONGEST)  # noqa: S603


if __name__ == "__main__":
    main(sys.argv[1:])
