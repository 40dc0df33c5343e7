"""What config.json says of a model's build, whatever its family calls it.

Names of members: the `config.json` of transformers 5 and what vLLM 0.32 reads of it (model_arch_config_convertor.py).
A member that is missing, or not a number that a model can have, is None: nothing is guessed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 10**9
"""No count in a config.json is larger: what is, is a mistake or a trap."""
_NESTED = ("text_config", "llm_config", "language_config", "thinker_config")
"""Where a multimodal model keeps its language model, which is the part that evaluations use."""
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "depth")
_HIDDEN = ("hidden_size", "n_embd", "d_model", "embed_dim", "dim")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
_KV_HEADS = ("n_head_kv", "num_kv_heads", "num_key_value_heads", "multi_query_group_num", "num_attention_groups")
_INNER = ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "d_inner")
_CONTEXT = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "max_sequence_length", "n_ctx")
_EXPERTS = ("num_experts", "moe_num_experts", "n_routed_experts", "num_local_experts")
_EXPERTS_USED = ("num_experts_per_tok", "num_experts_per_token", "top_k_experts", "moe_topk", "moe_top_k")
_TWO_MATRICES = frozenset(
    {"gpt2", "gpt_neo", "gpt_neox", "gptj", "gpt_bigcode", "starcoder2", "opt", "bloom", "falcon", "phi", "mpt"}
)
"""Model types whose feed-forward layers have two matrices; all others have a gate too, so three."""
_LEFT_OUT: dict[str, dict[str, int]] = {
    "gemma3_text": {
        "vocab_size": 262_208,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "max_position_embeddings": 131_072,
    }
}
"""Members that published models leave out because they are their type's default in transformers."""
_IRREGULAR = (
    *("hybrid_override_pattern", "ssm_cfg", "mamba_d_state", "ssm_state_size", "attn_layer_period"),
    *("layers_block_type", "ffn_config", "block_configs", "per_layer_config"),
)
"""Members of models whose layers differ in kind or are described elsewhere."""
_FULL_PATTERN = {"gemma2": 2, "gemma3_text": 6, "gemma3": 6}
"""Every how many layers one attends to everything, where an older config.json leaves it to the model type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """The mixture of experts: `inner` is one expert's width, `dense_layers` the layers that have none."""

    count: int
    used: int
    inner: int
    shared_inner: int
    dense_layers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentAttention:
    """DeepSeek's attention (MLA), which keeps one small vector a token in place of keys and values."""

    kv_rank: int
    rope_dim: int
    query_rank: int | None
    nope_dim: int
    value_dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A decoder by its numbers."""

    model_type: str
    architectures: tuple[str, ...]
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocabulary: int
    context: int | None
    dtype: str | None
    tied: bool
    matrices: int
    experts: Experts | None
    latent: LatentAttention | None
    window: int | None
    """Tokens a layer with a sliding window looks back at."""
    full_layers: int
    """Layers that look back at everything; all of them where there is no window."""
    hybrid: bool
    """Has layers that are no attention (Mamba, convolution, linear attention) or unlike each other, or an encoder: its
    parameters cannot be counted from these numbers."""
    vision: Mapping[str, Any] | None
    remote_code: bool


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The language model's part of config.json: all of it, but for multimodal models."""
    for name in _NESTED:
        inner = config.get(name)
        if isinstance(inner, dict) and inner:
            return text_config(inner) if any(key in inner for key in _NESTED) else inner
    return config


