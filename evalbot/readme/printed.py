"""The numbers that stand in any table of a README, whatever they are taken for."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from evalbot.readme.tables import find_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = re.compile(r"(?:\d(?:[\d.,'\u2019 \u00a0\u2009\u202f_]*\d)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
_SEPARATORS = re.compile(r"['\u2019 \u00a0\u2009\u202f_]")
_PLAIN = re.compile(r"\d*\.?\d+(?:[eE][-+]?\d{1,3})?")


@lru_cache(maxsize=2)
def printed_numbers(readme: str) -> frozenset[Decimal]:
    """Every number of every table cell without its sign, in every way that its separators can be read.

    `1,234` is 1234 and 1.234: what may be printed is not known to be gone. Raises InvalidCard for more than is read.
    """
    cells = {cell.text for table in find_tables(readme) for row in table.rows for cell in row}
    return frozenset(number for text in cells for found in _NUMBER.findall(text) for number in _readings(found))


def _readings(text: str) -> Iterator[Decimal]:
    joined = _SEPARATORS.sub("", text)
    parts = {joined, *_SEPARATORS.split(text)}
    for part in parts:
        ways = (part.replace(",", ""), part.replace(".", "").replace(",", "."), part.replace(",", "."))
        yield from (Decimal(way) for way in ways if _PLAIN.fullmatch(way))
