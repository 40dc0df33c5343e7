"""Which hardware a model runs on: the recommended one where the model fits there, else the cheapest that holds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalbot.errors import NothingFound, UsageError
from evalbot.evaluate.hardware.flavors import Flavor, flavor_named
from evalbot.evaluate.hardware.gpus import GB, Gpu
from evalbot.evaluate.hardware.memory import WORKING_TOKENS, Memory, memory_on, weight_bytes
from evalbot.evaluate.hardware.precision import Unsuitable, choose_dtype
from evalbot.evaluate.hardware.size import Size, measure
from evalbot.evaluate.hardware.wishes import Backend, Wishes, check_wishes, divides

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evalbot.evaluate.hardware.facts import ModelFacts

USUAL_CONTEXT = 8192
"""Tokens of context an evaluation gets: more than 25-shot prompts with their answers need."""
RECOMMENDED = ((3e9, "t4-small"), (13e9, "a10g-small"), (34e9, "a10g-large"), (float("inf"), "a100-large"))
"""Parameters below which a flavor is the recommended one: the table of the documentation."""
SMALL = 3e9
"""From so many parameters on, a GPU without bfloat16 is taken only by name: it cannot run most models in the precision
they were published in, has no FlashAttention 2, and the run takes too long on it to be cheaper."""
_DISK_BESIDE_WEIGHTS = 25 * GB
"""The environments of server and engines, datasets and logs."""
_CPU_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Where and how to run. `dtype` and `max_model_len` are for the server's options of these names."""

    flavor: Flavor
    tensor_parallel_size: int
    dtype: str
    max_model_len: int | None
    size: Size
    memory: Memory
    backend: Backend
    download_bytes: int
    """The weight files, about."""
    reasons: tuple[str, ...]
    """Sentences for the plan: why this hardware."""
    warnings: tuple[str, ...] = ()


def choose(
    facts: ModelFacts,
    flavors: Sequence[Flavor],
    *,
    wanted: str | None,
    tensor_parallel_size: int | None,
    max_model_len: int | None,
    dtype: str | None,
    gpu_memory_utilization: float,
    backend: Backend,
) -> Choice:
    """The hardware to run a model on.

    Raises UsageError for wishes that cannot be met on `wanted` or at all, NothingFound where no flavor is large enough
    or nobody knows how large the model is.
    """
    wishes = Wishes(
        tensor_parallel_size=tensor_parallel_size,
        max_model_len=max_model_len,
        dtype=dtype,
        gpu_memory_utilization=gpu_memory_utilization,
        backend=backend,
    )
    size = measure(facts)
    if size is None:
        raise NothingFound(
            f"Nobody can tell how large {facts.repo_id} is: not by its weight files, config.json or name.",
            hint="Check that the repository holds the model's weights and config.json.",
        )
    check_wishes(facts, wishes)
    if wanted is not None:
        return _as_wanted(facts, size, flavor_named(flavors, wanted), flavors, wishes)
    return _best(facts, size, flavors, wishes)


def _best(facts: ModelFacts, size: Size, flavors: Sequence[Flavor], wishes: Wishes) -> Choice:
    fitting = list(_fitting(facts, size, flavors, wishes))
    if not fitting:
        raise _too_large(facts, size, flavors, wishes)
    cheapest = min(fitting, key=lambda choice: (choice.flavor.price_per_minute, -_speed(choice.flavor)))
    recommended = next(name for limit, name in RECOMMENDED if size.parameters < limit)
    chosen = next((choice for choice in fitting if choice.flavor.name == recommended), None)
    if chosen is None:
        why = f"{recommended} is usual for this size, but {_why_not(facts, size, flavors, wishes, recommended)}; "
        return _with_reason(cheapest, f"{why}{cheapest.flavor.told} is the cheapest that holds it.")
    chosen = _with_reason(
        chosen, f"{chosen.flavor.told} is the usual hardware for this size, and the model fits there."
    )
    if cheapest.flavor.price_per_minute < chosen.flavor.price_per_minute:
        chosen = _with_reason(chosen, f"{cheapest.flavor.told} would hold it too: --hardware {cheapest.flavor.name}.")
    return chosen


def _fitting(facts: ModelFacts, size: Size, flavors: Iterable[Flavor], wishes: Wishes) -> Iterable[Choice]:
    for flavor in flavors:
        if flavor.gpu is None or (size.parameters >= SMALL and not flavor.gpu.has_bfloat16):
            continue
        choice = _on(facts, size, flavor, wishes)
        if isinstance(choice, Choice) and choice.memory.fits:
            yield choice


def _on(facts: ModelFacts, size: Size, flavor: Flavor, wishes: Wishes) -> Choice | Unsuitable:
    """How the model would run on a flavor, whether it fits or not; why it cannot at all."""
    gpu = flavor.gpu if flavor.gpu is not None else _cpu(flavor)
    gpus = _gpus_to_use(facts, flavor, wishes)
    if gpus is None:
        return Unsuitable(
            f"it has {max(flavor.gpus, 1)} GPU, and --tensor-parallel-size is {wishes.tensor_parallel_size}"
        )
    decided = choose_dtype(facts, gpu, wishes.dtype, by_vllm=wishes.backend == "vllm")
    if isinstance(decided, Unsuitable):
        return decided
    context = _context(facts, wishes)
    memory = memory_on(
        facts,
        size,
        gpu,
        gpus=gpus,
        dtype=decided.computed_in,
        tokens=max(context or 0, WORKING_TOKENS),
        share=wishes.share if flavor.gpu is not None else _CPU_SHARE,
        graphs=wishes.backend == "vllm",
    )
    files = facts.weight_bytes or weight_bytes(facts, size, "bfloat16")
    if flavor.disk is not None and files + _DISK_BESIDE_WEIGHTS > flavor.disk:
        needed = (files + _DISK_BESIDE_WEIGHTS) / GB
        return Unsuitable(f"its disk has {flavor.disk / GB:.0f} GB, and the run needs about {needed:.0f} GB")
    told = f"{facts.repo_id} has {size.told}, in {decided.told}. On each GPU: {memory.told}."
    return Choice(
        flavor=flavor,
        tensor_parallel_size=gpus,
        dtype=decided.option,
        max_model_len=context,
        size=size,
        memory=memory,
        backend=wishes.backend,
        download_bytes=files,
        warnings=_doubts(facts, wishes),
        reasons=(told, *decided.reasons),
    )


