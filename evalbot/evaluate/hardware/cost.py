"""What a run may cost, and about how long it takes.

Jobs are billed by the minute while they start and run, so minutes are rounded up, and money to the next cent. The
maximum holds: a job is stopped at its timeout. The estimate is rough, a factor of two either way.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from evalbot.errors import EvaluationFailed, UsageError
from evalbot.evaluate.hardware.gpus import GB
from evalbot.evaluate.hardware.memory import WORKING_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalbot.evaluate.hardware.fit import Choice

CENT = Decimal("0.01")
START_SECONDS = 240.0
"""The image, the environments of server and engines, imports, compilation and CUDA graphs."""
_DOWNLOAD_BYTES_A_SECOND = 0.25 * GB
_COMPUTE_SHARE = 0.35
"""Of a GPU's printed speed that reading prompts reaches."""
_BANDWIDTH_SHARE = 0.6
_MOST_AT_A_TIME = 64
_UNKNOWN_FLOPS, _UNKNOWN_BANDWIDTH = 60e12, 300e9
_AMOUNT = re.compile(r"\$?\s*(\d{1,7}(?:\.\d{1,4})?)", re.ASCII)
_LONGEST = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Workload:
    """One task's samples, with the tokens of one prompt and of one answer (0 where only choices are weighed)."""

    samples: int
    prompt_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """US dollars. `estimated` and `maximum` are rounded up to the cent; one's own hardware costs nothing."""

    hardware: str
    price_per_hour: Decimal
    timeout_seconds: float
    maximum: Decimal
    estimate_seconds: float | None
    estimated: Decimal | None

    @property
    def told(self) -> str:
        """For people: about $0.42 (25 minutes, a rough estimate), $4.00 at most (timeout of 4 hours)."""
        most = (
            f"${self.maximum} at most (timeout of {duration(self.timeout_seconds)} at ${self.price_per_hour} an hour)"
        )
        if self.estimated is None or self.estimate_seconds is None:
            return most
        return f"about ${self.estimated} ({duration(self.estimate_seconds)}, a rough estimate), {most}"


def duration(seconds: float) -> str:
    """25 minutes, 1.5 hours: rounded up, for people."""
    minutes = max(1, math.ceil(seconds / 60))
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{math.ceil(minutes / 6) / 10:g} hours"


def cost(choice: Choice, timeout_seconds: float, estimate_seconds: float | None) -> Cost:
    """What a run on the chosen hardware costs. Raises UsageError for a timeout that is no time."""
    if not math.isfinite(timeout_seconds) or not 0 < timeout_seconds <= _LONGEST:
        raise UsageError("The timeout has to be more than 0 seconds and at most a year.")
    if estimate_seconds is not None:
        estimate_seconds = min(estimate_seconds, timeout_seconds)
    return Cost(
        hardware=choice.flavor.name,
        price_per_hour=choice.flavor.price_per_hour,
        timeout_seconds=timeout_seconds,
        maximum=price(choice.flavor.price_per_minute, timeout_seconds),
        estimate_seconds=estimate_seconds,
        estimated=None if estimate_seconds is None else price(choice.flavor.price_per_minute, estimate_seconds),
    )


def price(per_minute: Decimal, seconds: float) -> Decimal:
    """US dollars for so many seconds: every minute that is begun counts, and the sum is rounded up to the cent.

    Less than half of a tenth of a cent does not count: the Hub's prices a minute are rounded themselves.
    """
    return (per_minute * math.ceil(seconds / 60)).quantize(CENT / 10, ROUND_HALF_EVEN).quantize(CENT, ROUND_CEILING)


def read_max_cost(text: str) -> Decimal:
    """The value of --max-cost in US dollars. Raises UsageError for what is no amount of money."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"--max-cost {text[:40]!r} is not an amount in US dollars.", hint="Give a number such as --max-cost 2.50."
        )
    return Decimal(found[1])


def require_affordable(cost: Cost, max_cost: Decimal | None) -> None:
    """Raise EvaluationFailed, before anything is spent, where a run may cost more than it may."""
    if max_cost is None or cost.maximum <= max_cost:
        return
    minutes = 0 if not cost.price_per_hour else int(max_cost * 60 / cost.price_per_hour)
    cheaper = ", cheaper --hardware, or --run-timeout {}m with this one" if minutes > 0 else " or cheaper --hardware"
    raise EvaluationFailed(
        f"Not started: the run on {cost.hardware} may cost ${cost.maximum}, which is more than --max-cost "
        f"${max_cost:.2f} ({cost.told}).",
        hint=f"Use a --max-cost of {cost.maximum}{cheaper.format(minutes)}.",
    )


def estimate_seconds(choice: Choice, work: Iterable[Workload]) -> float:
    """About how long a run takes, with its start. Prompts are bound by arithmetic, answers by memory bandwidth."""
    gpu, gpus = choice.flavor.gpu, choice.tensor_parallel_size
    flops = gpus * ((gpu.flops if gpu else None) or _UNKNOWN_FLOPS) * _COMPUTE_SHARE
    bandwidth = ((gpu.bandwidth if gpu else None) or _UNKNOWN_BANDWIDTH) * _BANDWIDTH_SHARE
    seconds = START_SECONDS + choice.download_bytes / _DOWNLOAD_BYTES_A_SECOND
    active = choice.size.active
    for task in work:
        step = max(choice.memory.weights / bandwidth, 2 * active * _at_a_time(choice, task) / flops)
        seconds += task.samples * 2 * active * task.prompt_tokens / flops
        seconds += math.ceil(task.samples / _at_a_time(choice, task)) * task.output_tokens * step
    return seconds


def _at_a_time(choice: Choice, task: Workload) -> int:
    """Requests that the rest of the memory has room for."""
    spare = max(0, choice.memory.available - choice.memory.needed)
    per_token = max(1.0, choice.memory.kv_cache / WORKING_TOKENS)
    room = WORKING_TOKENS + spare / per_token
    return max(1, min(_MOST_AT_A_TIME, int(room / max(1, task.prompt_tokens + task.output_tokens))))


ASSUMPTIONS = (
    "The estimate assumes a start of 4 minutes, a download at 250 MB/s, a third of the GPU's printed speed for prompts "
    "and 60 % of its memory bandwidth for answers. It may be wrong by a factor of two; the maximum is not."
)
