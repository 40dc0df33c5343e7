"""The facts of a model in a folder of this machine, read without loading it."""

from __future__ import annotations

import json
from collections import Counter
from math import prod
from typing import TYPE_CHECKING, Any

from evalbot.errors import NothingFound
from evalbot.evaluate.hardware.facts import ModelFacts
from evalbot.evaluate.hardware.files import (
    CONFIG,
    TEMPLATE_FILE,
    TOKENIZER_CONFIG,
    TOKENIZERS,
    no_config,
    weight_files,
    weight_format,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LONGEST_JSON = 16 * 1024 * 1024
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


def read_folder(folder: Path) -> ModelFacts:
    """Raises NothingFound for a folder that is not there, or holds no model that engines can load."""
    try:
        paths = [path.name for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise NothingFound(f"The folder {folder} cannot be read: {error.strerror}.", hint="Check --model.") from None
    kind = weight_format(str(folder), paths)
    config = _json(folder / CONFIG)
    if not config:
        raise no_config(str(folder))
    files = [folder / path for path in weight_files(kind, paths)]
    return ModelFacts(
        repo_id=folder.name,
        config=config,
        parameters=_counted(files) if kind == "safetensors" else {},
        weight_bytes=sum(path.stat().st_size for path in files),
        weight_format=kind,
        chat_template=TEMPLATE_FILE in paths or bool(_json(folder / TOKENIZER_CONFIG).get("chat_template")),
        tokenizer=any(path in TOKENIZERS for path in paths),
    )


def _json(path: Path) -> dict[str, Any]:
    """A file's JSON object; empty where there is none."""
    try:
        if path.stat().st_size > _LONGEST_JSON:
            return {}
        data = json.loads(path.read_bytes())
    except _UNREADABLE:
        return {}
    return data if isinstance(data, dict) else {}


def _counted(files: Iterable[Path]) -> dict[str, int]:
    """Elements by dtype, from the headers of safetensors files; empty where one cannot be read."""
    counts: Counter[str] = Counter()
    try:
        for path in files:
            for name, tensor in _header(path).items():
                if name != "__metadata__":
                    counts[str(tensor["dtype"])] += prod(int(length) for length in tensor["shape"])
    except _UNREADABLE:
        return {}
    return {dtype: number for dtype, number in counts.items() if number > 0}


def _header(path: Path) -> dict[str, Any]:
    """The first bytes of a safetensors file: their number in eight bytes, little-endian, then JSON."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _LONGEST_JSON:
            raise ValueError("not a header")
        return dict(json.loads(file.read(length)))
