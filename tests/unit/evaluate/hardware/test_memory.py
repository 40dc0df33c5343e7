"""Bytes of weights and of the KV cache, against what published models really take."""

from __future__ import annotations

import math
from typing import Any

import pytest

from evalbot.evaluate.hardware.facts import ModelFacts
from evalbot.evaluate.hardware.gpus import gpu_named
from evalbot.evaluate.hardware.memory import kv_bytes, memory_on, overhead_bytes, weight_bytes
from evalbot.evaluate.hardware.quantisation import read_quantisation
from evalbot.evaluate.hardware.size import measure
from tests.unit.evaluate.hardware.models import (
    AWQ,
    BNB,
    COMPRESSED_FP8,
    DEPARTURES,
    FP8,
    GPTQ,
    LARGE_PACKED,
    LARGEST_THAT_FIT,
    LLAMA_8B,
    MIDDLE,
    MXFP4,
    SMALL,
    Known,
)

COMPRESSED_INT4 = {
    "quant_method": "compressed-tensors",
    "config_groups": {"g": {"weights": {"num_bits": 4, "group_size": 128}}},
}
ALL = [*SMALL, *MIDDLE, *LARGE_PACKED, *LARGEST_THAT_FIT, *(known for known, _ in DEPARTURES)]
PACKED = [known for known in ALL if known.files is not None]
A10G = gpu_named("A10G", 24 * 10**9)


def named(name: str) -> ModelFacts:
    return next(known.facts for known in ALL if str(known) == name)


def weights(facts: ModelFacts, dtype: str = "bfloat16") -> int:
    size = measure(facts)
    assert size is not None
    return weight_bytes(facts, size, dtype)


@pytest.mark.parametrize("known", PACKED, ids=str)
def test_weight_bytes__packed_and_the_files_are_unknown__is_near_what_they_are(known: Known) -> None:
    facts = ModelFacts(repo_id=known.repo_id, config=known.config)
    assert known.files is not None
    assert math.isclose(weights(facts), known.files, rel_tol=0.06)


@pytest.mark.parametrize("known", PACKED, ids=str)
def test_weight_bytes__packed__is_the_size_of_the_files(known: Known) -> None:
    assert weights(known.facts) == known.files


def test_weight_bytes__packed_and_the_files_are_pointers__is_computed() -> None:
    facts = named("gpt-oss-20b")
    pointers = ModelFacts(repo_id="acme/x", config=facts.config, weight_bytes=400)
    assert math.isclose(weights(pointers), 13.76e9, rel_tol=0.06)


@pytest.mark.parametrize(("dtype", "width"), [("bfloat16", 2), ("float16", 2), ("float32", 4)])
def test_weight_bytes__not_packed__is_parameters_by_the_width_of_the_dtype(dtype: str, width: int) -> None:
    facts = ModelFacts(
        repo_id="acme/x", parameters={"F32": 1_000_000}, config={"model_type": "x"}, weight_bytes=4_000_000
    )
    assert weights(facts, dtype) == 1_000_000 * width


KV = [
    ("Llama-3.1-8B-Instruct", 131_072),  # 2 x 32 layers x 8 heads x 128 x 2 bytes
    ("Llama-2-13b-hf", 819_200),
    ("Qwen2.5-0.5B", 12_288),
    ("falcon-7b", 8_192),  # one head of keys and values
    ("DeepSeek-V3", 70_272),  # 61 layers x (512 + 64) x 2 bytes
    ("gemma-2-2b", 106_496),
]


@pytest.mark.parametrize(("name", "per_token"), KV)
def test_kv_bytes__of_one_token__is_what_the_model_keeps(name: str, per_token: int) -> None:
    assert kv_bytes(named(name).shape, 1, "bfloat16", 1, 0) == per_token
    assert kv_bytes(named(name).shape, 1000, "float32", 1, 0) == 2000 * per_token


