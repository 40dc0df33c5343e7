"""How many parameters a model has, by each of the sources that may say it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalbot.evaluate.hardware.facts import ModelFacts
from evalbot.evaluate.hardware.shape import read_shape
from evalbot.evaluate.hardware.size import measure, parameters_in_name, short
from tests.unit.evaluate.hardware.models import (
    AWQ,
    DEPARTURES,
    LARGE_PACKED,
    LARGEST_THAT_FIT,
    LLAMA_8B,
    MIDDLE,
    QWEN_7B,
    SMALL,
    Known,
)

ALL = [*SMALL, *MIDDLE, *LARGE_PACKED, *LARGEST_THAT_FIT, *(known for known, _ in DEPARTURES)]


@pytest.mark.parametrize("known", ALL, ids=str)
def test_measure__config_json_alone__is_within_3_percent_of_what_the_files_hold(known: Known) -> None:
    found = measure(ModelFacts(repo_id="acme/model", config=known.config))
    assert found is not None
    assert found.source == "config"
    assert math.isclose(found.parameters, known.parameters, rel_tol=0.03)


def test_models__are_many_and_of_many_families() -> None:
    assert len(ALL) >= 40
    assert len({known.config["model_type"] for known in ALL}) >= 15


@pytest.mark.parametrize(
    ("name", "active"),
    [
        ("Mixtral-8x7B-v0.1", 12.9e9),
        ("Qwen3-30B-A3B", 3.3e9),
        ("gpt-oss-20b", 3.6e9),
        ("DeepSeek-V3", 37e9),
        ("OLMoE-1B-7B-0924", 1.3e9),
        ("Llama-4-Scout-17B-16E", 17e9),
    ],
)
def test_measure__mixture_of_experts__one_token_goes_through_a_part(name: str, active: float) -> None:
    found = measure(next(known for known in ALL if str(known) == name).facts)
    assert found is not None
    # What their makers say leaves out the embedding, or not.
    assert math.isclose(found.active, active, rel_tol=0.2)


def test_measure__weight_files_were_counted__is_what_was_counted() -> None:
    found = measure(ModelFacts(repo_id="acme/x-70B", config=LLAMA_8B, parameters={"BF16": 8_030_261_248, "F32": 7}))
    assert found is not None
    assert (found.parameters, found.source) == (8_030_261_255, "safetensors")


def test_measure__packed_weights_were_counted__config_json_is_believed() -> None:
    # Eight weights of 4 bits in one I32: what is counted are not the parameters.
    facts = ModelFacts(
        repo_id="acme/x",
        config={**QWEN_7B, "quantization_config": AWQ},
        parameters={"I32": 821_460_000, "F16": 1_104_000_000},
    )
    found = measure(facts)
    assert found is not None
    assert (found.source, short(found.parameters)) == ("config", "7.6B")


@pytest.mark.parametrize(
    ("config", "weight_bytes", "parameters"),
    [
        ({"torch_dtype": "float16"}, 5_559_367_680, 2_779_683_840),
        ({"dtype": "float32"}, 5_559_367_680, 1_389_841_920),
        ({"quantization_config": {"quant_method": "fp8"}}, 9_000_000_000, 9_000_000_000),
    ],
)
def test_measure__config_json_says_little__the_size_of_the_files_tells(
    config: dict[str, Any], weight_bytes: int, parameters: int
) -> None:
    found = measure(
        ModelFacts(repo_id="acme/x-70B", config={"model_type": "mamba", **config}, weight_bytes=weight_bytes)
    )
    assert found is not None
    assert (found.parameters, found.source) == (parameters, "files")


@pytest.mark.parametrize(
    "members",
    [
        {"layer_types": ["mamba", "attention"] * 16},
        {"layer_types": ["linear_attention", "full_attention"] * 16},
        {"mamba_d_state": 16},
        {"ffn_config": {"moe_num_experts": 16}},
        {"is_encoder_decoder": True},
    ],
)
def test_measure__layers_of_other_kinds__are_not_counted_as_if_they_were_attention(members: dict[str, Any]) -> None:
    config = {**LLAMA_8B, **members}
    found = measure(ModelFacts(repo_id="acme/Hybrid-9B", config=config))
    assert found is not None
    assert (found.parameters, found.source) == (9_000_000_000, "name")
    assert "guessed from the model's name" in found.told


def test_measure__nothing_says_anything__is_unknown() -> None:
    assert measure(ModelFacts(repo_id="acme/tern")) is None


NAMES = [
    ("mistralai/Mistral-Small-24B-Instruct-2501", 24e9),
    ("google/gemma-2-2b", 2e9),
    ("google/gemma-2-2b-it", 2e9),
    ("mistralai/Mixtral-8x7B-Instruct-v0.1", 46.5e9),
    ("mistralai/Mixtral-8x22B", 146.1e9),
    ("Qwen/Qwen2.5-0.5B", 0.5e9),
    ("HuggingFaceTB/SmolLM2-135M-Instruct", 135e6),
    ("Qwen/Qwen3-30B-A3B-Instruct-2507", 30e9),
    ("Qwen/Qwen2.5-7B-Instruct-1M", 7e9),
    ("meta-llama/Llama-3.2-1B", 1e9),
    ("EleutherAI/pythia_2.8b_deduped", 2.8e9),
    ("acme/tern-v7b2", None),
    ("acme/tern-7b2", None),
    ("acme/A3B", None),
    ("acme/b7", None),
    ("acme/tern-3.5", None),
    ("acme/tern-7bit", None),
    ("acme/tern-0B", None),
    ("7B-company/tern", None),
    ("acme/1.2.7B", None),
    ("", None),
]


@pytest.mark.parametrize(("name", "parameters"), NAMES)
def test_parameters_in_name__only_words_that_are_a_size(name: str, parameters: float | None) -> None:
    found = parameters_in_name(name)
    assert found == (None if parameters is None else pytest.approx(parameters, rel=0.001))


@given(st.text(max_size=60))
def test_parameters_in_name__whatever_the_name__is_a_size_or_none(name: str) -> None:
    found = parameters_in_name(name)
    assert found is None or 0 < found < 10**18


_HOSTILE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(-3, 3), max_size=4),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
)
_KEYS = [
    *("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size", "head_dim"),
    *("intermediate_size", "num_experts", "num_experts_per_tok", "moe_intermediate_size", "first_k_dense_replace"),
    *("decoder_sparse_step", "kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "sliding_window"),
    *("layer_types", "mlp_only_layers", "text_config", "vision_config", "quantization_config", "torch_dtype", "dtype"),
    *("model_type", "architectures", "tie_word_embeddings", "max_position_embeddings", "auto_map", "multi_query"),
]


@given(st.dictionaries(st.sampled_from(_KEYS), _HOSTILE, max_size=6))
def test_measure__hostile_members__are_a_size_or_none(members: dict[str, Any]) -> None:
    facts = ModelFacts(repo_id="acme/tern", config={**LLAMA_8B, **members}, weight_bytes=16_060_522_496)
    found = measure(facts)
    assert found is None or 0 < found.active <= found.parameters <= 10**14
    assert facts.quantisation is None or 0 < facts.quantisation.bits <= 16


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 0, True, "32", 10**10, 32.0, None, [], {}])
def test_read_shape__a_count_that_is_none__is_not_taken(value: object) -> None:
    assert read_shape({**LLAMA_8B, "num_hidden_layers": value}) is None


@pytest.mark.parametrize(
    ("parameters", "told"),
    [(135_000_000, "135M"), (8_030_261_248, "8.0B"), (671_026_419_200, "671B"), (1, "1M"), (999_999_999, "1.0B")],
)
def test_short__a_size_for_people(parameters: int, told: str) -> None:
    assert short(parameters) == told
