from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evalbot.evaluate.jobs.ending import why
from evalbot.hub.jobs import Job

BEGAN = datetime(2026, 11, 23, 10, tzinfo=UTC)


def job(stage: str, message: str | None = None, **changes: Any) -> Job:
    given = {
        "id": "6923af01c2b1d4e5f6a7b8c9",
        "namespace": "alice",
        "url": "http://hub/jobs/alice/6923af01c2b1d4e5f6a7b8c9",
        "created_at": BEGAN,
        "started_at": BEGAN,
        "finished_at": BEGAN + timedelta(seconds=90),
        "running_seconds": 90.0,
        "flavor": "l4x1",
        "labels": {},
        "command": (),
        "mount": None,
        **changes,
    }
    return Job(stage=stage, message=message, **given)


@pytest.mark.parametrize(
    ("ended", "log", "problem", "told"),
    [
        (job("ERROR", "Job failed with exit code: 3. Reason: Error."), ["boom"], "engine-error", "exit code 3: boom"),
        (
            job("ERROR", "Job failed with exit code: 137. Reason: OOMKilled."),
            [],
            "out-of-memory",
            "exit code 137: Job failed with exit code: 137. Reason: OOMKilled",
        ),
        (
            job("ERROR", running_seconds=50.0),
            ["OSError: No space left on device"],
            "disk-full",
            "failed: OSError: No space left on device",
        ),
        (job("ERROR", "Job timed out after 90 seconds."), [], "timeout", "ran out of its time of 90 seconds"),
        (job("ERROR", "Job failed with exit code: 137. Reason: Error."), [], "timeout", "ran out of its time"),
        (job("ERROR", "Deadline exceeded"), ["x"], "timeout", "ran out of its time"),
        (job("CANCELED", None), [], "timeout", "ran out of its time"),
        (job("CANCELED", None, running_seconds=20.0), [], "cancelled", "was cancelled."),
        (job("CANCELED", "by alice", running_seconds=None), [], "cancelled", "was cancelled: by alice"),
        (job("DELETED"), [], "cancelled", "is gone: its stage is DELETED"),
        (
            job("ERROR", "Job failed with exit code: 9. Reason: Error.", running_seconds=89.0),
            ["torch.OutOfMemoryError: CUDA out of memory."],
            "out-of-memory",
            "exit code 9: torch.OutOfMemoryError",
        ),
    ],
    ids=lambda value: (value.message or value.stage) if isinstance(value, Job) else None,
)
def test_why__a_job_that_is_not_complete__is_told_apart(ended: Job, log: list[str], problem: str, told: str) -> None:
    failure = why(ended, log, timeout=90)
    assert failure is not None
    assert failure.details["problem"] == problem
    assert told in failure.message
    assert failure.details["job_url"] in str(failure.hint)


@pytest.mark.parametrize(
    ("kind", "advice"), [("timeout", "--run-timeout"), ("gated-model", "Accept the model's conditions")]
)
def test_why__the_results_tell_the_reason__it_is_taken_before_any_guess(kind: str, advice: str) -> None:
    ended = job("ERROR", "Job failed with exit code: 9. Reason: Error.", running_seconds=50.0)
    failure = why(ended, ["CUDA out of memory"], 90, {"kind": kind, "message": "so it was"})
    assert failure is not None
    assert failure.message.endswith("failed: so it was.")
    assert (failure.details["problem"], failure.details["exit_code"]) == (kind, 9)
    assert advice in str(failure.hint)


def test_why__a_complete_job__is_nothing() -> None:
    assert why(job("COMPLETED"), ["CUDA out of memory"], timeout=90) is None


def test_why__a_log_with_escape_sequences__is_shown_as_plain_text() -> None:
    failure = why(job("ERROR", "\x1b[2Jgone", running_seconds=5.0), ["\x1b]0;title\x07boom"], timeout=90)
    assert failure is not None
    assert not any("\x1b" in text for text in (failure.message, *failure.candidates))


@pytest.mark.parametrize(
    ("changes", "after", "seconds"),
    [
        ({"started_at": None, "finished_at": None, "running_seconds": None}, 500, 0.0),
        ({"finished_at": None, "running_seconds": None}, 30, 30.0),
        ({"finished_at": None, "running_seconds": 40.0}, 30, 40.0),
        ({"finished_at": None, "running_seconds": 40.0}, 3000, 40.0),
        ({"finished_at": None, "running_seconds": None}, -30, 0.0),
    ],
    ids=str,
)
def test_seconds_running__of_a_job_that_goes_on__is_as_the_hub_counts(
    changes: dict[str, Any], after: float, seconds: float
) -> None:
    running = job("RUNNING", **changes)
    assert running.seconds_running(BEGAN + timedelta(seconds=after)) == seconds


def test_seconds_running__of_a_job_that_ended__does_not_grow() -> None:
    later = BEGAN + timedelta(days=1)
    assert job("COMPLETED").seconds_running(later) == 90.0
    assert job("COMPLETED", finished_at=None).seconds_running(later) == 90.0
