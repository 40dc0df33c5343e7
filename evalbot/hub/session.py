"""huggingface_hub's HTTP client, made safe to wait for: bounds on time and size, no redirect to another host.

The library's own client waits for ever and takes answers of any length. The bounds are set on the client, so that they
hold for the library's calls as for ours.
"""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx2
from huggingface_hub import HfApi, get_token, set_client_factory
from huggingface_hub.utils._http import hf_request_event_hook

from evalbot import __version__
from evalbot.errors import AccessDenied, AnswerTooLong, ServiceFailure
from evalbot.hub.retries import seconds_asked
from evalbot.settings import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalbot.hub.budget import Budget
    from evalbot.settings import Settings

LONGEST_ANSWER = 45.0
"""Seconds one answer may take: a timeout is for one piece of it, and a server that drips is within it for ever."""
MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of one answer: twice the largest card, and far more than a page of pull requests."""
_CONNECT_TIMEOUT = 10.0
_CHECK = "Check HF_ENDPOINT, or run again later."


def open_api(settings: Settings, budget: Budget) -> HfApi:
    """An HfApi bound to the configured Hub. Sets huggingface_hub's HTTP client for this whole process."""
    # A retry that helps is no news; one that does not is told in evalbot's own words.
    for name in ("stamina", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)
    set_client_factory(lambda: _careful_client(settings, budget))
    token = settings.hf_token
    if token is None and settings.endpoint == DEFAULT_ENDPOINT:
        token = _stored_token()
    return HfApi(endpoint=settings.endpoint, token=token or False, library_name="evalbot", library_version=__version__)


def _stored_token() -> str | None:
    """What `hf auth login` stored, or a CI's keyless token; never sent to another Hub than the one it is for."""
    try:
        return get_token()
    except Exception as error:  # noqa: BLE001 - a file, a service and a parser stand behind this one call
        raise AccessDenied(
            f"The stored Hub token could not be read: {' '.join(str(error).split())[:200]}",
            hint="Set HF_TOKEN, or run `hf auth login` again.",
        ) from None


def _careful_client(settings: Settings, budget: Budget) -> httpx2.Client:
    """The library's default client, with requests that end in time, and with answers looked at before they are used."""
    home = httpx2.URL(settings.endpoint)

    def stay_home(request: httpx2.Request) -> None:
        # The library follows links to further pages wherever they lead, with the token. The client is the whole
        # process's: what is not asked in evalbot's name is none of its business.
        if "evalbot" in request.headers.get("User-Agent", ""):
            _refuse_other_host(request.url, home)

    def limit_time(request: httpx2.Request) -> None:
        left = budget.left()
        usual = {"connect": _CONNECT_TIMEOUT, **dict.fromkeys(("read", "write", "pool"), settings.request_timeout)}
        request.extensions["timeout"] = {phase: min(seconds, left) for phase, seconds in usual.items()}

    def refuse_long_wait(response: httpx2.Response) -> None:
        # The library obeys any wait it is told; one that is too long for a command ends it with the reason. Other
        # errors than this one say nothing sure about the request, so they are left to the caller.
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            budget.refuse_to_wait(seconds_asked(response.headers))

    def limit_answer(response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _BoundedStream(response.stream, budget)

    return httpx2.Client(
        event_hooks={
            "request": [stay_home, hf_request_event_hook, limit_time],
            "response": [_refuse_foreign_redirect, _refuse_compression, refuse_long_wait, limit_answer],
        },
        follow_redirects=True,
        headers={"Accept-Encoding": "identity"},
        # A proxy from the environment would be handed what is meant for a Hub on this very machine, token included.
        trust_env=not settings.is_local,
    )


class _BoundedStream(httpx2.SyncByteStream):
    """An answer's bytes as they arrive, as long as they are not too many and do not take too long."""

    def __init__(self, stream: httpx2.SyncByteStream, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def __iter__(self) -> Iterator[bytes]:
        started, size = time.monotonic(), 0
        for piece in self._stream:
            size += len(piece)
            if size > MAX_ANSWER:
                raise AnswerTooLong(f"An answer of the Hub is longer than {MAX_ANSWER:,} bytes.", hint=_CHECK)
            if time.monotonic() - started > LONGEST_ANSWER:
                raise ServiceFailure(
                    f"An answer of the Hub took longer than {LONGEST_ANSWER:.0f} seconds.", hint=_CHECK
                )
            self._budget.left()
            yield piece

    def close(self) -> None:
        self._stream.close()


def _refuse_foreign_redirect(response: httpx2.Response) -> None:
    if not response.has_redirect_location:
        return
    here = response.request.url
    _refuse_other_host(here.join(response.headers["location"]), here)


def _refuse_other_host(target: httpx2.URL, home: httpx2.URL) -> None:
    if (target.scheme, target.host, target.port) != (home.scheme, home.host, home.port):
        raise httpx2.UnsupportedProtocol(f"refused to go to another host, {target.host}")


def _refuse_compression(response: httpx2.Response) -> None:
    """None was asked for, and a small compressed answer can be a huge one."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise httpx2.UnsupportedProtocol("refused a compressed answer")
