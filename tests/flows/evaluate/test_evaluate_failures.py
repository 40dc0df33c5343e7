"""evalbot evaluate where the machine, the server, an engine or the results fail: what is said, and what is kept."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.evaluate.local import folder as local_folder
from evalbot.evaluate.local import run as local_run
from tests.flows.evaluate.conftest import status
from tests.flows.truth import scores_in
from tests.run_results import results, task

if TYPE_CHECKING:
    from tests.flows.evaluate.conftest import Evaluates, Machine


@pytest.mark.parametrize(
    ("vllm", "kind", "advice"),
    [
        (
            "dies: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
            "out-of-memory",
            "Use a larger hardware flavor, reduce --gpu-memory-utilization",
        ),
        (
            "dies: Model architectures ['NewForCausalLM'] are not supported for now.",
            "unsupported-architecture",
            "Use --backend transformers",
        ),
        ("dies: OSError: [Errno 98] Address already in use", "port-taken", "keeps taking the server's port"),
        ("dies: OSError: [Errno 28] No space left on device", "disk-full", "on a larger disk"),
        ("never-healthy", "server-not-healthy", "--start-timeout"),
        (
            "no-template",
            "missing-chat-template",
            "Only use --use-chat-template for instruction-tuned models that include a chat template",
        ),
    ],
    ids=["out of memory", "architecture", "port taken", "disk full", "never healthy", "no chat template"],
)
def test_server__that_does_not_come_up__ends_with_the_advice_and_what_it_wrote(
    evaluates: Evaluates, machine: Machine, vllm: str, kind: str, advice: str
) -> None:
    machine.plans(runner="real", vllm=vllm)
    seconds = "1" if kind == "server-not-healthy" else "60"
    done = evaluates.here("--start-timeout", seconds, "--use-chat-template", "--create-pr", "--output-dir", "out")
    assert status(done) == (9, "evaluation-failed")
    assert kind in done.json["failures"]
    assert advice in done.json["error"]["hint"]
    assert "out/server.log" in done.err or "server.log" in done.json["error"]["hint"]
    assert json.loads(Path("out/results.json").read_text())["run"]["problem"]["kind"] == kind
    assert evaluates.publishes_nothing()


def test_engine__that_ends_well_with_an_errored_log__failed_all_the_same(
    evaluates: Evaluates, machine: Machine
) -> None:
    machine.plans(runner="real", engine="errored log")
    done = evaluates.here("--create-pr", tasks="gsm8k|5,inspect_evals/gsm8k")
    assert status(done) == (9, "evaluation-failed")
    assert "1 of 2 tasks were done" in done.err
    assert "the log's status is error: connection refused" in done.err
    (score,) = done.json["publication"]["scores"]
    assert score["evidence"]["engine"].startswith("lighteval")
    assert len(scores_in(evaluates.truth.card("refs/pr/1"))) == 1


def test_run__again__asks_the_model_again(evaluates: Evaluates, machine: Machine) -> None:
    """Each run has a folder of its own, with the engines' caches in it, so no answer is an older model's."""
    first = evaluates.here()
    machine.plans(tasks={"gsm8k": {"scores": [{"metric": "acc", "value": 0.75}]}})
    second = evaluates.here()
    assert first.json["results_path"] != second.json["results_path"]
    assert second.json["results"]["tasks"][0]["scores"][0]["value"] == 0.75
    assert len(machine.runs) == 2


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"results": None, "code": 0}, "before there were results"),
        ({"results": '{"schema": "evalbot-resu'}, "is not whole: it breaks off in line 1"),
        ({"results": ""}, "is empty"),
        ({"results": json.dumps(results(task(), model="bob/Borealis"))}, "results of bob/Borealis, not of"),
        ({"results": '{"schema": "evalbot-results/9"}'}, "is a results file of version 9"),
    ],
    ids=["none", "half written", "empty", "of another model", "of another version"],
)
def test_results__that_are_not_whole__are_not_published(
    evaluates: Evaluates, machine: Machine, plan: dict[str, Any], says: str
) -> None:
    machine.plans(**plan, says=["the last that it said"])
    done = evaluates.here("--create-pr", "--output-dir", "out")
    assert status(done) == (9, "evaluation-failed")
    assert says in done.err
    assert "the last that it said" in done.err
    assert "the last that it said" in Path("out/runner.log").read_text()
    assert evaluates.publishes_nothing()


def test_run__stopped_midway__says_so_and_keeps_what_it_has(
    evaluates: Evaluates, machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.plans(gate=str(tmp_path / "never"))

    def stop(line: str) -> str:
        signal.raise_signal(signal.SIGINT)
        return line

    monkeypatch.setattr(local_run, "progress_line", lambda *_: stop("0 of 1 tasks done"))
    done = evaluates.here("--create-pr", "--output-dir", "out")
    assert status(done) == (9, "evaluation-failed")
    assert "The evaluation was stopped" in done.err
    assert done.json["results"]["run"]["status"] == "cancelled"
    assert Path("out/results.json").is_file()
    assert evaluates.publishes_nothing()


def test_run__out_of_its_time__says_so(evaluates: Evaluates, machine: Machine, tmp_path: Path) -> None:
    machine.plans(gate=str(tmp_path / "never"))
    done = evaluates.here("--run-timeout", "2")
    assert status(done) == (9, "evaluation-failed")
    assert "ran out of time after" in done.err
    assert "--run-timeout" in done.err
    assert Path(done.json["results_path"]).is_file()


def test_two_runs__into_one_folder__the_second_is_refused_and_the_first_unharmed(evaluates: Evaluates) -> None:
    assert evaluates.here("--output-dir", "out").code == 0
    before = Path("out/results.json").read_bytes()
    done = evaluates.here("--output-dir", "out")
    assert status(done) == (2, "usage-error")
    assert "holds another run already" in done.err
    assert Path("out/results.json").read_bytes() == before


def test_disk__full_where_the_run_writes__is_told_before_it_starts(
    evaluates: Evaluates, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_folder, "LEAST_FREE", 10**18)
    done = evaluates.here()
    assert status(done) == (2, "usage-error")
    assert "GB are free where" in done.err
    assert "Free some space, or name another --output-dir" in done.err
    assert machine.runs == []


def test_output_dir__that_cannot_be_written__is_told(evaluates: Evaluates, machine: Machine) -> None:
    Path("file").write_text("")
    done = evaluates.here("--output-dir", "file/out")
    assert (done.code, "Could not write to" in done.err) == (2, True)
    assert machine.runs == []


@pytest.mark.parametrize("command", ["publish", "publish --create-pr"])
@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", 2, "is empty: the run was stopped while it was written"),
        ('{"schema": "evalbot-results/1", "run": {', 2, "is not whole: it breaks off in line 1"),
        ("[]", 2, "is not a results file of evalbot"),
        (json.dumps(results(task(), model="/home/me/weights")), 2, "is not the id of a model repository"),
    ],
    ids=["empty", "half written", "a list", "of a folder"],
)
def test_publish__of_a_file_that_holds_no_results__publishes_nothing(
    evaluates: Evaluates, command: str, text: str, code: int, says: str
) -> None:
    Path("results.json").write_text(text)
    done = evaluates.evalbot(*command.split(), "results.json", "--json")
    assert (done.code, says in done.err) == (code, True), done.err
    assert done.json["status"] == "usage-error"
    assert evaluates.publishes_nothing()
