"""A card as a file that `evalbot extract-readme --apply` is run on, and cards with the place of the edit marked.

In a marked card `«+entry 2»` is a line that only the edited card has: the new entry, two columns in; `«- []»` is text
that only the card before the edit has. Everything else is in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.cli import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MODEL = "Demo-7B"
TABLE = "| Benchmark | Demo-7B |\n| --- | --- |\n| MMLU | 85.20 |\n| GSM8K | 50.5 |\n"
METRICS = "- name: MMLU\n  type: mmlu\n  value: 85.20\n- name: GSM8K\n  type: gsm8k\n  value: 50.5\n"


def indented(text: str, columns: int) -> str:
    return "".join(" " * columns + line for line in text.splitlines(keepends=True))


RESULT = (
    "- task:\n    type: text-generation\n  dataset:\n    name: Benchmarks\n    type: benchmark\n  metrics:\n"
    + indented(METRICS, 4)
)
ENTRY = f"- name: {MODEL}\n  results:\n" + indented(RESULT, 4)
INDEX = "model-index:\n" + indented(ENTRY, 2)
NEW = {"metrics": METRICS, "result": RESULT, "entry": ENTRY, "index": INDEX, "front": f"---\n{INDEX}---\n"}
_ADDED = re.compile(r"«\+(\w+) ?(\d*)»(\r\n|\n|\r)")
_REMOVED = re.compile(r"«-([^»]*)»")


def before_and_after(marked: str) -> tuple[bytes, bytes]:
    """The card before the edit and the one that is expected of it."""

    def new_lines(found: re.Match[str]) -> str:
        return indented(NEW[found[1]], int(found[2] or 0)).replace("\n", found[3])

    before = _REMOVED.sub(r"\1", _ADDED.sub("", marked))
    return before.encode(), _REMOVED.sub("", _ADDED.sub(new_lines, marked)).encode()


@dataclass(frozen=True)
class Run:
    """One finished command: its exit code, all that it said, and the file it leaves."""

    code: int
    said: str
    card: bytes


def apply_to(card: bytes, folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Write the card to a file and publish its table's scores there; a failure is held to leave the file alone."""
    path = folder / "README.md"
    path.write_bytes(card)
    capsys.readouterr()
    code = run(["extract-readme", "--readme", str(path), "--model-name", MODEL, "--apply"])
    said = capsys.readouterr()
    done = Run(code, said.out + said.err, path.read_bytes())
    assert "Traceback" not in done.said
    assert code == 0 or done.card == card
    assert [entry.name for entry in folder.iterdir()] == ["README.md"]
    return done