def test_kv_bytes__several_gpus__share_heads_but_have_one_at_least() -> None:
    llama = named("Llama-3.1-70B-Instruct").shape
    whole = kv_bytes(llama, 8192, "bfloat16", 1, 0)
    assert [whole // kv_bytes(llama, 8192, "bfloat16", gpus, 0) for gpus in (2, 4, 8, 16)] == [2, 4, 8, 8]
    latent = named("DeepSeek-V3").shape
    assert kv_bytes(latent, 8192, "bfloat16", 8, 0) == kv_bytes(latent, 8192, "bfloat16", 1, 0)


def test_kv_bytes__sliding_window__long_prompts_take_less() -> None:
    shape = named("gpt-oss-20b").shape
    full = 2 * 24 * 8 * 64 * 2 * 131_072
    assert full // 2 < kv_bytes(shape, 131_072, "bfloat16", 1, 0) < full * 0.6


def test_kv_bytes__unknown_build__is_a_share_of_the_weights() -> None:
    assert kv_bytes(None, 8192, "bfloat16", 1, 10**10) == 2 * 10**9


@pytest.mark.parametrize("name", ["SmolLM2-135M-Instruct", "Llama-3.1-8B-Instruct", "Qwen2.5-32B"])
def test_overhead_bytes__usual_models__are_one_to_five_gb(name: str) -> None:
    assert 1e9 < overhead_bytes(named(name).shape, A10G, 1, "bfloat16", graphs=True) < 5e9


def test_overhead_bytes__large_vocabulary_pictures_graphs_and_several_gpus__take_more() -> None:
    shape = named("Qwen2.5-7B-Instruct-1M").shape
    seeing = named("Qwen2.5-VL-7B-Instruct").shape
    plain = overhead_bytes(shape, A10G, 1, "bfloat16", graphs=False)
    assert overhead_bytes(seeing, A10G, 1, "bfloat16", graphs=False) > plain
    assert overhead_bytes(shape, A10G, 1, "bfloat16", graphs=True) > plain
    assert overhead_bytes(shape, A10G, 2, "bfloat16", graphs=False) > plain
    mistral = named("Mistral-7B-v0.1").shape
    assert overhead_bytes(mistral, A10G, 1, "bfloat16", graphs=False) < plain


@pytest.mark.parametrize(
    ("config", "method", "bits", "group"),
    [
        (AWQ, "awq", 4, 128),
        (GPTQ, "gptq", 4, 128),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, "gptq", 8, None),
        (MXFP4, "mxfp4", 4, 32),
        (FP8, "fp8", 8, None),
        (COMPRESSED_FP8, "compressed-tensors", 8, None),
        (COMPRESSED_INT4, "compressed-tensors", 4, 128),
        (BNB, "bitsandbytes", 4, 64),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes", 8, None),
        ({"quant_algo": "FP8"}, "fp8", 8, None),
        ({"quant_method": "gptq_marlin", "bits": 4, "group_size": 64}, "gptq", 4, 64),
    ],
)
def test_read_quantisation__in_every_spelling(
    config: dict[str, Any], method: str, bits: int, group: int | None
) -> None:
    for whole in ({"quantization_config": config}, {"text_config": {"quantization_config": config}}):
        found = read_quantisation(whole)
        assert found is not None
        assert (found.method, found.bits, found.group) == (method, bits, group)


@pytest.mark.parametrize(
    "config", [{}, {"quantization_config": None}, {"quantization_config": []}, {"quantization_config": {}}]
)
def test_read_quantisation__not_quantised__is_none(config: dict[str, Any]) -> None:
    assert read_quantisation(config) is None


def test_memory__llama_8b_on_24_gb__is_told_in_numbers() -> None:
    facts = ModelFacts(repo_id="acme/x", config=LLAMA_8B)
    size = measure(facts)
    assert size is not None
    memory = memory_on(facts, size, A10G, gpus=1, dtype="bfloat16", tokens=8192, share=0.9, graphs=True)
    assert memory.fits
    assert memory.told.startswith(f"{memory.needed / 1e9:.1f} GB needed (weights 16.1, KV cache 1.1, other ")
    half = memory_on(facts, size, A10G, gpus=1, dtype="bfloat16", tokens=8192, share=0.5, graphs=True)
    assert not half.fits
    assert not half.may_fit
