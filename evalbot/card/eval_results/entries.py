"""What a model repository says in `.eval_results/*.yaml`, the Hub's newer format for evaluation results.

Format: hub-docs, `eval_results.yaml`: each file is a list of {dataset: {id, task_id, revision}, value, verifyToken,
date, source: {url, name, user, org}, notes}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalbot.card.document import get, items
from evalbot.card.eval_results.check import errors_in
from evalbot.card.eval_results.yaml_file import YamlFile, read_yaml_file
from evalbot.card.model_index import text_of
from evalbot.errors import InvalidCard

if TYPE_CHECKING:
    from decimal import Decimal

    import yaml

    from evalbot.score import Source

FOLDER = ".eval_results"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySource:
    """Who says so; only the url is sure to be there."""

    url: str
    name: str | None = None
    user: str | None = None
    org: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as it stands in a file. `value` is the text of its scalar."""

    dataset_id: str
    task_id: str
    value: str
    revision: str | None = None
    date: str | None = None
    verify_token: str | None = None
    source: EntrySource | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class ResultsFile:
    """A file that the Hub accepts; `entries` are in the order of the items of its list."""

    yaml: YamlFile
    entries: tuple[Entry, ...]


def read_entries(path: str, data: bytes) -> tuple[Entry, ...]:
    """The entries of one file. Raises InvalidCard, with path and reason, for a file that the Hub does not accept."""
    return read_results_file(path, data).entries


def read_results_file(path: str, data: bytes) -> ResultsFile:
    """One file with its entries and the nodes they were read from. Raises InvalidCard as `read_entries` does."""
    file = read_yaml_file(path, data)
    if errors := errors_in(file):
        raise InvalidCard(
            f"{path} is not what the Hub accepts: {errors[0]}.",
            hint="Mend the file, then run again; `evalbot validate` lists all of its problems.",
        )
    return ResultsFile(file, tuple(_entry(node) for node in items(file.root)))


def entry_data(
    *, dataset_id: str, task_id: str, value: Decimal, date: str, source: Source | None, notes: str | None
) -> dict[str, Any]:
    """A new entry as the Hub wants it; the date is text, so it is written with quotes."""
    data: dict[str, Any] = {"dataset": {"id": dataset_id, "task_id": task_id}, "value": value, "date": date}
    if source is not None:
        data["source"] = source_data(source)
    if notes is not None:
        data["notes"] = notes
    return data


def source_data(source: Source) -> dict[str, str]:
    """A source as the Hub wants it: the url first."""
    return {"url": source.url} if source.name is None else {"url": source.url, "name": source.name}


def _entry(node: yaml.Node) -> Entry:
    dataset, source = get(node, "dataset"), get(node, "source")
    url = text_of(get(source, "url"))
    return Entry(
        dataset_id=text_of(get(dataset, "id")) or "",
        task_id=text_of(get(dataset, "task_id")) or "",
        value=text_of(get(node, "value")) or "",
        revision=text_of(get(dataset, "revision")),
        date=text_of(get(node, "date")),
        verify_token=text_of(get(node, "verifyToken")),
        source=None
        if url is None
        else EntrySource(
            url=url,
            name=text_of(get(source, "name")),
            user=text_of(get(source, "user")),
            org=text_of(get(source, "org")),
        ),
        notes=text_of(get(node, "notes")),
    )
