"""huggingface_hub, made safe to wait for: a timeout on every call, no redirect to another host, retries for reads.

The library's own client waits for ever, and retries only some calls: reads of a card's metadata, whoami,
discussions and commits are not among them.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

import httpx2
import stamina
from huggingface_hub import HfApi, get_session, get_token, set_client_factory
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils._http import hf_raise_for_status, hf_request_event_hook, parse_ratelimit_headers

from evalbot import __version__
from evalbot.errors import AccessDenied, ServiceFailure
from evalbot.settings import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.settings import Settings

T = TypeVar("T")

READ_ATTEMPTS = 4
READ_TIMEOUT = 45.0
"""Seconds after which a read that keeps failing is not begun again."""
LONGEST_WAIT = 20.0
"""Seconds we are willing to wait because a server asks for it; longer waits are the user's decision."""
MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of one answer: twice the largest card, and far more than a page of pull requests."""
_CONNECT_TIMEOUT = 10.0
_CHECK = "Check HF_ENDPOINT, or run again later."
_RETRYABLE_STATUS = frozenset({408, 429, 500, 502, 503, 504})


def open_api(settings: Settings) -> HfApi:
    """An HfApi bound to the configured Hub. Sets huggingface_hub's HTTP client for this whole process."""
    # A retry that helps is no news; one that does not is told in evalbot's own words.
    for name in ("stamina", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)
    set_client_factory(lambda: _careful_client(settings))
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


def _careful_client(settings: Settings) -> httpx2.Client:
    """The library's default client, with a timeout, and with answers looked at before they are followed."""
    return httpx2.Client(
        event_hooks={"request": [hf_request_event_hook], "response": [_refuse_foreign_redirect, _refuse_long_wait]},
        follow_redirects=True,
        timeout=httpx2.Timeout(settings.request_timeout, connect=_CONNECT_TIMEOUT),
        # A proxy from the environment would be handed what is meant for a Hub on this very machine, token included.
        trust_env=not settings.is_local,
    )


def _refuse_foreign_redirect(response: httpx2.Response) -> None:
    if not response.has_redirect_location:
        return
    here = response.request.url
    target = here.join(response.headers["location"])
    if (target.scheme, target.host, target.port) != (here.scheme, here.host, here.port):
        raise httpx2.UnsupportedProtocol(f"refused a redirect to another host, {target.host}")


def _refuse_long_wait(response: httpx2.Response) -> None:
    """The library obeys any wait it is told; one that is too long for a command ends it with the reason."""
    if response.status_code not in _RETRYABLE_STATUS:
        return
    asked = response.headers.get("Retry-After", "")
    window = parse_ratelimit_headers(response.headers)
    reset = window.reset_in_seconds if window is not None and window.remaining == 0 else 0
    seconds = max(int(asked[:9]) if asked.isdecimal() else 0, reset)
    if seconds > LONGEST_WAIT:
        raise ServiceFailure(
            f"The Hub asks to wait {seconds:,} seconds before the next request.", hint="Run again after that."
        )


def get_bytes(url: str, *, headers: dict[str, str], params: dict[str, str | int] | None = None) -> bytes:
    """The body of a GET. Raises HfHubHTTPError for an error answer, ServiceFailure for one too long or too slow.

    The library's timeout is for one piece of an answer: a server that drips is within it for ever.
    """
    data, started = bytearray(), time.monotonic()
    with get_session().stream("GET", url, headers=headers, params=params) as response:
        for chunk in response.iter_bytes():
            data += chunk
            if len(data) > MAX_ANSWER:
                raise ServiceFailure(f"An answer of the Hub is longer than {MAX_ANSWER:,} bytes.", hint=_CHECK)
            if time.monotonic() - started > READ_TIMEOUT:
                raise ServiceFailure(f"An answer of the Hub took longer than {READ_TIMEOUT:.0f} seconds.", hint=_CHECK)
        if response.is_error:
            # The stream is read, so the library finds no body by itself: hand it one for its message.
            body = httpx2.Response(
                response.status_code, headers=response.headers, content=bytes(data), request=response.request
            )
            hf_raise_for_status(body)
    return bytes(data)


def retry_read(call: Callable[[], T]) -> T:
    """Run a call that only reads, again after failures that pass. The last failure is raised as it is."""
    for attempt in stamina.retry_context(
        on=_backoff, attempts=READ_ATTEMPTS, timeout=READ_TIMEOUT, wait_initial=0.3, wait_max=3.0, wait_jitter=0.2
    ):
        with attempt:
            return call()
    raise AssertionError("unreachable: the last attempt returns or raises")


def _backoff(error: Exception) -> bool | float:
    """Whether to try again, or the seconds the server asks us to wait first."""
    if not isinstance(error, HfHubHTTPError):
        return isinstance(error, httpx2.TimeoutException | httpx2.NetworkError | httpx2.RemoteProtocolError)
    asked = error.response.headers.get("Retry-After", "")
    retryable = error.response.status_code in _RETRYABLE_STATUS
    return float(asked) if retryable and asked.isdecimal() else retryable
