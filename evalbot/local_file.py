"""Files on this machine, replaced whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from evalbot.errors import StaleRevision, UsageError


def replace_file(path: Path, before: bytes | None, after: bytes) -> None:
    """Replace a file in one step, keeping its owner and permissions and following a link to the file it names.

    `before` is what was read; None makes a new file, and its folder where there is none. Raises UsageError where it
    may not be written, StaleRevision where it is no longer what was read.
    """
    target = path.resolve()
    if before is not None and not os.access(target, os.W_OK):
        raise UsageError(f"Could not write {path}: it is read-only.", hint="It is unchanged.")
    try:
        if before is None:
            target.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=".evalbot-", delete=False) as new:
            written = Path(new.name)
            try:
                new.write(after)
                new.flush()
                _copy_rights(target.parent if before is None else target, written, mode=before is not None)
                _require_unchanged(target, before)
                written.replace(target)
            except BaseException:
                written.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError(f"Could not write {path}: {error.strerror}. It is unchanged.") from None


def _require_unchanged(path: Path, before: bytes | None) -> None:
    now = path.read_bytes() if path.exists() else None
    if now != before:
        raise StaleRevision(f"{path} changed while evalbot was working.", hint="Run again.")


def _copy_rights(source: Path, target: Path, *, mode: bool) -> None:
    rights = source.stat()
    target.chmod(rights.st_mode & 0o7777 if mode else 0o666 & ~_umask())
    # Only root can give a file away; for everybody else a file of their own is theirs already.
    if (rights.st_uid, rights.st_gid) != (target.stat().st_uid, target.stat().st_gid):
        with suppress(PermissionError):
            os.chown(target, rights.st_uid, rights.st_gid)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
