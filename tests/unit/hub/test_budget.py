"""The seconds one command may take, and the waits it agrees to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evalbot.errors import ServiceFailure
from evalbot.hub.budget import LONGEST_WAIT, WaitRefused

if TYPE_CHECKING:
    from tests.unit.hub.conftest import Clock


def test_left__counts_down_and_then_says_what_to_type(clock: Clock) -> None:
    budget = clock.budget(10)
    assert budget.left() == 10
    clock.now += 9.5
    assert budget.left() == 0.5
    clock.now += 0.5
    with pytest.raises(ServiceFailure, match=r"more than the 10 seconds this command may take") as caught:
        budget.left()
    assert "--timeout" in (caught.value.hint or "")


def test_wait__long_enough_to_be_noticed__is_announced_with_its_reason(clock: Clock) -> None:
    told: list[str] = []
    clock.budget(60, told.append).wait(3, "the Hub answered 429 and asks for it")
    assert clock.slept == [3]
    assert told == ["Waiting 3 s: the Hub answered 429 and asks for it."]


def test_wait__too_short_to_be_noticed__is_not_announced(clock: Clock) -> None:
    told: list[str] = []
    clock.budget(60, told.append).wait(0.9, "somebody else was quicker")
    assert (clock.slept, told) == ([0.9], [])


@pytest.mark.parametrize("seconds", [LONGEST_WAIT + 1, 365 * 24 * 3600.0])
def test_wait__longer_than_is_ours_to_decide__is_refused_at_once(clock: Clock, seconds: float) -> None:
    told: list[str] = []
    with pytest.raises(WaitRefused, match=f"asks to wait {seconds:,.0f} seconds"):
        clock.budget(10**9, told.append).wait(seconds, "the Hub asks for it")
    assert (clock.slept, told) == ([], [])


def test_wait__longer_than_what_is_left__is_not_begun(clock: Clock) -> None:
    told: list[str] = []
    budget = clock.budget(10, told.append)
    clock.now += 8
    with pytest.raises(ServiceFailure, match="more than the 10 seconds"):
        budget.wait(2.5, "the Hub asks for it")
    assert (clock.slept, told) == ([], [])
    budget.wait(2, "the Hub asks for it")
    assert clock.slept == [2]


def test_wait__too_long_in_any_case__is_a_refusal_even_with_little_time_left(clock: Clock) -> None:
    """The reader should learn how long the Hub wants to be left alone, not that our time is short."""
    with pytest.raises(WaitRefused):
        clock.budget(1).refuse_to_wait(LONGEST_WAIT + 1)
