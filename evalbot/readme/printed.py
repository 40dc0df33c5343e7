"""The numbers that stand in any table of a README, whatever they are taken for."""

from __future__ import annotations

import re
from decimal import Decimal

from evalbot.readme.tables import find_tables

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def printed_numbers(readme: str) -> frozenset[Decimal]:
    """Every number of every table cell, a decimal comma read as a point. Raises InvalidCard for more than is read."""
    cells = (cell.text for table in find_tables(readme) for row in table.rows for cell in row)
    return frozenset(Decimal(found.replace(",", ".")) for text in cells for found in _NUMBER.findall(text))
