from __future__ import annotations

import json
from typing import Any

import pytest

from evalbot.evaluate.local.progress import MARK, Pace, Progress, Watch, parse
from evalbot.evaluate.runners.parts.progress import PROGRESS_MARK


def test_mark__is_the_one_the_runner_writes() -> None:
    assert f"{PROGRESS_MARK} " == MARK


def test_parse__reads_all_that_is_said() -> None:
    said: dict[str, Any] = {
        "phase": "tasks",
        "task": "gsm8k",
        "engine": "inspect",
        "tasks_done": 1,
        "tasks": 6,
        "samples_done": 10,
        "samples": 1319,
        "seconds": 12,
    }
    assert parse(MARK + json.dumps(said)) == Progress(**said)


@pytest.mark.parametrize(
    "line",
    [
        "INFO 11-23 loading weights",
        "evalbot-progress",
        MARK,
        MARK + "{",
        MARK + "[]",
        MARK + "{}",
        MARK + '{"phase": ""}',
        MARK + '{"phase": 3}',
        MARK + "[" * 3000,
        MARK + json.dumps({"phase": "x" * 5000}),
        " " + MARK + '{"phase": "tasks"}',
    ],
)
def test_parse__any_other_line__belongs_in_the_log(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize("value", [-1, True, "3", None, [], 1.5, 10**30, float("inf"), float("nan")])
def test_parse__a_count_that_is_none__is_left_out(value: Any) -> None:
    found = parse(MARK + json.dumps({"phase": "tasks", "samples_done": value, "tasks": 3}))
    assert found == Progress(phase="tasks", tasks=3)


def at(done: int, *, tasks_done: int = 0, task: str = "gsm8k") -> Progress:
    return Progress(
        phase="tasks", task=task, engine="inspect", tasks_done=tasks_done, tasks=4, samples_done=done, samples=100
    )


def test_watch__a_flood_of_news__becomes_a_line_now_and_then() -> None:
    watch = Watch()
    told = [second for second in range(60) if watch.news(at(second), float(second)) is not None]
    assert told == [0, 15, 30, 45]


def test_watch__a_step__is_told_soon_but_not_more_than_once_a_second() -> None:
    watch = Watch()
    steps = [(0.0, 0), (0.2, 1), (0.4, 2), (1.3, 3)]
    assert [now for now, done in steps if watch.news(at(0, tasks_done=done), now) is not None] == [0.0, 1.3]


def test_watch__says_nothing_twice() -> None:
    watch = Watch()
    assert watch.news(at(1), 0.0) is not None
    assert watch.news(at(1), 1000.0) is None


def test_watch__measures_how_fast_it_goes_and_what_is_left() -> None:
    watch = Watch()
    assert watch.news(at(0), 100.0) == Pace()
    assert watch.news(at(50), 120.0) == Pace(samples_per_second=2.5, seconds_left=140.0)


def test_watch__does_not_guess_from_too_little() -> None:
    watch = Watch()
    watch.news(at(0), 0.0)
    assert watch.news(at(1), 20.0) == Pace(samples_per_second=0.05, seconds_left=None)


def test_watch__another_task__is_measured_anew() -> None:
    watch = Watch()
    watch.news(at(90), 0.0)
    pace = watch.news(at(10, task="arc", tasks_done=1), 30.0)
    assert pace is not None
    assert pace.samples_per_second is None


def test_watch__time_before_the_first_task__does_not_count() -> None:
    watch = Watch()
    watch.news(Progress(phase="starting", tasks_done=0, tasks=4), 0.0)
    watch.news(at(0), 90.0)
    pace = watch.news(at(0, tasks_done=1), 110.0)
    assert pace is not None
    assert pace.seconds_left == 60.0
