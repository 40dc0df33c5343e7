"""What the user asked for, and what of it cannot be done on any hardware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evalbot.errors import UsageError
from evalbot.evaluate.hardware.quantisation import NOT_IN_VLLM

if TYPE_CHECKING:
    from evalbot.evaluate.hardware.facts import ModelFacts
    from evalbot.evaluate.hardware.shape import Shape

Backend = Literal["vllm", "transformers"]
_TRANSFORMERS_SHARE = 0.95
"""Of a GPU's memory, where no server divides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user asked for; None where it is left to us."""

    tensor_parallel_size: int | None
    max_model_len: int | None
    dtype: str | None
    gpu_memory_utilization: float
    backend: Backend

    @property
    def share(self) -> float:
        """Of a GPU's memory."""
        return self.gpu_memory_utilization if self.backend == "vllm" else _TRANSFORMERS_SHARE


def check_wishes(facts: ModelFacts, wishes: Wishes) -> None:
    """Raise UsageError for what fails on any hardware."""
    shape, quantisation = facts.shape, facts.quantisation
    if not 0 < wishes.gpu_memory_utilization <= 1:
        raise UsageError("--gpu-memory-utilization is a share of the memory: more than 0 and at most 1, such as 0.9.")
    if wishes.tensor_parallel_size is not None:
        _check_tensor_parallel(facts, wishes.tensor_parallel_size, wishes.backend)
    if wishes.max_model_len is not None and shape is not None and shape.context is not None:
        _check_context(facts, wishes.max_model_len, shape.context)
    if quantisation is not None and quantisation.method in NOT_IN_VLLM and wishes.backend == "vllm":
        raise UsageError(
            f"{facts.repo_id} is quantised by {quantisation.method}, which this vLLM cannot load.",
            hint="Run again with --backend transformers, or name a version of the model that is not quantised.",
        )


def _check_tensor_parallel(facts: ModelFacts, wanted: int, backend: Backend) -> None:
    if wanted < 1:
        raise UsageError("--tensor-parallel-size is a number of GPUs: 1 or more.")
    if backend != "vllm" and wanted > 1:
        raise UsageError(
            "--tensor-parallel-size needs vLLM: the transformers backend runs on one GPU.",
            hint="Run again with --backend vllm, or without --tensor-parallel-size.",
        )
    shape = facts.shape
    if shape is not None and not divides(facts, shape, wanted):
        possible = [number for number in (1, 2, 4, 8) if divides(facts, shape, number)]
        raise UsageError(
            f"{facts.repo_id} cannot be split over {wanted} GPUs: {_parts(facts, shape)}.",
            hint=f"Run again with --tensor-parallel-size {possible[-1]}.",
            candidates=[str(number) for number in possible],
        )


def _parts(facts: ModelFacts, shape: Shape) -> str:
    """What has to come out even."""
    heads = f"it has {shape.heads} attention heads and {shape.kv_heads} of keys and values"
    packed = facts.quantisation
    if packed is None or not packed.splits_by_group:
        return heads
    return f"{heads}, and its weights are packed in groups of {packed.group}"


def _check_context(facts: ModelFacts, wanted: int, own: int) -> None:
    if wanted < 1:
        raise UsageError("--max-model-len is a number of tokens: 1 or more.")
    if wanted > own and not _is_stretched(facts):
        raise UsageError(
            f"{facts.repo_id} takes {own:,} tokens at most, fewer than --max-model-len {wanted:,}.",
            hint=f"Run again with --max-model-len {own}, or without it.",
        )


def _is_stretched(facts: ModelFacts) -> bool:
    """Whether config.json scales positions, so that more tokens fit than it says."""
    text = facts.config.get("text_config")
    parts = [facts.config, text if isinstance(text, dict) else {}]
    return any(isinstance(part.get(name), dict) for part in parts for name in ("rope_scaling", "rope_parameters"))


def divides(facts: ModelFacts, shape: Shape, gpus: int) -> bool:
    """Whether vLLM can split the model: heads, and whole groups of packed weights, for each GPU."""
    if shape.heads % gpus:
        return False
    if shape.kv_heads % gpus and gpus % shape.kv_heads and shape.latent is None:
        return False
    quantisation = facts.quantisation
    if quantisation is None or quantisation.group is None or not quantisation.splits_by_group:
        return True
    inner = shape.inner if shape.experts is None else shape.experts.inner
    return inner % (gpus * quantisation.group) == 0
