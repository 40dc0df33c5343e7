"""Who am I, and may I? docs/hub-api.md, Identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from evalbot.sandbox import access, people
from evalbot.sandbox.repos import REPO_PATH

if TYPE_CHECKING:
    from evalbot.sandbox.call import Call


def whoami(call: Call) -> Response:
    return JSONResponse(people.whoami(call.hub.accounts, access.must_sign_in(call.who)))


def agent_harnesses(_call: Call) -> Response:
    """The client asks for this list before its first real request, to name the agent it runs in."""
    return JSONResponse({"standardEnvVars": [], "harnesses": {}})


def may_read(call: Call) -> Response:
    access.must_read_files(call.hub.accounts, call.repo(), call.who)
    return JSONResponse({})


def may_write(call: Call) -> Response:
    access.must_write(call.hub.accounts, call.repo(), call.who)
    return JSONResponse({})


ROUTES = [
    ("GET", "/api/whoami-v2", whoami),
    ("GET", "/api/agent-harnesses", agent_harnesses),
    ("GET", f"{REPO_PATH}/auth-check", may_read),
    ("GET", f"{REPO_PATH}/auth-check/write", may_write),
]
