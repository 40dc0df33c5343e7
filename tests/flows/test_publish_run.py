"""What a run measured, on its way into a card: the same pull request, the same rules as for scores that were read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evalbot.demo import REPO_ID, demo_card
from tests.flows.bob import Bob, status
from tests.flows.truth import OWN_SCORES, Truth, scores_in, without_index
from tests.run_results import REVISION, results, score, task

if TYPE_CHECKING:
    from evalbot.evaluate.runners.parts.record import Task
    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot, Run

GSM8K = "GSM8K (5-shot, extractive_match)"
JOB = "https://huggingface.co/jobs/bob/6931f0aa"


@dataclass(frozen=True)
class Runs:
    """Bob, who publishes what his runs measured."""

    evalbot: Evalbot
    bob: Bob

    @property
    def commit(self) -> str:
        return str(self.bob.truth.api("alice").model_info(REPO_ID).sha)

    def __call__(self, *options: str, tasks: tuple[Task, ...] = (), model: str = REPO_ID, job: str | None = JOB) -> Run:
        made = results(*tasks, model=model, log_url=job)
        made["model"]["commit"] = self.commit
        Path("results.json").write_text(json.dumps(made))
        return self.evalbot("publish", "results.json", "--json", *options)

    def proposes(self, *options: str, tasks: tuple[Task, ...] = (), job: str = JOB) -> Run:
        return self("--create-pr", *options, tasks=tasks, job=job)


@pytest.fixture
def runs(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Runs:
    return Runs(evalbot, Bob(evalbot, hub, Truth(hub, tmp_path / "hub")))


def test_publish__preview__is_a_result_for_the_benchmarks_own_dataset(runs: Runs) -> None:
    done = runs()
    assert status(done) == (0, "preview")
    for line in (
        "type: openai/gsm8k",
        "config: main",
        f"revision: {REVISION}",
        "num_few_shot: 5",
        "engine: lighteval",
        "type: extractive_match",
        "value: 0.6123",
        "name: 'evalbot run: lighteval 0.13.0, vLLM 0.32.0'",
        f"url: {JOB}",
    ):
        assert line in done.json["yaml"], done.json["yaml"]
    assert (done.json["table"], done.json["run"]["commit"]) == (None, runs.commit)
    assert done.json["scores"][0]["evidence"]["samples"] == 1319


def test_publish__proposes__and_says_how_it_was_measured(runs: Runs) -> None:
    done = runs.proposes()
    assert status(done) == (0, "proposed")
    assert scores_in(runs.bob.truth.card("refs/pr/1"))[GSM8K] == "0.6123"
    assert without_index(runs.bob.truth.card("refs/pr/1")) == demo_card()
    description, (summary,) = runs.bob.said()
    assert f"Measured on commit {runs.commit}" in description
    assert f"| [lighteval 0.13.0, gsm8k, 1319 samples, standard error 0.01]({JOB}) |" in description
    assert "Correct the table" not in description
    assert "table" not in summary


def test_publish__twice__makes_one_pull_request(runs: Runs) -> None:
    runs.proposes()
    assert status(runs.proposes(job=f"{JOB}00")) == (0, "already-proposed")
    assert runs.bob.truth.ours() == [1]


def test_publish__another_run_measures_another_value__ours_is_brought_up_to_date(runs: Runs) -> None:
    runs.proposes()
    again = task("gsm8k", score("extractive_match", 0.7))
    assert status(runs.proposes(tasks=(again,), job=f"{JOB}00")) == (0, "updated")
    assert runs.bob.scores()[GSM8K] == "0.7"
    assert runs.bob.truth.ours() == [1]


def test_publish__merged_and_measured_again__is_shown_as_an_update(runs: Runs) -> None:
    runs.proposes()
    runs.bob.truth.api("alice").merge_pull_request(REPO_ID, 1)
    assert status(runs.proposes(job=f"{JOB}00")) == (0, "up-to-date")
    again = task("gsm8k", score("extractive_match", 0.7))
    done = runs.proposes(tasks=(again,), job=f"{JOB}00")
    assert status(done) == (0, "proposed")
    assert [(each["published"], each["value"]) for each in done.json["updated"]] == [("0.6123", 0.7)]


def test_publish__a_person_publishes_another_value__is_a_conflict(runs: Runs) -> None:
    runs("--create-pr")
    card = runs.bob.truth.card("refs/pr/1").replace(b"evalbot run: lighteval 0.13.0, vLLM 0.32.0", b"Our paper")
    runs.bob.truth.upload(card.replace(b"0.6123", b"0.65").replace(JOB.encode(), b"https://example.org/paper"))
    runs.bob.closes()
    done = runs.proposes("--propose-again")
    assert done.code == 6
    assert "0.65 (model-index) → 0.6123 (run)" in done.err
    assert "the table" not in done.err


def test_publish__beside_scores_of_the_card__in_one_pull_request__and_neither_takes_the_other_back(runs: Runs) -> None:
    runs.bob.has_proposed()
    assert status(runs.proposes()) == (0, "updated")
    both = OWN_SCORES | {GSM8K: "0.6123"}
    assert runs.bob.scores() == both
    assert status(runs.bob.proposes()) == (0, "already-proposed")
    assert status(runs.proposes()) == (0, "already-proposed")
    runs.bob.truth.upload(demo_card().replace(b"**64.80**", b"**65.2**"))
    assert status(runs.bob.proposes()) == (0, "updated")
    assert runs.bob.scores() == both | {"MMLU": "65.2"}
    assert runs.bob.truth.ours() == [1]


def test_publish__another_task_later__joins_the_pull_request(runs: Runs) -> None:
    runs.proposes()
    later = task("winogrande", score("acc", 0.7), dataset="allenai/winogrande", config="winogrande_xl", shots=0)
    assert status(runs.proposes(tasks=(later,))) == (0, "updated")
    assert len(runs.bob.scores()) == 2
    assert runs.bob.scores()[GSM8K] == "0.6123"


def test_publish__two_engines_on_one_dataset__are_two_results_that_stay(runs: Runs) -> None:
    dataset = {"dataset": "allenai/ai2_arc", "config": "ARC-Challenge", "shots": 0}
    ours = (
        task("arc:challenge", score("acc", 0.4), engine="lighteval", **dataset),  # type: ignore[arg-type]
        task("inspect_evals/arc_challenge", score("accuracy", 0.6), engine="inspect", **dataset),  # type: ignore[arg-type]
    )
    assert status(runs.proposes(tasks=ours)) == (0, "proposed")
    assert sorted(runs.bob.scores().values()) == ["0.4", "0.6"]
    runs.bob.truth.api("alice").merge_pull_request(REPO_ID, 1)
    assert status(runs.proposes(tasks=ours)) == (0, "up-to-date")
    done = runs.proposes(tasks=(task("arc:challenge", score("acc", 0.45), **dataset),))  # type: ignore[arg-type]
    assert status(done) == (0, "proposed")
    assert [(each["published"], each["value"]) for each in done.json["updated"]] == [("0.4", 0.45)]


def test_publish__what_is_partial_or_failed__is_left_out_with_the_reason(runs: Runs) -> None:
    done = runs.proposes(tasks=(task(), task("hellaswag", status="failed", dataset="Rowan/hellaswag")))
    assert status(done) == (0, "proposed")
    assert [each["label"] for each in done.json["skipped"]] == ["hellaswag (extractive_match)"]
    assert "hellaswag" in runs.bob.said()[0]


def test_publish__nothing_whole__is_nothing_found(runs: Runs) -> None:
    done = runs.proposes(tasks=(task(status="partial", limit=20, samples=20),))
    assert done.code == 3
    assert "only 20 of 1319 samples were run" in done.err
    assert runs.bob.truth.ours() == []


@pytest.mark.parametrize("options", [("--repo-id", REPO_ID), ("--repo-id", REPO_ID, "--create-pr")])
def test_publish__another_models_results__are_refused(runs: Runs, options: tuple[str, ...]) -> None:
    done = runs(*options, model="alice/Aurora-13B")
    assert done.code == 2
    assert "results of alice/Aurora-13B, not of" in done.err


def test_publish__to_a_file__writes_the_card(runs: Runs) -> None:
    Path("README.md").write_bytes(demo_card())
    assert status(runs("--readme", "README.md", "--apply")) == (0, "written")
    assert scores_in(Path("README.md").read_bytes())[GSM8K] == "0.6123"


def test_publish__no_file__says_so(runs: Runs) -> None:
    done = runs.evalbot("publish", "elsewhere.json")
    assert done.code == 3


def test_publish__in_a_workflow_that_did_not_measure__names_the_weights(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/models")
    monkeypatch.setenv("GITHUB_RUN_ID", "77")
    done = runs(job=None)
    assert f"url: https://huggingface.co/{REPO_ID}/tree/{runs.commit}" in done.json["yaml"]
    assert "runs/77" not in done.json["yaml"]


def test_publish__grouped__is_one_result(runs: Runs) -> None:
    done = runs("--layout", "grouped")
    assert "type: benchmark" in done.json["yaml"]
    assert f"name: {GSM8K}" in done.json["yaml"]
