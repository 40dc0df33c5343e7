"""The routes as one ASGI application, behind the front door."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from evalbot.sandbox import pages
from evalbot.sandbox.call import Call, Hub
from evalbot.sandbox.front_door import FrontDoor, refusal_response
from evalbot.sandbox.refusals import Moved, Refusal, no_such_page
from evalbot.sandbox.routes import ROUTES, web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from evalbot.sandbox.faults import Faults
    from evalbot.sandbox.request_log import RequestLog

    Handler = Callable[[Call], Response]


def build(hub: Hub, faults: Faults, log: RequestLog) -> ASGIApp:
    routes = [Route(path, _endpoint(hub, handler), methods=[method]) for method, path, handler in ROUTES]
    app = Starlette(
        routes=routes,
        exception_handlers={Refusal: _refused, Moved: _moved, HTTPException: _no_such_route, Exception: _broken},
    )
    app.router.redirect_slashes = False
    return FrontDoor(app, hub.accounts, faults, log)


def _endpoint(hub: Hub, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        call = Call(hub, request, request.state.body, request.state.who, request.state.as_of)
        return await run_in_threadpool(handler, call)  # git and files block

    return endpoint


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette hands over what it was registered for
    return _as_page(request, refusal, refusal_response(refusal))


def _as_page(request: Request, refusal: Refusal, response: Response) -> Response:
    """For a browser, which asks for HTML by name, the same as a page; clients of the API get JSON."""
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return response
    kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
    return HTMLResponse(pages.refusal(refusal.status, refusal.message), refusal.status, {**kept, **web.HEADERS})


async def _moved(_request: Request, moved: Exception) -> Response:
    assert isinstance(moved, Moved)  # noqa: S101 - likewise
    text = f"Temporary Redirect. Redirecting to {moved.location}"
    return PlainTextResponse(text, HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": moved.location})


async def _no_such_route(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code != HTTPStatus.NOT_FOUND:
        return refusal_response(Refusal(error.status_code, error.detail))
    return await _refused(request, no_such_page())


async def _broken(_request: Request, error: Exception) -> Response:
    """A defect of the sandbox itself. Starlette raises the error again after this, so it is logged in full."""
    return refusal_response(Refusal(500, f"Internal error of the sandbox: {type(error).__name__}"))
