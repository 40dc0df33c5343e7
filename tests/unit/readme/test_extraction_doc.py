"""docs/extraction.md is true: every example is a README and the commands run on it, with what they answer.

The answers are written in short: `label = value` with what else is known, `not taken`, `refused` with the candidates.
`python tests/unit/readme/test_extraction_doc.py` writes the present answers into the file, for a person to read.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evalbot.errors import EvalbotError
from evalbot.readme.extract import Extraction, Wanted, extract
from evalbot.readme.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalbot.readme.survey import TableReport
    from evalbot.score import Score

DOC = Path(__file__).parents[3] / "docs" / "extraction.md"
_EXAMPLE = re.compile(r"^```markdown\n(?P<card>.*?)^```\n\n```text\n(?P<session>.*?)^```\n", re.MULTILINE | re.DOTALL)
_OPTIONS = {
    "--table": "table",
    "--model-name": "model_name",
    "--model-name-override": "exact_label",
    "--model-column-index": "column_index",
}


def examples(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, README, session) for every example."""
    for found in _EXAMPLE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found["card"], found["session"]


def answered(card: str, session: str) -> str:
    """The commands of a session, each with its answer."""
    commands = [line for line in session.splitlines() if line.startswith("$ ")]
    return "\n\n".join("\n".join([command, *run(card, command)]) for command in commands) + "\n"


def run(card: str, command: str) -> list[str]:
    _, program, name, *options = shlex.split(command)
    assert program == "evalbot", command
    if name == "inspect-tables":
        return [verdict(report) for report in survey(card)]
    assert name == "extract-readme", command
    try:
        found = extract(card, wanted(options))
    except EvalbotError as refusal:
        return [f"refused: {refusal.message}", *(f"  - {candidate}" for candidate in refusal.candidates)]
    return answer(found)


def wanted(options: list[str]) -> Wanted:
    averages = "--include-averages" in options
    pairs = [option for option in options if option != "--include-averages"]
    values = {_OPTIONS[option]: value for option, value in zip(pairs[::2], pairs[1::2], strict=True)}
    index = values.pop("column_index", None)
    return Wanted(**values, column_index=None if index is None else int(index), include_derived=averages)


def answer(found: Extraction) -> list[str]:
    scores = [shown(score) for score in found.scores]
    return scores + [f"not taken: {skip.label or skip.cell}, {skip.reason}" for skip in found.skipped]


def shown(score: Score) -> str:
    details = {
        "metric": score.metric, "shots": score.shots, "subset": score.subset, "stderr": score.stderr,
        "unit": score.unit, "better": score.direction,
    }  # fmt: skip
    said = ", ".join(f"{name} {value}" for name, value in details.items() if value is not None)
    return f"{score.label} = {score.value}{f'  ({said})' if said else ''}"


def verdict(report: TableReport) -> str:
    said = "evaluation" if report.is_evaluation else "no evaluation"
    return f"table {report.table.number}: {said}, {report.reason}"


@pytest.mark.parametrize(
    ("card", "session"),
    [
        pytest.param(card, session, id=f"line {line}")
        for line, card, session in examples(DOC.read_text(encoding="utf-8"))
    ],
)
def test_example__is_what_evalbot_answers(card: str, session: str) -> None:
    assert answered(card, session) == session


def test_every_block__is_part_of_an_example() -> None:
    text = DOC.read_text(encoding="utf-8")
    fences = len(re.findall(r"^```", text, re.MULTILINE))
    assert fences == 4 * len(list(examples(text)))


def rewritten(found: re.Match[str]) -> str:
    return f"```markdown\n{found['card']}```\n\n```text\n{answered(found['card'], found['session'])}```\n"


if __name__ == "__main__":
    DOC.write_text(_EXAMPLE.sub(rewritten, DOC.read_text(encoding="utf-8")), encoding="utf-8")
