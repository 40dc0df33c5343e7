"""What docs/evaluating.md says of failures is what people are told when they happen."""

from __future__ import annotations

import re
from pathlib import Path

from evalbot.evaluate.runners.parts.failures import ADVICE

PAGE = (Path(__file__).parents[3] / "docs" / "evaluating.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## When it fails")[2].partition("\n## ")[0]


def test_docs__kinds_of_failure_and_their_advice_are_those_of_the_runner() -> None:
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", SECTION, flags=re.MULTILINE)) == ADVICE
