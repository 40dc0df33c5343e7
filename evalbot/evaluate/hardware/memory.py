"""Bytes that a model takes on each GPU: its weights, the KV cache, and what the server needs beside them.

How vLLM 0.32 divides a GPU: of `gpu_memory_utilization` times its memory, it takes the weights, the peak of a trial run
and the CUDA graphs, and makes the rest the KV cache, which has to hold one prompt of full length at least.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.evaluate.hardware import size as sizes
from evalbot.evaluate.hardware.gpus import GB, GIB, Gpu

if TYPE_CHECKING:
    from evalbot.evaluate.hardware.facts import ModelFacts
    from evalbot.evaluate.hardware.shape import Shape
    from evalbot.evaluate.hardware.size import Size

WORKING_TOKENS = 8192
"""The KV cache is to hold so many tokens at least, so that several questions are answered at a time."""
UNKNOWN_KV_SHARE = 0.2
"""KV cache as a share of the weights where config.json does not tell how it is built."""
_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_CONTEXT_BYTES = 1.0 * GB
"""The CUDA context, the kernels, and the workspaces of cuBLAS and of attention."""
_NCCL_BYTES = 0.6 * GB
"""Buffers by which several GPUs talk."""
_VISION_BYTES = 1.5 * GB
"""The trial run of a model that could see pictures."""
_GRAPH_BYTES_PER_LAYER = 0.015 * GB
_LOGPROB_ROWS = 1024
"""Prompt tokens whose log-probabilities are computed at a time (v1/worker/gpu/sample/logprob.py)."""
_SAMPLER_COPIES = 3
"""Rows of the vocabulary in float32 that sampling holds: logits, sorted, and probabilities."""
_SMALLEST_PLAUSIBLE = 0.5
"""Files with less than this share of what the weights must have are pointers or a part, not the weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes on each GPU. `available` is what the server may take of it."""

    weights: int
    kv_cache: int
    overhead: int
    available: int

    @property
    def needed(self) -> int:
        return self.weights + self.kv_cache + self.overhead

    @property
    def fits(self) -> bool:
        return self.needed <= self.available

    @property
    def may_fit(self) -> bool:
        """Whether at least the weights do, with the least that any server needs beside them."""
        return self.weights + _CONTEXT_BYTES <= self.available

    @property
    def told(self) -> str:
        """For people: 20.1 GB needed (weights 16.1, KV cache 1.1, other 2.9) of 21.3 GB."""
        parts = f"weights {_gb(self.weights)}, KV cache {_gb(self.kv_cache)}, other {_gb(self.overhead)}"
        return f"{_gb(self.needed)} GB needed ({parts}) of {_gb(self.available)} GB"


def _gb(value: float) -> str:
    return f"{value / GB:.1f}"


def weight_bytes(facts: ModelFacts, size: Size, dtype: str) -> int:
    """Bytes of all weights as they are loaded, with those that are not quantised in `dtype`."""
    if facts.quantisation is None:
        return size.parameters * _BYTES.get(dtype, 2)
    expected = _packed_bytes(facts, size)
    if facts.weight_bytes is not None and facts.weight_bytes >= _SMALLEST_PLAUSIBLE * expected:
        return facts.weight_bytes
    return expected


def _packed_bytes(facts: ModelFacts, size: Size) -> int:
    quantisation, shape = facts.quantisation, facts.shape
    if quantisation is None:
        raise AssertionError("asked of a model that is not quantised")
    if shape is None:
        return round(size.parameters * quantisation.bits_with_scales / 8)
    experts = sizes.expert_parameters(shape)
    # OpenAI's mxfp4 packs the experts alone; other methods pack all but the embeddings.
    packed = (
        experts if quantisation.method == "mxfp4" and experts else size.parameters - sizes.embedding_parameters(shape)
    )
    packed = max(0, min(packed, size.parameters))
    return round(packed * quantisation.bits_with_scales / 8) + 2 * (size.parameters - packed)


def kv_bytes(shape: Shape | None, tokens: int, dtype: str, gpus: int, weights: int) -> int:
    """Bytes of keys and values of so many tokens on each of the GPUs."""
    if shape is None:
        return round(weights * UNKNOWN_KV_SHARE) // gpus
    width = _BYTES.get(dtype, 2)
    if shape.latent is not None:
        return tokens * shape.layers * (shape.latent.kv_rank + shape.latent.rope_dim) * width  # each GPU keeps all
    heads = max(1, shape.kv_heads // gpus)
    layer = 2 * heads * shape.head_dim * width
    seen = tokens if shape.window is None else min(tokens, max(shape.window, WORKING_TOKENS))
    return layer * (shape.full_layers * tokens + (shape.layers - shape.full_layers) * seen)


def overhead_bytes(shape: Shape | None, gpu: Gpu, gpus: int, dtype: str, *, graphs: bool) -> int:
    """Bytes beside weights and KV cache on each GPU: about what a server with usual settings takes."""
    total = _CONTEXT_BYTES + (_NCCL_BYTES if gpus > 1 else 0)
    if shape is None:
        return round(total + GB)
    batch, requests = _usual_batch(gpu)
    width = _BYTES.get(dtype, 2)
    inner = max(shape.inner, shape.experts.inner * shape.experts.used if shape.experts else 0)
    activations = batch * (8 * shape.hidden + 3 * inner / gpus) * width
    sampling = requests * shape.vocabulary * 4 * _SAMPLER_COPIES
    logprobs = _LOGPROB_ROWS * shape.vocabulary * (width + 8)  # as computed, in float32, and normalised
    total += activations + max(sampling, logprobs)
    total += _VISION_BYTES if shape.vision is not None else 0
    return round(total + (shape.layers * _GRAPH_BYTES_PER_LAYER if graphs else 0))


def _usual_batch(gpu: Gpu) -> tuple[int, int]:
    """Tokens and requests of one step that `vllm serve` chooses for a GPU (engine/arg_utils.py)."""
    return (8192, 1024) if gpu.memory >= 70 * GIB and gpu.name != "A100" else (2048, 256)


def memory_on(
    facts: ModelFacts, size: Size, gpu: Gpu, *, gpus: int, dtype: str, tokens: int, share: float, graphs: bool
) -> Memory:
    """What a model takes on each of `gpus` GPUs of one kind, of which the server may take `share`."""
    weights = weight_bytes(facts, size, dtype)
    return Memory(
        weights=-(-weights // gpus),
        kv_cache=kv_bytes(facts.shape, tokens, dtype, gpus, weights),
        overhead=overhead_bytes(facts.shape, gpu, gpus, dtype, graphs=graphs),
        available=int(gpu.memory * share),
    )
