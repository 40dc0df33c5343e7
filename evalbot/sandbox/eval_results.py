"""`.eval_results/*.yaml` as model info shows it: results on main, and the ones open pull requests propose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from evalbot.sandbox import git_merge
from evalbot.sandbox.card_yaml import CardYamlError, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from evalbot.sandbox.discussions import Discussion
    from evalbot.sandbox.git_store import GitStore

    Complaint = Callable[[str, str], str | None]

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


def items(
    store: GitStore, commit: str, discussions: Iterable[Discussion], complaint: Complaint
) -> list[dict[str, Any]]:
    """Items of `evalResults` in model info: `{filename, verified, data, pullRequest?}` or `{filename, error}`.

    `complaint(dataset, task)` says why a result may not name them, or None. A pull request's results are those of
    the files it adds or changes; drafts count as open, as in the Hub's list of discussions (a guess).
    """
    found = [item for path, oid in files(store, commit).items() for item in _read(path, store.blob(oid), complaint)]
    for discussion in discussions:
        if discussion.is_pull_request and discussion.is_open and store.ref(discussion.ref):
            for path, oid in _proposed(store, discussion).items():
                found += [{**item, "pullRequest": discussion.num} for item in _read(path, store.blob(oid), complaint)]
    return found


def files(store: GitStore, commit: str) -> dict[str, str]:
    """Path → blob id of every result file at a commit."""
    return {
        entry.path: entry.oid
        for entry in store.files(commit)
        if entry.path.startswith(_FOLDER) and entry.path.endswith((".yaml", ".yml"))
    }


def _proposed(store: GitStore, pull_request: Discussion) -> dict[str, str]:
    """Compared with where it left its base: what the base changed since is not the pull request's."""
    head = store.resolve(pull_request.ref)
    before = files(store, git_merge.parting(store, store.resolve(pull_request.base), head))
    return {path: oid for path, oid in files(store, head).items() if before.get(path) != oid}


def _read(path: str, content: bytes, complaint: Complaint) -> list[dict[str, Any]]:
    try:
        entries = parse(content.decode("utf-8"))
    except (CardYamlError, UnicodeDecodeError) as error:
        return [{"filename": path, "error": f"Invalid YAML: {error}"}]
    wrong = next(_ENTRIES.iter_errors(entries), None)
    if wrong:
        return [{"filename": path, "error": f"{wrong.json_path}: {wrong.message}"}]
    named = ((index, entry["dataset"]) for index, entry in enumerate(entries))
    refused = [(index, why) for index, data in named if (why := complaint(data["id"], data["task_id"]))]
    if refused:
        return [{"filename": path, "error": f"$[{refused[0][0]}]: {refused[0][1]}"}]
    return [{"filename": path, "verified": False, "data": entry} for entry in entries]
