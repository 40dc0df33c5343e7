"""Published models by what size and memory are read from in their config.json, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalbot.evaluate.hardware.facts import ModelFacts


@dataclass(frozen=True)
class Known:
    """`parameters` is what the model's weight files hold; `files` their size in bytes where they are packed."""

    repo_id: str
    parameters: int
    config: dict[str, Any]
    files: int | None = None
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def facts(self) -> ModelFacts:
        """As the Hub would say it where it has counted nothing: size has to come from config.json."""
        return ModelFacts(
            repo_id=self.repo_id, config=self.config, weight_bytes=self.files, parameters=self.counted, commit="0" * 40
        )

    def __str__(self) -> str:
        return self.repo_id.partition("/")[2]


def decoder(  # noqa: PLR0917 - columns of a table
    model_type: str,
    hidden: int,
    layers: int,
    heads: int,
    kv: int,
    inner: int,
    vocabulary: int,
    context: int,
    **more: Any,
) -> dict[str, Any]:
    """config.json in the words of Llama and most others, bfloat16 and with an output matrix of its own."""
    return {
        "model_type": model_type,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv,
        "intermediate_size": inner,
        "vocab_size": vocabulary,
        "max_position_embeddings": context,
        "torch_dtype": "bfloat16",
        "tie_word_embeddings": False,
        **more,
    }


AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True}
GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 128, "sym": True}
MXFP4 = {"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]}
FP8 = {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}
COMPRESSED_FP8 = {
    "quant_method": "compressed-tensors",
    "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float", "group_size": None}}},
}
BNB = {"quant_method": "bitsandbytes", "load_in_4bit": True}
ALTERNATING = ["sliding_attention", "full_attention"]


def gpt_oss(layers: int, experts: int) -> dict[str, Any]:
    types = ALTERNATING * (layers // 2)
    more = {"head_dim": 64, "num_local_experts": experts, "num_experts_per_tok": 4, "quantization_config": MXFP4}
    return decoder(
        "gpt_oss", 2880, layers, 64, 8, 2880, 201_088, 131_072, **more, sliding_window=128, layer_types=types
    )


LLAMA_8B = decoder("llama", 4096, 32, 32, 8, 14_336, 128_256, 131_072)
LLAMA_70B = decoder("llama", 8192, 80, 64, 8, 28_672, 128_256, 131_072)
QWEN_7B = decoder("qwen2", 3584, 28, 28, 4, 18_944, 152_064, 32_768, use_sliding_window=False, sliding_window=131_072)
QWEN_14B = decoder("qwen2", 5120, 48, 40, 8, 13_824, 152_064, 32_768)
QWEN_32B = decoder("qwen2", 5120, 64, 40, 8, 27_648, 152_064, 32_768)
MISTRAL_7B = decoder("mistral", 4096, 32, 32, 8, 14_336, 32_000, 32_768, sliding_window=4096)
MISTRAL_24B = decoder("mistral", 5120, 40, 32, 8, 32_768, 131_072, 32_768, head_dim=128, sliding_window=None)
QWEN_30B_A3B = decoder(
    "qwen3_moe",
    2048,
    48,
    32,
    4,
    6144,
    151_936,
    40_960,
    head_dim=128,
    moe_intermediate_size=768,
    num_experts=128,
    num_experts_per_tok=8,
    decoder_sparse_step=1,
    mlp_only_layers=[],
)
MIXTRAL = {"num_local_experts": 8, "num_experts_per_tok": 2}
LATENT = {"kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}
GEMMA = {"tie_word_embeddings": True, "sliding_window": 4096}
VISION_QWEN = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "hidden_act": "silu"}
VISION_SIGLIP = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "model_type": "siglip"}

