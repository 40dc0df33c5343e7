"""Which token may go into a job: one that can only read. Model code runs beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from evalbot.errors import AccessDenied
from evalbot.hub.refusals import TOKENS_PAGE

if TYPE_CHECKING:
    from evalbot.hub.client import Hub

READ_VARIABLE = "HF_READ_TOKEN"
_CHANGES_NOTHING = frozenset({"inference.serverless.write", "inference.endpoints.infer.write"})
"""Asking a model that somebody serves; a token of role read may do that as well."""


def why_it_can_write(whoami: Mapping[str, Any]) -> str | None:
    """What a token may do beside reading, by the Hub's answer to whoami; None for one that can only read.

    A permission that is not known to read, and an answer that does not say, count as writing.
    """
    token = _mapping(_mapping(whoami.get("auth")).get("accessToken"))
    role = token.get("role")
    if role == "read":
        return None
    if role != "fineGrained":
        return f"its role is {role}" if isinstance(role, str) else "the Hub does not say what it may do"
    fine = token.get("fineGrained")
    if not isinstance(fine, Mapping):
        return "the Hub does not say what it may do"
    further = sorted({name for name in _permissions(fine) if not _reads(name)})
    return f"it has the permission {', '.join(further[:3])}" if further else None


def require_read_only(hub: Hub, token: str) -> None:
    """Raise AccessDenied unless the Hub says that this token can only read."""
    with hub.translated("ask the Hub what the token for the run may do", ""):
        answer = hub.retried(lambda: hub.api.whoami(token=token))
        reason = why_it_can_write(answer)
    if reason is not None:
        raise AccessDenied(
            f"This token is not given to a run: {reason}, and model code runs beside it.",
            hint=f"Set {READ_VARIABLE} to a token of role read from {TOKENS_PAGE}; public models need none.",
        )


def _permissions(fine: Mapping[str, Any]) -> Iterable[str]:
    scopes = fine.get("scoped")
    listed = [fine.get("global"), *(_mapping(scope).get("permissions") for scope in _items(scopes))]
    for names in listed:
        yield from (str(name) for name in _items(names))


def _reads(permission: str) -> bool:
    return permission.endswith(".read") or permission in _CHANGES_NOTHING


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> list[Any]:
    """The items of a list; what is no list has one that is not understood, but for None."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
