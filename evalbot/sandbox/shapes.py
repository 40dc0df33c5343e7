"""State as the JSON the clients read: docs/hub-api.md names the keys they cannot do without."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from evalbot.sandbox import benchmarks, eval_results, git_merge, model_files, people
from evalbot.sandbox.card_check import metadata_of
from evalbot.sandbox.card_yaml import CardYamlError
from evalbot.sandbox.records import as_date
from evalbot.sandbox.refusals import bad_request
from evalbot.sandbox.repos import DATASET, MODEL

if TYPE_CHECKING:
    from evalbot.sandbox.accounts import Accounts
    from evalbot.sandbox.call import Call, Hub
    from evalbot.sandbox.discussions import Discussion, Event
    from evalbot.sandbox.git_store import CommitRecord, Entry, GitStore
    from evalbot.sandbox.repos import Repo

_EXPANDABLE_BY_ALL = {
    *("author", "cardData", "createdAt", "disabled", "downloads", "downloadsAllTime", "gated", "lastModified"),
    *("likes", "private", "resourceGroup", "sha", "siblings", "tags", "trendingScore", "usedStorage"),
}
EXPANDABLE = {
    "model": _EXPANDABLE_BY_ALL
    | {"baseModels", "childrenModelCount", "config", "evalResults", "gguf", "inference"}
    | {"inferenceProviderMapping", "library_name", "mask_token", "model-index", "pipeline_tag", "safetensors"}
    | {"spaces", "transformersInfo", "widgetData"},
    "dataset": _EXPANDABLE_BY_ALL | {"citation", "description", "mainSize", "paperswithcode_id"},
}
"""Values `expand` may ask for; the ones the sandbox knows nothing of are left out of the answer."""


def repo_info(repo: Repo, store: GitStore, commit: str, *, blobs: bool) -> dict[str, Any]:
    """Everything about a repository at a commit but `evalResults`, which only `expand` brings."""
    metadata = card_data(store, commit)
    info: dict[str, Any] = {
        "_id": repo.key,
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit,
        "lastModified": as_date(store.record(commit).time),
        "createdAt": repo.created_at,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": repo.disabled,
        "downloads": 0,
        "likes": 0,
        "tags": [*_tags(metadata or {}), *_benchmark_tags(repo, store, commit)],
        "siblings": [sibling(entry, blobs=blobs) for entry in store.files(commit)],
        "usedStorage": sum(entry.size for entry in store.files(commit)),
    }
    if repo.kind.name == "model":
        info |= {"modelId": repo.id, "spaces": []}
        info |= {key: (metadata or {})[key] for key in ("library_name", "pipeline_tag") if key in (metadata or {})}
        info |= {"model-index": (metadata or {}).get("model-index")}
    return info if metadata is None else {**info, "cardData": metadata}


def expanded_info(call: Call, repo: Repo, store: GitStore, commit: str, wanted: list[str]) -> dict[str, Any]:
    """`_id`, `id` and what was asked for."""
    known = EXPANDABLE[repo.kind.name]
    for index, key in enumerate(wanted):
        if key not in known:
            raise bad_request(f'"expand[{index}]" must be one of [{", ".join(sorted(known))}]')
    info = repo_info(repo, store, commit, blobs=False)
    if repo.kind is MODEL and {"config", "safetensors"} & {*wanted}:
        info |= model_files.facts(store, commit)
    if "evalResults" in wanted:
        info["evalResults"] = eval_results_of(call, repo, store, commit)
    return {key: info[key] for key in ("_id", "id", *wanted) if key in info}


def eval_results_of(call: Call, repo: Repo, store: GitStore, commit: str) -> list[dict[str, Any]]:
    """`evalResults`: see eval_results.items."""
    complaint = partial(benchmarks.complaint, call.hub.repos)
    return eval_results.items(store, commit, call.discussions(repo), complaint)


def card_data(store: GitStore, commit: str) -> dict[str, Any] | None:
    """The card's front matter; None where there is none or it cannot be read (pushed by git, past the check)."""
    card = store.read(commit, "README.md")
    try:
        metadata = metadata_of(card.decode("utf-8")) if card else None
    except (CardYamlError, UnicodeDecodeError):
        return None
    return metadata if isinstance(metadata, dict) else None


def _tags(metadata: dict[str, Any]) -> list[str]:
    own = metadata.get("tags")
    tags = [tag for tag in own if isinstance(tag, str)] if isinstance(own, list) else []
    tags += [value for key in ("library_name", "pipeline_tag") if isinstance(value := metadata.get(key), str)]
    tags += [f"license:{value}" for value in [metadata.get("license")] if isinstance(value, str)]
    tags += ["model-index"] if metadata.get("model-index") else []
    return [*dict.fromkeys(tags), "region:us"]


