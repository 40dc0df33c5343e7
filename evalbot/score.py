"""The record every room speaks: one value of one model on one benchmark, and where it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from decimal import Decimal

Direction = Literal["higher", "lower"]
Scale = Literal["percent", "fraction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The place a score was read from, so that a person can check it in one look."""

    table: int | str
    """The table's number as `inspect-tables` shows it: 1-based; HTML tables are "html:N"."""
    row: int
    """0 is the header row; the delimiter row is not counted."""
    column: int
    """0-based."""
    line: int
    """1-based line of the README file."""
    cell: str
    """The cell as it stands in the file, markup included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who says so. The Hub asks for a url wherever a source is given; only https is written."""

    url: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One value of one model on one benchmark."""

    label: str
    """The benchmark's label as printed, as plain text: `MMLU (5-shot)`. It names the published metric."""
    benchmark: str
    """The label without shots, metric and notes: `MMLU`."""
    value: Decimal
    """The value exactly as printed: its digits are the digits that are published."""
    evidence: Evidence
    unit: str | None = None
    """As printed, such as `%`; None where the table prints none."""
    scale: Scale | None = None
    """What a perfect score would be printed as, where the table shows it: 100 or 1; None where nothing does."""
    metric: str | None = None
    shots: int | None = None
    subset: str | None = None
    """A language, split, domain or group the table names: `English`, `val`."""
    split: str | None = None
    """The subset, where it is a split."""
    version: str | None = None
    """The version that the benchmark's name ends in: `v6`."""
    context: tuple[str, ...] = ()
    """What else the table says of it: a category, a setting (`w/ tools`), the section it stands in."""
    stderr: Decimal | None = None
    """The printed uncertainty (`± 0.4`, `(0.4)`), in the value's unit."""
    direction: Direction | None = None
    """Which way is better, where the label says so by an arrow."""
    derived: bool = False
    """True for averages over other rows or columns: these are not results of their own."""
    source: Source | None = None

    def as_json(self) -> dict[str, Any]:
        """The shape of one entry of `scores` in every command's `--json` answer."""
        evidence = self.evidence
        return {
            "benchmark": self.benchmark,
            "label": self.label,
            "metric": self.metric,
            "value": as_number(self.value),
            "printed": format(self.value, "f"),
            "unit": self.unit,
            "scale": self.scale,
            "shots": self.shots,
            "subset": self.subset,
            "split": self.split,
            "version": self.version,
            "context": list(self.context),
            "stderr": None if self.stderr is None else as_number(self.stderr),
            "direction": self.direction,
            "derived": self.derived,
            "source": None if self.source is None else {"name": self.source.name, "url": self.source.url},
            "evidence": {
                "table": evidence.table,
                "row": evidence.row,
                "column": evidence.column,
                "line": evidence.line,
                "cell": evidence.cell,
            },
        }


def as_number(value: Decimal) -> int | float:
    """The JSON number for a decimal: an int where no fraction is printed."""
    return int(value) if value == value.to_integral_value() and "." not in format(value, "f") else float(value)
