"""How the sandbox keeps things on disk, and how it names and dates them."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Replace the file in one step: whoever is killed half way leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def new_id() -> str:
    """A 24-digit hexadecimal id, as the Hub's database gives to users, comments and events."""
    return secrets.token_hex(12)


def stable_id(name: str) -> str:
    """The same kind of id, always the same for one name: users and organisations keep theirs."""
    return hashlib.sha256(name.lower().encode()).hexdigest()[:24]


def now() -> str:
    return as_date(datetime.now(UTC).timestamp())


def as_date(seconds: float) -> str:
    """`2026-11-23T06:00:00.000Z`; the official client refuses any other way to write UTC."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
