"""What has to be there before a run on this machine starts: minutes of loading are a long way to an error."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.console import one_line
from evalbot.errors import UsageError
from evalbot.evaluate.hardware.machine import shortage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.evaluate.command import RunnerCommand
    from evalbot.evaluate.hardware.fit import Choice
    from evalbot.evaluate.hardware.machine import Machine

_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "*.gguf")


def find_uv(environ: Mapping[str, str]) -> str:
    """The uv on PATH, else the one that was installed beside evalbot. Raises UsageError where there is none."""
    beside = Path(sys.executable).parent
    found = shutil.which("uv", path=environ.get("PATH", os.defpath)) or shutil.which("uv", path=str(beside))
    if found is None:
        raise UsageError(
            "uv was not found; it makes the environments the engines run in.",
            hint="Install it with `pip install uv`, or as https://docs.astral.sh/uv/ says.",
        )
    return str(Path(found).absolute())


def check_system() -> None:
    """Raise UsageError where engines do not run at all."""
    if os.name != "posix":
        raise UsageError(
            "Evaluations do not run on Windows itself: vLLM needs Linux.",
            hint="Run evalbot in WSL, or use --where jobs.",
        )


def check_machine(command: RunnerCommand, machine: Machine, choice: Choice | None, *, allow_cpu: bool) -> None:
    """Raise UsageError where the machine cannot run this. A server that already runs needs nothing of this one.

    `choice` is what was planned, None where nothing is known of the model; `allow_cpu` says that no GPU is wanted.
    """
    if command.base_url is not None:
        return
    if not machine.gpus and not allow_cpu:
        why = f": {machine.why_no_gpu}" if machine.why_no_gpu else ""
        raise UsageError(
            f"This machine has no GPU that can be used{why}.",
            hint="Use --where jobs for one of the Hub's, --base-url for a server that already runs, or --allow-cpu"
            " for a small model.",
        )
    lacking = None if choice is None else shortage(machine, choice)
    if lacking is not None:
        raise UsageError(lacking, hint="Or use --where jobs, which takes hardware that fits.")


def with_model(command: RunnerCommand) -> RunnerCommand:
    """The command with a folder's whole path, for the runner works in another folder.

    Raises UsageError for a model that is neither an id of the Hub nor a folder with a config and weights. With a
    server that already runs, the model may be called what it likes.
    """
    model = command.model
    folder = Path(model).expanduser()
    if folder.is_dir():
        if command.base_url is None:
            _check_folder(folder, model)
        return replace(command, model=str(folder.resolve()))
    if _ID.fullmatch(model) and ".." not in model and "--" not in model:
        return command
    if command.base_url is not None and not folder.is_absolute():
        return command
    raise UsageError(
        f"{one_line(model)[:200]!r} is neither a folder here nor the id of a model on the Hub.",
        hint="Type the id as owner/name, or the path of a folder that holds config.json and the weights.",
    )


def _check_folder(folder: Path, name: str) -> None:
    try:
        has_config = (folder / "config.json").is_file()
        has_weights = any(next(folder.glob(pattern), None) is not None for pattern in _WEIGHTS)
    except OSError as error:
        raise UsageError(f"Could not read {name}: {error.strerror}.") from None
    if not has_config or not has_weights:
        missing = "weights" if has_config else "config.json"
        raise UsageError(
            f"{name} is a folder, but has no {missing}.",
            hint="A model's folder holds config.json, the tokenizer's files and the weights, as safetensors files.",
        )
