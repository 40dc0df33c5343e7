"""When a call is made again: at once told apart are calls that may be repeated and those that must not.

huggingface_hub retries only some calls: whoami, discussions and the commit itself are not among them.
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, TypeVar

import httpx2
import stamina
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils._http import parse_ratelimit_headers

from evalbot.errors import ServiceFailure
from evalbot.hub.budget import WaitRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evalbot.hub.budget import Budget

T = TypeVar("T")
Kind = Literal["read", "repeatable", "once"]
"""`read` changes nothing; `repeatable` says the same when said twice (edit, title, status); `once` must not be said
twice (a commit, a new comment): it is repeated only where it has certainly not been heard."""

ATTEMPTS = 4
LONGEST_RETRYING = 45.0
"""Seconds after which a call that keeps failing is not begun again."""
TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What an answer raises that is not one of the Hub's: HTML, JSON of another shape, a number without end."""
_PASSING = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)


def retried(call: Callable[[], T], budget: Budget, kind: Kind = "read") -> T:
    """Make a call, again after failures that pass. The last failure is raised as it is."""

    def wait_for(error: Exception) -> bool | float:
        if not _may_repeat(error, kind):
            return False
        if not isinstance(error, HfHubHTTPError):
            return True
        asked = seconds_asked(error.response.headers)
        if asked:
            budget.announce(asked, f"the Hub answered {error.response.status_code} and asks for it")
        return asked or True

    for attempt in stamina.retry_context(
        on=wait_for,
        attempts=ATTEMPTS,
        timeout=min(LONGEST_RETRYING, budget.left()),
        wait_initial=0.3,
        wait_max=3.0,
        wait_jitter=0.2,
    ):
        with attempt:
            return call()
    raise AssertionError("unreachable: the last attempt returns or raises")


def was_heard(error: Exception) -> bool:
    """Whether a call that failed may have been carried out all the same: it was sent, and not clearly refused."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.response.status_code == 408  # noqa: PLR2004 - the request timed out
    if isinstance(error, httpx2.RequestError):
        return not isinstance(error, _NEVER_SENT)
    if isinstance(error, ServiceFailure):
        return not isinstance(error, WaitRefused)  # an answer that was too long or too slow
    return isinstance(error, UNREADABLE)


def _may_repeat(error: Exception, kind: Kind) -> bool:
    passing = (
        error.response.status_code in TRANSIENT_STATUS
        if isinstance(error, HfHubHTTPError)
        else isinstance(error, _PASSING)
    )
    return passing and (kind != "once" or not was_heard(error))


def seconds_asked(headers: Mapping[str, str]) -> float:
    """The wait a server asks for, by Retry-After (seconds or a date) or by its rate limit; 0.0 for none."""
    window = parse_ratelimit_headers(headers)
    reset = window.reset_in_seconds if window is not None and window.remaining == 0 else 0
    return max(_retry_after(headers.get("Retry-After", "").strip()), float(reset), 0.0)


def _retry_after(text: str) -> float:
    if text.isdecimal():
        return float(text[:9])
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0
