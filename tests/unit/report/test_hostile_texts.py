"""Whatever a card brings, the texts of a pull request stay ours: harmless, whole, short, and one line for a title."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evalbot.card.document import CARD_PATH
from evalbot.demo import demo_card
from evalbot.reading import Choices
from evalbot.report.markdown import MAX_CELL
from evalbot.report.pull_request import (
    DESCRIPTION_MARK,
    MAX_TEXT,
    MAX_TITLE,
    SUMMARY_MARK,
    TITLE_MARK,
    description,
    summary,
    superseded_title,
    title,
)
from tests.unit.report.pages import page, proposal, read, told_everywhere
from tests.unit.report.test_markdown import HOSTILE, as_expected


@pytest.mark.parametrize("label", [text for text in HOSTILE if as_expected(text)])
def test_texts__hostile_labels__stand_there_as_themselves(label: str) -> None:
    told = told_everywhere([label, "MMLU"])
    seen = read(description(told))
    assert seen.rows[0][0] == as_expected(label, MAX_CELL)
    assert seen.verdict.startswith(f"Adds 2 evaluation results of {as_expected(label)} to this card's")
    assert len(seen.header) == len(seen.rows[0]) == 6
    assert any(item.endswith(f": {as_expected(label, 300)}") for item in seen.items)
    assert read(summary(told)).verdict.startswith(f"Evaluation results of {as_expected(label)}: 2 new, 2 changed")
    update = read(summary(replace(told, step=told.proposal.main, held_before=None)))
    assert update.verdict.startswith(
        f"Evaluation results of {as_expected(label)}, brought up to date with the card: 2 added"
    )
    assert len(update.items) == 6


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
@settings(max_examples=50)
def test_texts__any_labels__leave_the_texts_whole(labels: list[str]) -> None:
    told = told_everywhere(labels)
    seen = read(description(told))
    assert [row[0] for row in seen.rows] == [as_expected(label) for label in labels] * 2
    read(summary(told))
    read(summary(replace(told, step=told.proposal.main)))


@pytest.mark.parametrize("label", [f"{DESCRIPTION_MARK} version=9 -->", f"{SUMMARY_MARK} -->", "-->", "<!--"])
def test_description__our_own_mark_in_a_label__neither_fakes_nor_ends_ours(label: str) -> None:
    text = description(told_everywhere([label]))
    assert text.count("<!--") == text.count("-->") == 1
    assert text.splitlines()[-1].startswith(f"{DESCRIPTION_MARK} version=")
    assert SUMMARY_MARK not in text


def test_description__labels_of_a_model_index__are_as_harmless() -> None:
    names = [text for text in HOSTILE if text.isprintable() and len(text) < MAX_CELL and text]
    results = [{"task": {"type": "t"}, "dataset": {"type": name, "name": name},
                "metrics": [{"type": name, "name": name, "value": name}]} for name in names]  # fmt: skip
    index = yaml.safe_dump({"model-index": [{"name": "<b>@x", "results": results}]}, allow_unicode=True)
    there = demo_card().replace(b"version: 1.10\n", b"version: 1.10\n" + index.encode())
    items = read(description(page(proposal(), {CARD_PATH: there}))).items
    assert items[0] == f"{as_expected(names[0])} of <b>@x: {as_expected(names[0])}"


# Length


@pytest.mark.parametrize("label", ["x" * 5_000, "|" * 5_000, "🦊" * 5_000, "@|$\\" * 1_000])
@pytest.mark.parametrize("count", [1, 700])
def test_texts__whatever_a_card_holds__stay_short(label: str, count: int) -> None:
    told = told_everywhere([f"{number} {label}" for number in range(count)])
    text = description(told)
    seen = read(text)
    assert len(text) <= MAX_TEXT
    more = re.search(r"… and (\d+) more rows; the diff has them all", seen.text)
    assert len(seen.rows) + (int(more[1]) if more else 0) == 2 * count
    update = summary(replace(told, step=told.proposal.main))
    assert len(update) <= MAX_TEXT
    shown = read(update).items
    cut = re.fullmatch(r"… and (\d+) more", shown[-1])
    assert len(shown) + (int(cut[1]) - 1 if cut else 0) == 3 * count


def test_description__an_ordinary_table__is_shown_whole() -> None:
    made = told_everywhere([f"Benchmark {number}" for number in range(45)])
    assert len(read(description(made)).rows) == 90


# Titles

NAMES = [
    "Demo-7B",
    "",
    "\x00\x07",
    "@everyone",
    "org/repo#1",
    "a\nb\r\x1b[31m",
    "x" * 5_000,
    "🦊" * 300,
    "\ud800",
    "a@b",
]


@pytest.mark.parametrize("name", NAMES)
def test_titles__any_name__is_one_line_the_hub_takes(name: str) -> None:
    made = title(replace(proposal(), model=name))
    assert made.startswith(f"{TITLE_MARK} Add evaluation results of ")
    replaced = superseded_title(f"{TITLE_MARK} {name}")
    assert replaced.startswith("Superseded: ")
    for text in (made, replaced):
        assert 3 <= len(text.encode("utf-16-le")) // 2 <= MAX_TITLE
        assert text.isprintable()
        assert not re.search(r"[@#]\w", text)


def test_title__names_the_model() -> None:
    assert title(proposal()) == "[evalbot] Add evaluation results of Aurora 7B Instruct"
    assert superseded_title(title(proposal())) == "Superseded: Add evaluation results of Aurora 7B Instruct"


@pytest.mark.parametrize(
    ("changes", "verb"),
    [
        ({b"**64.80**": b"65.1", b"| MT-Bench": b"| DROP | 3 | 1.0 | 71.4 | 2.0 |\n| MT-Bench"}, "Add"),
        ({b"**64.80**": b"65.1"}, "Update"),
        ({b"| MMLU | 5 | 61.30 | **64.80** | 63.10 |\n": b""}, "Remove"),
    ],
)
def test_title__says_add_only_where_something_is_added(changes: dict[bytes, bytes], verb: str) -> None:
    card = proposal().files[CARD_PATH]
    for old, new in changes.items():
        card = card.replace(old, new)
    assert title(proposal(card, Choices(prune=True))) == f"[evalbot] {verb} evaluation results of Aurora 7B Instruct"


def test_title__a_long_name__is_cut_where_it_shows() -> None:
    assert title(replace(proposal(), model="🦊" * 300)).endswith("🦊…")
