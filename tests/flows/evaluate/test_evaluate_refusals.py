"""What could not be published is not begun, and what was not asked of this model is not published as its scores."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.flows.evaluate.conftest import GSM8K, MODEL, status
from tests.flows.truth import scores_in

if TYPE_CHECKING:
    from tests.flows.evaluate.conftest import Evaluates, Machine


@pytest.mark.parametrize("where", ["local", "jobs"])
def test_limit__with_a_wish_to_publish__is_not_begun(evaluates: Evaluates, machine: Machine, where: str) -> None:
    done = evaluates.at(where, "--limit", "3", "--create-pr")
    assert status(done) == (2, "usage-error")
    assert "--limit" in done.err
    assert machine.runs == []


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ("local", ("--detach",)),
        ("local", ("--again",)),
        ("local", ("--bucket", "bob/mine")),
        ("local", ("--namespace", "acme")),
        ("local", ("--cancel-on-interrupt",)),
        ("jobs", ("--pass-env", "NAME")),
        ("jobs", ("--allow-cpu",)),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_option__of_the_other_place__is_refused(
    evaluates: Evaluates, machine: Machine, where: str, options: tuple[str, ...]
) -> None:
    done = evaluates.at(where, *options)
    assert status(done) == (2, "usage-error")
    assert options[0] in done.err
    assert machine.runs == []


def test_weights__that_are_not_those_of_main__are_not_published_as_its_scores(
    evaluates: Evaluates, tmp_path: Path
) -> None:
    before: str = evaluates("--plan").json["plan"]["revision"]
    retrain(tmp_path / "hub" / "repos" / "models" / f"{MODEL}.git", tmp_path / "clone")
    assert evaluates("--plan").json["plan"]["revision"] != before
    done = evaluates.here("--revision", before, "--create-pr")
    assert done.code in {2, 3}, done.err
    assert "weights" in done.err
    assert evaluates.publishes_nothing()
    assert evaluates.here("--create-pr").json["publication"]["status"] == "proposed"


def retrain(repository: Path, clone: Path) -> None:
    """One byte of the weights is another one."""
    subprocess.run(["git", "clone", "-q", str(repository), str(clone)], check=True)
    weights = clone / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    who = ("-c", "user.name=Alice", "-c", "user.email=alice@example.org")
    for command in ((*who, "commit", "-qam", "Trained on"), ("push", "-q")):
        subprocess.run(["git", "-C", str(clone), *command], check=True)


def test_weights__of_main__before_the_card_was_edited__are_the_same(evaluates: Evaluates) -> None:
    before: str = evaluates("--plan").json["plan"]["revision"]
    evaluates.truth.upload(evaluates.truth.card() + b"\nOne more line.\n")
    done = evaluates.here("--revision", before, "--create-pr")
    assert (done.code, json.loads(done.out)["publication"]["status"]) == (0, "proposed"), done.err
    assert scores_in(evaluates.truth.card("refs/pr/1")) == {GSM8K: "0.5"}


def test_job__into_a_folder_that_cannot_be__is_not_started(evaluates: Evaluates, machine: Machine) -> None:
    Path("file").write_text("")
    done = evaluates.as_job("--output-dir", "file/out")
    assert status(done) == (2, "usage-error")
    assert "file/out" in done.err
    assert machine.runs == []
