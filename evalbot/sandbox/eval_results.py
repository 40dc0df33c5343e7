"""`.eval_results/*.yaml` as model info shows it: results on main, and the ones open pull requests propose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from evalbot.sandbox.card_yaml import CardYamlError, parse

if TYPE_CHECKING:
    from evalbot.sandbox.git_store import GitStore
    from evalbot.sandbox.repos import Repo

_FOLDER = ".eval_results/"
_TEXT = {"type": "string", "minLength": 1}
_ENTRIES = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["dataset", "value"],
            "properties": {
                "dataset": {
                    "type": "object",
                    "required": ["id", "task_id"],
                    "properties": {"id": _TEXT, "task_id": _TEXT, "revision": _TEXT},
                },
                "source": {"type": "object", "required": ["url"], "properties": {"url": _TEXT}},
                "date": _TEXT,
                "notes": {"type": "string"},
                "verifyToken": _TEXT,
            },
        },
    },
)


def items(repo: Repo, store: GitStore, commit: str) -> list[dict[str, Any]]:
    """Items of `evalResults` in model info: `{filename, verified, data, pullRequest?}` or `{filename, error}`."""
    published = _files(store, commit)
    found = [item for path, oid in published.items() for item in _read(path, store.blob(oid))]
    for discussion in list(repo.discussions.values()):
        if discussion.is_pull_request and discussion.is_open:
            proposed = _files(store, store.resolve(discussion.ref))
            fresh = {path: oid for path, oid in proposed.items() if published.get(path) != oid}
            for path, oid in fresh.items():
                found += [{**item, "pullRequest": discussion.num} for item in _read(path, store.blob(oid))]
    return found


def _files(store: GitStore, commit: str) -> dict[str, str]:
    return {
        entry.path: entry.oid
        for entry in store.files(commit)
        if entry.path.startswith(_FOLDER) and entry.path.endswith((".yaml", ".yml"))
    }


def _read(path: str, content: bytes) -> list[dict[str, Any]]:
    try:
        entries = parse(content.decode("utf-8"))
    except (CardYamlError, UnicodeDecodeError) as error:
        return [{"filename": path, "error": f"Invalid YAML: {error}"}]
    wrong = next(_ENTRIES.iter_errors(entries), None)
    if wrong:
        return [{"filename": path, "error": f"{wrong.json_path}: {wrong.message}"}]
    return [{"filename": path, "verified": False, "data": entry} for entry in entries]
