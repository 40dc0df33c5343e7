"""evalbot evaluate says of a run what is true of it, and does not begin one that could not be published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.flows.evaluate.conftest import MODEL, status

if TYPE_CHECKING:
    import pytest

    from evalbot.evaluate.runners.parts.record import Results
    from tests.flows.evaluate.conftest import Evaluates, Machine

RUN = "https://github.com/acme/models/actions/runs/77"


def _in_a_workflow(monkeypatch: pytest.MonkeyPatch, run: str) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/models")
    monkeypatch.setenv("GITHUB_RUN_ID", run)


def test_run__in_a_workflow__is_found_there_whoever_publishes_it(
    evaluates: Evaluates, monkeypatch: pytest.MonkeyPatch
) -> None:
    _in_a_workflow(monkeypatch, "77")
    evaluates.here("--output-dir", "out")
    written: Results = json.loads(Path("out/results.json").read_text())
    assert written["run"]["log_url"] == RUN
    _in_a_workflow(monkeypatch, "78")
    done = evaluates.evalbot("publish", "out/results.json", "--json")
    assert f"url: {RUN}" in done.json["yaml"]


def test_run__of_another_branch__is_refused_before_it_begins(evaluates: Evaluates, machine: Machine) -> None:
    api = evaluates.truth.api("alice")
    api.create_branch(MODEL, branch="longer")
    assert status(evaluates.here("--create-pr", "--revision", "longer", "--dry-run"))[0] == 0
    before = len(machine.runs)
    api.upload_file(path_or_fileobj=b"[]", path_in_repo="tokenizer_extra.json", repo_id=MODEL, revision="longer")
    done = evaluates.here("--create-pr", "--revision", "longer")
    assert done.code == 2
    assert "tokenizer_extra.json differs" in done.err
    assert len(machine.runs) == before
