"""A run on this machine, with real uv and a runner that has no model behind it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from evalbot.errors import EvaluationFailed, UsageError
from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.hardware.machine import Machine
from evalbot.evaluate.local import run as local_run
from evalbot.evaluate.local.run import Secrets, run_locally
from tests.flows.fake_runner import MODEL, failed, results, task, write_runner

TOKEN = "hf_" + "write" * 6
READ_TOKEN = "hf_" + "read" * 7
COMMAND = RunnerCommand(model=MODEL, lighteval_tasks=("gsm8k|5",), output_dir="set-by-the-run")
NO_GPU = Machine(gpus=(), why_no_gpu="there is none", memory=None, cpus=2, disk_free=None)
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is watched here is Linux's")


@pytest.fixture
def environ() -> dict[str, str]:
    """What evalbot was started with: this machine's way to uv, and secrets of its user."""
    ours = {name: os.environ[name] for name in ("PATH", "HOME", "UV_CACHE_DIR") if name in os.environ}
    ours["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), ours.get("PATH", os.defpath)))
    secrets = {"HF_TOKEN": TOKEN, "HUGGING_FACE_HUB_TOKEN": TOKEN, "AWS_SECRET_ACCESS_KEY": "aws" * 10}
    return {**ours, **secrets, "GITHUB_OUTPUT": "/out", "LEAKED": TOKEN, "VLLM_X": f"a{TOKEN}", "OMP_NUM_THREADS": "2"}


@pytest.fixture
def no_shield(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of the tests stays as it is; the shield itself is tested in processes of its own."""
    monkeypatch.setattr(local_run, "shield", lambda _secrets: True)


def go(tmp_path: Path, environ: dict[str, str], plan: dict[str, Any], **options: Any) -> tuple[Any, list[str]]:
    said: list[str] = []
    settings = {"timeout": 60.0, "output_dir": tmp_path / "out", "machine": NO_GPU, "allow_cpu": True, **options}
    script = write_runner(tmp_path, **plan)
    command, notify = settings.pop("command", COMMAND), settings.pop("notify", said.append)
    done = run_locally(command, environ=environ, notify=notify, script=script, **settings)
    return done, said


def fails(tmp_path: Path, environ: dict[str, str], plan: dict[str, Any], **options: Any) -> EvaluationFailed:
    with pytest.raises(EvaluationFailed) as failure:
        go(tmp_path, environ, plan, **options)
    assert failure.value.exit_code == 9
    assert TOKEN not in f"{failure.value.message}{failure.value.hint}{failure.value.candidates}"
    return failure.value


@pytest.mark.usefixtures("no_shield")
def test_run__that_goes_well__returns_its_results_and_tells_how_far_it_is(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    progress = [
        {"phase": "starting the server", "seconds": 3.0},
        {"phase": "tasks", "task": "gsm8k|5", "engine": "lighteval", "tasks_done": 0, "tasks": 1, "seconds": 65.0},
    ]
    done, said = go(tmp_path, environ, {"progress": progress, "results": results(task("gsm8k")), "seconds": 0.4})
    assert done["tasks"][0]["scores"][0]["value"] == 0.41
    assert done["model"]["id"] == MODEL
    assert "starting the server, 3 s so far" in said
    assert said[-1].startswith("The task was done in")


@pytest.mark.usefixtures("no_shield")
def test_run__hands_no_secret_to_the_runner_but_the_read_token(tmp_path: Path, environ: dict[str, str]) -> None:
    _, said = go(tmp_path, environ, {"results": results(task("gsm8k"))}, secrets=Secrets(read_token=READ_TOKEN))
    seen = json.loads((tmp_path / "out" / "environ.json").read_text())
    assert seen["HF_TOKEN"] == READ_TOKEN
    assert seen["OMP_NUM_THREADS"] == "2"
    assert TOKEN not in json.dumps(seen)
    assert not {"AWS_SECRET_ACCESS_KEY", "HUGGING_FACE_HUB_TOKEN", "GITHUB_OUTPUT", "LEAKED", "VLLM_X"} & set(seen)
    assert any(line.startswith("VLLM_X is not handed to the run") for line in said)


@pytest.mark.usefixtures("no_shield")
def test_run__what_the_runner_says__is_in_its_log_without_the_read_token(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    plan = {"lines": [f"loading with {READ_TOKEN}"], "results": results(task("gsm8k"))}
    go(tmp_path, environ, plan, secrets=Secrets(read_token=READ_TOKEN))
    assert "loading with ***" in (tmp_path / "out" / "runner.log").read_text()


NO_MEMORY = "torch.OutOfMemoryError: CUDA out of memory"
NO_SPACE = "OSError: [Errno 28] No space left on device"
OF_ANOTHER = json.dumps(results(task("gsm8k"))).replace("{MODEL}", "bob/Borealis")
OUT_OF_MEMORY = failed("gsm8k", "out-of-memory", "CUDA out of memory. Tried to allocate 2.00 GiB")


@pytest.mark.usefixtures("no_shield")
@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("out-of-memory", "reduce --gpu-memory-utilization"),
        ("unsupported-architecture", "Use --backend transformers"),
        ("missing-chat-template", "Only use --use-chat-template for instruction-tuned models"),
        ("gated-model", "Accept the model's conditions"),
    ],
)
def test_run__with_a_failed_task__ends_with_the_advice_for_its_kind(
    tmp_path: Path, environ: dict[str, str], kind: str, advice: str
) -> None:
    tasks = (task("arc:challenge"), failed("gsm8k", kind, "the engine's own words"))
    failure = fails(tmp_path, environ, {"results": results(*tasks, status="failed"), "code": 9})
    assert "1 of 2 tasks were done" in failure.message
    assert advice in str(failure.hint)
    assert str(tmp_path / "out") in str(failure.hint)
    assert failure.candidates == (f"gsm8k (5 shots) (lighteval): {kind}: the engine's own words",)
    assert failure.details["results_path"] == str(tmp_path / "out" / "results.json")


@pytest.mark.usefixtures("no_shield")
def test_run__that_ended_well_by_its_code_alone__is_judged_by_its_results(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    failure = fails(tmp_path, environ, {"results": results(OUT_OF_MEMORY, status="failed"), "code": 0})
    assert "0 of 1 tasks were done" in failure.message


@pytest.mark.usefixtures("no_shield")
@pytest.mark.parametrize(
    ("plan", "says", "kind"),
    [
        ({"lines": [NO_MEMORY], "code": 9}, "CUDA out of memory", "out-of-memory"),
        ({"code": 0}, "before there were results", "engine-error"),
        ({"results": '{"schema": "evalbot-resu', "code": 9}, "not whole", "engine-error"),
        ({"results": '{"schema": "evalbot-resu', "lines": [NO_SPACE], "code": 9}, "not whole", "disk-full"),
        ({"results": '{"tasks": [NaN]}', "code": 9}, "NaN is not a number", "engine-error"),
        ({"results": OF_ANOTHER}, "results of bob/Borealis, not of alice/Aurora-7B", "engine-error"),
    ],
)
def test_run__without_results_that_can_be_used__says_why(
    tmp_path: Path, environ: dict[str, str], plan: dict[str, Any], says: str, kind: str
) -> None:
    failure = fails(tmp_path, environ, plan)
    assert says in failure.message
    assert failure.details["failures"] == [kind]


@pytest.mark.usefixtures("no_shield")
@pytest.mark.parametrize("is_there", [True, False], ids=["with results", "without"])
def test_run__out_of_time__keeps_what_is_there(tmp_path: Path, environ: dict[str, str], is_there: bool) -> None:
    plan = {"seconds": 60, "results": results(task("gsm8k"), status="partial") if is_there else None}
    command = RunnerCommand(model=MODEL, lighteval_tasks=("gsm8k|5",), output_dir="o", timeout=600)
    failure = fails(tmp_path, environ, plan, timeout=6.0 if is_there else 1.0, command=command)
    assert "ran out of time after" in failure.message
    assert failure.details["failures"][0] == "timeout"
    assert "--timeout" in str(failure.hint)
    assert ("1 of 1 tasks were done" in failure.message) is is_there


@LINUX
@pytest.mark.usefixtures("no_shield")
def test_run__whose_reader_goes_away__is_stopped(tmp_path: Path, environ: dict[str, str]) -> None:
    def notify(line: str) -> None:
        if "the server" in line:
            raise BrokenPipeError

    plan = {"spawn": ["own-session"], "progress": [{"phase": "starting the server"}], "seconds": 60}
    with pytest.raises(BrokenPipeError):
        go(tmp_path, environ, plan, notify=notify)
    assert alive(tmp_path / "out" / "pids") == []


@pytest.mark.usefixtures("no_shield")
def test_run__that_says_very_much__is_listened_to_and_told_in_short(tmp_path: Path, environ: dict[str, str]) -> None:
    failure = fails(tmp_path, environ, {"lines": ["x" * 300_000, "\udcff\x1b[2J"] * 20, "code": 1})
    assert len(failure.candidates) == 12
    assert max(map(len, failure.candidates)) <= 200
    assert "\x1b" not in "".join(failure.candidates)
    assert (tmp_path / "out" / "runner.log").stat().st_size > 6_000_000


@pytest.mark.usefixtures("no_shield")
def test_run__in_a_folder_of_another_run__is_refused_before_anything_starts(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    go(tmp_path, environ, {"results": results(task("gsm8k"))})
    with pytest.raises(UsageError, match="holds another run already"):
        go(tmp_path, environ, {"results": results(task("gsm8k"))})


@pytest.mark.usefixtures("no_shield")
def test_two_runs_at_once__have_folders_of_their_own(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done: list[Any] = []
    plan = {"results": results(task("gsm8k")), "seconds": 0.5}
    options = {"output_dir": None}
    runs = [threading.Thread(target=lambda: done.append(go(tmp_path, environ, plan, **options))) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join(60)
    assert len(done) == 2
    assert len(list((tmp_path / "evalbot-results").glob("Aurora-7B-*/results.json"))) == 2


DRIVER = """
import json, os, sys
from pathlib import Path
from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.hardware.machine import Machine
from evalbot.evaluate.local.run import Secrets, run_locally
from evalbot.errors import EvalbotError

told = json.loads(sys.argv[1])
command = RunnerCommand(model="alice/Aurora-7B", lighteval_tasks=("gsm8k|5",), output_dir="o",
                        revision="a" * 40, trust_remote_code=True)
machine = Machine(gpus=(), why_no_gpu=None, memory=None, cpus=2, disk_free=None)
try:
    run_locally(command, environ=dict(os.environ), notify=lambda line: print(line, flush=True), timeout=told["timeout"],
                output_dir=Path(told["out"]), machine=machine, allow_cpu=True, script=Path(told["script"]))
except EvalbotError as error:
    print("message:", error.message)
    sys.exit(error.exit_code)
"""


def drive(tmp_path: Path, environ: dict[str, str], first: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """A run in a process of its own, as the command line is one."""
    told = {"out": str(tmp_path / "out"), "script": str(tmp_path / "evaluate_uv.py"), "timeout": 60}
    return subprocess.Popen(
        [sys.executable, *first, "-c", DRIVER, json.dumps(told)],
        env={**environ, "PYTHONPATH": str(Path(local_run.__file__).parents[3]), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@LINUX
def test_run__started_by_nohup__outlives_its_terminal(tmp_path: Path, environ: dict[str, str]) -> None:
    write_runner(tmp_path, results=results(task("gsm8k")), seconds=1)
    ignoring = (
        "import os, sys, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    with drive(tmp_path, environ, first=("-c", ignoring, sys.executable)) as running:
        wait_for(tmp_path / "out" / "ready")
        running.send_signal(signal.SIGHUP)
        running.communicate(timeout=30)
    assert running.returncode == 0


def wait_for(path: Path, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.02)


def alive(path: Path) -> list[int]:
    """Which of the processes that wrote their number there still run."""
    return [pid for pid in map(int, path.read_text().split()) if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@LINUX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run__told_to_stop__leaves_nothing_behind_and_reads_what_is_there(
    tmp_path: Path, environ: dict[str, str], number: signal.Signals
) -> None:
    partial = results(task("gsm8k"), task("arc", status="cancelled", scores=[]), status="cancelled")
    plan = {"spawn": ["in-group", "own-session", "away"], "seconds": 60, "results_when_stopped": partial}
    write_runner(tmp_path, **plan)
    with drive(tmp_path, environ) as running:
        wait_for(tmp_path / "out" / "ready")
        assert len(alive(tmp_path / "out" / "pids")) == 3
        running.send_signal(number)
        said, _ = running.communicate(timeout=10)
    assert alive(tmp_path / "out" / "pids") == []
    assert running.returncode == 9
    assert "message: The evaluation was stopped: 1 of 2 tasks were done." in said
    assert (tmp_path / "out" / "signals").read_text() == "SIGINT\n"


@LINUX
def test_run__whose_runner_does_not_listen__is_over_within_ten_seconds(tmp_path: Path, environ: dict[str, str]) -> None:
    write_runner(tmp_path, spawn=["own-session", "away"], seconds=60, when_stopped="ignore")
    with drive(tmp_path, environ) as running:
        wait_for(tmp_path / "out" / "ready")
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=10)
    assert alive(tmp_path / "out" / "pids") == []
    assert running.returncode == 9


@LINUX
def test_run__that_ended_and_left_processes__ends_them(tmp_path: Path, environ: dict[str, str]) -> None:
    write_runner(tmp_path, spawn=["own-session", "away"], results=results(task("gsm8k")))
    with drive(tmp_path, environ) as running:
        running.communicate(timeout=30)
    assert running.returncode == 0
    assert alive(tmp_path / "out" / "pids") == []


@LINUX
def test_run__whose_evalbot_is_killed__ends_too(tmp_path: Path, environ: dict[str, str]) -> None:
    write_runner(tmp_path, spawn=["in-group", "own-session", "away"], seconds=60)
    with drive(tmp_path, environ) as running:
        wait_for(tmp_path / "out" / "ready")
        running.kill()
        running.communicate(timeout=10)
    end = time.monotonic() + 10
    while alive(tmp_path / "out" / "pids"):
        assert time.monotonic() < end
        time.sleep(0.05)


WITHOUT_POWERS = """
import ctypes, os, sys
for capability in range(64):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: from the next program on
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@LINUX
@pytest.mark.parametrize("powers", [False, True], ids=["a user", "root"])
def test_code_of_the_model__finds_the_token_in_no_process(
    tmp_path: Path, environ: dict[str, str], powers: bool
) -> None:
    is_root = os.geteuid() == 0
    if powers and not is_root:
        pytest.skip("only root can try this as root")
    write_runner(tmp_path, secret_parts=["hf_", "write" * 6], results=results(task("gsm8k")))
    with drive(tmp_path, environ, first=() if powers else ("-c", WITHOUT_POWERS)) as running:
        said, _ = running.communicate(timeout=60)
    assert running.returncode == 0, said
    seen = json.loads((tmp_path / "out" / "found.json").read_text())
    assert seen["found"] == []
    # Above the runner stand uv and the keeper, which hold nothing, then evalbot, which is closed to all but root.
    assert seen["memory"] == ["open", "open", "open" if powers else "closed"]
    assert ("warning: evalbot runs as root" in said) is is_root


@LINUX
def test_without_the_shield__the_token_would_be_found(tmp_path: Path, environ: dict[str, str]) -> None:
    """The test above looks in the right places."""
    write_runner(tmp_path, secret_parts=["hf_", "write" * 6], results=results(task("gsm8k")))
    without = DRIVER.replace("told =", "import evalbot.evaluate.local.run as r; r.shield = lambda s: True\ntold =", 1)
    told = {"out": str(tmp_path / "out"), "script": str(tmp_path / "evaluate_uv.py"), "timeout": 60}
    root = str(Path(local_run.__file__).parents[3])
    subprocess.run(
        [sys.executable, "-c", without, json.dumps(told)],
        env={**environ, "PYTHONPATH": root},
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert json.loads((tmp_path / "out" / "found.json").read_text())["found"] != []
