"""What a run ran on: hardware, and the versions of what is installed."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
from typing import Any, Final

PACKAGES: Final = {
    "server": ("vllm", "torch", "transformers"),
    "lighteval": ("lighteval", "datasets", "transformers", "torch"),
    "inspect": ("inspect-ai", "inspect-evals", "openai", "datasets"),
}
"""Which versions say how a score came about. The server's own environment has the model."""
_GPU_SECONDS = 15


def versions(engine: str, backend: str) -> dict[str, str]:
    """Distribution → version, in this environment."""
    names = PACKAGES[engine]
    if engine == "inspect" and backend == "transformers":
        names = (*names, "torch", "transformers")
    if engine == "lighteval" and backend == "vllm":
        names = tuple(name for name in names if name != "torch")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, Any]:
    """The machine. `accelerators` are names, one for each; `memory_bytes` is the machine's own memory."""
    return {"accelerators": _accelerators(), "cpus": _cpus(), "memory_bytes": _memory()}


def _cpus() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


def _accelerators() -> list[str]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        said = subprocess.run(  # noqa: S603 - a fixed question
            [tool, "--query-gpu=name", "--format=csv,noheader"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_GPU_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in said.stdout.splitlines() if line.strip()]
