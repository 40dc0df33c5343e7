"""How weights are packed, as config.json says it, and on which GPUs vLLM can run them so.

Methods and the compute capability each needs: vLLM 0.32, model_executor/layers/quantization (get_min_capability).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalbot.evaluate.hardware.shape import count, text_config

if TYPE_CHECKING:
    from collections.abc import Mapping

_CAPABILITY = {
    "awq": 75,
    "gptq": 60,
    "fp8": 75,
    "fbgemm_fp8": 80,
    "modelopt": 80,
    "modelopt_fp4": 75,
    "mxfp4": 80,
    "compressed-tensors": 70,
    "quark": 70,
    "torchao": 75,
    "experts_int8": 80,
    "auto-round": 60,
    "fp_quant": 100,
}
NOT_IN_VLLM = frozenset({"bitsandbytes", "gguf", "aqlm", "quip", "hqq", "eetq", "vptq", "higgs", "spqr", "bitnet"})
"""Methods that transformers loads and the pinned vLLM does not (any more)."""
_BITS = {"fp8": 8.0, "fbgemm_fp8": 8.0, "experts_int8": 8.0, "awq": 4.0, "gptq": 4.0, "mxfp4": 4.0, "modelopt_fp4": 4.0}
_MOST_BITS = 16
_USUAL_CAPABILITY = 75
_GROUP_SCALES = {"mxfp4": 8.0}
"""Bits of one group's scale where it is not a 16-bit number (mxfp4: one byte for 32 elements)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantisation:
    """`bits` of one weight, in groups of `group` that share a scale (None: one for a whole row or block)."""

    method: str
    bits: float
    group: int | None
    capability: int
    """Ten times the least compute capability of a GPU: 75 for 7.5."""

    @property
    def bits_with_scales(self) -> float:
        """Bits of one weight with its share of the group's scale, and of the zero point of 4-bit methods."""
        if self.group is None:
            return self.bits
        zero = self.bits if self.method in {"awq", "gptq"} else 0.0
        return self.bits + (_GROUP_SCALES.get(self.method, 16.0) + zero) / self.group

    @property
    def is_known(self) -> bool:
        """Whether the pinned vLLM has a method of this name."""
        return self.method in _CAPABILITY

    @property
    def splits_by_group(self) -> bool:
        """Whether a GPU's share of a matrix has to be whole groups (Marlin kernels of awq and gptq)."""
        return self.method in {"awq", "gptq"} and self.group is not None


def read_quantisation(config: Mapping[str, Any]) -> Quantisation | None:
    """How a model is quantised; None for one that is not."""
    said = config.get("quantization_config")
    if not isinstance(said, dict):
        said = text_config(config).get("quantization_config")
    if not isinstance(said, dict) or not said:
        return None
    method = str(said.get("quant_method") or said.get("quant_algo") or "unknown").lower().replace("_marlin", "")[:40]
    bits, group = _bits_and_group(said, method)
    return Quantisation(method=method, bits=bits, group=group, capability=_CAPABILITY.get(method, _USUAL_CAPABILITY))


def _bits_and_group(said: Mapping[str, Any], method: str) -> tuple[float, int | None]:
    if method == "mxfp4":
        return 4.0, 32
    if method == "bitsandbytes":
        return (8.0, None) if said.get("load_in_8bit") is True else (4.0, 64)
    if method == "compressed-tensors":
        said = _weights_of_groups(said)
    bits = count(said, "bits", "w_bit", "num_bits", "weight_bits")
    plausible = bits is not None and bits <= _MOST_BITS
    return float(bits or 0) if plausible else _BITS.get(method, 8.0), count(said, "group_size", "q_group_size")


def _weights_of_groups(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The scheme of the first group of layers: `config_groups.group_0.weights` of compressed-tensors."""
    groups = said.get("config_groups")
    for group in groups.values() if isinstance(groups, dict) else ():
        weights = group.get("weights") if isinstance(group, dict) else None
        if isinstance(weights, dict):
            return weights
    return {}
