"""huggingface_hub, made safe to wait for: a timeout on every call, no redirect to another host, retries for reads.

The library's own client waits for ever, and retries only some calls: reads of a card's metadata, whoami,
discussions and commits are not among them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

import httpx2
import stamina
from huggingface_hub import HfApi, get_token, set_client_factory
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils._http import default_client_factory

from evalbot import __version__
from evalbot.settings import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.settings import Settings

T = TypeVar("T")

READ_ATTEMPTS = 4
LONGEST_WAIT = 20.0
"""Seconds we are willing to wait because a server asks for it; longer waits are the user's decision."""
_CONNECT_TIMEOUT = 10.0
_RETRYABLE_STATUS = frozenset({408, 429, 500, 502, 503, 504})


def open_api(settings: Settings) -> HfApi:
    """An HfApi bound to the configured Hub. Sets huggingface_hub's HTTP client for this whole process."""
    # A retry that helps is no news; one that does not is told in evalbot's own words.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    set_client_factory(lambda: _careful_client(settings.request_timeout))
    token = settings.hf_token
    if token is None and settings.endpoint == DEFAULT_ENDPOINT:
        token = get_token()  # what `hf auth login` stored; never sent to another Hub than the one it is for
    return HfApi(endpoint=settings.endpoint, token=token or False, library_name="evalbot", library_version=__version__)


def _careful_client(timeout: float) -> httpx2.Client:
    client = default_client_factory()
    client.timeout = httpx2.Timeout(timeout, connect=_CONNECT_TIMEOUT)
    hooks = client.event_hooks
    client.event_hooks = {**hooks, "response": [*hooks.get("response", []), _refuse_foreign_redirect]}
    return client


def _refuse_foreign_redirect(response: httpx2.Response) -> None:
    if not response.has_redirect_location:
        return
    here = response.request.url
    target = here.join(response.headers["location"])
    if (target.scheme, target.host, target.port) != (here.scheme, here.host, here.port):
        raise httpx2.UnsupportedProtocol(f"refused a redirect to another host, {target.host}")


def retry_read(call: Callable[[], T]) -> T:
    """Run a call that only reads, again after failures that pass. The last failure is raised as it is."""
    for attempt in stamina.retry_context(
        on=_backoff, attempts=READ_ATTEMPTS, timeout=None, wait_initial=0.3, wait_max=3.0, wait_jitter=0.2
    ):
        with attempt:
            return call()
    raise AssertionError("unreachable: the last attempt returns or raises")


def _backoff(error: Exception) -> bool | float:
    """Whether to try again, or the seconds the server asks us to wait first."""
    if not isinstance(error, HfHubHTTPError):
        return isinstance(error, httpx2.TimeoutException | httpx2.NetworkError | httpx2.RemoteProtocolError)
    asked = error.response.headers.get("Retry-After", "")
    if asked.isdecimal() and float(asked) > LONGEST_WAIT:
        return False
    retryable = error.response.status_code in _RETRYABLE_STATUS
    return float(asked) if retryable and asked.isdecimal() else retryable
