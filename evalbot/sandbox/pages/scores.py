"""What a card and its `.eval_results` publish, as rows for a table; odd shapes, pushed past the check, give no row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalbot import front_matter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """One value; `where` is a file, `error` stands in place of the value of a file that cannot be taken."""

    model: str = ""
    task: str = ""
    dataset: str = ""
    details: str = ""
    metric: str = ""
    value: str = ""
    source: str = ""
    where: str = ""
    notes: str = ""
    pull_request: int | None = None
    error: str = ""


def split(card: str) -> tuple[str, str]:
    """The front matter's YAML (empty where there is none) and the body of a card."""
    text = front_matter.split(card)
    return (text.yaml, text.body) if text.has_front_matter else ("", card)


def of_model_index(index: Any) -> list[Row]:
    return [
        row
        for model in _objects(index)
        for result in _objects(model.get("results"))
        for row in _of_result(_text(model.get("name")), result)
    ]


def _of_result(model: str, result: dict[str, Any]) -> Iterator[Row]:
    task, dataset, source = (_object(result.get(name)) for name in ("task", "dataset", "source"))
    details = [
        f"{name} {_text(dataset[name])}" for name in ("type", "config", "split", "revision") if dataset.get(name)
    ]
    for metric in _objects(result.get("metrics")):
        yield Row(
            model=model,
            task=_text(task.get("type")),
            dataset=_text(dataset.get("name")),
            details=", ".join(details),
            metric=_text(metric.get("name") or metric.get("type")),
            value=_text(metric.get("value")),
            source=_text(source.get("url")),
        )


def of_eval_results(items: Sequence[dict[str, Any]]) -> list[Row]:
    """Of the items of `evalResults` in model info."""
    return [_of_item(item) for item in items]


def _of_item(item: dict[str, Any]) -> Row:
    where, pull_request = item["filename"], item.get("pullRequest")
    if "error" in item:
        return Row(where=where, pull_request=pull_request, error=item["error"])
    data = item["data"]
    return Row(
        task=data["dataset"]["task_id"],
        dataset=data["dataset"]["id"],
        details=_text(data.get("date")),
        value=_text(data["value"]),
        source=_text(_object(data.get("source")).get("url")),
        where=where,
        notes=_text(data.get("notes")),
        pull_request=pull_request,
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
