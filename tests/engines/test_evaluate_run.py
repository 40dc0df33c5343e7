"""`evalbot evaluate` with the real engines: one vLLM server, both engines as its clients, the scores in a Hub PR."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi

from evalbot.card.document import parse_card
from evalbot.card.model_index import published
from evalbot.evaluate.scores import rounded
from tests.engines.ground import model
from tests.engines.ground.marks import ENGINES
from tests.engines.ground.wheels import VLLM_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.evaluate.runners.parts.record import Results, Task
    from tests.engines.conftest import EngineHub

pytestmark = ENGINES

LONGEST_RUN = 600  # seconds
TASKS = "arc:challenge|2,hellaswag,winogrande,gsm8k,inspect_evals/mmlu_0_shot"
OPTIONS = ("--allow-cpu", *VLLM_ARGUMENTS[:4], *(f"--vllm-arg={option}" for option in VLLM_ARGUMENTS[4:]))


@dataclass(frozen=True)
class Evaluated:
    """A finished `evalbot evaluate --json`."""

    code: int
    answer: dict[str, Any]
    said: str
    folder: Path

    @property
    def results(self) -> Results:
        found: Results = self.answer["results"]
        return found

    def task(self, engine: str, name: str) -> Task:
        return next(task for task in self.results["tasks"] if (task["engine"], task["name"]) == (engine, name))


@pytest.fixture(scope="module")
def both(
    engine_hub: EngineHub, uv_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Evaluated:
    folder = tmp_path_factory.mktemp("evaluate")
    environment = {
        **uv_environment,
        **engine_hub.environment(folder / "home"),
        "HF_TOKEN": engine_hub.hub.tokens["bob"],
    }
    program = str(Path(sys.executable).parent / "evalbot")
    command = [program, "evaluate", "--repo-id", model.ID, "--engine", "both", "--tasks", TASKS, "--json"]
    done = subprocess.run(
        [*command, *OPTIONS, "--create-pr", "--max-invalid", "1", "--output-dir", "out"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert done.stdout, done.stderr[-4000:]
    return Evaluated(done.returncode, json.loads(done.stdout), done.stderr, folder / "out")


def test_evaluate__both_engines__one_server_all_tasks_whole(both: Evaluated) -> None:
    assert (both.code, both.answer["status"]) == (0, "evaluated"), both.said[-3000:]
    assert [task["status"] for task in both.results["tasks"]] == ["complete"] * 8
    assert sorted(task["engine"] for task in both.results["tasks"]) == ["inspect"] * 4 + ["lighteval"] * 4
    assert {kind for task in both.results["tasks"] for kind in task["generation"].get("kinds", [])} >= {"logprobs"}
    server = both.results["server"]
    assert server is not None
    assert (server["backend"], server["external"], server["root"]) == ("vllm", False, model.ID)
    logs = [path.read_text() for path in both.folder.glob("server*.log")]
    assert [log.count("non-default args") for log in logs] == [1]  # what vLLM says once, when it starts


def test_evaluate__what_was_measured_on__is_recorded_for_each_task(both: Evaluated, engine_hub: EngineHub) -> None:
    assert both.results["model"]["commit"] == engine_hub.commits[model.ID]
    for task in both.results["tasks"]:
        dataset = task["dataset"]
        assert dataset is not None
        assert dataset["id"] in engine_hub.commits
        assert dataset["split"]
        assert len(dataset["revision"] or "") == 40, task["name"]
        assert task["samples"]["completed"] == task["samples"]["total"]
        assert task["shots"] is not None


def test_evaluate__its_scores__arrive_in_a_pull_request(both: Evaluated, engine_hub: EngineHub) -> None:
    publication = both.answer["publication"]
    assert (publication["status"], publication["pr"]["number"]) == ("proposed", 1)
    hub = engine_hub.hub
    api = HfApi(endpoint=hub.endpoint, token=hub.tokens["alice"])
    home = both.folder.parent / "reader"
    card = Path(api.hf_hub_download(model.ID, "README.md", revision="refs/pr/1", cache_dir=home)).read_text()
    stands = {(each.dataset[0], each.type, each.value) for each in published(parse_card(card))}
    measured = {
        (task["dataset"]["id"], format(rounded(score["value"]), "f"))
        for task in both.results["tasks"]
        for score in task["scores"]
        if task["dataset"] is not None and not score["derived"]
    }
    assert {(dataset, value) for dataset, _, value in stands} == measured
    description = api.get_discussion_details(model.ID, 1).events[0]
    assert engine_hub.commits[model.ID] in getattr(description, "content", "")


def test_evaluate__the_token_that_publishes__is_in_no_file_of_the_run(both: Evaluated, engine_hub: EngineHub) -> None:
    token = engine_hub.hub.tokens["bob"].encode()
    files = [path for path in both.folder.parent.rglob("*") if path.is_file() and "reader" not in path.parts]
    assert len(files) > 10
    assert [path.name for path in files if token in path.read_bytes()] == []
    assert token.decode() not in both.said


def test_evaluate__again__finds_its_pull_request(both: Evaluated, engine_hub: EngineHub, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(both.results))
    environment = {
        "PATH": str(Path(sys.executable).parent),
        "HF_ENDPOINT": engine_hub.hub.endpoint,
        "HF_TOKEN": engine_hub.hub.tokens["bob"],
        "HF_HOME": str(tmp_path / "home"),
    }
    command = ["evalbot", "publish", "results.json", "--create-pr", "--max-invalid", "1", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert json.loads(done.stdout)["status"] == "already-proposed", done.stderr