def _doubts(facts: ModelFacts, wishes: Wishes) -> tuple[str, ...]:
    quantisation = facts.quantisation
    if quantisation is None or quantisation.is_known or wishes.backend != "vllm":
        return ()
    return (f"The quantisation method {quantisation.method} is not one that this vLLM is known to load.",)


def _cpu(flavor: Flavor) -> Gpu:
    return Gpu(name="CPU", memory=flavor.memory or 0)


def _gpus_to_use(facts: ModelFacts, flavor: Flavor, wishes: Wishes) -> int | None:
    """As many of the GPUs as the model can be split over: they are paid for. None where fewer are there than asked."""
    there = max(1, flavor.gpus)
    if wishes.tensor_parallel_size is not None:
        return wishes.tensor_parallel_size if wishes.tensor_parallel_size <= there else None
    shape = facts.shape
    if wishes.backend != "vllm" or shape is None:
        return 1
    return max(number for number in range(1, there + 1) if there % number == 0 and divides(facts, shape, number))


def _context(facts: ModelFacts, wishes: Wishes) -> int | None:
    if wishes.max_model_len is not None:
        return wishes.max_model_len
    own = facts.shape.context if facts.shape is not None else None
    return None if own is None else min(own, USUAL_CONTEXT)


def _speed(flavor: Flavor) -> float:
    return 0.0 if flavor.gpu is None else flavor.gpus * (flavor.gpu.bandwidth or 0.0)


def _with_reason(choice: Choice, reason: str) -> Choice:
    return replace(choice, reasons=(*choice.reasons, reason))


def _why_not(facts: ModelFacts, size: Size, flavors: Sequence[Flavor], wishes: Wishes, name: str) -> str:
    flavor = next((each for each in flavors if each.name == name), None)
    if flavor is None or flavor.gpu is None:
        return "it is not on the Hub's list"
    choice = _on(facts, size, flavor, wishes)
    return choice.reason if isinstance(choice, Unsuitable) else f"there is {choice.memory.told}"


def _too_large(facts: ModelFacts, size: Size, flavors: Sequence[Flavor], wishes: Wishes) -> NothingFound:
    tried = [(flavor, _on(facts, size, flavor, wishes)) for flavor in flavors if flavor.gpu is not None]
    held = [choice for _, choice in tried if isinstance(choice, Choice)]
    if not held:
        why = "; ".join(dict.fromkeys(found.reason for _, found in tried if isinstance(found, Unsuitable)))
        return NothingFound(
            f"No hardware on the list runs {facts.repo_id} as asked: {why or 'there is none with a GPU'}.",
            hint="Leave out --tensor-parallel-size and --dtype, or name another version of the model.",
        )
    best = max(held, key=lambda choice: choice.memory.available * choice.tensor_parallel_size)
    total = best.memory.available * best.tensor_parallel_size
    return NothingFound(
        f"{facts.repo_id} is larger than any hardware on the list: with {size.told} it needs about "
        f"{best.memory.needed * best.tensor_parallel_size / GB:,.0f} GB of GPU memory, and the largest that it can be "
        f"split over, {best.flavor.name}, has {total / GB:,.0f} GB for it.",
        hint="Name a smaller or a quantised version of the model, or a shorter --max-model-len.",
    )


def _as_wanted(facts: ModelFacts, size: Size, flavor: Flavor, flavors: Sequence[Flavor], wishes: Wishes) -> Choice:
    if flavor.gpu is None and wishes.backend == "vllm":
        others = [each.name for each in flavors if each.gpu is not None]
        raise UsageError(
            f"{flavor.name} has no GPU that vLLM could use.",
            hint="Name hardware with a GPU, or leave --hardware out to have it chosen."
            if others
            else "Use --backend transformers, --base-url with a server that runs elsewhere, or --where jobs.",
            candidates=others,
        )
    choice = _on(facts, size, flavor, wishes)
    if isinstance(choice, Unsuitable):
        raise UsageError(
            f"{facts.repo_id} cannot run on {flavor.name} as asked: {choice.reason}.",
            hint=_instead(facts, size, flavors, wishes),
        )
    if choice.memory.fits:
        return _with_reason(choice, f"{flavor.told} was asked for.")
    if not choice.memory.may_fit:
        raise UsageError(
            f"{facts.repo_id} does not fit on {flavor.name}: on each GPU, {choice.memory.told}.",
            hint=_instead(facts, size, flavors, wishes),
        )
    warning = (
        f"{flavor.name} was asked for and is tight: on each GPU, {choice.memory.told}. If it runs out of memory, use "
        "larger hardware or a shorter --max-model-len."
    )
    return replace(_with_reason(choice, f"{flavor.told} was asked for."), warnings=(*choice.warnings, warning))


def _instead(facts: ModelFacts, size: Size, flavors: Sequence[Flavor], wishes: Wishes) -> str:
    """The hint that names hardware on which the same wishes can be met."""
    try:
        return f"Use --hardware {_best(facts, size, flavors, wishes).flavor.name}, or leave it out to have it chosen."
    except NothingFound as error:
        return error.hint or error.message
