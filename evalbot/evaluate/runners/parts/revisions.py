"""Asks the Hub at which commit a repository is, so that what is loaded is what is written down."""

from __future__ import annotations

import http.client
import os
import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from .asking import Refused, ask_hub
from .failures import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable

HUB: Final = "https://huggingface.co"
HUB_SECONDS: Final = 20.0
COMMIT: Final = re.compile(r"[0-9a-f]{40}")
WEIGHTS: Final = (".safetensors", ".bin", ".pt", ".pth", ".gguf")
CONFIGS: Final = ("config.json", "params.json")
_KINDS: Final = {"models": "missing-model", "datasets": "dataset-unreachable"}


@dataclass(frozen=True)
class Snapshot:
    """A repository at one commit. `files` are all it holds."""

    commit: str
    files: tuple[str, ...]


def snapshot(kind: Literal["models", "datasets"], repo: str, revision: str | None) -> Snapshot | None:
    """The commit a branch, tag or commit stands for. None where there is no Hub to ask: offline, or no answer.

    Raises `Failure` where the Hub says that it is not there (missing-model, dataset-unreachable) or may not be read
    (gated-model, dataset-unreachable).
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return None
    place = f"{_endpoint()}/api/{kind}/{urllib.parse.quote(repo)}"
    if revision is not None:
        place += f"/revision/{urllib.parse.quote(revision, safe='')}"
    try:
        answer = ask_hub(place, os.environ.get("HF_TOKEN"), HUB_SECONDS)
        commit = answer["sha"]
        files = tuple(str(file["rfilename"]) for file in answer.get("siblings") or ())
    except Refused as refused:
        raise _refusal(kind, repo, revision, refused) from None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    return Snapshot(commit, files) if isinstance(commit, str) and COMMIT.fullmatch(commit) else None


def check_files(model: str, files: Iterable[str]) -> None:
    """Raise `Failure` (no-weights) where a model's files cannot be loaded as a model."""
    names = {Path(file).name: file for file in files}
    if not any(name in names for name in CONFIGS):
        adapter = " It is an adapter; merge it into its base model first." if "adapter_config.json" in names else ""
        raise Failure("no-weights", f"{model} has no config.json.{adapter}")
    if not any(name.endswith(WEIGHTS) for name in names):
        raise Failure("no-weights", f"{model} has a config.json, but no weights.")


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def _refusal(kind: str, repo: str, revision: str | None, refused: Refused) -> Failure:
    what = "model" if kind == "models" else "dataset"
    place = repo if revision is None else f"{repo} at {revision}"
    code = refused.headers.get("X-Error-Code")
    if code == "GatedRepo":
        return Failure("gated-model" if kind == "models" else _KINDS[kind], f"The {what} {place} is gated.")
    if refused.status in {401, 403, 404}:
        return Failure(_KINDS[kind], f"There is no {what} {place} on the Hub, or this token may not read it.")
    return Failure(_KINDS[kind], f"The Hub answered {refused.status} to the question for the {what} {place}.")
