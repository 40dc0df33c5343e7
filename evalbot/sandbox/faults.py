"""Faults a test asks for: what the Hub does on a bad day, on demand."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OUT_OF_QUOTA = {"RateLimit": '"api";r=0;t=1', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}
"""Headers of a 429 that the client waits out; a 429 without them is one of the Hub's undocumented quotas."""


METHODS = ("*", "GET", "HEAD", "POST", "PUT", "DELETE")


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens instead of, or around, an answer. See `Faults.add`."""

    method: str
    pattern: re.Pattern[str]
    status: int | None
    body: bytes
    content_type: str
    headers: dict[str, str]
    left: int
    landed: bool
    drop: bool
    delay: float
    before: Callable[[], object] | None
    after: int
    truncate: int | None
    drip: float
    lag: float

    @property
    def replaces_answer(self) -> bool:
        return self.drop or self.status is not None

    def fits(self, method: str, path: str) -> bool:
        return self.left > 0 and self.method in {"*", method} and bool(self.pattern.search(path))

    def is_due(self) -> bool:
        """Called once for each request that fits."""
        self.after -= 1
        return self.after < 0


@dataclass(slots=True)
class Faults:
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self,
        method: str,
        path_pattern: str,
        *,
        status: int | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        times: int = 1,
        content_type: str = "application/json; charset=utf-8",
        landed: bool = False,
        drop: bool = False,
        delay: float = 0.0,
        before: Callable[[], object] | None = None,
        after: int = 0,
        truncate: int | None = None,
        drip: float = 0.0,
        lag: float = 0.0,
    ) -> None:
        """Spoil the next `times` requests of this method ("*": any) whose decoded path holds the pattern.

        `status`, `body` (JSON unless text or bytes), `headers` and `content_type` replace the answer; without a
        status the request is answered as ever. `landed` carries the request out first: the commit is made, only
        its answer is lost. `drop` cuts the connection in the middle of the answer. `delay` waits that many
        seconds first, and `before` is called first: somebody else's commit between our reading and our writing.

        `after` lets the first so many requests that fit pass. `truncate` announces the whole answer, sends that
        many bytes of it and closes; `drip` waits that many seconds between the pieces of an answer (damage.PIECES).
        `lag` answers reads of files, refs, metadata and discussions with what they were that many seconds ago; a
        repository that is younger is shown as it was made.
        """
        message = {"error": f"A fault the test asked for: {status}"} if body is None else body
        fault = Fault(
            method=method.upper(),
            pattern=re.compile(path_pattern),
            status=status,
            body=_as_bytes(message),
            content_type=content_type,
            headers=headers or {},
            left=times,
            landed=landed,
            drop=drop,
            delay=delay,
            before=before,
            after=after,
            truncate=truncate,
            drip=drip,
            lag=lag,
        )
        with self._lock:
            self._faults.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that fits, used up by one; those that let this one pass count it."""
        with self._lock:
            for fault in self._faults:
                if fault.fits(method, path) and fault.is_due():
                    fault.left -= 1
                    return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()


def _as_bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
