"""The bytes of a file of any size: a large one is unpacked once, beside its repository, and read from there.

repos/models/alice/tiny.git/unpacked/<blob id>
"""

from __future__ import annotations

import threading
from io import BytesIO
from typing import IO, TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from evalbot.sandbox.git_store import Entry, GitStore

LARGE = 4 * 1024 * 1024
"""From this many bytes on a file is not held in memory for each request."""

_PIECE = 1024 * 1024
_one_at_a_time = threading.Lock()


def opened(store: GitStore, entry: Entry) -> IO[bytes]:
    """A file at a commit, to be read from. The caller closes it."""
    if entry.size < LARGE:
        return BytesIO(store.blob(entry.oid))
    return _unpacked(store, entry.oid).open("rb")


def _unpacked(store: GitStore, oid: str) -> Path:
    target = store.folder / "unpacked" / oid
    with _one_at_a_time:  # git has to have all of a file in memory to unpack it
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            part = target.with_suffix(".part")
            store.unpack(oid, part)
            part.replace(target)
    return target


class FilePart(Response):
    """Some bytes of an open file, sent piece by piece; the file is closed at the end.

    Starlette's StreamingResponse stops when `receive` says that the client is gone, and behind our front door, which
    has read the whole request already, that is all it ever says.
    """

    def __init__(self, file: IO[bytes], part: range, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(None, status, {**headers, "Content-Length": str(len(part))})
        self._file = file
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        with self._file:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                await self._send_pieces(send)
            await send({"type": "http.response.body", "body": b""})

    async def _send_pieces(self, send: Send) -> None:
        self._file.seek(self._part.start)
        for start in self._part[::_PIECE]:
            piece = await run_in_threadpool(self._file.read, min(_PIECE, self._part.stop - start))
            await send({"type": "http.response.body", "body": piece, "more_body": True})
