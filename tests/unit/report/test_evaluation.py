from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from evalbot.evaluate.local.progress import Pace, Progress
from evalbot.evaluate.runners.parts.failures import ADVICE
from evalbot.report.evaluation import (
    LOG_LINES,
    advice,
    duration,
    failures,
    kinds_of_failure,
    last_lines,
    logs,
    progress_line,
    results_table,
)
from tests.flows.fake_runner import failed, results, task

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.evaluate.runners.parts.record import Results


def record(*tasks: dict[str, Any], **members: Any) -> Results:
    return cast("Results", results(*tasks, **members))


@pytest.mark.parametrize(
    ("progress", "pace", "line"),
    [
        (Progress(phase="starting the server"), Pace(), "starting the server"),
        (Progress(phase="starting the server", seconds=75.2), Pace(), "starting the server, 75 s so far"),
        (
            Progress(
                phase="tasks",
                task="gsm8k",
                engine="inspect",
                tasks_done=2,
                tasks=6,
                samples_done=120,
                samples=1319,
            ),
            Pace(samples_per_second=14.2, seconds_left=700.0),
            "2 of 6 tasks done, gsm8k (inspect): 120 of 1,319 samples, 14 a second, about 12 min left",
        ),
        (
            Progress(phase="tasks", task="gsm8k", tasks_done=0, tasks=1, samples_done=7, seconds=8.0),
            Pace(samples_per_second=0.875),
            "0 of 1 tasks done, gsm8k: 7 samples, 0.9 a second, 8 s so far",
        ),
        (Progress(phase="tasks", task="\x1b[31ma\nb"), Pace(), "\ufffd[31ma b"),
    ],
)
def test_progress__in_words(progress: Progress, pace: Pace, line: str) -> None:
    assert progress_line(progress, pace) == line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3599, "60 min"),
        (3600, "1 h 0 min"),
        (11_100, "3 h 5 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_duration__is_as_precise_as_anybody_needs(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_table__has_a_line_for_each_score_and_each_task_without_one() -> None:
    second = {"metric": "f1", "value": 12345.678, "stderr": None, "higher_is_better": True, "derived": True}
    arc = task("arc:challenge", shots=None)
    arc["scores"] = [*arc["scores"], second]
    samples = {"total": 1319, "asked": 20, "completed": 20, "invalid": 0}
    limited = task("gsm8k", engine="inspect", shots=1, status="partial", limit=20, samples=samples)
    table = results_table(record(arc, limited, failed("mmlu", "timeout", "too slow"), task("empty", scores=[])))
    assert list(table) == [
        "Results of {MODEL} at bbbbbbbb, vllm 0.32.0, 4 tasks in 60 s:",
        "  lighteval  arc:challenge    em  0.4100 ± 0.0494  100 samples, 3 unreadable",
        "  lighteval  arc:challenge    f1  12345.7  100 samples, 3 unreadable, an average of other scores",
        "  inspect    gsm8k (1 shot)   em  0.4100 ± 0.0494  20 of 1,319 samples (limit 20)",
        "  lighteval  mmlu (5 shots)   -   failed: timeout: too slow",
        "  lighteval  empty (5 shots)  -   no score",
    ]


def test_table__of_a_run_without_tasks__says_so() -> None:
    assert list(results_table(record()))[1:] == ["  no task was run"]


def test_table__of_whatever_an_engine_says__stays_in_its_lines() -> None:
    hostile = "x\n\x1b[2J" + "y" * 5000
    table = list(results_table(record(failed(hostile, hostile, hostile))))
    assert len(table) == 2
    assert len(table[1]) < 1000
    assert "\x1b" not in table[1]


def test_failures__name_the_task_and_the_engines_own_words() -> None:
    stopped = {"kind": "cancelled", "message": ""}
    run = record(task("arc"), failed("gsm8k", "gated-model", "403"), task("mmlu", status="cancelled"), problem=stopped)
    assert list(failures(run)) == [
        "the run: cancelled",
        "gsm8k (5 shots) (lighteval): gated-model: 403",
        "mmlu (5 shots) (lighteval): cancelled",
    ]
    assert kinds_of_failure(run) == ("cancelled", "gated-model")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("out-of-memory", ("larger hardware flavor", "--gpu-memory-utilization", "--tensor-parallel-size")),
        ("unsupported-architecture", ("--backend transformers",)),
        ("trust-remote-code-needed", ("--trust-remote-code", "--revision")),
        ("missing-chat-template", ("--use-chat-template", "instruction-tuned")),
        ("gated-model", ("Accept", "token")),
    ],
)
def test_advice__is_what_the_specification_says(kind: str, words: tuple[str, ...]) -> None:
    (said,) = advice([kind])
    assert all(word in said for word in words)


def test_advice__is_given_once_and_only_where_there_is_some() -> None:
    assert advice(["timeout", "no-such-kind", "timeout"]) == (ADVICE["timeout"],)


def test_logs__names_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "runner.log").touch()
    assert logs(tmp_path) == f"Results and logs are in {tmp_path} (runner.log)."


def test_last_lines__of_a_log__are_few_and_short() -> None:
    text = "\n".join(f"line {number}\n\n" for number in range(100)) + "10%\r20%\r" + "z" * 10_000
    lines = last_lines(text)
    assert len(lines) == LOG_LINES
    assert lines[-3:-1] == ("10%", "20%")
    assert len(lines[-1]) == 200