def read_shape(config: Mapping[str, Any]) -> Shape | None:
    """The build of a model; None where config.json lacks what every transformer decoder has."""
    text = text_config(config)
    text = {**_LEFT_OUT.get(_text(text, "model_type"), {}), **text}
    layers, hidden, heads = (count(text, *names) for names in (_LAYERS, _HIDDEN, _HEADS))
    vocabulary = count(text, "vocab_size") or count(config, "vocab_size")
    if layers is None or hidden is None or heads is None or vocabulary is None:
        return None
    model_type = _text(text, "model_type") or _text(config, "model_type")
    window, full_layers = _attention_span(text, model_type, layers)
    vision = config.get("vision_config")
    return Shape(
        model_type=model_type,
        architectures=tuple(name for name in _list(config, "architectures") if isinstance(name, str)),
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=_kv_heads(text, heads),
        head_dim=count(text, "head_dim", "hidden_size_per_head") or max(1, hidden // heads),
        inner=_inner(text) or 4 * hidden,
        vocabulary=vocabulary,
        context=count(text, *_CONTEXT) or count(config, *_CONTEXT),
        dtype=_dtype(config) or _dtype(text),
        tied=_tied(config, text),
        matrices=2 if model_type in _TWO_MATRICES else 3,
        experts=_experts(text, layers, hidden),
        latent=_latent(text),
        window=window,
        full_layers=full_layers,
        hybrid=_is_hybrid(text),
        vision=vision if isinstance(vision, dict) else None,
        remote_code=bool(config.get("auto_map")),
    )


def count(config: Mapping[str, Any], *names: str) -> int | None:
    """The first of these members that is a whole number from 1 to LARGEST."""
    for name in names:
        value = config.get(name)
        if isinstance(value, list) and value and len({repr(each) for each in value}) == 1:
            value = value[0]  # some say it for each layer
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST:
            return value
    return None


def _text(config: Mapping[str, Any], name: str) -> str:
    value = config.get(name)
    return value if isinstance(value, str) else ""


def _list(config: Mapping[str, Any], name: str) -> list[Any]:
    value = config.get(name)
    return value if isinstance(value, list) else []


def _dtype(config: Mapping[str, Any]) -> str | None:
    """`dtype` since transformers 5, `torch_dtype` before."""
    said = _text(config, "dtype") or _text(config, "torch_dtype")
    return said.removeprefix("torch.") or None


def _kv_heads(text: Mapping[str, Any], heads: int) -> int:
    if text.get("multi_query") is True and text.get("new_decoder_architecture") is not True:
        return 1
    return min(heads, count(text, *_KV_HEADS) or heads)


def _inner(text: Mapping[str, Any]) -> int | None:
    """The width of a dense feed-forward layer; Llama 4 keeps `intermediate_size` for its experts."""
    return count(text, "intermediate_size_mlp", *_INNER)


def _tied(config: Mapping[str, Any], text: Mapping[str, Any]) -> bool:
    """Whether the output shares the embedding. transformers leaves the member out where it is its default, true."""
    for each in (text, config):
        if isinstance(each.get("tie_word_embeddings"), bool):
            return bool(each["tie_word_embeddings"])
    return True


def _experts(text: Mapping[str, Any], layers: int, hidden: int) -> Experts | None:
    number = count(text, *_EXPERTS)
    if number is None or number == 1:
        return None
    inner = count(text, "moe_intermediate_size", "expert_ffn_hidden_size", *_INNER) or 4 * hidden
    shared = count(text, "shared_expert_intermediate_size", "shared_intermediate_size")
    if shared is None:
        shared = inner * ((count(text, "n_shared_experts") or 0) + (text.get("model_type") == "llama4_text"))
    return Experts(
        count=number,
        used=min(number, count(text, *_EXPERTS_USED) or 1),
        inner=inner,
        shared_inner=shared,
        dense_layers=_dense_layers(text, layers),
    )


def _dense_layers(text: Mapping[str, Any], layers: int) -> int:
    every = count(text, "decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq") or 1
    first = count(text, "first_k_dense_replace") or 0
    return min(layers, max(layers - layers // every, first, len(_list(text, "mlp_only_layers"))))


def _latent(text: Mapping[str, Any]) -> LatentAttention | None:
    rank, rope = count(text, "kv_lora_rank"), count(text, "qk_rope_head_dim")
    nope, value = count(text, "qk_nope_head_dim"), count(text, "v_head_dim")
    if rank is None or rope is None or nope is None or value is None:
        return None
    return LatentAttention(
        kv_rank=rank, rope_dim=rope, query_rank=count(text, "q_lora_rank"), nope_dim=nope, value_dim=value
    )


def _attention_span(text: Mapping[str, Any], model_type: str, layers: int) -> tuple[int | None, int]:
    window = count(text, "sliding_window")
    if window is None or text.get("use_sliding_window") is False:
        return None, layers
    types = _list(text, "layer_types")
    if types:
        return window, min(layers, sum(1 for each in types if each == "full_attention"))
    every = count(text, "sliding_window_pattern") or _FULL_PATTERN.get(model_type)
    if every is not None:
        return window, layers // every
    return (window, 0) if model_type == "mistral" else (None, layers)


def _is_hybrid(text: Mapping[str, Any]) -> bool:
    types = {each for each in _list(text, "layer_types") if isinstance(each, str)}
    others = types - {"full_attention", "sliding_attention", "chunked_attention", "attention"}
    return (
        bool(others) or text.get("is_encoder_decoder") is True or any(text.get(name) is not None for name in _IRREGULAR)
    )
