"""What an inspect task loads: its logs name the dataset, but neither the config nor the split nor the commit.

The functions that evals load with are watched. What was really read is told by where it lies: the cache of `datasets`
and the one of the Hub have the commit in the path.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .record import Dataset

_COMMIT = re.compile(r"[0-9a-f]{40}")
_IN_PATH = re.compile(r"/([0-9a-f]{40})(?:/|$)")
_REPOSITORY = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)?")
_BUILDERS = frozenset({"json", "csv", "parquet", "text", "arrow", "imagefolder", "webdataset"})
_NOT_TESTED_ON = ("train", "dev", "auxiliary", "fewshot", "few_shot")


@dataclass
class LoadWatch:
    """What was loaded since it began. `samples` tells from which load each sample of inspect's came, by its id()."""

    seed: int
    loads: list[Dataset] = field(default_factory=list)
    samples: dict[int, Dataset] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)
    """Keeps the samples alive, so that no other object gets the id of one."""

    def keep(self, dataset: Any, load: Dataset) -> None:
        self._kept.append(dataset)
        self.samples.update({id(sample): load for sample in dataset})


_WATCH: ContextVar[LoadWatch | None] = ContextVar("inspect_load_watch", default=None)
_INSIDE: ContextVar[bool] = ContextVar("inspect_load_inside", default=False)


@contextlib.contextmanager
def watched_loads(seed: int) -> Iterator[LoadWatch]:
    """Watch the loads of this thread. `seed` is for shuffles that have none: the same run gets the same items."""
    watch = LoadWatch(seed)
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)


def watch_loaders() -> None:
    """Put the watch before the loaders. Has to be done before an eval is imported, as some keep the function itself."""
    import datasets
    import huggingface_hub
    import inspect_ai.dataset

    datasets.load_dataset = _watched(datasets.load_dataset, _of_load_dataset)
    huggingface_hub.snapshot_download = _watched(huggingface_hub.snapshot_download, _of_download)
    huggingface_hub.hf_hub_download = _watched(huggingface_hub.hf_hub_download, _of_download)
    inspect_ai.dataset.hf_dataset = _seeded(inspect_ai.dataset.hf_dataset)


def dataset_of_samples(samples: Iterable[Any], watch: LoadWatch) -> Dataset | None:
    """Where the samples of a task came from. Members on which several loads differ are None."""
    from_loads = [watch.samples[id(sample)] for sample in samples if id(sample) in watch.samples]
    return _common(from_loads) or _common(_tested_on(watch.loads)) or _common(watch.loads)


def _watched(function: Callable[..., Any], describe: Callable[[dict[str, Any], Any], Dataset | None]) -> Any:
    """The function, telling the watch what it was called with and what it gave; calls inside of it are its own."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        watch = _WATCH.get()
        if watch is None or _INSIDE.get():
            return function(*args, **kwargs)
        token = _INSIDE.set(True)
        try:
            result = function(*args, **kwargs)
        finally:
            _INSIDE.reset(token)
        load = describe(signature.bind(*args, **kwargs).arguments, result)
        if load is not None:
            watch.loads.append(load)
        return result

    return call


def _seeded(function: Callable[..., Any]) -> Any:
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        watch = _WATCH.get()
        if watch is None:
            return function(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        if bound.arguments.get("shuffle") is True and bound.arguments.get("seed") is None:
            bound.arguments["seed"] = watch.seed
        if bound.arguments.get("shuffle_choices") is True:
            bound.arguments["shuffle_choices"] = watch.seed
        dataset = function(*bound.args, **bound.kwargs)
        if watch.loads:
            watch.keep(dataset, watch.loads[-1])
        return dataset

    return call


def _of_load_dataset(arguments: dict[str, Any], result: Any) -> Dataset | None:
    path = str(arguments.get("path"))
    if path in _BUILDERS or not _REPOSITORY.fullmatch(path):
        return None  # files of the eval's own
    info = getattr(result, "info", None)
    split = arguments.get("split")
    return {
        "id": path,
        "config": arguments.get("name") or getattr(info, "config_name", None),
        "split": None if split is None else str(split),
        "revision": _loaded_commit(result) or _as_commit(arguments.get("revision")),
    }


def _of_download(arguments: dict[str, Any], result: Any) -> Dataset | None:
    if arguments.get("repo_type") != "dataset":
        return None
    return {
        "id": str(arguments.get("repo_id")),
        "config": None,
        "split": None,
        "revision": _in_path([str(result)]) or _as_commit(arguments.get("revision")),
    }


def _loaded_commit(dataset: Any) -> str | None:
    files = getattr(dataset, "cache_files", None)
    if isinstance(files, dict):  # of several splits
        files = [file for split in files.values() for file in split]
    return _in_path(str(file.get("filename")) for file in files or ())


def _in_path(paths: Iterable[str]) -> str | None:
    commits = {found[1] for found in map(_IN_PATH.search, paths) if found}
    return commits.pop() if len(commits) == 1 else None


def _as_commit(revision: Any) -> str | None:
    return revision if isinstance(revision, str) and _COMMIT.fullmatch(revision) else None


def _tested_on(loads: list[Dataset]) -> list[Dataset]:
    return [load for load in loads if not (load["split"] or "").startswith(_NOT_TESTED_ON)]


def _common(loads: list[Dataset]) -> Dataset | None:
    if not loads:
        return None
    first = loads[0]
    if any(load["id"] != first["id"] for load in loads):
        return None
    same = {name: all(load[name] == first[name] for load in loads) for name in ("config", "split", "revision")}
    return {
        "id": first["id"],
        "config": first["config"] if same["config"] else None,
        "split": first["split"] if same["split"] else None,
        "revision": first["revision"] if same["revision"] else None,
    }
