"""validate says what the Hub would say, in the Hub's words."""

from __future__ import annotations

import pytest

from evalbot.card.document import parse_card
from evalbot.card.task_types import TASK_TYPES
from evalbot.card.validation import problems_of

GOOD = "{task: {type: text-generation}, dataset: {type: d, name: D}, metrics: [{type: m, value: 1}]}"


def found(index: str) -> list[tuple[str, str]]:
    return [(p.level, p.message) for p in problems_of(parse_card(f"---\nmodel-index: {index}\n---\n"))]


def test_validate__a_complete_index__has_no_problems() -> None:
    assert found(f"[{{name: a, results: [{GOOD}]}}]") == []


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("text", '"model-index" must be an array'),
        ("{}", '"model-index" must be an array'),
        ("[{name: a}]", '"model-index[0].results" is required'),
        ("[{results: []}]", '"model-index[0].name" is required'),
        ("[{name: 5, results: []}]", '"model-index[0].name" must be a string'),
        ("[{name: a, results: [{metrics: []}]}]", '"model-index[0].results[0].task" is required'),
        (
            "[{name: a, results: [{task: {type: t}, dataset: {type: d}, metrics: []}]}]",
            '"model-index[0].results[0].dataset.name" is required',
        ),
        (
            "[{name: a, results: [{task: {type: t}, dataset: {type: d, name: D, config: 5}, metrics: []}]}]",
            '"model-index[0].results[0].dataset.config" must be a string',
        ),
        (
            "[{name: a, results: [{task: {type: t}, metrics: {}}]}]",
            '"model-index[0].results[0].metrics" must be an array',
        ),
        (
            "[{name: a, results: [{task: {type: t}, metrics: [{type: m}]}]}]",
            '"model-index[0].results[0].metrics[0].value" is required',
        ),
        (
            "[{name: a, results: [{task: {type: t}, metrics: [], source: {name: x}}]}]",
            '"model-index[0].results[0].source.url" is required',
        ),
    ],
)
def test_validate__what_the_hub_refuses__is_an_error_in_its_words(index: str, message: str) -> None:
    assert ("error", message) in found(index)


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ("[{name: a, results: []}]", "is empty"),
        ("[{name: a, results: [{task: {type: text-generation}, metrics: []}]}]", "dataset"),
        (f"[{{name: a, results: [{GOOD.replace('text-generation', 'chatting')}]}}]", "task types"),
        (f"[{{name: a, results: [{GOOD.replace('value: 1', 'value: 85%')}]}}]", "finite number"),
        (f"[{{name: a, results: [{GOOD.replace('value: 1', 'value: .nan')}]}}]", "finite number"),
        (f"[{{name: a, results: [{GOOD[:-1]}, source: {{url: 'http://x'}}}}]}}]", "https"),
    ],
)
def test_validate__what_the_hub_takes_but_people_stumble_over__is_a_warning(index: str, says: str) -> None:
    assert [level for level, message in found(index) if says in message] == ["warning"]


def test_validate__no_model_index__is_a_warning() -> None:
    assert [p.level for p in problems_of(parse_card("# T"))] == ["warning"]


def test_task_types__the_hubs_list__is_complete() -> None:
    assert len(TASK_TYPES) == 57
