"""In which number format a model runs on a GPU. Rules of vLLM 0.32: config/model.py, platforms/cuda.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.evaluate.hardware.shape import text_config

if TYPE_CHECKING:
    from evalbot.evaluate.hardware.facts import ModelFacts
    from evalbot.evaluate.hardware.gpus import Gpu

_NAMES = {
    **dict.fromkeys(("half", "float16", "fp16", "f16"), "float16"),
    **dict.fromkeys(("bfloat16", "bf16"), "bfloat16"),
    **dict.fromkeys(("float", "float32", "fp32", "f32"), "float32"),
}
_NO_FLOAT16 = frozenset({"gemma2", "gemma3", "gemma3_text", "glm4"})
"""Model types that vLLM refuses to run in float16: they overflow."""


@dataclass(frozen=True, slots=True)
class Unsuitable:
    """Why a model cannot run somewhere; completes "but ..."."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dtype:
    """`option` for --dtype, `computed_in` what it comes to, `told` for people."""

    option: str
    computed_in: str
    told: str
    reasons: tuple[str, ...] = ()


def choose_dtype(facts: ModelFacts, gpu: Gpu, wanted: str | None, *, by_vllm: bool) -> Dtype | Unsuitable:
    """The format to compute in: the model's own where the GPU has it, and vLLM keeps it."""
    quantisation = facts.quantisation
    if quantisation is not None and gpu.capability is not None and gpu.capability < quantisation.capability:
        return Unsuitable(f"its {gpu.name} is too old for weights quantised by {quantisation.method}")
    own = own_dtype(facts)
    asked = None if wanted in {None, "auto"} else _NAMES.get(str(wanted).lower(), str(wanted))
    computed, reasons = (asked, ()) if asked is not None else _automatic(facts, own, gpu, by_vllm=by_vllm)
    if computed == "bfloat16" and not gpu.has_bfloat16:
        return Unsuitable(f"its {gpu.name} cannot compute in bfloat16")
    if computed == "float16" and _type(facts) in _NO_FLOAT16:
        return Unsuitable(f"{_type(facts)} models cannot run in float16")
    packed = quantisation is not None
    return Dtype(
        option="auto" if packed and asked is None and computed == own else computed,
        computed_in=computed,
        told=f"{quantisation.method}, {quantisation.bits:g} bits" if quantisation is not None else computed,
        reasons=reasons,
    )


def own_dtype(facts: ModelFacts) -> str:
    """The format a model was published in: by config.json, by most of its weights, or bfloat16."""
    for part in (facts.config, text_config(facts.config)):
        said = part.get("dtype") or part.get("torch_dtype")
        if isinstance(said, str) and said.removeprefix("torch.") in _NAMES:
            return _NAMES[said.removeprefix("torch.")]
    floats = {_NAMES[name.lower()]: number for name, number in facts.parameters.items() if name.lower() in _NAMES}
    return max(floats, key=floats.__getitem__) if floats else "bfloat16"


def _automatic(facts: ModelFacts, own: str, gpu: Gpu, *, by_vllm: bool) -> tuple[str, tuple[str, ...]]:
    if own == "float16" or (own == "bfloat16" and gpu.has_bfloat16) or (own == "float32" and not by_vllm):
        return own, ()
    if gpu.has_bfloat16:
        return "bfloat16", (f"Weights published in {own} run in bfloat16, as vLLM does by itself.",)
    fallback = "float32" if _type(facts) in _NO_FLOAT16 else "float16"
    return fallback, (f"A {gpu.name} has no bfloat16, so the model runs in {fallback}.",)


def _type(facts: ModelFacts) -> str:
    return str(facts.config.get("model_type") or "")
