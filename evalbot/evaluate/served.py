"""A server that already runs, asked what it serves before anything is sent there: `GET /v1/models`, as vLLM answers."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
from httpx2 import codes

from evalbot.console import one_line
from evalbot.errors import AccessDenied, ServiceFailure, UsageError

_TIMEOUT, _LONGEST = 10.0, 20.0
"""Seconds without an answer, and for all of it: a server may send a byte now and then."""
_MOST = 1024 * 1024
"""Bytes of the answer."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Served:
    """A model of a server: what requests call it, and which weights it says they are."""

    name: str
    root: str | None


def served_at(base_url: str, key: str | None) -> tuple[Served, ...]:
    """The models of a server.

    Raises ServiceFailure where it does not answer as one, AccessDenied for a wrong key, UsageError for what is no key.
    """
    key = _clean_key(key)
    hint = "Check --base-url: it is what `vllm serve` prints, with /v1 at its end."
    try:
        status, body = _asked(f"{base_url.rstrip('/')}/models", key)
        if status in (codes.UNAUTHORIZED, codes.FORBIDDEN):
            raise AccessDenied(f"The server at {base_url} asks for a key.", hint="Set VLLM_API_KEY.")
        if status != codes.OK or body is None:
            raise ServiceFailure(f"The server at {base_url} answered {status} for its models.", hint=hint)
        return tuple(_served(item) for item in json.loads(body)["data"])
    except httpx2.HTTPError as error:
        reason = one_line(str(error))[:200] or type(error).__name__
        raise ServiceFailure(f"The server at {base_url} could not be reached: {reason}", hint=hint) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ServiceFailure(f"What answers at {base_url} is no server of models.", hint=hint) from None


def _clean_key(key: str | None) -> str | None:
    """A key without surrounding white space; None for an empty one. Any other error would repeat it."""
    key = (key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UsageError("VLLM_API_KEY is not a key: it has characters that no key has.", hint="Set it again.")
    return key or None


def _asked(url: str, key: str | None) -> tuple[int, bytes | None]:
    """Status and body; None for a body that is longer, slower or packed otherwise than any list of models."""
    is_here = urlsplit(url).hostname in _LOOPBACK  # no proxy stands between this machine and itself
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {key}"} if key else {})}
    with (
        httpx2.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=not is_here) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            return answer.status_code, None
        body, until = bytearray(), time.monotonic() + _LONGEST
        for piece in answer.iter_raw():
            body += piece
            if len(body) > _MOST or time.monotonic() > until:
                return answer.status_code, None
        return answer.status_code, bytes(body)


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
