"""A model in a folder: what can be told of it without loading it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.errors import NothingFound
from evalbot.evaluate.hardware.folder import read_folder
from evalbot.evaluate.hardware.size import measure
from tests.unit.evaluate.hardware.models import LLAMA_8B

if TYPE_CHECKING:
    from pathlib import Path


def safetensors(tensors: dict[str, tuple[str, list[Any]]]) -> bytes:
    header = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]} for name, (dtype, shape) in tensors.items()
    }
    data = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return len(data).to_bytes(8, "little") + data


def write(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name).write_bytes(data)
    return folder


def test_read_folder__weights_are_counted_by_their_headers(tmp_path: Path) -> None:
    weights = {
        "model-00001-of-00002.safetensors": safetensors({"a": ("BF16", [10, 4]), "b": ("F32", [3])}),
        "model-00002-of-00002.safetensors": safetensors({"c": ("BF16", [2, 2]), "d": ("BF16", [])}),
        "consolidated.safetensors": safetensors({"copy": ("BF16", [47])}),
    }
    rest = {"config.json": LLAMA_8B, "tokenizer_config.json": {"chat_template": "{{ x }}"}, "tokenizer.json": {}}
    facts = read_folder(write(tmp_path, {**weights, **rest}))
    assert facts.parameters == {"BF16": 45, "F32": 3}
    assert facts.weight_bytes == sum(len(data) for name, data in weights.items() if name.startswith("model-"))
    assert (facts.chat_template, facts.tokenizer, facts.commit) == (True, True, None)


@pytest.mark.parametrize(
    "damage", [b"", b"\xff" * 8, b"\x02\x00\x00\x00\x00\x00\x00\x00[]", safetensors({"a": ("F32", ["x"])})]
)
def test_read_folder__a_damaged_header__leaves_the_size_to_config_json(tmp_path: Path, damage: bytes) -> None:
    facts = read_folder(write(tmp_path, {"model.safetensors": damage, "config.json": LLAMA_8B}))
    assert facts.parameters == {}
    found = measure(facts)
    assert found is not None
    assert found.source == "config"
    assert (facts.chat_template, facts.tokenizer) == (False, False)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no weights"),
        ({"config.json": LLAMA_8B, "optimizer.bin": b"x", "training_args.bin": b"x"}, "holds no weights"),
        ({"config.json": LLAMA_8B, "x-Q4_K_M.gguf": b"x"}, "holds GGUF files only"),
        ({"adapter_config.json": {}, "adapter_model.safetensors": b"x"}, "holds an adapter (LoRA)"),
        ({"model.safetensors": b"x"}, "has no config.json"),
        ({"model.safetensors": b"x", "config.json": b"{"}, "has no config.json that can be read"),
        ({"pytorch_model.bin": b"x", "config.json": b"[1]"}, "has no config.json that can be read"),
        ({"pytorch_model.bin": b"x", "config.json": b"[" * 100_000}, "has no config.json that can be read"),
    ],
)
def test_read_folder__no_model_in_it__is_refused_with_the_reason(
    tmp_path: Path, files: dict[str, Any], message: str
) -> None:
    with pytest.raises(NothingFound) as caught:
        read_folder(write(tmp_path, files))
    assert message in caught.value.message
    assert caught.value.hint


def test_read_folder__not_there__is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match="cannot be read"):
        read_folder(tmp_path / "nowhere")
