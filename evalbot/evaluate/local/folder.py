"""Where one run on this machine writes: a folder of its own, that no other run shares."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from typing import TYPE_CHECKING

from evalbot.errors import UsageError
from evalbot.evaluate.results_file import RESULTS_NAME

if TYPE_CHECKING:
    from pathlib import Path

PARENT = "evalbot-results"
"""In the working directory."""
LOG_NAME = "runner.log"
LEAST_FREE = 2 * 10**9
"""Bytes: room for the logs and details of a run; models and packages are kept elsewhere."""
_LONGEST_NAME = 60


def new_name(model: str) -> str:
    """`evalbot-results/Aurora-7B-20261123-101500-1f2e3d`: the model, the time in UTC, and a part no other run has."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", model.rstrip("/").rpartition("/")[2]).strip("-.")[:_LONGEST_NAME]
    return f"{PARENT}/{name or 'model'}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def claim(folder: Path) -> Path:
    """Make the folder and take it for this run; returns it as an absolute path.

    Raises UsageError where it cannot be written, has too little room, or holds another run, which may still go on.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        if (folder / RESULTS_NAME).exists():
            raise _taken(folder)
        (folder / LOG_NAME).touch(exist_ok=False)
        # inspect-ai reads the first .env that it finds upwards of its working directory, and the next one up may hold
        # the token that is not to be seen by a model's code.
        (folder / ".env").touch()
        free = shutil.disk_usage(folder).free
    except FileExistsError:
        if folder.is_dir():
            raise _taken(folder) from None
        raise UsageError(f"{folder} is not a folder.", hint="Name another --output-dir.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no folder has such a name"
        hint = "Name another --output-dir, on a disk with room that you can write to."
        raise UsageError(f"Could not write to {folder}: {reason}.", hint=hint) from None
    if free < LEAST_FREE:
        (folder / LOG_NAME).unlink()
        raise UsageError(
            f"Only {free / 10**9:.1f} GB are free where {folder} is; a run needs {LEAST_FREE / 10**9:.0f} GB there.",
            hint="Free some space, or name another --output-dir.",
        )
    return folder


def _taken(folder: Path) -> UsageError:
    return UsageError(
        f"{folder} holds another run already.",
        hint="Name another --output-dir, or leave the option out: each run then gets a folder of its own.",
    )
