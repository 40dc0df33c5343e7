"""Real model cards, as people wrote them: results go into the model-index, and everything else keeps its bytes.

What changed is found by `untouched`, which knows nothing of how evalbot edits.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import pytest

from evalbot.card.document import decode_card, parse_card
from evalbot.card.edit import apply_merge
from evalbot.card.merge import plan_merge
from evalbot.card.model_index import published
from evalbot.card.results import Metric, Result
from evalbot.errors import AmbiguousChoice, InvalidCard, NothingFound
from evalbot.proposal import propose_from_tables
from evalbot.reading import Layout
from evalbot.readme.extract import Wanted
from evalbot.score import Source
from tests.unit.card.real_cards import (
    BROKEN,
    CARDS,
    LAYOUTS,
    NAME,
    PRINTED,
    READMES,
    SHAPES,
    SOURCE,
    grouped,
    labelled_tables,
)
from tests.unit.card.untouched import assert_only_the_model_index_grew, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LayoutKind = Literal["grouped", "per-benchmark"]
pytestmark = pytest.mark.skipif(not CARDS, reason="the corpus of real cards is not beside this checkout")


@dataclass
class Tally:
    """How many cards were edited, left as they are, or refused and why; `pytest -rP` shows it."""

    record: Callable[[str, object], None]
    counts: Counter[str]


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Iterator[Tally]:
    made = Tally(record_property, Counter())
    yield made
    print("\n".join(f"{count:4} {what}" for what, count in sorted(made.counts.items())))  # noqa: T201 - a result
    for what, count in made.counts.items():
        made.record(what, count)


def edited(data: bytes, name: str, results: tuple[Result, ...]) -> bytes:
    """The card after one run; a second run is held to adding nothing to it."""
    text = decode_card(data)
    after = apply_merge(text, plan_merge(parse_card(text), name, results))
    again = plan_merge(parse_card(after), name, results)
    assert (again.is_empty, again.conflicts) == (True, ())
    assert apply_merge(after, again) == after
    return after.encode()


def how_it_grew(before: bytes, after: bytes) -> str:
    """What kind of edit it was, after holding it against the promise."""
    assert assert_only_the_model_index_grew(before, after) == 1
    if cut(before).closing < 0:
        return "edited (front matter made)"
    return "edited (model-index grown)" if cut(before).index else "edited (model-index made)"


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        pytest.param(shape, layout, id=f"{name}, {kind}")
        for number, (name, shape) in enumerate(SHAPES.items())
        for kind, layout in LAYOUTS.items()
        if kind == "grouped" or number % 3 == 0
    ],
)
def test_real_card__gains_the_results_in_its_model_index_and_nowhere_else(
    tally: Tally, shape: Callable[[bytes], bytes], layout: Callable[[], tuple[Result, ...]]
) -> None:
    results = layout()
    wanted = [metric.value for result in results for metric in result.metrics]
    assert len(wanted) == len(PRINTED)
    for path in CARDS:
        before = shape(path.read_bytes())
        after = edited(before, NAME, results)
        tally.counts[how_it_grew(before, after)] += 1
        ours = cut(after).metadata["model-index"][-1 if b"evaluated model" not in before else 0]
        values = [Decimal(str(metric["value"])) for result in ours["results"] for metric in result["metrics"]]
        assert values == wanted, path.name
    assert tally.counts.total() == len(CARDS)


@pytest.mark.parametrize(("kind", "other_kind"), [("grouped", "per-benchmark"), ("per-benchmark", "grouped")])
def test_real_card__the_scores_of_its_own_tables__are_added_once_in_either_layout(
    tally: Tally, kind: LayoutKind, other_kind: LayoutKind
) -> None:
    for case in labelled_tables()[::2]:
        before = (READMES.parent / case["file"]).read_bytes()
        wanted = Wanted(table=case["table_index"], model_name=case["model_name"])
        try:
            planned = propose_from_tables(before, wanted, Layout(kind=kind), source=SOURCE).planned()
        except (NothingFound, AmbiguousChoice) as refusal:
            tally.counts[f"no scores to add: {type(refusal).__name__}"] += 1
            continue
        after = planned.files["README.md"]
        tally.counts[how_it_grew(before, after)] += 1
        for again in (kind, other_kind):
            second = propose_from_tables(after, wanted, Layout(kind=again), source=SOURCE).planned()
            assert (second.written, second.conflicts, second.files) == ((), (), {}), case["id"]
    assert sum(count for what, count in tally.counts.items() if what.startswith("edited")) >= 50


# --- cards that publish something already -------------------------------------------------------------------------


def publishing() -> list[Path]:
    return [path for path in CARDS if cut(path.read_bytes()).index]


def first_entry(data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = cut(data).metadata["model-index"][0]
    return entry


def as_result(published_result: dict[str, Any], *metrics: Metric) -> Result:
    """A result of ours for the same task, dataset and source as a published one, read by PyYAML."""
    dataset, source = published_result["dataset"], published_result.get("source")
    return Result(
        task_type=published_result["task"]["type"],
        dataset_name=dataset["name"],
        dataset_type=dataset["type"],
        config=dataset.get("config"),
        split=dataset.get("split"),
        metrics=metrics,
        source=None if source is None else Source(name=source.get("name"), url=source["url"]),
    )


@pytest.mark.parametrize("path", publishing(), ids=lambda path: path.stem[:40])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_real_card__its_own_entry__gains_the_results_after_those_it_has(
    path: Path, layout: Callable[[], tuple[Result, ...]]
) -> None:
    data, results = path.read_bytes(), layout()
    after = edited(data, first_entry(data)["name"], results)
    assert assert_only_the_model_index_grew(data, after) == 1
    entry, old = first_entry(after), first_entry(data)
    assert len(entry["results"]) == len(old["results"] or []) + len(results)
    metrics, before = published(parse_card(after.decode())), published(parse_card(data.decode()))
    assert len(metrics) == len(before) + len(PRINTED)
    assert [metric for metric in metrics if metric in before] == list(before)


@pytest.mark.parametrize("path", publishing(), ids=lambda path: path.stem[:40])
def test_real_card__a_metric_more_for_each_published_result__leaves_the_published_ones_alone(
    path: Path, tally: Tally
) -> None:
    data = path.read_bytes()
    entry = first_entry(data)
    more = Metric(name="Evaluated again", type="evaluated_again", value=Decimal("0.250"))
    results = tuple(as_result(result, more) for result in entry["results"] or () if "dataset" in result)
    after = edited(data, entry["name"], results)
    if not results:
        assert after == data
        tally.counts["no-op"] += 1
        return
    assert_only_the_model_index_grew(data, after)
    gained = [metric for result in first_entry(after)["results"] for metric in result["metrics"]]
    assert gained.count({"name": "Evaluated again", "type": "evaluated_again", "value": 0.25}) == len(set(results))
    tally.counts["results grown or added"] += len(set(results))


# --- cards that no edit can save ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_real_card__broken__is_refused_with_the_reason(
    tally: Tally, shape: Callable[[bytes], bytes], says: str
) -> None:
    for path in CARDS:
        data = path.read_bytes()
        broken = shape(data)
        if cut(data).closing < 0 or broken == data:
            tally.counts["not of this kind"] += 1
            continue
        with pytest.raises(InvalidCard, match=says) as refusal:
            edited(broken, NAME, grouped())
        assert (refusal.value.exit_code, bool(refusal.value.hint)) == (10, True)
        tally.counts[f"refused: {re.sub('[0-9]+', 'N', refusal.value.message)}"] += 1
    assert tally.counts.total() == len(CARDS)
    assert len(tally.counts) >= 2


# --- what was written before --------------------------------------------------------------------------------------


def later(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """The same results with other values."""
    return tuple(
        replace(
            result, metrics=tuple(replace(metric, value=metric.value + Decimal("1.25")) for metric in result.metrics)
        )
        for result in results
    )


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("shape", ["Windows line ends", "another model's entry last"])
def test_real_card__values_that_changed_at_their_source__leave_the_card_as_if_written_at_once(
    tally: Tally, shape: str, layout: Callable[[], tuple[Result, ...]]
) -> None:
    for path in CARDS:
        data = SHAPES[shape](path.read_bytes())
        first = edited(data, NAME, layout())
        assert edited(first, NAME, later(layout())) == edited(data, NAME, later(layout())) != first, path.name
        tally.counts["values replaced in place"] += 1


def test_real_card__scores_read_no_longer__leave_the_card_as_if_never_written(tally: Tally) -> None:
    kept = grouped()[0]
    other = replace(kept, dataset_type="other/data", dataset_name="Other")
    gone = tuple(Metric(name=name, type=name.lower(), value=Decimal("1.5")) for name in ("Gone", "Vanished"))
    for path in CARDS:
        data = path.read_bytes()
        both = edited(data, NAME, (replace(kept, metrics=(*kept.metrics, gone[0])), replace(other, metrics=gone)))
        pruned = apply_merge(both.decode(), plan_merge(parse_card(both.decode()), NAME, (kept,), prune=True))
        assert pruned.encode() == edited(data, NAME, (kept,)), path.name
        tally.counts["metrics removed"] += 1
