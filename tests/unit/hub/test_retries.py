"""Which calls are made again, how often, and how long is waited before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, get_args

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError
from hypothesis import given
from hypothesis import strategies as st

from evalbot.errors import ServiceFailure
from evalbot.hub.budget import LONGEST_WAIT, WaitRefused
from evalbot.hub.retries import ATTEMPTS, LONGEST_RETRYING, Kind, retried, seconds_asked, was_heard

if TYPE_CHECKING:
    from tests.unit.hub.conftest import Clock

KINDS: tuple[Kind, ...] = get_args(Kind)
REQUEST = httpx2.Request("POST", "https://hub.example/api")
YEAR = 365 * 24 * 3600


def refused(status: int, headers: dict[str, str] | None = None) -> HfHubHTTPError:
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    return HfHubHTTPError(f"The Hub answered {status}", response=response)


class Failing:
    """A call that fails with these errors, one after the other, and then answers."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return "an answer"


PASSING = [
    *(pytest.param(refused(status), id=str(status)) for status in (500, 502, 503, 504, 408)),
    pytest.param(httpx2.ReadTimeout("slow"), id="read timeout"),
    pytest.param(httpx2.WriteTimeout("slow"), id="write timeout"),
    pytest.param(httpx2.ReadError("gone"), id="cut while reading"),
    pytest.param(httpx2.WriteError("gone"), id="cut while writing"),
    pytest.param(httpx2.RemoteProtocolError("half an answer"), id="truncated"),
]
"""Failures that may pass, and after which nobody knows whether the call was carried out."""
UNHEARD = [
    pytest.param(refused(429), id="429"),
    pytest.param(httpx2.ConnectError("nobody there"), id="no connection"),
    pytest.param(httpx2.ConnectTimeout("nobody there"), id="no connection in time"),
    pytest.param(httpx2.PoolTimeout("busy"), id="no connection free"),
]
"""Failures that may pass, and after which the call was certainly not carried out."""
FINAL = [
    *(pytest.param(refused(status), id=str(status)) for status in (400, 401, 403, 404, 409, 412, 413, 422, 501)),
    pytest.param(httpx2.UnsupportedProtocol("another host"), id="refused redirect"),
    pytest.param(httpx2.TooManyRedirects("in circles"), id="in circles"),
    pytest.param(ValueError("no JSON"), id="no JSON"),
    pytest.param(ServiceFailure("An answer is too long"), id="too long"),
]
"""Failures that are the same a second later."""


@pytest.mark.parametrize("error", PASSING)
@pytest.mark.parametrize(("kind", "calls"), [("read", 2), ("repeatable", 2), ("once", 1)])
def test_retried__nobody_knows_whether_it_was_heard__only_what_may_be_repeated_is(
    clock: Clock, error: Exception, kind: Kind, calls: int
) -> None:
    call = Failing(error)
    if calls == 1:
        with pytest.raises(type(error)):
            retried(call, clock.budget(60), kind)
    else:
        assert retried(call, clock.budget(60), kind) == "an answer"
    assert call.calls == calls


@pytest.mark.parametrize("error", UNHEARD)
@pytest.mark.parametrize("kind", KINDS)
def test_retried__certainly_not_heard__every_kind_is_repeated(clock: Clock, error: Exception, kind: Kind) -> None:
    call = Failing(error, error)
    assert retried(call, clock.budget(60), kind) == "an answer"
    assert call.calls == 3


@pytest.mark.parametrize("error", FINAL)
@pytest.mark.parametrize("kind", KINDS)
def test_retried__a_refusal__is_raised_at_once_as_it_is(clock: Clock, error: Exception, kind: Kind) -> None:
    call = Failing(error)
    with pytest.raises(type(error)) as caught:
        retried(call, clock.budget(60), kind)
    assert caught.value is error
    assert (call.calls, clock.slept) == (1, [])


def test_retried__it_keeps_failing__gives_up_after_a_few_growing_waits(clock: Clock) -> None:
    call = Failing(*[refused(500)] * 9)
    with pytest.raises(HfHubHTTPError, match="500"):
        retried(call, clock.budget(60))
    assert (call.calls, len(clock.slept)) == (ATTEMPTS, ATTEMPTS - 1)
    assert clock.slept == sorted(clock.slept)
    assert 0.5 < sum(clock.slept) < 6


def test_retried__no_time_is_left__nothing_is_begun(clock: Clock) -> None:
    budget, call = clock.budget(1), Failing()
    clock.now += 2
    with pytest.raises(ServiceFailure, match="more than the 1 seconds"):
        retried(call, budget)
    assert call.calls == 0


def test_retried__the_time_runs_out_meanwhile__it_is_not_tried_again(clock: Clock) -> None:
    def slow() -> None:
        clock.now += 2
        raise refused(500)

    with pytest.raises((HfHubHTTPError, ServiceFailure)):
        retried(slow, clock.budget(3))
    assert clock.now < 1000 + 3 + 2


def test_retried__slow_failures__are_not_repeated_for_ever(clock: Clock) -> None:
    def slow() -> None:
        clock.now += LONGEST_RETRYING + 1
        raise refused(500)

    with pytest.raises(HfHubHTTPError):
        retried(slow, clock.budget(10**6))
    assert clock.slept == []


