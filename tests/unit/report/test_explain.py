"""Every score and every omitted cell with its place, its cell and its reading."""

from __future__ import annotations

from pathlib import Path

from evalbot.card_source import ReadCard
from evalbot.outcome import Outcome
from evalbot.proposal import propose_from_tables
from evalbot.reading import Layout
from evalbot.readme.extract import Wanted
from evalbot.report.explain import explained

CARD = """\
| Benchmark | Demo-7B |
| --- | --- |
| MMLU (5-shot) | 64.80 ± 0.3 |
| GPQA | 30 |
| Odd\x1b[31m | n/a\x1b[0m |
| HumanEval+ | 33 |
| Average | 47 |
"""


def lines() -> list[str]:
    proposal = propose_from_tables(CARD.encode(), Wanted(column_index=1), Layout())
    card = ReadCard(data=CARD.encode(), path=Path("README.md"))
    return list(explained(Outcome(status="preview", card=card, proposal=proposal)))


def test_explain__a_score__has_its_place_its_reading_and_its_dataset() -> None:
    block = lines()[: lines().index("", 1)]
    assert block[:3] == ["", "MMLU (5-shot)", "  read from   table 1, row 1, column 1, line 3"]
    assert "  stderr      0.3" in block
    assert "  metric      -" in block
    assert block[-1] == "  registry    MMLU; dataset cais/mmlu, config all, split test, metric accuracy"
    assert {len(line) - len(line[14:].lstrip()) for line in block[2:]} == {14}


def test_explain__a_label_that_cannot_be_told__says_why() -> None:
    assert "  registry    stays grouped: ambiguous: GPQA is main, diamond or extended" in lines()


def test_explain__an_omitted_cell__has_its_place_and_reason() -> None:
    assert lines()[-4:] == [
        "Average: left out",
        "  read from   table 1, row 5, column 1, line 7",
        "  cell        47",
        "  reason      an average of other scores",
    ]


def test_explain__foreign_text__is_one_harmless_line() -> None:
    assert not any(ord(character) < 32 for line in lines() for character in line)
