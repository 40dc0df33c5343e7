"""Which hardware is chosen for which model, and what is said where none is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from evalbot.errors import NothingFound, UsageError
from evalbot.evaluate.hardware.facts import ModelFacts
from evalbot.evaluate.hardware.fit import Choice, choose
from evalbot.evaluate.hardware.flavors import Flavor, packaged_flavors
from evalbot.evaluate.hardware.gpus import gpu_named
from tests.unit.evaluate.hardware.models import (
    AWQ,
    BNB,
    DEPARTURES,
    LARGE_PACKED,
    LARGEST_THAT_FIT,
    LLAMA_8B,
    LLAMA_70B,
    MIDDLE,
    QWEN_7B,
    SMALL,
    Known,
    decoder,
)

FLAVORS = packaged_flavors()[1]
LLAMA = ModelFacts(repo_id="acme/Llama-8B", config=LLAMA_8B)
BIG_LLAMA = ModelFacts(repo_id="acme/Llama-70B", config=LLAMA_70B)
SMALL_QWEN = SMALL[2].facts


def chosen(facts: ModelFacts, flavors: tuple[Flavor, ...] = FLAVORS, **wishes: Any) -> Choice:
    usual: dict[str, Any] = {
        "wanted": None,
        "tensor_parallel_size": None,
        "max_model_len": None,
        "dtype": None,
        "gpu_memory_utilization": 0.9,
        "backend": "vllm",
    }
    return choose(facts, flavors, **{**usual, **wishes})


TABLE = [
    *((known, "t4-small") for known in SMALL),
    *((known, "a10g-small") for known in MIDDLE),
    *((known, "a10g-large") for known in LARGE_PACKED),
    *((known, "a100-large") for known in LARGEST_THAT_FIT),
]


@pytest.mark.parametrize(("known", "flavor"), TABLE, ids=str)
def test_choose__typical_models__get_what_the_documentations_table_says(known: Known, flavor: str) -> None:
    choice = chosen(known.facts)
    assert choice.flavor.name == flavor
    assert choice.memory.fits
    assert choice.tensor_parallel_size == 1
    assert "is the usual hardware for this size" in " ".join(choice.reasons)


@pytest.mark.parametrize(("known", "flavor"), DEPARTURES, ids=str)
def test_choose__the_table_is_wrong_or_no_help__memory_decides(known: Known, flavor: str) -> None:
    choice = chosen(known.facts)
    assert choice.flavor.name == flavor
    assert choice.memory.fits
    heads = known.facts.shape.heads if known.facts.shape else 1
    assert choice.tensor_parallel_size <= choice.flavor.gpus
    assert heads % choice.tensor_parallel_size == 0


@pytest.mark.parametrize(
    ("known", "flavor"), [(known, flavor) for known, flavor in DEPARTURES if flavor != "a100-large"], ids=str
)
def test_choose__not_the_usual_hardware__says_why_in_numbers(known: Known, flavor: str) -> None:
    said = " ".join(chosen(known.facts).reasons)
    assert "is usual for this size, but " in said
    assert "is the cheapest that holds it." in said


def test_choose__every_choice__is_no_dearer_than_any_other_that_fits_unless_it_is_the_usual() -> None:
    for known, flavor in DEPARTURES:
        cheaper = tuple(each for each in FLAVORS if each.price_per_minute < chosen(known.facts).flavor.price_per_minute)
        usual = {"t4-small", "a10g-small", "a10g-large", "a100-large"}
        if flavor in usual:
            continue
        with pytest.raises(NothingFound):
            chosen(known.facts, cheaper)


def test_choose__cheaper_hardware_would_do__is_pointed_out() -> None:
    assert "l4x1 (L4, $0.80 an hour) would hold it too: --hardware l4x1." in chosen(LLAMA).reasons


def test_choose__a_gpu_without_bfloat16__computes_in_half_and_says_so() -> None:
    choice = chosen(SMALL_QWEN)
    assert choice.dtype == "float16"
    assert "A T4 has no bfloat16, so the model runs in float16." in choice.reasons


@pytest.mark.parametrize(
    ("known", "flavor", "dtype"),
    [
        ("gemma-2-2b", "t4-small", "float32"),  # overflows in float16
        ("gemma-2-2b", "a10g-small", "bfloat16"),
        ("phi-2", "a10g-small", "float16"),
        ("Llama-3.1-8B-Instruct", "a10g-small", "bfloat16"),
        ("gpt-oss-20b", "a10g-large", "auto"),
        ("Qwen2.5-7B-Instruct-AWQ", "t4-small", "auto"),
        ("Meta-Llama-3.1-8B-Instruct-FP8", "t4-small", "float16"),
    ],
)
def test_choose__dtype__is_the_models_own_where_the_gpu_has_it(known: str, flavor: str, dtype: str) -> None:
    every = [*SMALL, *MIDDLE, *LARGE_PACKED, *(each for each, _ in DEPARTURES)]
    facts = next(each.facts for each in every if str(each) == known)
    assert chosen(facts, wanted=flavor, max_model_len=2048).dtype == dtype


def test_choose__transformers_keeps_float32__and_vllm_does_not() -> None:
    facts = ModelFacts(repo_id="acme/x", config={**SMALL[1].config, "torch_dtype": "float32"})
    assert chosen(facts, wanted="a10g-small").dtype == "bfloat16"
    assert chosen(facts, wanted="a10g-small", backend="transformers").dtype == "float32"


@pytest.mark.parametrize(
    ("wishes", "context"),
    [({}, 8192), ({"max_model_len": 4096}, 4096), ({"max_model_len": 131_072}, 131_072)],
)
def test_choose__context__is_enough_for_evaluations_unless_said(wishes: dict[str, Any], context: int) -> None:
    assert chosen(LLAMA, **wishes).max_model_len == context


def test_choose__a_longer_context__takes_more_memory_and_larger_hardware() -> None:
    long = chosen(LLAMA, max_model_len=131_072)
    assert long.flavor.price_per_minute > chosen(LLAMA).flavor.price_per_minute
    assert long.memory.kv_cache > 17e9


@pytest.mark.parametrize(
    ("wishes", "flavor", "gpus"),
    [
        ({"tensor_parallel_size": 2}, "rtx-pro-6000x2", 2),
        ({"tensor_parallel_size": 4}, "l40sx4", 4),
        ({"tensor_parallel_size": 8}, "a100x8", 8),
        ({"wanted": "a100x4"}, "a100x4", 4),
        ({"wanted": "A100x4 ", "tensor_parallel_size": 4}, "a100x4", 4),
        ({"wanted": "h200x8", "tensor_parallel_size": 2}, "h200x8", 2),
    ],
)
def test_choose__tensor_parallel__as_asked_or_all_gpus(wishes: dict[str, Any], flavor: str, gpus: int) -> None:
    choice = chosen(BIG_LLAMA, **wishes)
    assert (choice.flavor.name, choice.tensor_parallel_size) == (flavor, gpus)


def test_choose__heads_that_do_not_divide__fewer_gpus_are_used() -> None:
    assert chosen(SMALL_QWEN, wanted="a10g-largex4").tensor_parallel_size == 2  # 14 heads, 2 of keys and values


def test_choose__packed_groups_that_do_not_divide__fewer_gpus_are_used() -> None:
    config = {**decoder("qwen2", 8192, 80, 64, 8, 29_568, 152_064, 32_768), "quantization_config": AWQ}
    facts = ModelFacts(repo_id="acme/x-72B", config=config)  # 29,568 are 231 groups of 128
    assert chosen(facts, wanted="a100x4").tensor_parallel_size == 1
    padded = ModelFacts(repo_id="acme/x-72B", config={**config, "intermediate_size": 29_696})
    assert chosen(padded, wanted="a100x4").tensor_parallel_size == 4
    with pytest.raises(UsageError, match=r"64 attention heads .* packed in groups of 128") as caught:
        chosen(facts, tensor_parallel_size=4)
    assert caught.value.candidates == ("1",)


def test_choose__quantised_by_a_method_nobody_knows__warns() -> None:
    facts = ModelFacts(
        repo_id="acme/x", config={**QWEN_7B, "quantization_config": {"quant_method": "tern4", "bits": 4}}
    )
    (warning,) = chosen(facts).warnings
    assert "The quantisation method tern4" in warning
    assert chosen(facts, backend="transformers").warnings == ()


REFUSED: list[tuple[ModelFacts, dict[str, Any], str, str]] = [
    (LLAMA, {"wanted": "a10g-smal"}, "no hardware named 'a10g-smal'", "Did you mean --hardware a10g-small?"),
    (LLAMA, {"wanted": ""}, "no hardware named ''", "Choose one of these"),
    (LLAMA, {"wanted": "zero-a10g"}, "no hardware named 'zero-a10g'", "Choose one of these"),
    (LLAMA, {"wanted": "cpu-basic"}, "cpu-basic has no GPU that vLLM could use", "leave --hardware out"),
    (LLAMA, {"wanted": "t4-small"}, "does not fit on t4-small: on each GPU, 20.", "Use --hardware a10g-small"),
    (BIG_LLAMA, {"wanted": "a100-large"}, "does not fit on a100-large", "Use --hardware rtx-pro-6000x2"),
    (BIG_LLAMA, {"wanted": "a100-large", "tensor_parallel_size": 4}, "it has 1 GPU, and --tensor-parallel-size is 4",
     "Use --hardware l40sx4"),
    (LLAMA, {"tensor_parallel_size": 3}, "32 attention heads and 8 of keys and values", "--tensor-parallel-size 8"),
    (LLAMA, {"tensor_parallel_size": 0}, "1 or more", ""),
    (LLAMA, {"tensor_parallel_size": 2, "backend": "transformers"}, "needs vLLM", "--backend vllm"),
    (LLAMA, {"max_model_len": 131_073}, "131,072 tokens at most", "--max-model-len 131072"),
    (LLAMA, {"max_model_len": 0}, "1 or more", ""),
    (LLAMA, {"gpu_memory_utilization": 0.0}, "more than 0 and at most 1", ""),
    (LLAMA, {"gpu_memory_utilization": 1.5}, "more than 0 and at most 1", ""),
    (LLAMA, {"gpu_memory_utilization": float("nan")}, "more than 0 and at most 1", ""),
    (LLAMA, {"wanted": "t4-small", "dtype": "bfloat16"}, "its T4 cannot compute in bfloat16", "--hardware a10g-small"),
    (LARGE_PACKED[1].facts, {"wanted": "t4-medium"}, "its T4 is too old for weights quantised by mxfp4", "a10g-large"),
    (ModelFacts(repo_id="acme/x", config={**QWEN_7B, "quantization_config": BNB}), {}, "quantised by bitsandbytes",
     "--backend transformers"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "wishes", "message", "hint"), REFUSED)
def test_choose__wishes_that_cannot_be_met__are_refused_with_what_to_type(
    facts: ModelFacts, wishes: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(facts, **wishes)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_choose__unknown_hardware__lists_all_with_the_closest_first() -> None:
    with pytest.raises(UsageError) as caught:
        chosen(LLAMA, wanted="a100")
    assert caught.value.candidates[0].startswith("a100")
    assert set(caught.value.candidates) == {flavor.name for flavor in FLAVORS}


def test_choose__asked_for_and_tight__is_allowed_with_a_warning() -> None:
    choice = chosen(LLAMA, wanted="a10g-small", max_model_len=65_536)
    assert not choice.memory.fits
    (warning,) = choice.warnings
    assert warning.startswith("a10g-small was asked for and is tight: on each GPU, ")
    assert "--max-model-len" in warning


def test_choose__larger_than_every_flavor__says_how_much_is_missing() -> None:
    config = decoder("llama", 32_768, 200, 256, 8, 106_496, 128_256, 131_072)
    with pytest.raises(NothingFound, match=r"larger than any hardware on the list: with 2\d{3}B parameters") as caught:
        chosen(ModelFacts(repo_id="acme/Giant", config=config))
    assert "h200x8, has 1,081 GB" in caught.value.message
    assert "quantised" in (caught.value.hint or "")


def test_choose__size_unknown__is_refused() -> None:
    with pytest.raises(NothingFound, match="Nobody can tell how large acme/tern is"):
        chosen(ModelFacts(repo_id="acme/tern"))


def test_choose__no_gpu_on_the_list__is_refused() -> None:
    with pytest.raises(NothingFound, match="there is none with a GPU"):
        chosen(LLAMA, tuple(flavor for flavor in FLAVORS if flavor.gpu is None))


def test_choose__the_usual_hardware_is_gone__the_cheapest_is_taken() -> None:
    choice = chosen(LLAMA, tuple(flavor for flavor in FLAVORS if not flavor.name.startswith("a10g")))
    assert choice.flavor.name == "l4x1"
    assert "a10g-small is usual for this size, but it is not on the Hub's list" in " ".join(choice.reasons)


def test_choose__disk_too_small__other_hardware_is_taken() -> None:
    small = tuple(replace(flavor, disk=30 * 10**9) if flavor.name == "a10g-small" else flavor for flavor in FLAVORS)
    choice = chosen(LLAMA, small)
    assert choice.flavor.name == "l4x1"
    assert "its disk has 30 GB, and the run needs about 41 GB" in " ".join(choice.reasons)


def test_choose__transformers__runs_on_one_gpu_or_on_the_cpu() -> None:
    assert chosen(LLAMA, backend="transformers", wanted="a100x4").tensor_parallel_size == 1
    tiny = chosen(SMALL[1].facts, backend="transformers", wanted="cpu-upgrade")
    assert (tiny.flavor.gpu, tiny.tensor_parallel_size) == (None, 1)
    with pytest.raises(UsageError, match="does not fit on cpu-basic"):
        chosen(LLAMA, backend="transformers", wanted="cpu-basic")


def test_choose__a_build_that_is_unknown__is_placed_by_its_files() -> None:
    facts = ModelFacts(repo_id="acme/x", config={"model_type": "mamba"}, weight_bytes=5_600_000_000)
    choice = chosen(facts)
    assert choice.flavor.name == "t4-small"
    assert choice.max_model_len is None
    assert chosen(facts, wanted="a100x4").tensor_parallel_size == 1


def test_choose__on_hardware_of_ones_own__costs_nothing_and_names_no_price() -> None:
    own = Flavor(name="this-machine", gpus=2, gpu=gpu_named("RTX 4090", 24 * 10**9), price_per_minute=Decimal(0))
    choice = chosen(LLAMA, (own,), wanted="this-machine")
    assert choice.tensor_parallel_size == 2
    assert choice.reasons[-1] == "this-machine (2 x RTX 4090) was asked for."
