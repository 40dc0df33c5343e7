from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evalbot.errors import UsageError
from evalbot.evaluate.local.progress import Pace, Progress
from evalbot.hub.jobs import Job, clean_job_id
from evalbot.report import jobs as told

BEGAN = datetime(2026, 11, 23, 10, tzinfo=UTC)
JOB = Job(
    id="6923af01c2b1d4e5f6a7b8c9",
    namespace="alice",
    url="http://hub/jobs/alice/6923af01c2b1d4e5f6a7b8c9",
    stage="RUNNING",
    message=None,
    created_at=BEGAN,
    started_at=BEGAN,
    finished_at=None,
    running_seconds=None,
    flavor="l4x1",
    labels={"evalbot-model": "alice-Aurora", "evalbot-run": "k" * 32},
    command=(),
    mount=None,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45.4, "45 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3540, "59 min"),
        (11_100, "3 h 05 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert told.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "price", "dollars"),
    [(0, 0.8, 0.0), (1, 0.6, 0.01), (60, 0.6, 0.01), (61, 0.6, 0.02), (5400, 0.8, 1.2), (5400, None, None)],
)
def test_cost__is_by_the_minute_begun(seconds: float, price: float | None, dollars: float | None) -> None:
    assert told.cost(JOB, BEGAN + timedelta(seconds=seconds), price) == dollars


@pytest.mark.parametrize(
    ("said", "pace", "text"),
    [
        (Progress(phase="server", tasks=6, tasks_done=0), Pace(), "[0/6] server"),
        (Progress(phase="tasks", engine="lighteval", task="gsm8k"), Pace(), "lighteval gsm8k"),
        (
            Progress(phase="tasks", engine="inspect", task="mmlu", tasks=6, tasks_done=2, samples_done=7, samples=1319),
            Pace(12.5, 600),
            "[2/6] inspect mmlu: 7 of 1,319 samples, 12.5 a second, about 10 min left",
        ),
        (Progress(phase="a\x1b[2Jb\nc", samples_done=1), Pace(), "a\ufffd[2Jb c: 1 samples"),
    ],
    ids=str,
)
def test_progress__is_one_line_for_people(said: Progress, pace: Pace, text: str) -> None:
    assert told.progress(said, pace) == text


def test_listing__columns_stand_below_their_titles() -> None:
    head, row = told.listing([JOB], BEGAN + timedelta(minutes=10), {"l4x1": 0.8})
    for title, cell in (("STAGE", "RUNNING"), ("RAN", "10 min"), ("COST", "$0.13"), ("RUN KEY", "k" * 32)):
        assert row[head.index(title) :].startswith(cell)
    assert told.listing([], BEGAN, {}) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (JOB.id, (None, JOB.id)),
        (f"acme/{JOB.id}", ("acme", JOB.id)),
        (f"https://huggingface.co/jobs/acme/{JOB.id}", ("acme", JOB.id)),
        (f"{JOB.url}?tab=logs", ("alice", JOB.id)),
    ],
)
def test_clean_job_id__as_people_have_it__is_understood(text: str, named: tuple[str | None, str]) -> None:
    assert clean_job_id(text) == named


@pytest.mark.parametrize("text", ["", "x", "../../api", f"a/b/{JOB.id}", f"/{JOB.id}", f"{JOB.id}/", "a b c d e f g h"])
def test_clean_job_id__anything_else__is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not the id of a job"):
        clean_job_id(text)
