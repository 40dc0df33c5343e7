"""An HTTP client for what the session's bounds do not fit: logs that go on for hours, and long lists of jobs.

A job is shown with its whole environment, in which its script travels: a page of a list has many megabytes. The session
of everything else keeps its bounds; this client has its own, follows no redirect and takes no compression.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]  # documented, but not marked as exported

from evalbot.errors import AnswerTooLong

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evalbot.hub.client import Hub

MAX_PAGE = 128 * 1024 * 1024
"""Bytes of one page of a list: a thousand jobs of the longest kind."""
_CONNECT_TIMEOUT = 10.0
_SILENCE = 20.0


def open_client(endpoint: str, silence: float) -> httpx2.Client:
    """A client that waits `silence` seconds for each piece of an answer."""
    return httpx2.Client(
        follow_redirects=False,
        headers={"Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(_CONNECT_TIMEOUT, read=silence),
        # As in the session: a proxy from the environment is not handed what is meant for this very machine.
        trust_env=not endpoint.startswith("http://"),
    )


def refuse_compression(answer: httpx2.Response) -> None:
    """None was asked for, and a small compressed answer can be a huge one."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise httpx2.UnsupportedProtocol("refused a compressed answer")


def get_page(hub: Hub, url: str, params: Sequence[tuple[str, str]] = ()) -> tuple[list[Any], str | None]:
    """The items of one page of a list, and the address of the next; to be called inside `translated`."""
    silence = min(_SILENCE, hub.budget.left())
    with (
        open_client(hub.endpoint, silence) as client,
        client.stream("GET", url, params=list(params) or None, headers=_headers(hub.headers)) as answer,
    ):
        refuse_compression(answer)
        body = _read(answer, hub)
    whole = httpx2.Response(answer.status_code, headers=answer.headers, content=body, request=answer.request)
    hf_raise_for_status(whole)
    items = json.loads(body)
    if not isinstance(items, list):
        raise TypeError("a list was expected")
    return items, _next(whole, hub.endpoint)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Accept-Encoding": "identity"}


def _read(answer: httpx2.Response, hub: Hub) -> bytes:
    pieces, size = list[bytes](), 0
    for piece in answer.iter_raw():
        size += len(piece)
        if size > MAX_PAGE:
            raise AnswerTooLong(f"A list of jobs is longer than {MAX_PAGE:,} bytes.")
        hub.budget.left()
        pieces.append(piece)
    return b"".join(pieces)


def _next(answer: httpx2.Response, endpoint: str) -> str | None:
    url = answer.links.get("next", {}).get("url")
    if url is None:
        return None
    target, home = answer.request.url.join(url), httpx2.URL(endpoint)
    if (target.scheme, target.host, target.port) != (home.scheme, home.host, home.port):
        raise httpx2.UnsupportedProtocol(f"refused to go to another host, {target.host}")
    return str(target)
