"""Names that are offered for one that does not exist, and the list people look through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalbot.evaluate.tasks import closest, listing, resolve
from evalbot.evaluate.tasks.suggestions import known_names


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("helaswag", "hellaswag"),
        ("GSM8K", "gsm8k"),
        ("gsm-8k", "gsm8k"),
        ("human_eval", "humaneval"),
        ("leaderboard|mmlu_por|5", "mmlu_pro"),
        ("inspect_evals/gsm9k?fewshot=5", "gsm8k"),
        ("wmt14:hi-en", "wmt14:de-en"),
        ("mmlu:anatomi", "mmlu:anatomy"),
        ("challenge", "arc:challenge"),
        ("narrative_understanding", "bigbench:abstract_narrative_understanding"),
    ],
)
def test_closest__the_meant_name_comes_first(typed: str, first: str) -> None:
    assert closest(typed)[0] == first


@pytest.mark.parametrize("typed", ["", "|", "zzzzqqq", "?", "0"])
def test_closest__offers_nothing_for_nothing(typed: str) -> None:
    assert closest(typed) == ()


def test_closest__keeps_to_one_engine() -> None:
    assert "mmlu_0_shot" in closest("mmlu", "inspect")
    assert set(closest("mmlu", "lighteval")) <= set(known_names("lighteval"))


@given(st.text(max_size=300))
def test_closest__offers_at_most_what_was_asked_for(typed: str) -> None:
    assert len(closest(typed, limit=3)) <= 3


def test_listing__groups_stand_as_one_row() -> None:
    rows = {(row.engine, row.name): row for row in listing()}
    assert rows["lighteval", "mmlu"].tasks == 57
    assert ("lighteval", "mmlu:anatomy") not in rows
    assert rows["inspect", "inspect_evals/gsm8k"].samples == 1319


def test_listing__words_find_tasks_inside_groups_and_by_their_data() -> None:
    assert {row.name for row in listing("mmlu anatomy")} == {"mmlu:anatomy", "mmlu_redux_2:anatomy"}
    assert {"gsm8k", "inspect_evals/gsm8k"} <= {row.name for row in listing("openai/gsm8k")}
    assert list(listing("zzzzqqq")) == []


def test_listing__says_why_a_task_is_not_run() -> None:
    (row,) = listing("inspect_evals/simpleqa_verified")
    assert row.not_run is not None
    assert "second model" in row.not_run


def test_listing__what_is_listed_as_run_is_run() -> None:
    for row in listing(groups=False):
        if row.not_run is None:
            assert resolve(row.name, row.engine, allow_code_execution=True)
