"""Whether what a long answer sends still reaches anybody: its reader may leave, and a fault may cut the line.

Requests are read whole before the routes see them, and faults stand between the routes and the server, so a stream
could not tell by itself. This wraps the whole application and leaves a Reader in the scope of every request.
"""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEY = "evalbot.reader"


class Reader:
    """The other end of one connection."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._passed = 0

    async def take(self, message: Message) -> None:
        """Where the application's messages leave it for the server.

        The answer gets its `Date` here. Readers of a log tell old lines from new ones by it, and uvicorn's is up to a
        second old.
        """
        self._passed += 1
        if message["type"] == "http.response.start":
            dated = [*message["headers"], (b"date", formatdate(usegmt=True).encode())]
            message = {**message, "headers": dated}
        await self._send(message)

    async def send(self, send: Send, message: Message) -> bool:
        """Send by `send`, through whatever stands in between; False where nothing came out at this end."""
        before = self._passed
        await send(message)
        return self._passed > before

    def watch(self) -> asyncio.Task[None]:
        """Done when the reader has left. Cancel it when there is nothing more to send."""
        return asyncio.create_task(self._until_left())

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def reader_of(scope: Scope) -> Reader:
    found: Reader = scope[_KEY]
    return found


def with_readers(app: ASGIApp) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        reader = Reader(receive, send)
        told: dict[str, Any] = {**scope, _KEY: reader}
        await app(told, receive, reader.take)

    return wrapped
