"""Answers that arrive cut short or by dribs and drabs: what a `Fault` does to an answer on its way out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Send

    from evalbot.sandbox.faults import Fault

PIECES = 10
"""Into how many pieces a dripping answer's body is cut; a short body has one for each byte."""


def shaped(send: Send, fault: Fault | None) -> Send:
    """Where to send an answer so that the client gets it as the fault will have it."""
    if fault is None:
        return send
    dripping = _dripping(send, fault.drip) if fault.drip else send
    return dripping if fault.truncate is None else _cutting(dripping, fault.truncate)


def _cutting(send: Send, keep: int) -> Send:
    """The head, with the whole length in it, goes out as it is; the body stops early and is never ended."""
    left = keep

    async def cut(message: Message) -> None:
        nonlocal left
        body = message.get("body", b"")
        if message["type"] != "http.response.body" or 0 <= len(body) <= left:
            left -= len(body)
            await send(message)
        elif left >= 0:
            await send({**message, "body": body[:left], "more_body": True})
            left = -1

    return cut


def _dripping(send: Send, pause: float) -> Send:
    async def drip(message: Message) -> None:
        body = message.get("body", b"")
        size = max(1, -(-len(body) // PIECES))
        for start in range(0, len(body) - size, size):
            await send({**message, "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(pause)
        last = (len(body) - 1) // size * size if body else 0
        await send({**message, "body": body[last:]} if "body" in message else message)

    return drip
