"""What the Hub knows of a benchmark: the tasks its dataset defines, and the scale its leaderboard writes values in.

Formats: `eval.yaml` at the root of a benchmark's dataset repository (name, description, evaluation_framework, tasks
of {id, config, split}), and the Hub's answer to `GET /api/datasets/{id}/leaderboard` (a list of {rank, modelId,
value, ...}); both in hub-docs, `eval-results.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalbot.card.eval_results.yaml_file import read_yaml_file
from evalbot.card.model_index import plain_text
from evalbot.errors import InvalidCard, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evalbot.card.placement import Placement
    from evalbot.score import Scale

DEFAULT_SPLIT = "test"
"""The split of a task that names none."""
PERFECT_PERCENT = 100
FEWEST_VALUES = 3
"""So many values it takes to tell a leaderboard's scale: anybody can publish one, in a model of their own."""
_NOT_ONE_IN = 10
"""At most one value in so many may stand on the other side of 1: people do publish in the wrong scale."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a benchmark; config and split are None where the eval.yaml does not say them."""

    id: str
    config: str | None = None
    split: str | None = None

    def describe(self) -> str:
        """`diamond (config gpqa_diamond, split train)`."""
        said = [f"{name} {text}" for name, text in (("config", self.config), ("split", self.split)) if text is not None]
        return f"{self.id} ({', '.join(said)})" if said else self.id


@dataclass(frozen=True, slots=True)
class BenchmarkDataset:
    """A dataset that the Hub lists as a benchmark, by its eval.yaml."""

    id: str
    tasks: tuple[Task, ...]
    revision: str | None = None
    """The commit its eval.yaml was read at. Never written to an entry: nothing says a score was measured on it."""

    def task_for(self, placement: Placement, *, split_is_printed: bool) -> Task | str:
        """The one task a score belongs to, or the reason why none can be told, with the candidates.

        A single task is taken where nothing contradicts it; one of several only where config or split say so.
        `split_is_printed` tells that the split is the table's own word: then a task without one is the test split's.
        """
        agreeing = [(_agreement(task, placement, strict=split_is_printed), task) for task in self.tasks]
        fitting = [(count, task) for count, task in agreeing if count is not None]
        best = max((count for count, _ in fitting), default=0)
        chosen = [task for count, task in fitting if count == best]
        if len(chosen) == 1 and (best > 0 or len(self.tasks) == 1):
            return chosen[0]
        candidates = ", ".join(task.describe() for task in chosen or self.tasks)
        if not fitting:
            return f"no task of {self.id} has {_said(placement)}; its tasks: {candidates}"
        return f"the table does not say which task of {self.id} it is: {candidates}"


@dataclass(frozen=True, slots=True)
class LeaderboardScale:
    """What a perfect score is written as on a benchmark's leaderboard: 100, 1, or None where its values do not say."""

    scale: Scale | None
    evidence: str
    """`12 of 12 values on the leaderboard are above 1: percent`."""
    above: int = 0
    """How many values are above 1, as percentages mostly are."""
    at_most: int = 0
    """How many are 1 or less, as fractions are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboards:
    """What the Hub says of the benchmarks whose results go into `.eval_results`, and the day they are dated."""

    registered: Mapping[str, BenchmarkDataset | str]
    """By dataset id; a text says why it is no registered benchmark."""
    scales: Mapping[str, LeaderboardScale]
    date: str
    """ISO 8601, such as `2026-01-31`."""


def read_eval_yaml(dataset_id: str, data: bytes) -> BenchmarkDataset:
    """The benchmark of one dataset's eval.yaml. Raises InvalidCard for what is not one."""
    path = f"{dataset_id}/eval.yaml"
    content = read_yaml_file(path, data).data()
    tasks = content.get("tasks") if isinstance(content, dict) else None
    if not isinstance(tasks, list) or not tasks:
        raise InvalidCard(f"{path} defines no tasks: the Hub asks for a list `tasks` of {{id, config, split}}.")
    found = tuple(_task(path, position, task) for position, task in enumerate(tasks))
    if len({task.id for task in found}) < len(found):
        raise InvalidCard(f"{path} gives two tasks one id.")
    return BenchmarkDataset(id=dataset_id, tasks=found)


