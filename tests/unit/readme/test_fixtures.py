"""The Markdown fixture files: title, dot, README, dot, what comes out, dot. Add a case by writing one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evalbot.errors import EvalbotError
from evalbot.readme.extract import Extraction, Wanted, extract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalbot.score import Score

FIXTURES = Path(__file__).parent / "fixtures"


def cases(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """(line, title, README with its first line, expected) for every case of a file."""
    lines = path.read_text(encoding="utf-8").split("\n")
    dots = [number for number, line in enumerate(lines) if line.strip() == "."]
    assert len(dots) % 3 == 0, f"{path.name}: every case has three dots"
    for start, middle, end in zip(dots[::3], dots[1::3], dots[2::3], strict=True):
        source, expected = "\n".join(lines[start + 1 : middle]), "\n".join(lines[middle + 1 : end])
        yield start + 1, lines[start - 1].strip(), source, expected


def wanted(line: str) -> Wanted:
    assert line.startswith("@"), "the first line of a case says what is wanted"
    options = dict(option.split("=", 1) for option in line[1:].split(" ; ") if option.strip())
    options = {key.strip(): value.strip() for key, value in options.items()}
    table = options.get("table")
    return Wanted(
        table=int(table) if table and table.lstrip("-").isdecimal() else table,
        model_name=options.get("model"),
        exact_label=options.get("label"),
        column_index=int(options["column"]) if "column" in options else None,
        include_derived="averages" in options,
    )


def shown(score: Score) -> str:
    details = {
        "metric": score.metric, "shots": score.shots, "subset": score.subset, "stderr": score.stderr,
        "unit": score.unit, "direction": score.direction, "derived": score.derived or None,
    }  # fmt: skip
    extra = "".join(f" {name}={value}" for name, value in details.items() if value is not None)
    return f"{score.label} = {score.value}{extra}"


def outcome(readme: str, what: Wanted) -> str:
    try:
        found: Extraction = extract(readme, what)
    except EvalbotError as refusal:
        lines = [f"{type(refusal).__name__}: {refusal.message}", *(f"- {name}" for name in refusal.candidates)]
    else:
        lines = [shown(score) for score in found.scores]
        lines += [f"skipped {skip.label}: {skip.reason}" for skip in found.skipped]
    return "\n".join(lines)


ALL = [
    pytest.param(*case, id=f"{path.stem}:{case[0]}") for path in sorted(FIXTURES.glob("*.md")) for case in cases(path)
]


@pytest.mark.parametrize(("line", "title", "source", "expected"), ALL)
def test_fixture(line: int, title: str, source: str, expected: str) -> None:
    first, _, readme = source.partition("\n")
    assert outcome(readme, wanted(first)) == expected, f"line {line}: {title}"
