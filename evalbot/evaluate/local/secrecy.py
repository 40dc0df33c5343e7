"""Secrets of this process, put where the code of a model does not find them.

A model's own code (--trust-remote-code), and code that a model writes (--allow-code-execution), runs as the user who
runs evalbot. On Linux such a process reads /proc/PID/environ of every process of that user, and it shows the variables
a process was *started* with: taking one out of os.environ changes nothing there. So

- the values are overwritten in the block itself, which evalbot does for its own process before it starts the runner;
- the process is made undumpable: then neither its memory nor its /proc files can be read by a process of the same user
  (`prctl(2)`, PR_SET_DUMPABLE), and no core dump holds a token;
- the token is in no argument and in the environment of no process we start.

What remains: root reads all memory, so a container that runs everything as root hides a token from /proc listings only.
Other programs that were started with the token, such as the shell that started evalbot, still show it; `others_with`
finds them. Files can be read: a token that `hf auth login` stored, an `.env`. Only another user, another machine, or a
job on the Hub keeps foreign code from those. Elsewhere than on Linux nothing here has an effect; macOS does not show
the environment of a process to others than its user and root either.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.evaluate.local.environment import is_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_PR_SET_DUMPABLE = 4
_ENV_START, _ENV_END = 49, 50
"""In /proc/PID/stat, counted from 0 (proc(5) counts from 1): where the block of variables is in memory."""
_ANCESTORS = 64
_MOST = 8 * 2**20
"""Bytes; Linux takes at most 6 MiB of arguments and variables together."""
_OWN = Path("/proc/self")


def shield(secrets: Collection[str]) -> bool:
    """Overwrite what secrets this process was started with, and close its memory to others of the same user.

    Every variable that is called as secrets are is overwritten, and every one that holds one of `secrets`. os.environ
    still has them: only what the kernel shows, and children that get no environment of their own, lose them. Returns
    whether none of `secrets` is shown any more; True where the system shows nothing.
    """
    if not sys.platform.startswith("linux"):
        return True
    _overwrite(secrets)
    is_hidden = not _shows(_OWN, secrets)  # looked at before we may not look any more ourselves
    _close_memory()
    return is_hidden


def others_with(secrets: Collection[str]) -> tuple[str, ...]:
    """The processes that led to this one and show one of `secrets`, as `name (pid)`, the nearest first."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(f"{_name(process)} ({process.name})" for process in _ancestors() if _shows(process, secrets))


def stored_tokens(secrets: Collection[str], folder: Path, home: Path) -> tuple[Path, ...]:
    """Files with one of `secrets` that are known to hold tokens: `.env` in the folder, and those of `hf auth login`.

    `home` is where huggingface_hub keeps its files (HF_HOME). A token file counts whatever token it has.
    """
    found = [path for path in (home / "token", home / "stored_tokens") if _size(path)]
    env_file = folder / ".env"
    if _size(env_file) and any(secret.encode() in _read(env_file) for secret in secrets):
        found.append(env_file)
    return tuple(found)


def _close_memory() -> None:
    # No prctl, as under some sandboxes: then the memory is as open as it was, which is what the module says remains.
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "prctl"):
        library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _overwrite(secrets: Collection[str]) -> None:
    """Write zeros over the values, in the memory that /proc/self/environ shows."""
    found = _block()
    if found is None:
        return
    start, length = found
    offset = 0
    for entry in ctypes.string_at(start, length).split(b"\0"):
        name, sign, value = entry.partition(b"=")
        known = any(secret.encode() in value for secret in secrets if secret)
        if sign and (known or is_secret(name.decode("utf-8", "replace"))):
            ctypes.memset(start + offset + len(name) + 1, 0, len(value))
        offset += len(entry) + 1


def _block() -> tuple[int, int] | None:
    """Where the block is and how long; None where the kernel does not say, or shows another than that."""
    try:
        fields = (_OWN / "stat").read_text(errors="replace").rpartition(")")[2].split()
        start, end = (int(fields[index - 2]) for index in (_ENV_START, _ENV_END))
        shown = _read(_OWN / "environ")
    except (OSError, ValueError, IndexError):
        return None
    if not 0 < start < end or len(shown) != end - start:
        return None
    return start, end - start


def _shows(process: Path, secrets: Collection[str]) -> bool:
    shown = _read(process / "environ") + _read(process / "cmdline")
    return any(secret.encode() in shown for secret in secrets if secret)


def _ancestors() -> Iterator[Path]:
    pid = os.getppid()
    for _ in range(_ANCESTORS):
        if pid <= 0:
            return
        process = Path(f"/proc/{pid}")
        yield process
        fields = _read(process / "stat").rpartition(b")")[2].split()
        pid = int(fields[1]) if len(fields) > 1 else 0


def _name(process: Path) -> str:
    return _read(process / "comm").decode("utf-8", "replace").strip() or "a process"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _read(path: Path) -> bytes:
    """What can be read of a file, b"" for nothing: others' processes end while they are looked at."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST)
    except OSError:
        return b""
