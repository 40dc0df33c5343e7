"""The inspect-ai engine of the runners against a real vLLM, with datasets from a sandbox."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from evalbot.evaluate.runners.parts.requirements import requirements
from tests.engines.ground.marks import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evalbot.evaluate.runners.parts.record import Task
    from tests.engines.conftest import EngineHub, TinyModels
    from tests.engines.ground.server import VllmServer

pytestmark = ENGINES

_ROOT = Path(__file__).parents[2]
_DRIVER = Path(__file__).parent / "inspect_driver.py"
_SCHEMA = json.loads((_ROOT / "evalbot/evaluate/results.schema.json").read_text(encoding="utf-8"))
_LONGEST = 400.0
_SHORT = {"max_tokens": 8}

_EVALS = {
    "mmlu": ("cais/mmlu", "all", "test", 0),
    "gsm8k?fewshot=2": ("openai/gsm8k", "main", "test", 2),
    "hellaswag": ("Rowan/hellaswag", "default", "validation", 0),
    "arc_challenge": ("allenai/ai2_arc", "ARC-Challenge", "test", 0),
    "truthfulqa": ("truthfulqa/truthful_qa", "multiple_choice", "validation", 0),
    "winogrande": ("allenai/winogrande", "winogrande_xl", "validation", 5),
    "humaneval": ("openai/openai_humaneval", "openai_humaneval", "test", 0),
}
"""The specification's seven: dataset, config, split and shots."""


@dataclass(frozen=True)
class Told:
    """What the engine reported: the records by name, progress in its order, and everything it printed."""

    records: dict[str, Task]
    progress: list[dict[str, Any]]
    output: str


