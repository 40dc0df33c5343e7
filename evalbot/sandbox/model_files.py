"""What model info says of a model's own files: `config` and `safetensors`, as the Hub shows them.

The keys are those of ModelData in npm @huggingface/tasks and of SafeTensorsInfo in huggingface_hub.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from evalbot.sandbox.file_content import opened

if TYPE_CHECKING:
    from evalbot.sandbox.git_store import GitStore

_WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_LENGTH = 8  # bytes, little-endian: how long the header is that follows them
_LONGEST_HEADER = 100_000_000  # bytes, as the format says
_CONFIG_KEYS = ("architectures", "auto_map", "model_type")
_QUANTISATION_KEYS = ("bits", "load_in_4bit", "load_in_8bit", "quant_method")
_TOKENIZER_KEYS = ("bos_token", "chat_template", "eos_token", "pad_token", "unk_token", "use_default_system_prompt")


def facts(store: GitStore, commit: str) -> dict[str, Any]:
    """`config` and `safetensors` of a model repository, each only where its files are there and can be read."""
    found = {"config": config(store, commit), "safetensors": safetensors(store, commit)}
    return {key: value for key, value in found.items() if value}


def config(store: GitStore, commit: str) -> dict[str, Any]:
    """The part of config.json and tokenizer_config.json that the Hub tells; the choice of keys is partly a guess."""
    told = _some(_json_file(store, commit, "config.json"), _CONFIG_KEYS)
    quantisation = _json_file(store, commit, "config.json").get("quantization_config")
    if isinstance(quantisation, dict):
        told["quantization_config"] = _some(quantisation, _QUANTISATION_KEYS)
    tokenizer = _some(_json_file(store, commit, "tokenizer_config.json"), _TOKENIZER_KEYS)
    if tokenizer:
        told["tokenizer_config"] = tokenizer
    template = store.read(commit, "chat_template.jinja")
    return {**told, "chat_template_jinja": template.decode("utf-8", "replace")} if template is not None else told


def safetensors(store: GitStore, commit: str) -> dict[str, Any] | None:
    """`{"parameters": {dtype: count}, "total": count}` by the headers of the weights; None where there are none."""
    index = _json_file(store, commit, _INDEX).get("weight_map")
    paths = sorted({str(path) for path in index.values()}) if isinstance(index, dict) else [_WEIGHTS]
    headers = [_header(store, commit, path) for path in paths]
    tensors = [tensor for header in headers for name, tensor in header.items() if name != "__metadata__"]
    parameters: Counter[str] = Counter()
    try:
        for tensor in tensors:
            parameters[str(tensor["dtype"])] += math.prod(tensor["shape"])
    except (KeyError, TypeError):
        return None
    return {"parameters": dict(parameters), "total": parameters.total()} if parameters else None


def _header(store: GitStore, commit: str, path: str) -> dict[str, Any]:
    """https://huggingface.co/docs/safetensors, Format: the length of a JSON object, and the object."""
    entry = store.entry(commit, path)
    if entry is None or entry.is_folder:
        return {}
    with opened(store, entry) as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        return _object(file.read(length)) if length <= min(entry.size, _LONGEST_HEADER) else {}


def _json_file(store: GitStore, commit: str, path: str) -> dict[str, Any]:
    return _object(store.read(commit, path) or b"")


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _some(values: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}
