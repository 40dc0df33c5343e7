"""Stands in for uv: in place of what uv would run, a runner without engines, or the real one with stand-ins.

`plan.json`, beside the program that starts this, says what happens. Every runner that is started adds a line to
`seen.jsonl` there: its arguments and its environment.

    runner   "real": evaluate_uv.py itself, with fake_vllm.py and fake_engine.py; else a runner that is done at once
    tasks    by name, what differs from a task that went well
    server   "external" with this root, for a server that was there before
    says     lines on stderr
    results  text of results.json in place of the record; null for none
    code     exit code in place of the one that the tasks ask for
    gate     a file that has to be there before it goes on
    vllm, engine   what goes wrong in the stand-ins of the real runner
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalbot.evaluate.runners.parts.evaluate_main import evaluate_parser
from tests.flows.jobs.runner import end, progress
from tests.run_results import results, score, task
from tests.unit.evaluate.runners import fake_engine, fake_uv

if TYPE_CHECKING:
    from argparse import Namespace
    from types import FrameType

HOME = Path(os.environ["STAND_IN"])
DATASETS = {
    "gsm8k": ("openai/gsm8k", "main"),
    "arc:challenge": ("allenai/ai2_arc", "ARC-Challenge"),
    "winogrande": ("allenai/winogrande", "winogrande_xl"),
    "hellaswag": ("Rowan/hellaswag", None),
}
LONGEST_WAIT = 60.0  # seconds


def main() -> int:
    plan: dict[str, Any] = json.loads((HOME / "plan.json").read_text())
    if "--role" in sys.argv:
        return _engine(plan)
    at = next(number for number, word in enumerate(sys.argv) if word.endswith(".py") and number)
    with (HOME / "seen.jsonl").open("a") as file:
        file.write(json.dumps({"arguments": sys.argv[at + 1 :], "environment": dict(os.environ)}) + "\n")
    if plan.get("runner") == "real":
        _become([sys.executable, *sys.argv[at:]], plan)
    return _run(evaluate_parser().parse_args(sys.argv[at + 1 :]), plan)


def _become(command: list[str], plan: dict[str, Any]) -> None:
    behaviour = {"FAKE_BIN": str(HOME), "FAKE_VLLM": plan.get("vllm", ""), "FAKE_ENGINE": plan.get("engine", "")}
    os.execve(command[0], command, {**os.environ, **behaviour})  # noqa: S606 - no shell is wanted


def _engine(plan: dict[str, Any]) -> int:
    """A part of the real runner: inspect-ai ends with 0 also where its log says that the task ended in error."""
    if plan.get("engine") != "errored log" or "inspect" not in sys.argv:
        fake_uv.main()
    job = json.loads(Path(sys.argv[-1]).read_text())
    events = Path(job["events"])
    for spec in job["tasks"]:
        fake_engine.send(events, event="plan", spec=spec, names=[spec])
    fake_engine.wait_for(Path(job["server"]))
    problem = {"kind": "engine-error", "message": "the log's status is error: connection refused"}
    for spec in job["tasks"]:
        record = fake_engine.record("inspect", spec) | {"status": "failed", "problem": problem, "scores": []}
        fake_engine.send(events, event="task", task=record)
    return 0


def _run(asked: Namespace, plan: dict[str, Any]) -> int:
    out = Path(asked.output_dir)
    out.mkdir(parents=True, exist_ok=True)
    specs = [("lighteval", each) for each in (asked.lighteval_tasks or "").split(",") if each]
    specs += [("inspect", each) for each in (asked.inspect_tasks or "").split(",") if each]
    progress(phase="running", tasks=len(specs), tasks_done=0)
    signal.signal(signal.SIGTERM, _stopper(out, asked, specs))
    signal.signal(signal.SIGINT, _stopper(out, asked, specs))
    sys.stderr.writelines(f"{line}\n" for line in plan.get("says", ()))
    sys.stderr.flush()
    if "gate" in plan:
        _wait_for(Path(plan["gate"]))
    if "results" in plan:
        if plan["results"] is not None:
            (out / "results.json").write_text(plan["results"])
        return int(plan.get("code", 9))
    record = _record(asked, specs, plan)
    end(out, record, emit=asked.emit_results)
    whole = all(each["status"] in {"complete", "partial"} for each in record["tasks"])
    return int(plan.get("code", 0 if whole else 9))


def _stopper(out: Path, asked: Namespace, specs: list[tuple[str, str]]) -> Any:
    def stop(_number: int, _frame: FrameType | None) -> None:
        record = _record(asked, specs, {"tasks": {}})
        for each in record["tasks"]:
            each |= {"status": "cancelled", "scores": [], "problem": {"kind": "cancelled", "message": "told to stop"}}
        record["run"]["status"] = "cancelled"
        end(out, record, emit=asked.emit_results)
        os._exit(9)

    return stop


def _wait_for(gate: Path) -> None:
    until = time.monotonic() + LONGEST_WAIT
    while not gate.exists():
        if time.monotonic() > until:
            raise SystemExit("nobody opened the gate")
        time.sleep(0.05)


def _record(asked: Namespace, specs: list[tuple[str, str]], plan: dict[str, Any]) -> Any:
    tasks = [_task(asked, engine, spec, plan.get("tasks", {})) for engine, spec in specs]
    failed = [each for each in tasks if each["status"] == "failed"]
    record = results(*tasks, model=asked.model, status="partial" if failed else "complete")
    record["run"]["job_id"] = os.environ.get("JOB_ID")
    record["model"] |= {"commit": asked.revision, "revision": asked.revision}
    server = record["server"]
    if server is not None and asked.base_url is not None:
        server |= {"external": True, "root": plan.get("server", asked.model)}
    return record


def _task(asked: Namespace, engine: str, spec: str, differing: dict[str, Any]) -> Any:
    name, _, shots = spec.partition("|") if engine == "lighteval" else (spec.partition("?")[0], "", "")
    dataset, config = DATASETS.get(name.removeprefix("inspect_evals/"), (f"acme/{name.rpartition('/')[2]}", None))
    members: dict[str, Any] = {"dataset": dataset, "config": config, "shots": int(shots or 0), "engine": engine}
    if asked.limit is not None:
        members |= {"limit": asked.limit, "samples": asked.limit, "status": "partial"}
    different = dict(differing.get(name, {}))
    scores = [score(**each) for each in different.pop("scores", [{"metric": "acc", "value": 0.5}])]
    if different.get("status") == "failed":
        scores = []
    made = task(name, *(scores or [score()]), **(members | different))
    made["scores"] = scores
    return made


if __name__ == "__main__":
    sys.exit(main())