SMALL = [
    Known(
        "openai-community/gpt2",
        124_439_808,
        {
            "model_type": "gpt2",
            "n_embd": 768,
            "n_layer": 12,
            "n_head": 12,
            "n_positions": 1024,
            "vocab_size": 50_257,
        },
    ),
    Known(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        134_515_008,
        decoder("llama", 576, 30, 9, 3, 1536, 49_152, 8192, tie_word_embeddings=True),
    ),
    Known(
        "Qwen/Qwen2.5-0.5B",
        494_032_768,
        decoder("qwen2", 896, 24, 14, 2, 4864, 151_936, 32_768, tie_word_embeddings=True),
    ),
    Known("TinyLlama/TinyLlama-1.1B-Chat-v1.0", 1_100_048_384, decoder("llama", 2048, 22, 32, 4, 5632, 32_000, 2048)),
    Known(
        "meta-llama/Llama-3.2-1B",
        1_235_814_400,
        decoder("llama", 2048, 16, 32, 8, 8192, 128_256, 131_072, head_dim=64, tie_word_embeddings=True),
    ),
    Known(
        "Qwen/Qwen2.5-1.5B",
        1_543_714_304,
        decoder("qwen2", 1536, 28, 12, 2, 8960, 151_936, 131_072, tie_word_embeddings=True),
    ),
    Known(
        "HuggingFaceTB/SmolLM2-1.7B",
        1_711_376_384,
        decoder("llama", 2048, 24, 32, 32, 8192, 49_152, 8192, tie_word_embeddings=True),
    ),
    Known(
        "EleutherAI/pythia-2.8b",
        2_775_208_960,
        decoder("gpt_neox", 2560, 32, 32, 32, 10_240, 50_304, 2048, torch_dtype="float16"),
    ),
    Known(
        "microsoft/phi-2", 2_779_683_840, decoder("phi", 2560, 32, 32, 32, 10_240, 51_200, 2048, torch_dtype="float16")
    ),
]
MIDDLE = [
    Known(
        "Qwen/Qwen2.5-3B",
        3_085_938_688,
        decoder("qwen2", 2048, 36, 16, 2, 11_008, 151_936, 32_768, tie_word_embeddings=True),
    ),
    Known(
        "meta-llama/Llama-3.2-3B-Instruct",
        3_212_749_824,
        decoder("llama", 3072, 28, 24, 8, 8192, 128_256, 131_072, head_dim=128, tie_word_embeddings=True),
    ),
    Known("microsoft/Phi-3-mini-4k-instruct", 3_821_079_552, decoder("phi3", 3072, 32, 32, 32, 8192, 32_064, 4096)),
    Known(
        "allenai/OLMoE-1B-7B-0924",
        6_919_161_856,
        decoder("olmoe", 2048, 16, 16, 16, 1024, 50_304, 4096, num_experts=64, num_experts_per_tok=8),
    ),
    Known(
        "tiiuae/falcon-7b",
        6_921_720_704,
        {
            "model_type": "falcon",
            "hidden_size": 4544,
            "num_hidden_layers": 32,
            "num_attention_heads": 71,
            "multi_query": True,
            "vocab_size": 65_024,
            "torch_dtype": "bfloat16",
        },
    ),
    Known("mistralai/Mistral-7B-v0.1", 7_241_732_096, MISTRAL_7B),
    Known("Qwen/Qwen2.5-7B-Instruct-1M", 7_615_616_512, QWEN_7B),
    Known("meta-llama/Llama-3.1-8B-Instruct", 8_030_261_248, LLAMA_8B),
    Known(
        "Qwen/Qwen2.5-7B-Instruct-AWQ",
        7_615_616_512,
        {**QWEN_7B, "torch_dtype": "float16", "quantization_config": AWQ},
        files=5_570_000_000,
        counted={"I32": 821_460_000, "F16": 1_104_000_000},
    ),
    Known(
        "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8",
        8_030_261_248,
        {**LLAMA_8B, "quantization_config": COMPRESSED_FP8},
        files=9_080_000_000,
        counted={"F8_E4M3": 6_979_321_856, "BF16": 1_050_939_392},
    ),
]
LARGE_PACKED = [
    Known(
        "Qwen/Qwen2.5-14B-Instruct-GPTQ-Int4",
        14_770_033_664,
        {**QWEN_14B, "torch_dtype": "float16", "quantization_config": GPTQ},
        files=9_990_000_000,
    ),
    Known("openai/gpt-oss-20b", 20_914_757_184, gpt_oss(24, 32), files=13_761_300_984),
    Known("acme/Mistral-Small-24B-Instruct-2501-AWQ", 23_572_403_200, {**MISTRAL_24B, "quantization_config": AWQ}),
    Known(
        "Qwen/Qwen3-30B-A3B-GPTQ-Int4",
        30_532_122_624,
        {**QWEN_30B_A3B, "quantization_config": GPTQ},
        files=16_930_000_000,
    ),
]
LARGEST_THAT_FIT = [
    Known("01-ai/Yi-34B", 34_388_917_248, decoder("llama", 7168, 60, 56, 8, 20_480, 64_000, 4096)),
    Known(
        "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4",
        70_553_706_496,
        {**LLAMA_70B, "torch_dtype": "float16", "quantization_config": AWQ},
        files=39_770_000_000,
    ),
    Known("openai/gpt-oss-120b", 116_829_156_672, gpt_oss(36, 128), files=65_250_000_000),
]
"""Below 3B, 3B to 13B, 13B to 34B and above 34B: models that fit on the hardware the documentation's table names."""

