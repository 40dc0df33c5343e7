"""What a card's model-index says, and the entries evalbot adds to it.

Format: the Hub's model card specification (`modelcard.md` in hub-docs): a list of models, each with results of
{task, dataset, metrics, source}.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from evalbot.card import yaml_reader
from evalbot.card.document import CardDocument, get, items
from evalbot.errors import InvalidCard, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.score import Score, Source

DEFAULT_TASK_TYPE = "text-generation"
DEFAULT_DATASET_NAME = "Benchmarks"
DEFAULT_DATASET_TYPE = "benchmark"
# Host and optional port, no user name: the Hub shows it as a link, and what looks like one host must not be another.
_HTTPS = re.compile(r"https://[\w.-]+(?::\d+)?(?:[/?#][!-~]*)?", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
MAX_NAME_LENGTH = 200
"""Characters of a published name; a benchmark's label is a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One published number. `value` keeps its printed digits."""

    name: str
    type: str
    value: Decimal

    def as_data(self) -> dict[str, Any]:
        return {"name": self.name, "type": self.type, "value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result of a model-index entry: metrics on one dataset for one task."""

    task_type: str
    dataset_name: str
    dataset_type: str
    metrics: tuple[Metric, ...]
    source: Source | None = None

    def as_data(self, metrics: Sequence[Metric]) -> dict[str, Any]:
        """The entry as the Hub wants it, with these of its metrics."""
        data: dict[str, Any] = {
            "task": {"type": self.task_type},
            "dataset": {"name": self.dataset_name, "type": self.dataset_type},
            "metrics": [metric.as_data() for metric in metrics],
        }
        if self.source is not None:
            name = {} if self.source.name is None else {"name": self.source.name}
            data["source"] = {**name, "url": self.source.url}
        return data


@dataclass(frozen=True, slots=True)
class Unpublishable:
    """A score that is left out of the entry, and why."""

    score: Score
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One metric that already stands in a card's model-index. `value` is the text of its scalar."""

    model: str
    task_type: str | None
    dataset: tuple[str | None, ...]
    """(type, config, split, revision, args) as text: with the task type, the identity of a result."""
    dataset_name: str | None
    name: str | None
    type: str | None
    args: str | None
    value: str
    source_name: str | None
    source_url: str | None
    verified: bool


def plain_text(text: str, what: str) -> str:
    """One line without control or invisible characters. Raises UsageError where nothing is left of it."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    cleaned = " ".join(visible.split())
    if not cleaned or len(cleaned) > MAX_NAME_LENGTH:
        raise UsageError(
            f"The {what} must be 1 to {MAX_NAME_LENGTH} visible characters of plain text, not {text[:60]!r}."
        )
    return cleaned


def slug(label: str) -> str:
    """A metric type for a label: lower case, words joined by `_`; `+` is a word (HumanEval+ is not HumanEval)."""
    return "_".join(re.findall(r"[\w@]+", label.lower().replace("+", " plus ").replace("_", " "))) or "score"


def https_source(source: Source | None) -> Source | None:
    """The source if its url is plain https. Raises UsageError for any other: the Hub shows it as a link."""
    if source is not None and not _HTTPS.fullmatch(source.url):
        raise UsageError(f"A source must be an https address, not {source.url!r}.")
    return source


def grouped_result(
    scores: Sequence[Score],
    *,
    task_type: str = DEFAULT_TASK_TYPE,
    dataset_name: str = DEFAULT_DATASET_NAME,
    dataset_type: str = DEFAULT_DATASET_TYPE,
    source: Source | None = None,
) -> tuple[Result, tuple[Unpublishable, ...]]:
    """One result holding a metric a benchmark, in the table's order, and the scores that have no name of their own.

    Two scores under one label with different values cannot both be this model's score on that benchmark, and
    nothing tells which is: neither is published.
    """
    metrics, left_out = _metrics(scores)
    result = Result(
        task_type=plain_text(task_type, "task type"),
        dataset_name=plain_text(dataset_name, "dataset name"),
        dataset_type=plain_text(dataset_type, "dataset type"),
        metrics=metrics,
        source=https_source(source),
    )
    return result, left_out


def _metrics(scores: Sequence[Score]) -> tuple[tuple[Metric, ...], tuple[Unpublishable, ...]]:
    named: list[tuple[Score, Metric]] = []
    left_out: list[Unpublishable] = []
    for score in scores:
        try:
            name = plain_text(score.label, "label")
        except UsageError as error:
            left_out.append(Unpublishable(score, error.message))
        else:
            named.append((score, Metric(name=name, type=slug(name), value=score.value)))
    distinct = dict.fromkeys(metric for _, metric in named)
    values_of = Counter(metric.name for metric in distinct)
    left_out += [
        Unpublishable(score, f"the label {metric.name!r} stands for {values_of[metric.name]} different values")
        for score, metric in named
        if values_of[metric.name] > 1
    ]
    return tuple(metric for metric in distinct if values_of[metric.name] == 1), tuple(left_out)


def published(document: CardDocument) -> tuple[Published, ...]:
    """Every metric of the card's model-index, in order. Raises InvalidCard where the index has another shape."""
    found: list[Published] = []
    for model in index_models(document):
        name = text_of(get(model, "name")) or ""
        for result in items(get(model, "results")):
            found.extend(published_in(result, name))
    return tuple(found)


def index_models(document: CardDocument) -> list[yaml.MappingNode]:
    """The entries of the model-index; none for an absent or null one. Raises InvalidCard for any other shape."""
    node = document.model_index
    if node is None or is_null(node):
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise InvalidCard(
            "The card's model-index is not a list of models.",
            hint="The Hub accepts `model-index:` only as a list of {name, results}; see `evalbot validate`.",
        )
    models: list[yaml.MappingNode] = []
    for position, model in enumerate(items(node)):
        results = get(model, "results")
        listed = results is None or is_null(results) or isinstance(results, yaml.SequenceNode)
        if not isinstance(model, yaml.MappingNode) or not listed:
            raise InvalidCard(
                f"model-index[{position}] of the card is not a model with a list of results.",
                hint="`evalbot validate` says what the Hub asks for.",
            )
        models.append(model)
    return models


def published_in(result: yaml.Node, model: str) -> list[Published]:
    """The metrics of one result of the named model."""
    dataset, source = get(result, "dataset"), get(result, "source")
    identity = tuple(text_of(get(dataset, key)) for key in ("type", "config", "split", "revision", "args"))
    return [
        Published(
            model=model,
            task_type=text_of(get(get(result, "task"), "type")),
            dataset=identity,
            dataset_name=text_of(get(dataset, "name")),
            name=text_of(get(metric, "name")),
            type=text_of(get(metric, "type")),
            args=text_of(get(metric, "args")),
            value=text_of(get(metric, "value")) or "",
            source_name=text_of(get(source, "name")),
            source_url=text_of(get(source, "url")),
            verified=text_of(get(metric, "verified")) == "true",
        )
        for metric in items(get(result, "metrics"))
        if isinstance(metric, yaml.MappingNode)
    ]


def is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def text_of(node: yaml.Node | None) -> str | None:
    """A scalar's text as written; a collection's value as one comparable text; None for null and absent."""
    if node is None or is_null(node):
        return None
    if isinstance(node, yaml.ScalarNode):
        text: str = node.value
        return text
    return repr(yaml_reader.construct(node))


def same_number(value: Decimal, written: str) -> bool:
    """Whether a scalar's text says this number; `85.20` and `85.2` do, `85.2%` and `8_5` say no plain number."""
    return _NUMBER.fullmatch(written) is not None and Decimal(written) == value
