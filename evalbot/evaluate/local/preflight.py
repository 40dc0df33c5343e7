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
from evalbot.evaluate.hardware.folder import read_folder
from evalbot.evaluate.hardware.machine import shortage, this_machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.evaluate.command import RunnerCommand
    from evalbot.evaluate.hardware.fit import Choice
    from evalbot.evaluate.hardware.machine import Machine

_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


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


def check_system(system: str = os.name) -> None:
    """Raise UsageError where engines do not run at all."""
    if system != "posix":
        raise UsageError(
            "Evaluations do not run on Windows itself: vLLM needs Linux.",
            hint="Run evalbot in WSL, or use --where jobs.",
        )


def check_machine(
    command: RunnerCommand,
    environ: Mapping[str, str],
    *,
    machine: Machine | None = None,
    choice: Choice | None = None,
    allow_cpu: bool = False,
) -> None:
    """Raise UsageError where this machine cannot run this. A server that already runs needs nothing of it.

    `machine` is what is known of it already, `choice` what was planned, None where nothing is known of the model;
    `allow_cpu` says that no GPU is wanted.
    """
    if command.base_url is not None:
        return
    cache = models_folder(environ)
    machine = machine or this_machine(cache, environ)
    if not machine.gpus and not allow_cpu:
        why = f": {machine.why_no_gpu}" if machine.why_no_gpu else ""
        raise UsageError(
            f"This machine has no GPU that can be used{why}.",
            hint="Use --where jobs for one of the Hub's, --base-url for a server that already runs, or --allow-cpu"
            " for a small model.",
        )
    if choice is not None:
        there = choice.download_bytes if Path(command.model).is_dir() else _bytes_of(command.model, cache)
        lacking = shortage(machine, choice, to_download=max(0, choice.download_bytes - there))
        if lacking is not None:
            raise UsageError(lacking, hint="Or use --where jobs, which takes hardware that fits.")


def models_folder(environ: Mapping[str, str]) -> Path:
    """Where huggingface_hub keeps models between runs."""
    return Path(environ.get("HF_HUB_CACHE") or hub_home(environ) / "hub")


def hub_home(environ: Mapping[str, str]) -> Path:
    """Where huggingface_hub keeps all its files, by the variables that it looks at."""
    caches = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or Path.home()) / ".cache"
    return Path(environ.get("HF_HOME") or Path(caches) / "huggingface")


def _bytes_of(model: str, cache: Path) -> int:
    """How much of a model is here already, as huggingface_hub keeps it: each file once, by its hash."""
    total = 0
    try:
        for path in (cache / f"models--{model.replace('/', '--')}" / "blobs").iterdir():
            total += 0 if path.name.endswith(".incomplete") else path.stat().st_size
    except OSError:
        return total
    return total


def with_model(command: RunnerCommand) -> RunnerCommand:
    """The command with a folder's whole path, for the runner works in another folder.

    Raises UsageError for a model that is neither an id of the Hub nor a folder, NothingFound for a folder that holds no
    model. With a server that already runs, the model may be called what it likes.
    """
    model = command.model
    folder = Path(model).expanduser()
    if folder.is_dir():
        if command.base_url is None:
            read_folder(folder)  # raises where it holds no model
        return replace(command, model=str(folder.resolve()))
    if _ID.fullmatch(model) and ".." not in model and "--" not in model:
        return command
    if command.base_url is not None and not folder.is_absolute():
        return command
    raise UsageError(
        f"{one_line(model)[:200]!r} is neither a folder here nor the id of a model on the Hub.",
        hint="Type the id as owner/name, or the path of a folder that holds config.json and the weights.",
    )
