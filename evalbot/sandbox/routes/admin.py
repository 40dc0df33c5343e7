"""The sandbox's own calls, which no Hub has: faults by rule, and what was asked. docs/hub-api.md, The sandbox's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from evalbot.sandbox import fault_rules
from evalbot.sandbox.refusals import Refusal, bad_request, forbidden

if TYPE_CHECKING:
    from evalbot.sandbox.call import Call

PREFIX = "/_sandbox/"
"""Calls below this are not logged and no fault spoils them."""

_HOSTS = frozenset({"127.0.0.1", "localhost"})


def add_faults(call: Call) -> Response:
    """Add a list of rules, or one rule, given as JSON or YAML."""
    must_be_local(call)
    if call.headers.get("content-type", "").partition(";")[0] not in {"application/json", "application/yaml"}:
        raise Refusal(415, "Send the rules with the header Content-Type: application/json (or application/yaml)")
    try:
        added = fault_rules.add(call.hub.faults, fault_rules.read(call.body.decode("utf-8", "replace")))
    except fault_rules.BadRuleError as error:
        raise bad_request(str(error)) from None
    return JSONResponse({"added": added})


def clear_faults(call: Call) -> Response:
    must_be_local(call)
    call.hub.faults.clear()
    return JSONResponse({})


def log(call: Call) -> Response:
    """Every request so far, oldest first; `user` is null for strangers, `status` 0 is a cut connection."""
    must_be_local(call)
    return JSONResponse([asdict(record) for record in list(call.hub.log.records)])


def must_be_local(call: Call) -> None:
    """A page of another site, in a browser on this machine, can reach 127.0.0.1 under a name of its own."""
    if call.request.url.hostname not in _HOSTS:
        raise forbidden("Forbidden: ask for this as http://127.0.0.1")


ROUTES = [
    ("POST", f"{PREFIX}faults", add_faults),
    ("DELETE", f"{PREFIX}faults", clear_faults),
    ("GET", f"{PREFIX}log", log),
]
