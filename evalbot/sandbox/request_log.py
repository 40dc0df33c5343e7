"""What was asked of the sandbox, for tests to look at and for people to read in requests.jsonl."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from evalbot.sandbox.records import now

if TYPE_CHECKING:
    from pathlib import Path

_TOKEN = re.compile(r"hf_\w+")


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """`path` and `query` as sent; `user` is None for strangers; `status` 0 means a cut connection."""

    method: str
    path: str
    query: str
    status: int
    user: str | None
    at: str = field(default_factory=now)


class RequestLog:
    """Keeps the records and appends each to a file as one line of JSON. Headers and bodies are not kept."""

    def __init__(self, path: Path) -> None:
        self.records: list[RequestRecord] = []
        self._path = path
        self._lock = threading.Lock()

    def add(self, method: str, path: str, query: str, status: int, user: str | None) -> None:
        record = RequestRecord(method, _without_tokens(path), _without_tokens(query), status, user)
        line = json.dumps(asdict(record)) + "\n"
        with self._lock:
            self.records.append(record)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)


def _without_tokens(text: str) -> str:
    """Tokens travel in a header; should one stand in an address, it is not written down."""
    return _TOKEN.sub("hf_***", text)
