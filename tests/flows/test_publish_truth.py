"""What a card says of a run is true of that run: its source, its data, its engine; one run's number is no other's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from evalbot.demo import REPO_ID, demo_card
from tests.flows.bob import Bob, status
from tests.flows.truth import OWN_SCORES, Truth
from tests.run_results import REVISION, results, score, task

if TYPE_CHECKING:
    from evalbot.evaluate.runners.parts.record import Task
    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot, Run

FIRST, SECOND = "https://huggingface.co/jobs/bob/6931f0aa", "https://huggingface.co/jobs/bob/7a42e1bb"
NEWER = "e" * 40
ARC: dict[str, Any] = {"dataset": "allenai/ai2_arc", "config": "ARC-Challenge", "shots": 0}


@dataclass(frozen=True)
class Runs:
    """Bob, who publishes what his runs measured, and what the card says afterwards."""

    evalbot: Evalbot
    bob: Bob

    def __call__(self, *tasks: Task, options: tuple[str, ...] = (), url: str | None = FIRST, **more: Any) -> Run:
        made = results(*tasks, model=REPO_ID, log_url=url)
        made["model"]["commit"] = str(self.bob.truth.api("alice").model_info(REPO_ID).sha)
        made.update(more)  # type: ignore[typeddict-item]  # members are those of the record
        Path("results.json").write_text(json.dumps(made))
        return self.evalbot("publish", "results.json", "--json", *options)

    def propose(self, *tasks: Task, options: tuple[str, ...] = (), url: str | None = FIRST, **more: Any) -> Run:
        return self(*tasks, options=("--create-pr", *options), url=url, **more)

    def merge(self, number: int = 1) -> None:
        self.bob.truth.api("alice").merge_pull_request(REPO_ID, number)

    def said(self, ref: str = "refs/pr/1") -> list[tuple[str, str, str, str | None]]:
        """(value, source's address, dataset's revision, engine) of every measured metric."""
        front = yaml.load(self.bob.truth.card(ref).split(b"---\n")[1], yaml.BaseLoader)  # noqa: S506 - texts only
        return [
            (metric["value"], result["source"]["url"], result["dataset"].get("revision", ""), args.get("engine"))
            for result in front["model-index"][0]["results"]
            for args in [result["dataset"].get("args", {})]
            for metric in result["metrics"]
            if result.get("source", {}).get("name", "").startswith("evalbot run")
        ]


@pytest.fixture
def runs(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Runs:
    return Runs(evalbot, Bob(evalbot, hub, Truth(hub, tmp_path / "hub")))


def _gsm8k(value: float = 0.6123456, revision: str = REVISION, **members: Any) -> Task:
    made = task("gsm8k", score("extractive_match", value), **members)
    assert made["dataset"] is not None
    made["dataset"]["revision"] = revision
    return made


def test_update__of_another_run__names_that_run(runs: Runs) -> None:
    runs.propose(_gsm8k())
    assert status(runs.propose(_gsm8k(0.7), url=SECOND)) == (0, "updated")
    assert runs.said() == [("0.7", SECOND, REVISION, "lighteval")]


def test_update__after_the_merge__names_that_run(runs: Runs) -> None:
    runs.propose(_gsm8k())
    runs.merge()
    assert status(runs.propose(_gsm8k(0.7), url=SECOND)) == (0, "proposed")
    assert runs.said("refs/pr/2") == [("0.7", SECOND, REVISION, "lighteval")]


def test_update__on_newer_data__names_the_newer_data(runs: Runs) -> None:
    runs.propose(_gsm8k())
    runs.merge()
    done = runs.propose(_gsm8k(0.7, NEWER))
    assert status(done) == (0, "proposed")
    assert [(each["published"], each["value"]) for each in done.json["updated"]] == [("0.6123", 0.7)]
    assert runs.said("refs/pr/2") == [("0.7", FIRST, NEWER, "lighteval")]


def test_update__of_one_metric_of_two__leaves_the_other_with_its_own_run(runs: Runs) -> None:
    both = task("truthfulqa:mc", score("truthfulqa_mc1", 0.3), score("truthfulqa_mc2", 0.4), dataset="x/truth")
    runs.propose(both)
    one = task("truthfulqa:mc", score("truthfulqa_mc1", 0.35), dataset="x/truth")
    assert status(runs.propose(one, url=SECOND)) == (0, "updated")
    assert [(value, url) for value, url, _, _ in runs.said()] == [("0.4", FIRST), ("0.35", SECOND)]


def test_second_metric__of_another_run__does_not_join_the_first_ones_source(runs: Runs) -> None:
    runs.propose(task("truthfulqa:mc", score("truthfulqa_mc1", 0.3), dataset="x/truth"))
    runs.propose(task("truthfulqa:mc", score("truthfulqa_mc2", 0.4), dataset="x/truth"), url=SECOND)
    assert [(value, url) for value, url, _, _ in runs.said()] == [("0.3", FIRST), ("0.4", SECOND)]


def test_other_ways_of_asking__stand_side_by_side__and_update_their_own_only(runs: Runs) -> None:
    mmlu: dict[str, Any] = {"engine": "inspect", "dataset": "cais/mmlu", "config": "all", "shots": 0}
    plain = task("inspect_evals/mmlu_0_shot", score("accuracy", 0.6), **mmlu)
    cot = task("inspect_evals/mmlu_0_shot?cot=true", score("accuracy", 0.7), **mmlu)
    raw = task("inspect_evals/mmlu_0_shot", score("accuracy", 0.5), **mmlu, chat_template=False)
    for each in (plain, cot, raw):
        runs.merge(runs.propose(each).json["pr"]["number"])
    assert sorted(value for value, *_ in runs.said("main")) == ["0.5", "0.6", "0.7"]
    again = task("inspect_evals/mmlu_0_shot?cot=true", score("accuracy", 0.75), **mmlu)
    done = runs.propose(again, url=SECOND)
    assert [(each["published"], each["value"]) for each in done.json["updated"]] == [("0.7", 0.75)]


@pytest.mark.parametrize("name", ["evalbot runs of Carol", "evalbot running club", "evalbot run"])
def test_source__that_only_begins_like_ours__is_somebody_elses(runs: Runs, name: str) -> None:
    runs.propose(_gsm8k())
    card = runs.bob.truth.card("refs/pr/1").replace(b"evalbot run: lighteval 0.13.0, vLLM 0.32.0", name.encode())
    runs.bob.truth.upload(card)
    runs.bob.closes()
    done = runs.propose(_gsm8k(0.7), options=("--propose-again",), url=SECOND)
    assert done.code == 6
    assert "0.6123 (model-index) → 0.7 (run)" in done.err


def test_grouped__beside_the_scores_of_a_table__keeps_both_sources_apart(runs: Runs) -> None:
    runs.bob.has_proposed("--layout", "grouped")
    assert status(runs.propose(_gsm8k(), options=("--layout", "grouped"))) == (0, "updated")
    assert runs.bob.scores() == OWN_SCORES | {"GSM8K (5-shot, extractive_match)": "0.6123"}
    assert [(value, url) for value, url, _, _ in runs.said()] == [("0.6123", FIRST)]


def test_table__read_again_with_prune_own__takes_back_nothing_that_was_measured(runs: Runs) -> None:
    runs.propose(_gsm8k())
    runs.merge()
    runs.bob.has_proposed("--prune-own")
    assert [value for value, *_ in runs.said("refs/pr/2")] == ["0.6123"]
    shorter = b"".join(line for line in demo_card().splitlines(keepends=True) if not line.startswith(b"| MMLU"))
    assert b"| MMLU" in demo_card()
    card = runs.bob.truth.card("refs/pr/2")
    front = card[: card.index(b"---\n", 4)]
    runs.bob.truth.upload(front + shorter[shorter.index(b"---\n", 4) :])
    runs.bob.proposes("--prune-own")
    assert [value for value, *_ in runs.said("refs/pr/2")] == ["0.6123"]


def test_run__published_in_the_pull_request_of_a_table__is_still_told_after_the_table_was_read_again(
    runs: Runs,
) -> None:
    runs.bob.has_proposed()
    runs.propose(_gsm8k())
    description, _ = runs.bob.said()
    assert "Measured on commit" in description
    runs.bob.truth.upload(demo_card().replace(b"**64.80**", b"**65.2**"))
    assert status(runs.bob.proposes()) == (0, "updated")
    description, _ = runs.bob.said()
    (line,) = [line for line in description.splitlines() if "0.6123" in line]
    assert line.startswith("- GSM8K")
    assert FIRST.removeprefix("https://") in line  # escaped, as all foreign text is


def test_run__with_the_same_task_twice__publishes_neither_value(runs: Runs) -> None:
    done = runs.propose(_gsm8k(0.5), _gsm8k(0.6), task("arc:challenge", score("acc", 0.4), **ARC))
    assert status(done) == (0, "proposed")
    assert [value for value, *_ in runs.said()] == ["0.4"]
    assert {each["reason"] for each in done.json["skipped"]} == {
        "GSM8K (extractive_match) stands for 2 different values"
    }


def _push(runs: Runs, path: str, data: bytes, revision: str = "main") -> str:
    """Alice changes one file; returns the commit."""
    api = runs.bob.truth.api("alice")
    return str(api.upload_file(path_or_fileobj=data, path_in_repo=path, repo_id=REPO_ID, revision=revision).oid)


def _of(commit: str | None, revision: str | None = "main") -> dict[str, Any]:
    return {**results()["model"], "id": REPO_ID, "commit": commit, "revision": revision}


@pytest.mark.parametrize(
    "path", ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja", "modeling.py"]
)
@pytest.mark.parametrize("options", [(), ("--create-pr",)])
def test_weights__that_main_does_not_have_any_more__are_not_published(
    runs: Runs, path: str, options: tuple[str, ...]
) -> None:
    before = _push(runs, path, b"first")
    _push(runs, path, b"second")
    done = runs(options=options, model=_of(before))
    assert done.code == 2
    assert f"{path} differs" in done.err
    assert runs.bob.truth.ours() == []


def test_weights__of_a_branch__are_not_published_to_main(runs: Runs) -> None:
    api = runs.bob.truth.api("alice")
    api.create_branch(REPO_ID, branch="trained-longer")
    commit = _push(runs, "model.safetensors", b"trained longer", "trained-longer")
    done = runs.propose(model=_of(commit, "trained-longer"))
    assert done.code == 2
    assert "model.safetensors differs" in done.err


def test_weights__that_nobody_finds_any_more__are_not_published(runs: Runs) -> None:
    done = runs.propose(model=_of("f" * 40))
    assert done.code == 2
    assert "no commit ffffffffffff any more" in done.err


@pytest.mark.parametrize(
    "path", ["README.md", "LICENSE", "generation_config.json", "onnx/model.onnx", "pytorch_model.bin"]
)
def test_weights__beside_which_something_else_changed__are_main_s(runs: Runs, path: str) -> None:
    before = _push(runs, "model.safetensors", b"weights")
    _push(runs, path, demo_card() + b"\nMore.\n" if path == "README.md" else b"more")
    assert status(runs.propose(model=_of(before))) == (0, "proposed")


def test_weights__of_a_server_that_ran_before__are_compared_by_the_commit_that_was_asked_for(runs: Runs) -> None:
    before = _push(runs, "model.safetensors", b"first")
    _push(runs, "model.safetensors", b"second")
    server = {**(results()["server"] or {}), "external": True, "root": REPO_ID}
    done = runs.propose(model=_of(None, before), server=server)
    assert (done.code, "model.safetensors differs" in done.err) == (2, True)