def _benchmark_tags(repo: Repo, store: GitStore, commit: str) -> list[str]:
    """What `list_datasets(benchmark=True)` filters by. The Hub gives it to the ones it admitted, the sandbox to all."""
    is_benchmark = repo.kind is DATASET and benchmarks.at(store, commit) is not None
    return ["benchmark:official"] if is_benchmark else []


def sibling(entry: Entry, *, blobs: bool) -> dict[str, Any]:
    details = {"size": entry.size, "blobId": entry.oid} if blobs else {}
    return {"rfilename": entry.path, **details}


def tree_item(entry: Entry) -> dict[str, Any]:
    kind = "directory" if entry.is_folder else "file"
    return {"type": kind, "oid": entry.oid, "size": entry.size, "path": entry.path}


def last_commit(commit: CommitRecord) -> dict[str, Any]:
    return {"id": commit.oid, "title": commit.title, "date": as_date(commit.time)}


def history_item(accounts: Accounts, commit: CommitRecord, *, formatted: bool) -> dict[str, Any]:
    known = [{"user": commit.author, "avatar": "/avatars/user.svg"}] if commit.author in accounts.users else []
    item = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.details,
        "authors": known,
        "date": as_date(commit.time),
    }
    html = {"title": escape(commit.title), "message": escape(commit.details)}
    return {**item, "formatted": html} if formatted else item


def refs(store: GitStore, *, include_prs: bool) -> dict[str, Any]:
    found = {
        "branches": _refs(store, "refs/heads/"),
        "converts": _refs(store, "refs/convert/"),
        "tags": _refs(store, "refs/tags/"),
    }
    return {**found, "pullRequests": _refs(store, "refs/pr/")} if include_prs else found


def _refs(store: GitStore, prefix: str) -> list[dict[str, str]]:
    return [{"name": name, "ref": prefix + name, "targetCommit": commit} for name, commit in store.refs(prefix).items()]


def discussion_summary(hub: Hub, repo: Repo, discussion: Discussion) -> dict[str, Any]:
    return {
        "num": discussion.num,
        **people.author(hub.accounts, discussion.author),
        "repo": {"name": repo.id, "type": repo.kind.name},
        "title": discussion.title,
        "status": discussion.status,
        "createdAt": discussion.created_at,
        "isPullRequest": discussion.is_pull_request,
        "pinned": False,
        "numComments": sum(event.type == "comment" for event in discussion.events),
        "numReactionUsers": 0,
        "topReactions": [],
    }


def discussion_details(call: Call, repo: Repo, discussion: Discussion, *, diff: bool) -> dict[str, Any]:
    """A discussion with its events; for a pull request also what it changes and whether it still fits."""
    page = f"/{repo.page}/discussions/{discussion.num}"
    details = {
        **discussion_summary(call.hub, repo, discussion),
        "_id": discussion.id,
        "events": [event(call.hub.accounts, each) for each in list(discussion.events)],
        "locked": False,
        "isReport": False,
        "collection": "discussions",
        "diffUrl": f"{page}.diff",
    }
    if not discussion.is_pull_request:
        return details
    details["changes"] = {"base": discussion.base}
    if discussion.merge_commit:
        details["changes"] |= {"mergeCommitId": discussion.merge_commit}
    return details | _fit(call.store(repo), discussion, diff=diff)


def _fit(store: GitStore, discussion: Discussion, *, diff: bool) -> dict[str, Any]:
    base, head = store.resolve(discussion.base), store.resolve(discussion.ref)
    conflicts = git_merge.conflicts(store, base, head) if discussion.is_open else []
    text = {"diff": git_merge.diff_of(store, discussion)} if diff else {}
    return {"filesWithConflicts": conflicts, **text}


def event(accounts: Accounts, happened: Event) -> dict[str, Any]:
    data = _comment(accounts, happened) if happened.type == "comment" else happened.data
    return {
        "id": happened.id,
        "type": happened.type,
        "createdAt": happened.created_at,
        **people.author(accounts, happened.author),
        "data": data,
    }


def _comment(accounts: Accounts, happened: Event) -> dict[str, Any]:
    versions, hidden = happened.data["versions"], happened.data["hidden"]
    author = people.author(accounts, happened.author)
    shown = [
        {"raw": text, "html": escape(text), "updatedAt": each["at"], **author}
        for each in versions
        for text in ["" if hidden else each["raw"]]
    ]
    return {
        "edited": len(versions) > 1,
        "hidden": hidden,
        "latest": shown[-1],
        "history": shown[:-1],
        "numEdits": len(versions) - 1,
        "editors": [happened.author],
        "editorAvatarUrls": [],
        "reactions": [],
        "isReport": False,
    }
