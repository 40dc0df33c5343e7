"""Questions over HTTP whose answers are JSON, and refusals that keep the other side's words."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final

from .failures import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

READ_WORDS: Final = 4000
"""Bytes of a refusal that are read."""
MOST_BYTES: Final = 256 * 1024 * 1024
"""Of an answer: log probabilities of long prompts are megabytes, and anything longer would only fill the memory."""
_PIECE: Final = 64 * 1024


class Refused(Exception):
    """The other side answered with a status that is no success; `words` are its own, in one line."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str]) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status
        self.words = words
        self.headers = headers


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **keywords: Any) -> None:
        """A key is for the server that was named, and for no other it points to."""


# No proxy: the server is on this machine or was named by hand, and a key must not go through somebody else.
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def ask_server(url: str, key: str, body: Any = None, timeout: float = 5.0) -> Any:
    """Ask a model server; with a body it is a POST. `timeout` is in seconds, for the whole answer.

    Raises `Refused`, an OSError or HTTPException where it cannot be reached (TimeoutError where it takes longer),
    ValueError for what is no JSON, for too much of it, and for a key that cannot be sent. No message holds the key.
    """
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    data = None if body is None else json.dumps(body).encode()
    return _json(_DIRECT, urllib.request.Request(url, data, headers), timeout)  # noqa: S310 - http or https, checked


def ask_hub(url: str, token: str | None, timeout: float) -> Any:
    """Ask the Hub, through the proxy that is set. Raises as `ask_server` does."""
    token = (token or "").strip()
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    opener = urllib.request.build_opener()
    return _json(opener, urllib.request.Request(url, headers=headers), timeout)  # noqa: S310 - the Hub that was set


def _json(opener: urllib.request.OpenerDirector, request: urllib.request.Request, timeout: float) -> Any:
    until = time.monotonic() + timeout
    try:
        with _opened(opener, request, timeout) as answer:
            data = _read(answer, MOST_BYTES, until)
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(error.code, _words(error, until), dict(error.headers)) from None
    if len(data) > MOST_BYTES:
        raise ValueError(f"the answer is longer than {MOST_BYTES:,} bytes")
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the answer is no JSON: {error}") from None


def _opened(opener: urllib.request.OpenerDirector, request: urllib.request.Request, timeout: float) -> Any:
    try:
        return opener.open(request, timeout=timeout)
    except ValueError:  # its words would repeat the headers, and the key with them
        raise ValueError("the question cannot be sent; keys and addresses are one line of plain characters") from None


def _read(answer: Any, most: int, until: float) -> bytes:
    """An answer to its end, or a little more than `most` bytes of it. Servers may drip for ever."""
    body = bytearray()
    while piece := answer.read1(_PIECE):
        body += piece
        if len(body) > most:
            return bytes(body)
        if time.monotonic() > until:
            raise TimeoutError("the answer took too long")
    if answer.length:  # more was announced
        raise http.client.IncompleteRead(bytes(body[:READ_WORDS]), answer.length)
    return bytes(body)


def _words(error: urllib.error.HTTPError, until: float) -> str:
    try:
        text = _read(error, READ_WORDS, until)[:READ_WORDS].decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return "no words"
    try:
        answer = json.loads(text)
        message = answer.get("error", answer)
        return shorten(str(message.get("message", message) if isinstance(message, dict) else message))
    except (ValueError, AttributeError, RecursionError):
        return shorten(text) or "no words"