@pytest.fixture(scope="session")
def ask(uv_environment: Mapping[str, str], engine_hub: EngineHub, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs tasks by the engine, in its own environment."""

    def run(
        tasks: list[str],
        model: dict[str, Any],
        options: dict[str, Any] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Told:
        folder = tmp_path_factory.mktemp("inspect")
        job = folder / "job.json"
        out = folder / "results" / "inspect"
        job.write_text(json.dumps({"tasks": tasks, "model": model, "options": options or {}, "out": str(out)}))
        (folder / ".env").write_text("INSPECT_EVAL_LIMIT=1\nHF_TOKEN=hf_of_a_dotenv\n", encoding="utf-8")
        packages = [word for each in requirements("inspect", model["backend"]) for word in ("--with", each)]
        runners = _ROOT / "evalbot/evaluate/runners"
        done = subprocess.run(
            ["uv", "run", "--no-project", "--isolated", *packages, "python", str(_DRIVER), str(runners), str(job)],
            env={**uv_environment, **engine_hub.environment(folder.parent / "inspect-home"), **(extra or {})},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3_000:]
        return _told(done.stdout, done.stdout + done.stderr, out.parent)

    return run


def _told(stdout: str, output: str, results: Path) -> Told:
    said = [json.loads(line.removeprefix("told ")) for line in stdout.splitlines() if line.startswith("told ")]
    records = [each["record"] for each in said if each["kind"] == "task"]
    for record in records:
        jsonschema.validate(record, _SCHEMA["properties"]["tasks"]["items"])
        assert record["log"] is None or (results / record["log"]).is_file()
    assert len({record["name"] for record in records}) == len(records), "a task was reported twice"
    progress = [each for each in said if each["kind"] == "progress"]
    return Told({record["name"]: record for record in records}, progress, output)


@pytest.fixture(scope="session")
def served(vllm_server: VllmServer) -> dict[str, Any]:
    return {
        "id": "acme/tiny-llama",
        "backend": "vllm",
        "base_url": vllm_server.base_url,
        "served_name": vllm_server.model,
        "max_model_len": 2048,
        "has_chat_template": True,
    }


def _name(task: str) -> str:
    return {"mmlu": "inspect_evals/mmlu_0_shot"}.get(task, f"inspect_evals/{task.partition('?')[0]}")


@pytest.fixture(scope="session")
def seven(ask: Callable[..., Told], served: dict[str, Any]) -> Told:
    options = {**_SHORT, "limit": 3, "allow_code_execution": True}
    return ask(
        [*_EVALS, "nosuch", "hellaswagg", "gsm8k?shots=1"], served, options, {"VLLM_API_KEY": "key_of_the_server"}
    )


@pytest.mark.parametrize("task", _EVALS)
def test_engine__records_what_a_task_really_loaded(task: str, seven: Told, engine_hub: EngineHub) -> None:
    dataset, config, split, shots = _EVALS[task]
    record = seven.records[_name(task)]
    commit = engine_hub.commits[dataset]  # the sandbox knows it by the one that the eval pins too
    assert record["dataset"] == {"id": dataset, "config": config, "split": split, "revision": commit}
    assert record["shots"] == shots
    assert record["problem"] is None
    assert record["version"] is not None
    assert record["version"][-2:] == f"-{record['version'][-1]}"
    assert (record["status"], record["samples"]["completed"]) == ("partial", 3)
    assert record["chat_template"] is True


def test_engine__answers_are_greedy_and_as_long_as_was_said(seven: Told) -> None:
    for task in _EVALS:
        generation = seven.records[_name(task)]["generation"]
        assert generation["temperature"] == 0
        assert generation["max_tokens"] == (16 if task == "mmlu" else 8)  # its solver says 16 itself
    assert seven.records[_name("humaneval")]["generation"]["sandbox"] == "local"


def test_engine__answers_that_cannot_be_read_are_counted(seven: Told) -> None:
    assert seven.records[_name("gsm8k")]["samples"]["invalid"] == 3  # a letter is no number
    assert seven.records[_name("hellaswag")]["samples"]["invalid"] == 0
    assert seven.records[_name("humaneval")]["samples"]["invalid"] == 0


def test_engine__progress_is_told_sample_by_sample(seven: Told) -> None:
    counts = [(each["done"], each["total"]) for each in seven.progress if each["task"] == _name("arc_challenge")]
    assert counts == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nosuch", "is not found"),
        ("hellaswagg", "Did you mean inspect_evals/hellaswag"),
        ("inspect_evals/gsm8k?shots=1", "takes fewshot, fewshot_seed, shuffle_fewshot"),
    ],
)
def test_engine__a_wrong_task__is_said_and_leaves_the_others_alone(name: str, said: str, seven: Told) -> None:
    problem = seven.records[name]["problem"]
    assert problem is not None
    assert problem["kind"] == "unknown-task"
    assert said in problem["message"]


def test_engine__no_secret_is_printed_or_logged(seven: Told) -> None:
    assert "key_of_the_server" not in seven.output
    assert "hf_of_a_dotenv" not in seven.output


@pytest.fixture(scope="session")
def awkward(ask: Callable[..., Told], served: dict[str, Any]) -> Told:
    tasks = ["whole", "sampled", "broken", "one_fails", "too_long", "own_image", "leaving", "humaneval"]
    return ask(tasks, served, {**_SHORT, "limit": 1_000})


def test_engine__a_limit_above_the_dataset__is_the_whole_task(awkward: Told) -> None:
    record = awkward.records["whole"]
    assert (record["status"], record["problem"]) == ("complete", None)
    assert record["samples"] == {"total": 4, "asked": 4, "completed": 4, "invalid": 0}
    assert [(score["metric"], score["value"]) for score in record["scores"]] == [("accuracy", 1.0)]


def test_engine__a_task_that_is_meant_to_be_sampled__is(awkward: Told) -> None:
    record = awkward.records["sampled"]
    assert record["generation"]["temperature"] == 0.7
    assert record["generation"]["max_tokens"] == 8  # the user's word
    assert record["samples"]["completed"] == record["samples"]["total"] == 4  # two samples, each twice


def test_engine__a_log_in_error__is_a_failed_task(awkward: Told) -> None:
    record = awkward.records["broken"]
    assert (record["status"], record["scores"]) == ("failed", [])
    assert record["problem"] == {"kind": "engine-error", "message": "RuntimeError: the solver broke"}


def test_engine__a_sample_that_failed__makes_the_task_partial(awkward: Told) -> None:
    record = awkward.records["one_fails"]
    assert (record["status"], record["samples"]["completed"]) == ("partial", 19)


def test_engine__a_prompt_beyond_the_context__is_a_question_without_an_answer(awkward: Told) -> None:
    record = awkward.records["too_long"]
    assert (record["status"], record["samples"]["invalid"]) == ("complete", 1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("inspect_evals/humaneval", "code-execution-needed"),
        ("own_image", "code-execution-needed"),
        ("leaving", "engine-error"),
    ],
)
def test_engine__what_cannot_run__is_refused_before_the_model_is_asked(name: str, kind: str, awkward: Told) -> None:
    problem = awkward.records[name]["problem"]
    assert problem is not None
    assert problem["kind"] == kind


def test_engine__tasks_that_inspect_refuses_together__run_one_by_one(
    ask: Callable[..., Told], served: dict[str, Any]
) -> None:
    told = ask(["same_ids", "whole", "own_image"], served, {**_SHORT, "allow_code_execution": True})
    assert told.records["whole"]["status"] == "complete"
    for name, said in (("same_ids", "duplicate sample ids"), ("own_image", "images of its own")):
        problem = told.records[name]["problem"]
        assert problem is not None
        assert said in problem["message"]


def test_engine__a_base_model__gets_raw_prompts(ask: Callable[..., Told], served: dict[str, Any]) -> None:
    model = {**served, "has_chat_template": False}
    told = ask(["gsm8k?fewshot=2", "mmlu_5_shot"], model, {**_SHORT, "limit": 2})
    for record in told.records.values():
        assert (record["problem"], record["chat_template"]) == (None, False)
        assert record["samples"]["completed"] == 2
        assert record["generation"]["raw_prompt"] is True
        assert record["generation"]["max_tokens"] > 1


def test_engine__a_chat_without_a_template__fails_every_task(ask: Callable[..., Told], served: dict[str, Any]) -> None:
    told = ask(["whole", "sampled"], {**served, "has_chat_template": False}, {"chat_template": True})
    for record in told.records.values():
        assert record["problem"] is not None
        assert record["problem"]["kind"] == "missing-chat-template"


def test_engine__a_dead_server__ends_in_a_minute(ask: Callable[..., Told], served: dict[str, Any]) -> None:
    told = ask(["whole", "hellaswag"], {**served, "base_url": "http://127.0.0.1:9/v1"})
    for record in told.records.values():
        assert record["status"] == "failed"
        assert record["problem"] is not None
        assert record["problem"]["kind"] == "server-died"
        assert record["seconds"] < 60


@pytest.mark.parametrize("endpoint", ["gone", "without it"])
def test_engine__a_dataset_that_cannot_be_had__fails_fast_and_alone(
    endpoint: str, ask: Callable[..., Told], served: dict[str, Any], tmp_path: Path
) -> None:
    extra = {"HF_HOME": str(tmp_path), **({"HF_ENDPOINT": "http://127.0.0.1:9"} if endpoint == "gone" else {})}
    told = ask(["whole", "boolq" if endpoint == "without it" else "hellaswag"], served, _SHORT, extra)
    assert told.records["whole"]["status"] == "complete"
    (record,) = (each for name, each in told.records.items() if name != "whole")
    assert record["problem"] is not None
    assert record["problem"]["kind"] == "dataset-unreachable"
    assert record["seconds"] < 60


@pytest.mark.parametrize("chat", [True, False])
def test_engine__transformers_in_process__answers_as_well(
    chat: bool, ask: Callable[..., Told], tiny_models: TinyModels
) -> None:
    folder = tiny_models.chat if chat else tiny_models.base
    model = {"id": str(folder), "backend": "transformers", "dtype": "float32"}
    told = ask(["whole"], model, {**_SHORT, "limit": 2})
    record = told.records["whole"]
    assert (record["problem"], record["chat_template"]) == (None, chat)
    assert record["samples"]["completed"] == 2
    assert told.output.count("Loading weights: 100%") <= 1  # inspect-ai would load it once more, to know its context
