"""What every request passes: the token, the size limit, the faults, the log and the headers on every answer."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from evalbot.sandbox.damage import shaped
from evalbot.sandbox.refusals import Refusal, bad_token
from evalbot.sandbox.routes.admin import PREFIX

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from evalbot.sandbox.accounts import Accounts, Token
    from evalbot.sandbox.faults import Fault, Faults
    from evalbot.sandbox.request_log import RequestLog

LARGEST_BODY = 32 * 1024 * 1024

_EXPOSED = (
    "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,"
    "Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash"
)


def refusal_response(refusal: Refusal) -> Response:
    """The error as docs/hub-api.md, Errors, has it: JSON for people, headers (latin-1, one line) for clients."""
    printable = "".join(char if char.isprintable() else "?" for char in " ".join(refusal.message.split()))
    headers = {"X-Error-Message": printable.encode("latin-1", "replace").decode("latin-1"), **refusal.headers}
    if refusal.code:
        headers["X-Error-Code"] = refusal.code
    return JSONResponse({"error": refusal.message, **refusal.body}, refusal.status, headers=headers)


class FrontDoor:
    """ASGI in, ASGI out. The routes find the body and the caller's token in the request's state."""

    def __init__(self, app: ASGIApp, accounts: Accounts, faults: Faults, log: RequestLog) -> None:
        self._app = app
        self._accounts = accounts
        self._faults = faults
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Routes match the path as it was sent: once decoded, refs%2Fpr%2F3 could not be told from refs/pr/3.
        scope["path"] = scope["raw_path"].decode("latin-1")
        try:
            body = await _read(scope, receive)
        except ClientDisconnect:
            return  # nobody is left to answer, and half a commit is not to be made
        if scope["path"].startswith(PREFIX):
            await self._serve(scope, body, send)
            return
        fault = self._faults.take(scope["method"], unquote(scope["path"]))
        answer = self._answering(scope, shaped(send, fault))
        if fault:
            await _prepare(fault)
        if fault is None or not fault.replaces_answer:
            await self._serve(scope, body, answer, lag=fault.lag if fault else 0.0)
            return
        if fault.landed:
            await self._serve(scope, body, _nobody)
        await self._spoil(scope, fault, send if fault.drop else answer)

    async def _serve(self, scope: Scope, body: bytes | None, send: Send, *, lag: float = 0.0) -> None:
        header = Headers(scope=scope).get("authorization")
        who = self._owner(header)
        if header is not None and who is None:
            await refusal_response(bad_token())(scope, _nothing_more, send)
        elif body is None:
            too_large = Refusal(413, f"Payload too large: more than {LARGEST_BODY} bytes")
            await refusal_response(too_large)(scope, _nothing_more, send)
        else:
            scope["state"] = {"who": who, "body": body, "as_of": time.time() - lag if lag else None}
            await self._app(scope, _nothing_more, send)

    def _owner(self, header: str | None) -> Token | None:
        """Whose token this is: None for strangers, and for a token nobody was given."""
        return self._accounts.tokens.get(header.removeprefix("Bearer ").strip()) if header else None

    async def _spoil(self, scope: Scope, fault: Fault, send: Send) -> None:
        if not fault.drop:
            response = Response(fault.body, fault.status or 500, fault.headers, fault.content_type)
            await response(scope, _nothing_more, send)
            return
        self._record(scope, 0)
        # One byte is promised and none is sent: the server closes the connection under the client's eyes.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})

    def _answering(self, scope: Scope, send: Send) -> Send:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._record(scope, message["status"])
                _add_headers(scope, MutableHeaders(scope=message))
            await send(message)

        return answer

    def _record(self, scope: Scope, status: int) -> None:
        who = self._owner(Headers(scope=scope).get("authorization"))
        query = scope["query_string"].decode("latin-1")
        self._log.add(scope["method"], scope["path"], query, status, who.user if who else None)


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, or None where it is too large: then what is left of it stays unread."""
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isdecimal() or int(announced) > LARGEST_BODY:
        return None
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


async def _prepare(fault: Fault) -> None:
    await asyncio.sleep(fault.delay)
    if fault.before:
        await run_in_threadpool(fault.before)


def _add_headers(scope: Scope, headers: MutableHeaders) -> None:
    kind, quota = ("api", 1000) if scope["path"].startswith("/api/") else ("resolvers", 5000)
    headers.setdefault("X-Request-Id", f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)};{uuid.uuid4()}")
    headers.setdefault("RateLimit", f'"{kind}";r={quota - 1};t=300')
    headers.setdefault("RateLimit-Policy", f'"fixed window";"{kind}";q={quota};w=300')
    headers.setdefault("Access-Control-Expose-Headers", _EXPOSED)


async def _nobody(message: Message) -> None:
    """Takes an answer that nobody is to see."""


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}
