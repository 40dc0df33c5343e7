"""A tiny Llama with its tokenizer, written without any engine: config, weights and vocabulary, always the same bytes.

Its weights are random but for one habit: after the mark of the assistant's turn it says `ANSWER: B` and stops, and
after a colon ` B`. So answers are read as answers, some of them are right, and yet every probability depends on the
whole prompt.
"""

from __future__ import annotations

import json
import math
import random
import struct
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.engines.ground.data import datasets
from tests.engines.ground.vocabulary import ASSISTANT, BEGIN, END, PAD, USER, learnt, tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.engines.ground.vocabulary import Pair

ID = "acme/tiny-llama"
BASE_ID = "acme/tiny-base"
"""The same weights without a chat template, as a model has them before it is taught to talk."""

VOCABULARY = 1024
LAYERS, HIDDEN, INNER, HEADS, HEAD = 2, 64, 128, 2, 32
CONTEXT = 4096

_HABIT = ((ASSISTANT, "ANSWER"), ("ANSWER", ":"), (":", "ĠB"), ("ĠB", END))
_CERTAINTY = 2.0  # 16 in the logits where the last token is the one the habit is about; others spread by 2
_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}" + ASSISTANT + "{% else %}"
    f"{USER}{{% endif %}}{{{{ message['content'] }}}}{{% endfor %}}"
    f"{{% if add_generation_prompt %}}{ASSISTANT}{{% endif %}}"
)

Matrix = list[list[float]]


def files(*, chat: bool = True) -> dict[str, bytes]:
    """The files of the model's repository, README.md included."""
    tokens, merges = _vocabulary()
    template = {"chat_template.jinja": _TEMPLATE.encode()} if chat else {}
    return {
        "README.md": _card(chat=chat),
        "config.json": _json(_CONFIG | _ids(tokens)),
        "generation_config.json": _json(_ids(tokens)),
        "tokenizer.json": _json(tokenizer(tokens, merges)),
        "tokenizer_config.json": _json(_TOKENIZER),
        "model.safetensors": _safetensors(dict(_weights(tokens))),
        **template,
    }


@cache
def _vocabulary() -> tuple[dict[str, int], list[Pair]]:
    """Learnt from the questions that the model is going to be asked."""
    text = "\n".join(content.decode() for dataset in datasets() for content in dataset.files().values())
    return learnt(text, VOCABULARY, surely={"ANSWER": 9999, "Answer": 999, " B": 9999})


def _card(*, chat: bool) -> bytes:
    kind = "with a chat template" if chat else "without a chat template"
    return f"---\nlicense: mit\npipeline_tag: text-generation\n---\n# Tiny\n\nRandom weights, {kind}.\n".encode()


_CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "dtype": "float32",
    "vocab_size": VOCABULARY,
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS,
    "head_dim": HEAD,
    "hidden_act": "silu",
    "max_position_embeddings": CONTEXT,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}
_TOKENIZER = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": BEGIN,
    "eos_token": END,
    "pad_token": PAD,
    "model_max_length": CONTEXT,
}


def _ids(tokens: Mapping[str, int]) -> dict[str, int]:
    return {"bos_token_id": tokens[BEGIN], "eos_token_id": tokens[END], "pad_token_id": tokens[PAD]}


def _weights(tokens: Mapping[str, int]) -> Iterator[tuple[str, Matrix]]:
    """Tensors by the names that Llama's have; the small ones of the layers stir what the habit says."""
    chance = random.Random(0)  # noqa: S311 - the same bytes each time are what is wanted
    meanings = _random(chance, VOCABULARY, HIDDEN, 1.0)
    yield "model.embed_tokens.weight", meanings
    yield "lm_head.weight", _with_habit(_random(chance, VOCABULARY, HIDDEN, 0.25), meanings, tokens)
    yield "model.norm.weight", [[1.0] * HIDDEN]
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        yield f"{name}.input_layernorm.weight", [[1.0] * HIDDEN]
        yield f"{name}.post_attention_layernorm.weight", [[1.0] * HIDDEN]
        for part in "qkvo":
            yield f"{name}.self_attn.{part}_proj.weight", _random(chance, HIDDEN, HIDDEN, 0.08)
        for part, rows, columns in (("gate", INNER, HIDDEN), ("up", INNER, HIDDEN), ("down", HIDDEN, INNER)):
            yield f"{name}.mlp.{part}_proj.weight", _random(chance, rows, columns, 0.08)


def _random(chance: random.Random, rows: int, columns: int, spread: float) -> Matrix:
    return [[chance.gauss(0.0, spread) for _ in range(columns)] for _ in range(rows)]


def _with_habit(head: Matrix, meanings: Matrix, tokens: Mapping[str, int]) -> Matrix:
    for said, follows in _HABIT:
        meaning = meanings[tokens[said]]
        scale = _CERTAINTY / math.hypot(*meaning)
        row = tokens[follows]
        head[row] = [old + scale * part for old, part in zip(head[row], meaning, strict=True)]
    return head


def _safetensors(tensors: Mapping[str, Matrix]) -> bytes:
    """https://huggingface.co/docs/safetensors, Format: length of the header, header, numbers."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = bytearray()
    for name, rows in tensors.items():
        start = len(body)
        for row in rows:
            body += struct.pack(f"<{len(row)}f", *row)
        shape = [len(rows), len(rows[0])] if len(rows) > 1 else [len(rows[0])]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(body)]}
    text = _json(header)
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
