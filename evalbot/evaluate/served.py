"""A server that already runs, asked what it serves before anything is sent there: `GET /v1/models`, as vLLM answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from evalbot.console import one_line
from evalbot.errors import AccessDenied, ServiceFailure, UsageError

_TIMEOUT = 10.0
_MOST = 1024 * 1024
"""Bytes of the answer."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Served:
    """A model of a server: what requests call it, and which weights it says they are."""

    name: str
    root: str | None


def served_at(base_url: str, key: str | None) -> tuple[Served, ...]:
    """The models of a server. Raises ServiceFailure where it does not answer as one, AccessDenied for a wrong key."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    hint = "Check --base-url: it is what `vllm serve` prints, with /v1 at its end."
    try:
        is_here = urlsplit(base_url).hostname in _LOOPBACK  # no proxy stands between this machine and itself
        with httpx2.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=not is_here) as client:
            answer = client.get(f"{base_url.rstrip('/')}/models", headers=headers)
        if answer.status_code in (401, 403):
            raise AccessDenied(f"The server at {base_url} asks for a key.", hint="Set VLLM_API_KEY.")
        if answer.status_code != httpx2.codes.OK or len(answer.content) > _MOST:
            raise ServiceFailure(f"The server at {base_url} answered {answer.status_code} for its models.", hint=hint)
        return tuple(_served(item) for item in answer.json()["data"])
    except httpx2.HTTPError as error:
        reason = one_line(str(error))[:200] or type(error).__name__
        raise ServiceFailure(f"The server at {base_url} could not be reached: {reason}", hint=hint) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ServiceFailure(f"What answers at {base_url} is no server of models.", hint=hint) from None


def _served(item: dict[str, Any]) -> Served:
    root = item.get("root")
    return Served(name=str(item["id"]), root=root if isinstance(root, str) else None)


def model_served(found: tuple[Served, ...], model: str, served_name: str | None) -> Served:
    """The one that is to be evaluated. Raises UsageError where the server does not have it."""
    wanted = served_name or model
    chosen = next((each for each in found if each.name == wanted), None)
    if chosen is None:
        raise UsageError(
            f"The server has no model {wanted!r}.",
            hint="If one of these is it, add --served-model-name NAME.",
            candidates=[one_line(each.name)[:200] for each in found],
        )
    return chosen


def why_unpublishable(served: Served, repo_id: str) -> str | None:
    """Why a server's answers cannot be published as this model's: it does not say that it serves these weights."""
    if (served.root or "").casefold() == repo_id.casefold():
        return None
    return f"the server says that it serves {one_line(served.root or 'nothing')[:200]}, not {repo_id}"
