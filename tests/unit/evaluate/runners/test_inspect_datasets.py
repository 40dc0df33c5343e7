from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.evaluate.runners.parts import inspect_datasets
from evalbot.evaluate.runners.parts.inspect_datasets import LoadWatch, dataset_of_samples, watched_loads

if TYPE_CHECKING:
    from evalbot.evaluate.runners.parts.record import Dataset

_ASKED, _READ = "a" * 40, "b" * 40


def _load(split: str, **members: str | None) -> Dataset:
    return {"id": members.get("id") or "o/d", "config": members.get("config"), "split": split, "revision": _READ}


class _Loaded:
    """As `datasets` gives it: rows, a configuration's name and the files they lie in."""

    def __init__(self, config: str, folder: str) -> None:
        self.info = SimpleNamespace(config_name=config)
        self.cache_files = [{"filename": f"/cache/o___d/{config}/0.0.0/{folder}/d-test.arrow"}]


def _loader(folder: str) -> Any:
    def load_dataset(path: str, name: str | None = None, split: str | None = None, revision: str | None = None) -> Any:
        del path, split, revision
        return _Loaded(name or "default", folder)

    return inspect_datasets._watched(load_dataset, inspect_datasets._of_load_dataset)  # noqa: SLF001


@pytest.mark.parametrize(
    ("folder", "revision", "commit"),
    [
        (_READ, _ASKED, _READ),  # what was read counts, not what was asked for
        ("no-commit", _ASKED, _ASKED),
        ("no-commit", "main", None),
        ("no-commit", None, None),
    ],
)
def test_watch__records_the_commit_that_was_read(folder: str, revision: str | None, commit: str | None) -> None:
    with watched_loads(1) as watch:
        _loader(folder)("o/d", "c", split="test", revision=revision)
    assert watch.loads == [{"id": "o/d", "config": "c", "split": "test", "revision": commit}]


@pytest.mark.parametrize("path", ["json", "parquet", "/some/folder", "./data"])
def test_watch__files_of_the_evals_own_are_no_dataset_of_the_hub(path: str) -> None:
    with watched_loads(1) as watch:
        _loader(_READ)(path)
    assert watch.loads == []


def test_watch__nothing_is_recorded_outside_of_it() -> None:
    load = _loader(_READ)
    with watched_loads(1) as watch:
        pass
    load("o/d")
    assert watch.loads == []


def test_watch__calls_inside_of_a_load_are_its_own() -> None:
    inner = _loader(_READ)
    outer = inspect_datasets._watched(lambda path: inner(path), inspect_datasets._of_load_dataset)  # noqa: SLF001, PLW0108
    with watched_loads(1) as watch:
        outer("o/d")
    assert len(watch.loads) == 1


def _seen_by(arguments: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def hf_dataset(path: str, shuffle: Any = False, seed: Any = None, shuffle_choices: Any = None) -> list[Any]:
        seen.update(path=path, shuffle=shuffle, seed=seed, shuffle_choices=shuffle_choices)
        return []

    with watched_loads(7):
        inspect_datasets._seeded(hf_dataset)("o/d", **arguments)  # noqa: SLF001
    return seen


@pytest.mark.parametrize(
    ("arguments", "seed", "choices"),
    [
        ({"shuffle": True}, 7, None),
        ({"shuffle": True, "seed": 42}, 42, None),
        ({"shuffle": False}, None, None),
        ({"shuffle_choices": True}, None, 7),
        ({"shuffle_choices": 3}, None, 3),
    ],
)
def test_watch__a_shuffle_without_a_seed_gets_the_runs(arguments: dict[str, Any], seed: Any, choices: Any) -> None:
    seen = _seen_by(arguments)
    assert (seen["seed"], seen["shuffle_choices"]) == (seed, choices)


def test_dataset__is_where_the_samples_came_from_and_not_the_examples() -> None:
    watch = LoadWatch(1)
    tested, examples = [object(), object()], [object()]
    watch.loads = [_load("train"), _load("validation")]
    watch.keep(examples, watch.loads[0])
    watch.keep(tested, watch.loads[1])
    found = dataset_of_samples(tested, watch)
    assert found is not None
    assert found["split"] == "validation"


@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ([], None),
        ([_load("train"), _load("test")], _load("test")),
        ([_load("dev")], _load("dev")),
        (
            [_load("test", config="a"), _load("test", config="b")],
            {"id": "o/d", "config": None, "split": "test", "revision": _READ},
        ),
        ([_load("test"), _load("test", id="o/other")], None),
    ],
)
def test_dataset__of_samples_an_eval_made_itself__is_what_all_its_loads_share(
    loads: list[Dataset], expected: Dataset | None
) -> None:
    watch = LoadWatch(1)
    watch.loads = loads
    assert dataset_of_samples([object()], watch) == expected
