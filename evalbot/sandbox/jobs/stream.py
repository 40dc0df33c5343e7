"""Server-sent events that come as they happen: the log of a job, its stages, what it uses of its machine.

docs/hub-api.md, Jobs: an event is `data: {…}` and a blank line; `: keep-alive` is said when there is nothing to say.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.responses import Response

from evalbot.sandbox.jobs.reader import reader_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive, Scope, Send

LOOK_EVERY = 0.03
"""Seconds between two looks at what is new."""

_KEEP_ALIVE = b": keep-alive\n\n"


class EventStream(Response):
    """`news` gives the JSON of the events that have not been sent yet, oldest first; None is the end of the stream."""

    media_type = "text/event-stream"

    def __init__(self, news: Callable[[], list[str] | None], *, keep_alive: Callable[[], float]) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]  # nobody knows it yet
        self._news = news
        self._keep_alive = keep_alive

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Sends until the end, or until nobody reads: then it stops without a last word, and the line is closed."""
        reader = reader_of(scope)
        left = reader.watch()
        try:
            await reader.send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for piece in self._pieces():
                if left.done() or not await reader.send(send, _body(piece)):
                    return
            await send(_body(b"", more=False))
        finally:
            left.cancel()

    async def _pieces(self) -> AsyncIterator[bytes]:
        """Events, and keep-alives between them; an empty piece now and then only finds out whether anybody reads."""
        said = time.monotonic()
        while (events := self._news()) is not None:
            for event in events:
                yield f"data: {event}\n\n".encode()
            now = time.monotonic()
            said = now if events else said
            silent = now - said >= self._keep_alive()
            said = now if silent else said
            yield _KEEP_ALIVE if silent else b""
            await asyncio.sleep(LOOK_EVERY)


def _body(piece: bytes, *, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": piece, "more_body": more}