def read_scale(entries: Sequence[Any], *, but: str | None = None) -> LeaderboardScale:
    """The scale of a leaderboard's values, where at least 3 of them, 9 in 10 on one side of 1, tell it.

    Entries of the model `but` are left out: what it published before is no evidence for what it publishes now. So is
    what is no number above 0 and up to 100: that is neither a percentage nor a fraction, or (0) the same in both.
    """
    values = [value for entry in entries if (value := _telling_value(entry, but)) is not None]
    count = len(values)
    above = sum(value > 1 for value in values)
    at_most = count - above
    scale = _scale_told(above, at_most)
    if scale is not None:
        side = f"{above} of {count} values on the leaderboard are above 1"
        if scale == "fraction":
            side = f"{at_most} of {count} values on the leaderboard are at most 1"
        return LeaderboardScale(scale, f"{side}: {scale}", above, at_most)
    return LeaderboardScale(None, _why_untold(above, at_most, of=len(entries)), above, at_most)


def _scale_told(above: int, at_most: int) -> Scale | None:
    if above + at_most < FEWEST_VALUES or min(above, at_most) * _NOT_ONE_IN > above + at_most:
        return None
    return "percent" if above > at_most else "fraction"


def _why_untold(above: int, at_most: int, *, of: int) -> str:
    """Why values do not tell a scale; `of` counts the entries that they are the telling ones of."""
    if above and at_most:
        return f"values on both sides of 1 stand on the leaderboard ({above} above it, {at_most} not)"
    count = above + at_most
    if not count:
        return "nothing on the leaderboard tells its scale" if of else "the leaderboard has no values yet"
    values = "the only value on the leaderboard does" if count == 1 else f"the {count} values on the leaderboard do"
    return f"{values} not tell its scale"


def _telling_value(entry: Any, but: str | None) -> int | float | None:
    """The value of another model's entry, where it can be a percentage or a fraction; None otherwise."""
    if not isinstance(entry, dict) or (but is not None and _is_of(entry, but)):
        return None
    value = entry.get("value")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if 0 < value <= PERFECT_PERCENT else None  # not so for NaN either


def _is_of(entry: dict[Any, Any], model: str) -> bool:
    """The Hub takes names of models in any case."""
    name = entry.get("modelId")
    return isinstance(name, str) and name.casefold() == model.casefold()


def _task(path: str, position: int, task: Any) -> Task:
    where = f"{path}: tasks[{position}]"
    if not isinstance(task, dict) or "id" not in task:
        raise InvalidCard(f"{where} has no id.")
    return Task(
        id=_text(task["id"], f"{where}.id"),
        **{key: _text(task[key], f"{where}.{key}") for key in ("config", "split") if task.get(key) is not None},
    )


def _text(value: Any, what: str) -> str:
    """A name that can be written into an entry as it stands."""
    try:
        plain = isinstance(value, str) and plain_text(value, what) == value
    except UsageError:
        plain = False
    if not plain:
        raise InvalidCard(f"{what} is not a short plain text.")
    return str(value)


def _agreement(task: Task, placement: Placement, *, strict: bool) -> int | None:
    """How many of config and split both name alike; None where they contradict each other."""
    split = DEFAULT_SPLIT if task.split is None and strict else task.split
    pairs = ((task.config, placement.config), (split, placement.split))
    both = [one == other for one, other in pairs if one is not None and other is not None]
    return None if False in both else len(both)


def _said(placement: Placement) -> str:
    parts = (("config", placement.config), ("split", placement.split))
    return " and ".join(f"{name} {text}" for name, text in parts if text is not None)
