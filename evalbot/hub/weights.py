"""Whether two commits of a repository hold the same model: the files that engines load, by their git blob ids.

Wire: `GET /api/models/{id}/tree/{revision}`, page by page. A large file's blob is its pointer, which changes with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from huggingface_hub.errors import RevisionNotFoundError
from huggingface_hub.utils._pagination import paginate

from evalbot.errors import UsageError

if TYPE_CHECKING:
    from evalbot.hub.client import Hub

_LOADED = re.compile(
    r"(?:config|params|hf_quant_config|quantize_config|quant_config|added_tokens|special_tokens_map|chat_template)\.json"
    r"|(?:preprocessor|processor)_config\.json|tokenizer.*|vocab.*|merges\.txt|sentencepiece.*|spiece\.model"
    r"|.*\.(?:index\.json|model|tiktoken|jinja|py)"
)
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")
_BEST = ".safetensors"
"""Where there are weights of this kind, engines load no other."""
_SHOWN = 3


def require_same_weights(hub: Hub, repo_id: str, evaluated: str, published: str = "main") -> None:
    """Raise UsageError where the model at the published revision is not the one that was evaluated."""
    if evaluated == published:
        return
    try:
        then = _files(hub, repo_id, evaluated)
    except RevisionNotFoundError:
        raise UsageError(
            f"{repo_id} has no commit {evaluated[:12]} any more, so nobody can tell whether it is what was evaluated.",
            hint="Evaluate the model as it is now.",
        ) from None
    now = _files(hub, repo_id, published)
    if all(any(path.endswith(_BEST) for path in files) for files in (then, now)):
        then, now = _without_others(then), _without_others(now)
    changed = sorted(path for path in then.keys() | now.keys() if then.get(path) != now.get(path))
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        raise UsageError(
            f"Commit {evaluated[:12]}, which was evaluated, is another model than {repo_id} has on main:"
            f" {', '.join(changed[:_SHOWN])}{more} differ{'s' if len(changed) == 1 else ''}.",
            hint="Evaluate main as it is now; results of another branch or of earlier weights are not main's.",
        )


def _files(hub: Hub, repo_id: str, revision: str) -> dict[str, str]:
    """Path → blob id of what is loaded; what lies in folders is something else, such as another format."""
    url = f"{hub.endpoint}/api/models/{repo_id}/tree/{quote(revision, safe='')}"
    missing: RevisionNotFoundError | None = None
    with hub.translated(f"list the files of {repo_id} at {revision[:12]}", repo_id):
        try:
            found = hub.retried(lambda: list(paginate(url, params={}, headers=hub.headers)))
        except RevisionNotFoundError as error:
            missing, found = error, []
    if missing is not None:
        raise missing
    return {
        str(item["path"]): str(item["oid"]) for item in found if item["type"] == "file" and _is_loaded(item["path"])
    }


def _is_loaded(path: str) -> bool:
    return path.endswith(_WEIGHTS) or _LOADED.fullmatch(path) is not None


def _without_others(files: dict[str, str]) -> dict[str, str]:
    return {path: blob for path, blob in files.items() if path.endswith(_BEST) or not path.endswith(_WEIGHTS)}
