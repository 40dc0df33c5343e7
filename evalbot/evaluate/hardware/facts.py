"""What the Hub says of a model before any of it is downloaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evalbot.evaluate.hardware.quantisation import Quantisation, read_quantisation
from evalbot.evaluate.hardware.shape import Shape, read_shape

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """One model at one commit. `evalbot.hub.model_facts` reads it; the local runs make one of a folder."""

    repo_id: str
    commit: str | None = None
    gated: bool = False
    private: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    """Safetensors metadata: dtype as it calls it (BF16, F32, F8_E4M3, I32, ...) → count of elements."""
    weight_bytes: int | None = None
    """Size of the weight files that are loaded; None where the Hub does not say."""
    weight_format: str = "safetensors"
    """safetensors or bin."""
    chat_template: bool | None = None
    """Whether the tokenizer brings one; None where that cannot be told."""
    tokenizer: bool = True
    """Whether there is a tokenizer's file at all."""

    @property
    def shape(self) -> Shape | None:
        return read_shape(self.config)

    @property
    def quantisation(self) -> Quantisation | None:
        return read_quantisation(self.config)

    @property
    def needs_remote_code(self) -> bool:
        """Whether config.json names code in the repository: transformers then asks for --trust-remote-code.

        vLLM brings code of its own for most architectures and may not need it.
        """
        return bool(self.config.get("auto_map"))
