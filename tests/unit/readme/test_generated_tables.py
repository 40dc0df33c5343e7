"""Nothing a README holds makes the reader fail, guess, or say what does not stand there: READMEs made up by chance.

Every run draws the same cards, so that a failure is never news from elsewhere; `make fuzz` looks further, over 100,000
tables (bench/fuzz.py).
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.readme.generated_cards import generated_card
from tests.unit.readme.table_properties import check, printed_numbers


@settings(max_examples=300, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_generated_card__is_read_by_every_rule_or_refused(chance: Random) -> None:
    card = generated_card(chance, blocks=3, rows=4)
    check(card.text, card.cuts)


@settings(max_examples=250, derandomize=True)
@given(st.integers(min_value=0))
def test_larger_generated_card__is_read_by_every_rule_or_refused(seed: int) -> None:
    card = generated_card(Random(seed))  # noqa: S311 - chance, no secret
    check(card.text, card.cuts)


@pytest.mark.parametrize(
    ("cell", "number", "printed"),
    [
        ("**85.2** ± 0.3", "85.2", True),
        ("1,234", "1234", True),
        ("85,2", "85.2", True),
        ("85,2", "852", False),
        ("85.2", "85.20", False),
        ("3**4", "34", False),
        ("7<sub>3</sub>", "73", False),
        ("85.2<br>86.1", "85.286", False),
        ("85.2[^1]", "85.21", False),
        ("[85.2](https://example.org/99.5)", "99.5", False),
        ("1_000", "1000", False),
        ("８５", "85", False),  # noqa: RUF001 - full-width digits are no plain ones
    ],
)
def test_printed_numbers__are_those_a_reader_sees(cell: str, number: str, printed: bool) -> None:
    assert (Decimal(number).as_tuple() in printed_numbers(cell)) is printed
