"""What the Hub says of a model before anything of it is downloaded: two requests, three where it says little.

Wire: `GET /api/models/{id}/revision/{revision}?blobs=true` (safetensors counts, file sizes, tokenizer), `config.json`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from evalbot.errors import AnswerTooLong, InvalidCard, MissingCard
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
from evalbot.hub.retries import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.hub.client import Hub

_INDEX = {"safetensors": "model.safetensors.index.json", "bin": "pytorch_model.bin.index.json"}
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_REPO_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_MOST = 10**15
"""No file has more bytes and no model more parameters."""


def read_model_facts(hub: Hub, repo_id: str, revision: str = "main") -> ModelFacts:
    """The facts of a model at a revision, by the commit that it is at now.

    Raises NothingFound for a repository that is not there or holds no model that engines can load (GGUF only, an
    adapter, no weights, no config.json), AccessDenied for a private or gated one, ServiceFailure.
    """
    url = f"{hub.endpoint}/api/models/{repo_id}/revision/{quote(revision, safe='')}"
    with hub.translated(f"read what the Hub knows of {repo_id}", repo_id):
        info: dict[str, Any] = dict(hub.get_json(url, {"blobs": "true"}))
        sizes = {str(item["rfilename"]): _size(item) for item in info["siblings"]}
        commit = str(info["sha"])
        if not _COMMIT.fullmatch(commit):
            raise ValueError("no commit")
    name = str(info.get("id"))
    name = name if _REPO_ID.fullmatch(name) else repo_id
    kind = weight_format(name, sizes, base=_base_model(info))
    config = _json_file(hub, name, CONFIG, commit)
    if not config:
        raise no_config(name)
    return ModelFacts(
        repo_id=name,
        commit=commit,
        gated=info.get("gated") not in (False, None),
        private=info.get("private") is True,
        config=config,
        parameters=_parameters(info.get("safetensors")),
        weight_bytes=_weight_bytes(hub, name, commit, kind, sizes),
        weight_format=kind,
        chat_template=_has_chat_template(hub, name, commit, sizes, info.get("config")),
        tokenizer=any(path in TOKENIZERS for path in sizes),
    )


def _size(item: Mapping[str, Any]) -> int | None:
    """Bytes of a file; of what is kept outside git, not of its pointer."""
    kept = item.get("lfs")
    return _whole(kept.get("size")) if isinstance(kept, dict) and "size" in kept else _whole(item.get("size"))


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST else None


def _base_model(info: Mapping[str, Any]) -> str | None:
    card = info.get("cardData")
    named = card.get("base_model") if isinstance(card, dict) else None
    named = named[0] if isinstance(named, list) and named else named
    return named if isinstance(named, str) and _REPO_ID.fullmatch(named) else None


def _parameters(safetensors: Any) -> dict[str, int]:
    counts = safetensors.get("parameters") if isinstance(safetensors, dict) else None
    found = counts.items() if isinstance(counts, dict) else ()
    return {str(dtype): number for dtype, value in found if (number := _whole(value)) is not None}


def _weight_bytes(hub: Hub, repo_id: str, commit: str, kind: str, sizes: Mapping[str, int | None]) -> int | None:
    """The sum of the files that are loaded; what their index says where the Hub does not give sizes."""
    known = [sizes[path] for path in weight_files(kind, sizes)]
    if all(size is not None for size in known):
        return sum(size for size in known if size is not None)
    if _INDEX[kind] not in sizes:
        return None
    metadata = _json_file(hub, repo_id, _INDEX[kind], commit).get("metadata")
    return _whole(metadata.get("total_size")) if isinstance(metadata, dict) else None


def _has_chat_template(hub: Hub, repo_id: str, commit: str, sizes: Mapping[str, int | None], said: Any) -> bool | None:
    """By what the Hub read of the tokenizer, where it did; by the tokenizer's own settings otherwise."""
    if TEMPLATE_FILE in sizes:
        return True
    tokenizer = said.get("tokenizer_config") if isinstance(said, dict) else None
    if isinstance(said, dict) and said.get("chat_template_jinja"):
        return True
    if not isinstance(tokenizer, dict):
        if TOKENIZER_CONFIG not in sizes:
            return False
        tokenizer = _json_file(hub, repo_id, TOKENIZER_CONFIG, commit)
        if not tokenizer:
            return None
    return bool(tokenizer.get("chat_template"))


def _json_file(hub: Hub, repo_id: str, path: str, commit: str) -> dict[str, Any]:
    """A JSON object of a repository; empty where it is not there, not one, or too long to read."""
    try:
        data = json.loads(hub.read_file(repo_id, path, commit).data)
    except (MissingCard, AnswerTooLong, InvalidCard, *UNREADABLE):
        return {}
    return data if isinstance(data, dict) else {}
