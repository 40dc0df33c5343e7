"""How many parameters a model has, and where that is known from.

In this order: what the Hub counted in the weight files, what config.json makes, the bytes of the files, and last, and
said so, the model's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evalbot.evaluate.hardware.shape import Shape, count

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from evalbot.evaluate.hardware.facts import ModelFacts

Source = Literal["safetensors", "config", "files", "name"]
MOST_PARAMETERS = 10**14
_PACKED = frozenset({"I32", "U32", "I64", "U8", "I8", "F4", "F6"})
"""Dtypes that hold several weights in one element: the Hub counts elements for some methods and weights for others."""
WIDTHS = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 1),
}
"""Bytes of one element by the dtype names of safetensors."""
_SIZE_IN_NAME = re.compile(
    r"(?<![A-Za-z0-9.])(?:(?P<experts>\d{1,3})x)?(?P<number>\d{1,4}(?:\.\d{1,3})?)(?P<unit>[bm])(?![A-Za-z0-9])",
    re.IGNORECASE,
)
"""24B, 0.5b, 135M, 8x7B as words of their own. Not in v7b2, and not A3B, which is the part of a mixture that works."""
_MIXTURE_SHARED = 0.83
"""8x7B has 46.7B parameters and 8x22B 140.6B: experts share the attention, so it is less than the product."""


@dataclass(frozen=True, slots=True)
class Size:
    """`parameters` in all, and `active` for one token (fewer in a mixture of experts)."""

    parameters: int
    active: int
    source: Source

    @property
    def told(self) -> str:
        """For people: 8.0B parameters (counted in the weight files)."""
        where = {
            "safetensors": "counted in the weight files",
            "config": "computed from config.json",
            "files": "estimated from the size of the weight files",
            "name": "guessed from the model's name, as nothing better is known",
        }[self.source]
        return f"{short(self.parameters)} parameters ({where})"


def short(parameters: int) -> str:
    """135M, 8.0B, 671B."""
    millions = max(1, round(parameters / 1e6))
    if millions < 1000:  # noqa: PLR2004 - a billion
        return f"{millions}M"
    return f"{parameters / 1e9:.1f}B" if parameters < 10**11 else f"{parameters / 1e9:.0f}B"


def measure(facts: ModelFacts) -> Size | None:
    """The size of a model; None where even its name says nothing."""
    shape = facts.shape
    computed = None if shape is None or shape.hybrid else computed_parameters(shape, facts.config)
    for total, source in _totals(facts, computed):
        if total is not None and 0 < total <= MOST_PARAMETERS:
            inactive = 0 if shape is None else inactive_parameters(shape)
            return Size(total, max(total - inactive, total // 100), source)
    return None


def _totals(facts: ModelFacts, computed: int | None) -> tuple[tuple[int | None, Source], ...]:
    counted = sum(facts.parameters.values()) or None
    packed = facts.quantisation is not None and any(name in _PACKED for name in facts.parameters)
    if packed and computed is not None:
        counted = None
    return (
        (counted, "safetensors"),
        (computed, "config"),
        (_from_bytes(facts), "files"),
        (parameters_in_name(facts.repo_id), "name"),
    )


def _from_bytes(facts: ModelFacts) -> int | None:
    if facts.weight_bytes is None:
        return None
    if facts.quantisation is not None:
        return round(facts.weight_bytes * 8 / facts.quantisation.bits_with_scales)
    said = facts.config.get("dtype") or facts.config.get("torch_dtype")
    return facts.weight_bytes // (4 if said == "float32" else 2)


def parameters_in_name(repo_id: str) -> int | None:
    """The size a name says: `Mistral-Small-24B-Instruct` 24e9, `gemma-2-2b-it` 2e9, `Mixtral-8x7B` 46e9.

    The first in billions; in `Qwen2.5-7B-Instruct-1M` the million are tokens of context.
    """
    found = list(_SIZE_IN_NAME.finditer(repo_id.rpartition("/")[2].replace("_", "-")))
    if not found:
        return None
    said = next((each for each in found if each["unit"] in "bB"), found[0])
    number = float(said["number"]) * (1e6 if said["unit"] in "mM" else 1e9)
    if said["experts"]:
        number *= int(said["experts"]) * _MIXTURE_SHARED
    return round(number) or None


def computed_parameters(shape: Shape, config: Mapping[str, Any]) -> int:
    """All parameters of a decoder by its numbers: matrices, embeddings and norms, and a vision tower's."""
    dense_layers = shape.layers if shape.experts is None else shape.experts.dense_layers
    total = shape.layers * (attention_parameters(shape) + 2 * shape.hidden) + shape.hidden
    total += dense_layers * shape.matrices * shape.hidden * shape.inner
    total += expert_parameters(shape) + shared_parameters(shape)
    total += embedding_parameters(shape)
    if shape.model_type in {"gpt2", "gpt_bigcode", "opt"}:
        total += (shape.context or 0) * shape.hidden  # learned positions
    return total + _vision_parameters(shape) + _extra_embeddings(config, shape)


def embedding_parameters(shape: Shape) -> int:
    return shape.vocabulary * shape.hidden * (1 if shape.tied else 2)


def attention_parameters(shape: Shape) -> int:
    """Of one layer."""
    if shape.latent is None:
        return shape.hidden * shape.head_dim * 2 * (shape.heads + shape.kv_heads)
    latent = shape.latent
    query_out = shape.heads * (latent.nope_dim + latent.rope_dim)
    query = shape.hidden * query_out
    if latent.query_rank is not None:
        query = shape.hidden * latent.query_rank + latent.query_rank * query_out
    keys = shape.hidden * (latent.kv_rank + latent.rope_dim)
    keys += latent.kv_rank * shape.heads * (latent.nope_dim + latent.value_dim)
    return query + keys + shape.heads * latent.value_dim * shape.hidden


def expert_parameters(shape: Shape) -> int:
    """Of the routed experts of all layers."""
    if shape.experts is None:
        return 0
    layers = shape.layers - shape.experts.dense_layers
    return layers * shape.experts.count * 3 * shape.hidden * shape.experts.inner


def shared_parameters(shape: Shape) -> int:
    """Of the experts that every token goes through, and of the routers."""
    if shape.experts is None:
        return 0
    layers = shape.layers - shape.experts.dense_layers
    return layers * shape.hidden * (3 * shape.experts.shared_inner + shape.experts.count)


def inactive_parameters(shape: Shape) -> int:
    """Of the experts that one token does not go through."""
    if shape.experts is None:
        return 0
    return expert_parameters(shape) * (shape.experts.count - shape.experts.used) // shape.experts.count


def _vision_parameters(shape: Shape) -> int:
    """About what the tower for pictures has: it is loaded although evaluations send text only."""
    if shape.vision is None:
        return 0
    layers = count(shape.vision, "num_hidden_layers", "depth", "num_layers") or 0
    width = count(shape.vision, "hidden_size", "embed_dim", "width") or 0
    inner = count(shape.vision, "intermediate_size") or 4 * width
    gated = 3 if shape.vision.get("hidden_act") == "silu" else 2
    return layers * (4 * width * width + gated * width * inner)


def _extra_embeddings(config: Mapping[str, Any], shape: Shape) -> int:
    """The second embedding of models with per-layer inputs (Gemma 3n)."""
    text = config.get("text_config")
    per_layer = count(text, "hidden_size_per_layer_input") if isinstance(text, dict) else None
    return 0 if per_layer is None else shape.vocabulary * per_layer * shape.layers