DEPARTURES = [
    (
        Known(
            "google/gemma-2-2b",
            2_614_341_888,
            decoder("gemma2", 2304, 26, 8, 4, 9216, 256_000, 8192, head_dim=256, torch_dtype="float32", **GEMMA),
        ),
        "l4x1",
    ),
    (
        Known(
            "google/gemma-2-9b",
            9_241_705_984,
            decoder("gemma2", 3584, 42, 16, 8, 14_336, 256_000, 8192, head_dim=256, **GEMMA),
        ),
        "l40sx1",
    ),
    (
        Known(
            "Qwen/Qwen2.5-VL-7B-Instruct",
            8_292_166_656,
            {**QWEN_7B, "model_type": "qwen2_5_vl", "vision_config": VISION_QWEN},
        ),
        "l40sx1",
    ),
    (
        Known(
            "meta-llama/Llama-2-13b-hf",
            13_015_864_320,
            decoder("llama", 5120, 40, 40, 40, 13_824, 32_000, 4096, torch_dtype="float16"),
        ),
        "l40sx1",
    ),
    (Known("Qwen/Qwen2.5-14B", 14_770_033_664, QWEN_14B), "l40sx1"),
    (
        Known(
            "deepseek-ai/DeepSeek-V2-Lite",
            15_706_484_224,
            decoder(
                "deepseek_v2",
                2048,
                27,
                16,
                16,
                10_944,
                102_400,
                163_840,
                q_lora_rank=None,
                **LATENT,
                n_routed_experts=64,
                num_experts_per_tok=6,
                n_shared_experts=2,
                moe_intermediate_size=1408,
                first_k_dense_replace=1,
            ),
        ),
        "l40sx1",
    ),
    (Known("mistralai/Mistral-Small-24B-Instruct-2501", 23_572_403_200, MISTRAL_24B), "a100-large"),
    (
        Known(
            "google/gemma-2-27b",
            27_227_128_320,
            decoder("gemma2", 4608, 46, 32, 16, 36_864, 256_000, 8192, head_dim=128, **GEMMA),
        ),
        "a100-large",
    ),
    (
        Known(
            "google/gemma-3-27b-it",
            27_432_406_640,
            {
                "model_type": "gemma3",
                "torch_dtype": "bfloat16",
                "vision_config": VISION_SIGLIP,
                "text_config": {
                    "model_type": "gemma3_text",
                    "hidden_size": 5376,
                    "intermediate_size": 21_504,
                    "num_hidden_layers": 62,
                    "num_attention_heads": 32,
                    "num_key_value_heads": 16,
                    "head_dim": 128,
                    "sliding_window": 1024,
                    "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
                },
            },
        ),
        "a100-large",
    ),
    (Known("Qwen/Qwen3-30B-A3B", 30_532_122_624, QWEN_30B_A3B), "a100-large"),
    (
        Known("allenai/OLMo-2-0325-32B", 32_234_279_936, decoder("olmo2", 5120, 64, 40, 8, 27_648, 100_352, 4096)),
        "a100-large",
    ),
    (
        Known(
            "Qwen/Qwen2.5-32B-Instruct-AWQ",
            32_763_876_352,
            {**QWEN_32B, "torch_dtype": "float16", "quantization_config": AWQ},
            files=19_320_000_000,
        ),
        "l40sx1",
    ),
    (Known("Qwen/Qwen2.5-32B", 32_763_876_352, QWEN_32B), "a100-large"),
    (
        Known(
            "mistralai/Mixtral-8x7B-v0.1",
            46_702_792_704,
            decoder("mixtral", 4096, 32, 32, 8, 14_336, 32_000, 32_768, **MIXTRAL),
        ),
        "h200",
    ),
    (Known("meta-llama/Llama-3.1-70B-Instruct", 70_553_706_496, LLAMA_70B), "rtx-pro-6000x2"),
    (
        Known("Qwen/Qwen2.5-72B", 72_706_203_648, decoder("qwen2", 8192, 80, 64, 8, 29_568, 152_064, 131_072)),
        "rtx-pro-6000x2",
    ),
    (
        Known(
            "meta-llama/Llama-4-Scout-17B-16E",
            108_641_793_536,
            {
                "model_type": "llama4",
                "torch_dtype": "bfloat16",
                "vision_config": {"hidden_size": 1408, "intermediate_size": 5632, "num_hidden_layers": 34},
                "text_config": decoder(
                    "llama4_text",
                    5120,
                    48,
                    40,
                    8,
                    8192,
                    202_048,
                    262_144,
                    head_dim=128,
                    intermediate_size_mlp=16_384,
                    num_local_experts=16,
                    num_experts_per_tok=1,
                    interleave_moe_layer_step=1,
                ),
            },
        ),
        "h200x2",
    ),
    (
        Known(
            "mistralai/Mixtral-8x22B-v0.1",
            140_620_634_112,
            decoder("mixtral", 6144, 56, 48, 8, 16_384, 32_000, 65_536, **MIXTRAL),
        ),
        "a100x4",
    ),
    (
        Known(
            "meta-llama/Llama-3.1-405B",
            405_853_388_800,
            decoder("llama", 16_384, 126, 128, 8, 53_248, 128_256, 131_072),
        ),
        "h200x8",
    ),
    (
        Known(
            "deepseek-ai/DeepSeek-V3",
            671_026_419_200,
            decoder(
                "deepseek_v3",
                7168,
                61,
                128,
                128,
                18_432,
                129_280,
                163_840,
                q_lora_rank=1536,
                **LATENT,
                n_routed_experts=256,
                num_experts_per_tok=8,
                n_shared_experts=1,
                moe_intermediate_size=2048,
                first_k_dense_replace=3,
                quantization_config=FP8,
            ),
            files=688_586_000_000,
        ),
        "h200x8",
    ),
]
"""Models for which the table's hardware is too small, or missing what they need, with what they run on instead."""