WAITS: list[tuple[dict[str, str], float]] = [
    ({"Retry-After": "3"}, 3.0),
    ({"Retry-After": " 3 "}, 3.0),
    ({"retry-after": "0"}, 0.0),
    ({"Retry-After": "-5"}, 0.0),
    ({"Retry-After": "soon"}, 0.0),
    ({"Retry-After": ""}, 0.0),
    ({"Retry-After": "1.5"}, 0.0),
    ({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0),
    ({}, 0.0),
    ({"RateLimit": '"api";r=0;t=2', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}, 2.0),
    ({"RateLimit": '"api";r=7;t=200', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}, 0.0),
    ({"RateLimit": '"api";r=0;t=2', "Retry-After": "5"}, 5.0),
    ({"RateLimit": '"api";r=0;t=9', "Retry-After": "5"}, 9.0),
    ({"RateLimit": "nonsense"}, 0.0),
    ({"Retry-After": "9" * 400}, 999_999_999.0),
]


@pytest.mark.parametrize(("headers", "seconds"), WAITS)
def test_seconds_asked__by_retry_after_and_rate_limit(headers: dict[str, str], seconds: float) -> None:
    assert seconds_asked(httpx2.Headers(headers)) == seconds


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def test_seconds_asked__a_date__is_the_time_until_then() -> None:
    assert 28 < seconds_asked({"Retry-After": http_date(30)}) <= 30
    assert seconds_asked({"Retry-After": http_date(-30)}) == 0


def test_seconds_asked__a_date_in_a_time_zone_of_its_own__is_the_same_moment() -> None:
    moment = datetime.now(UTC).astimezone() + timedelta(seconds=30)
    assert 28 < seconds_asked({"Retry-After": format_datetime(moment)}) <= 30


@given(
    st.text(st.characters(codec="latin-1"), max_size=60) | st.from_regex(r"\w{3}, \d+ Jan \d+ \d+:\d+:\d+ ?[A-Z+-]*")
)
def test_seconds_asked__whatever_is_said__is_a_number_of_seconds(text: str) -> None:
    assert seconds_asked({"Retry-After": text}) >= 0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("kind", ["read", "repeatable"])
def test_retried__a_wait_that_is_asked_for__is_waited_and_told(clock: Clock, status: int, kind: Kind) -> None:
    told: list[str] = []
    call = Failing(refused(status, {"Retry-After": "3"}))
    assert retried(call, clock.budget(60, told.append), kind) == "an answer"
    assert clock.slept == [3.0]
    assert told == [f"Waiting 3 s: the Hub answered {status} and asks for it."]


@pytest.mark.parametrize("asked", ["-5", "soon", "", "Sun, 06 Nov 1994 08:49:37 GMT"])
def test_retried__a_wait_that_makes_no_sense__is_the_usual_short_one(clock: Clock, asked: str) -> None:
    told: list[str] = []
    assert retried(Failing(refused(429, {"Retry-After": asked})), clock.budget(60, told.append)) == "an answer"
    (slept,) = clock.slept
    assert 0 < slept < 1
    assert told == []


@pytest.mark.parametrize("asked", [str(LONGEST_WAIT + 1).partition(".")[0], str(YEAR), "9" * 50, "a date"])
@pytest.mark.parametrize("kind", KINDS)
def test_retried__a_wait_too_long_for_a_command__ends_it_with_the_reason(clock: Clock, asked: str, kind: Kind) -> None:
    call = Failing(refused(429, {"Retry-After": http_date(YEAR) if asked == "a date" else asked}))
    with pytest.raises(WaitRefused, match="asks to wait"):
        retried(call, clock.budget(10**10), kind)
    assert (call.calls, clock.slept) == (1, [])


def test_retried__a_wait_longer_than_the_time_that_is_left__is_not_begun(clock: Clock) -> None:
    call = Failing(refused(429, {"Retry-After": "5"}))
    with pytest.raises(ServiceFailure, match="more than the 4 seconds"):
        retried(call, clock.budget(4))
    assert (call.calls, clock.slept) == (1, [])


@pytest.mark.parametrize("error", [*PASSING, *(case for case in FINAL if case.id not in ("400", "401", "403", "404"))])
def test_was_heard__says_when_a_commit_may_have_been_made(error: Exception) -> None:
    clearly_refused = isinstance(error, HfHubHTTPError) and error.response.status_code in (409, 412, 413, 422)
    assert was_heard(error) is not clearly_refused


@pytest.mark.parametrize("error", [TypeError(), KeyError(), AttributeError(), OverflowError(), RecursionError()])
def test_was_heard__an_answer_that_is_none_of_the_hubs__tells_nothing(error: Exception) -> None:
    assert was_heard(error)


@pytest.mark.parametrize(
    "error", [*UNHEARD, refused(400), refused(401), refused(403), refused(404), WaitRefused("a year")]
)
def test_was_heard__a_refusal_and_a_call_that_never_left__are_certain(error: Exception) -> None:
    assert not was_heard(error)
