"""What the Hub says of a benchmark, read from a leaderboard that our own model stands on too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evalbot.hub.client import Hub
from evalbot.hub.leaderboards import read_leaderboards
from evalbot.sandbox.server import SandboxHub
from evalbot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = "acme/words"
OURS = "alice/Tern-7B"
TASKS = b"name: Words\ndescription: Words.\nevaluation_framework: inspect-ai\ntasks:\n- id: words\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub where three models of others publish percentages, and ours a fraction."""
    with SandboxHub(tmp_path) as running:
        running.create_repo(WORDS, files={"eval.yaml": TASKS}, repo_type="dataset")
        for repo_id, value in (("acme/a", 91.2), ("bob/b", 88.1), ("carol/c", 77), (OURS, 0.589)):
            entry = f"- dataset: {{id: {WORDS}, task_id: words}}\n  value: {value}\n"
            running.create_repo(repo_id, files={".eval_results/words.yaml": entry.encode()})
        yield Hub(Settings(endpoint=running.endpoint))


@pytest.mark.parametrize(
    ("but", "scale", "evidence"),
    [
        (None, None, "values on both sides of 1 stand on the leaderboard (3 above it, 1 not)"),
        (OURS, "percent", "3 of 3 values on the leaderboard are above 1: percent"),
        (OURS.upper(), "percent", "3 of 3 values on the leaderboard are above 1: percent"),
        ("bob/b", None, "values on both sides of 1 stand on the leaderboard (2 above it, 1 not)"),
    ],
)
def test_read_leaderboards__the_repository_that_is_written_to__is_no_evidence(
    hub: Hub, but: str | None, scale: str | None, evidence: str
) -> None:
    found = read_leaderboards(hub, [WORDS], but=but)
    assert (found.scales[WORDS].scale, found.scales[WORDS].evidence) == (scale, evidence)
