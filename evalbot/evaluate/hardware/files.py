"""Which files of a model engines load, and what to say where they would find none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.errors import NothingFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

CONFIG = "config.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
TEMPLATE_FILE = "chat_template.jinja"
TOKENIZERS = frozenset(
    {"tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tekken.json", "tiktoken.model"}
)
_WEIGHTS = {
    "safetensors": re.compile(r"model(?:-\d+-of-\d+)?\.safetensors"),
    "bin": re.compile(r"pytorch_model(?:-\d+-of-\d+)?\.bin"),
}
"""The files that transformers and vLLM load first; others beside them (consolidated, fp16) are copies."""
_OTHER_WEIGHTS = re.compile(r"(?!adapter_|consolidated)[^/]+\.safetensors")


def weight_files(kind: str, paths: Iterable[str]) -> list[str]:
    """The files of one format that are loaded, of paths relative to the model's top folder."""
    paths = list(paths)
    found = [path for path in paths if _WEIGHTS[kind].fullmatch(path)]
    if not found and kind == "safetensors":
        found = [path for path in paths if _OTHER_WEIGHTS.fullmatch(path)]
    return found


def weight_format(name: str, paths: Collection[str], *, base: str | None = None) -> str:
    """The format that is loaded: safetensors, or else bin. Raises NothingFound, with what there is instead.

    `base` is the model it says it was made from.
    """
    for kind in _WEIGHTS:
        if weight_files(kind, paths):
            return kind
    instead = f"Name {base}, which it was made from." if base else "Name the model that it was made from."
    if "adapter_config.json" in paths:
        raise NothingFound(
            f"{name} holds an adapter (LoRA) and not a whole model, so it cannot be evaluated alone.",
            hint=f"Merge it into its base model and name the result. {instead}",
        )
    if any(path.endswith(".gguf") for path in paths):
        raise NothingFound(f"{name} holds GGUF files only, which the engines cannot load.", hint=instead)
    raise NothingFound(
        f"{name} holds no weights in its top folder that the engines could load (safetensors or pytorch_model.bin).",
        hint="Check the name and the revision; the weights may be on another branch.",
    )


def no_config(name: str) -> NothingFound:
    """For a model that nobody can build."""
    return NothingFound(
        f"{name} has no {CONFIG} that can be read, so engines cannot load it.",
        hint=f"Add the model's {CONFIG}, or name the model that it was made from.",
    )
