"""The leaderboard of a benchmark dataset: every result that public models on this sandbox publish or are offered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from evalbot.sandbox import people, shapes
from evalbot.sandbox.repos import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalbot.sandbox.call import Call
    from evalbot.sandbox.repos import Repo


def rows(call: Call, dataset: Repo, *, task: str | None, base_models_only: bool) -> list[dict[str, Any]]:
    """Best (highest) value first: `{rank, modelId, value, verified, author, source?, filename, pullRequest?, notes?}`.

    A row a result, so a model may stand here more than once; equal values are in the order of model ids. Values
    that are no numbers have no rank and are left out. With `base_models_only` models whose card names a
    `base_model` are left out, as in the Hub's default view.
    """
    found = [
        {"modelId": model.id, "author": people.owner(call.hub.accounts, model.namespace), **_row(call, item)}
        for model in call.hub.repos.of_kind(MODEL)
        if model.is_listed and not (base_models_only and _is_derived(call, model))
        for item in _results(call, model)
        if _is_of(item, dataset.id, task)
    ]
    found.sort(key=lambda row: -row["value"])
    return [{"rank": rank, **row} for rank, row in enumerate(found, 1)]


def _results(call: Call, model: Repo) -> Iterator[dict[str, Any]]:
    store = call.store(model)
    return (item for item in shapes.eval_results_of(call, model, store, store.resolve("main")) if "data" in item)


def _is_derived(call: Call, model: Repo) -> bool:
    store = call.store(model)
    return bool((shapes.card_data(store, store.resolve("main")) or {}).get("base_model"))


def _is_of(item: dict[str, Any], dataset: str, task: str | None) -> bool:
    named, value = item["data"]["dataset"], item["data"]["value"]
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return is_number and named["id"].lower() == dataset.lower() and task in {None, named["task_id"]}


def _row(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    data = item["data"]
    row = {"value": data["value"], "verified": item["verified"], "filename": item["filename"]}
    source = data.get("source")
    if source:
        is_ours = urlsplit(source["url"]).netloc in {urlsplit(call.hub.endpoint).netloc, "huggingface.co"}
        row["source"] = {"url": source["url"], "name": source.get("name"), "isExternal": not is_ours}
    optional = {"pullRequest": item.get("pullRequest"), "notes": data.get("notes")}
    return row | {key: value for key, value in optional.items() if value is not None}
