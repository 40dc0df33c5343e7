"""What a run may cost, rounded against us, and the budget that refuses it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalbot.errors import EvaluationFailed, UsageError
from evalbot.evaluate.hardware.cost import (
    START_SECONDS,
    Workload,
    cost,
    duration,
    estimate_seconds,
    price,
    read_max_cost,
    require_affordable,
)
from evalbot.evaluate.hardware.facts import ModelFacts
from evalbot.evaluate.hardware.fit import Choice, choose
from evalbot.evaluate.hardware.flavors import packaged_flavors
from tests.unit.evaluate.hardware.models import LARGE_PACKED, LLAMA_8B, LLAMA_70B, SMALL

LLAMA = ModelFacts(repo_id="acme/Llama-8B", config=LLAMA_8B)
MMLU = Workload(14_042, 700, 1)
GSM8K = Workload(1319, 1000, 256)


def on(flavor: str | None, facts: ModelFacts = LLAMA) -> Choice:
    wishes: dict[str, Any] = {"tensor_parallel_size": None, "max_model_len": None, "dtype": None}
    flavors = packaged_flavors()[1]
    return choose(facts, flavors, wanted=flavor, gpu_memory_utilization=0.9, backend="vllm", **wishes)


@pytest.mark.parametrize(
    ("flavor", "seconds", "dollars"),
    [
        ("a10g-small", 3600, "1.00"),
        ("a10g-small", 3601, "1.02"),  # the 61st minute is begun
        ("a10g-small", 1, "0.02"),
        ("a10g-small", 60, "0.02"),
        ("a100-large", 7200, "5.00"),
        ("h200x8", 4 * 3600, "160.00"),
        ("a10g-large", 5400, "2.25"),
    ],
)
def test_cost__maximum__is_timeout_by_price_in_whole_minutes_and_cents(flavor: str, seconds: int, dollars: str) -> None:
    found = cost(on(flavor), seconds, None)
    assert (found.maximum, found.estimated) == (Decimal(dollars), None)
    assert found.hardware == flavor


@given(st.decimals("0", "1", places=6), st.floats(0.001, 10**7))
def test_price__whatever_the_price__is_what_is_billed_or_up_to_a_cent_more(per_minute: Decimal, seconds: float) -> None:
    found = price(per_minute, seconds)
    exact = per_minute * Decimal(seconds) / 60
    assert exact - Decimal("0.0005") <= found <= exact + per_minute + Decimal("0.01")
    assert found == found.quantize(Decimal("0.01"))


def test_cost__estimate__is_labelled_as_rough_and_never_above_the_maximum() -> None:
    found = cost(on("a10g-small"), 4 * 3600, 1500)
    assert found.told == (
        "about $0.42 (25 minutes, a rough estimate), $4.00 at most (timeout of 4 hours at $1.00 an hour)"
    )
    late = cost(on("a10g-small"), 600, 10**6)
    assert late.estimated == late.maximum


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 10**9])
def test_cost__a_timeout_that_is_no_time__is_refused(seconds: float) -> None:
    with pytest.raises(UsageError, match="timeout"):
        cost(on("a10g-small"), seconds, None)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1, "1 minute"),
        (61, "2 minutes"),
        (7140, "119 minutes"),
        (7200, "2 hours"),
        (7201, "2.1 hours"),
        (86_400, "24 hours"),
    ],
)
def test_duration__for_people__is_rounded_up(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@pytest.mark.parametrize(("text", "dollars"), [("2.50", "2.50"), ("$5", "5"), (" 0 ", "0"), ("$ 1.25", "1.25")])
def test_read_max_cost__amounts(text: str, dollars: str) -> None:
    assert read_max_cost(text) == Decimal(dollars)


@pytest.mark.parametrize(
    "text", ["", "free", "-1", "nan", "inf", "1e9", "1,50", "9" * 20, "1.23456", "5 EUR", "\u0665"]
)
def test_read_max_cost__no_amount__is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not an amount in US dollars"):
        read_max_cost(text)


def test_require_affordable__within_the_budget_or_without_one__passes() -> None:
    found = cost(on("a10g-small"), 3600, 60)
    require_affordable(found, None)
    require_affordable(found, Decimal(1))


def test_require_affordable__dearer__is_refused_with_both_figures() -> None:
    found = cost(on("a10g-small"), 4 * 3600, 1500)
    with pytest.raises(EvaluationFailed) as caught:
        require_affordable(found, Decimal("2.5"))
    assert "may cost $4.00, which is more than --max-cost $2.50" in caught.value.message
    assert caught.value.hint == "Use a --max-cost of 4.00, cheaper --hardware, or --run-timeout 150m with this one."
    with pytest.raises(EvaluationFailed) as nothing:
        require_affordable(found, Decimal(0))
    assert "--run-timeout" not in (nothing.value.hint or "")


def test_require_affordable__the_timeout_it_names__is_affordable() -> None:
    for flavor in packaged_flavors()[1]:
        if flavor.gpus != 8 or flavor.gpu is None:
            continue
        choice = on(flavor.name)
        with pytest.raises(EvaluationFailed) as caught:
            require_affordable(cost(choice, 10 * 3600, None), Decimal("7.77"))
        minutes = int((caught.value.hint or "").rpartition("--run-timeout ")[2].partition("m")[0])
        require_affordable(cost(choice, minutes * 60, None), Decimal("7.77"))


def test_estimate_seconds__no_work__is_the_start_and_the_download() -> None:
    assert START_SECONDS < estimate_seconds(on("a10g-small"), []) < START_SECONDS + 120


@pytest.mark.parametrize(
    ("flavor", "work", "minutes"),
    [("a10g-small", MMLU, (70, 150)), ("a100-large", MMLU, (15, 45)), ("a10g-small", GSM8K, (12, 40))],
)
def test_estimate_seconds__8b_model__is_of_the_order_that_is_known(
    flavor: str, work: Workload, minutes: tuple[int, int]
) -> None:
    assert minutes[0] * 60 < estimate_seconds(on(flavor), [work]) < minutes[1] * 60


def test_estimate_seconds__more_work_and_larger_models__take_longer_and_faster_gpus_less() -> None:
    small, slow, fast = on("a10g-small", SMALL[1].facts), on("a10g-small"), on("h200")
    work = [MMLU, GSM8K]
    assert estimate_seconds(small, work) < estimate_seconds(slow, work)
    assert estimate_seconds(fast, work) < estimate_seconds(slow, work)
    assert estimate_seconds(slow, work) > estimate_seconds(slow, [MMLU])
    big = ModelFacts(repo_id="acme/Llama-70B", config=LLAMA_70B)
    assert estimate_seconds(on("h200x8", big), work) < estimate_seconds(on("h200x2", big), work)


def test_estimate_seconds__mixture_of_experts__is_as_fast_as_its_active_part() -> None:
    sparse, dense = on("a100-large", LARGE_PACKED[1].facts), on("a100-large", LARGE_PACKED[0].facts)
    assert estimate_seconds(sparse, [MMLU]) < estimate_seconds(dense, [MMLU])
