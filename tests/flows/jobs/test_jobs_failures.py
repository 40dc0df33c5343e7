"""Every way a job can go wrong, told apart; and a Hub that answers badly while we wait."""

from __future__ import annotations

import math
import signal
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from evalbot.errors import AccessDenied, EvalbotError, EvaluationFailed, NothingFound, ServiceFailure
from evalbot.evaluate.jobs import BucketChoice, collect, spec, watch
from evalbot.hub.jobs import SubmissionUnknown

if TYPE_CHECKING:
    from tests.flows.jobs.conftest import World

WITHOUT_BUCKET = BucketChoice(use=False)
STARTS = ("POST", "/api/jobs/alice")


@pytest.fixture(autouse=True)
def quick_retries() -> Any:
    with stamina.set_testing(True, attempts=2):
        yield


def problem(error: EvalbotError | None) -> str:
    assert error is not None
    return str(error.details["problem"])


def test_follow__out_of_memory__says_so_with_advice_and_the_last_lines(world: World) -> None:
    finished = world.follow(world.submit("fail"))
    assert problem(finished.failure) == "out-of-memory"
    assert finished.failure is not None
    assert finished.failure.exit_code == 9
    assert "failed: CUDA out of memory" in finished.failure.message
    assert finished.failure.details["exit_code"] == 9
    assert "--tensor-parallel-size" in str(finished.failure.hint)
    assert any("CUDA out of memory" in line for line in finished.failure.candidates)
    assert collect(world.jobs(), finished.job)["run"]["status"] == "failed"


def test_follow__out_of_its_time__says_so_and_keeps_what_was_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spec, "LEAST_TIMEOUT", 1)
    jobs = world.jobs()
    finished = world.follow(world.submit("wait", jobs=jobs, timeout=2), jobs=jobs)
    assert problem(finished.failure) == "timeout"
    assert "ran out of its time of 2 seconds" in str(finished.failure)
    assert collect(jobs, finished.job)["run"]["status"] in {"partial", "cancelled"}


def test_follow__cancelled_by_somebody__says_so_and_keeps_what_was_done(world: World) -> None:
    jobs = world.jobs()
    submitted = world.submit("wait", jobs=jobs)
    seen: list[str] = []

    def cancel_once(line: str) -> None:
        seen.append(line)
        if len(seen) == 2:
            world.jobs().cancel(submitted.job.id)

    finished = world.follow(submitted, jobs=jobs, on_line=cancel_once)
    assert problem(finished.failure) == "cancelled"
    kept = world.sandbox.jobs.find("alice", submitted.job.id)
    assert kept is not None
    assert world.sandbox.jobs.wait(kept, 10)
    assert collect(jobs, finished.job)["run"]["status"] == "cancelled"


def test_submit__no_credit__is_a_payment_that_is_missing(world: World) -> None:
    world.sandbox.jobs.set_credit("alice", 0.0)
    with pytest.raises(EvaluationFailed, match="payment is required") as refused:
        world.submit()
    assert problem(refused.value) == "payment"
    assert "settings/billing" in str(refused.value.hint)


def test_submit__too_many_jobs__is_a_quota(world: World) -> None:
    world.sandbox.jobs.quota = 0
    with pytest.raises(ServiceFailure, match="quota of alice") as refused:
        world.submit(bucket=WITHOUT_BUCKET)
    assert problem(refused.value) == "quota"


@pytest.mark.parametrize("who", ["alice-read", "bob"])
def test_submit__a_token_without_the_right__starts_nothing(world: World, who: str) -> None:
    with pytest.raises((AccessDenied, NothingFound)):
        world.submit(jobs=world.jobs(who, namespace="alice"), bucket=WITHOUT_BUCKET)
    assert world.sandbox.jobs.of("alice") == []


def test_follow__waits_too_long_for_its_hardware__is_cancelled(world: World) -> None:
    world.sandbox.jobs.queue_seconds = math.inf
    submitted = world.submit()
    with pytest.raises(EvaluationFailed, match="and was cancelled") as refused:
        world.follow(submitted, max_queue=0.2)
    assert problem(refused.value) == "queue"
    assert world.jobs().look(submitted.job.id).stage == "CANCELED"


def test_follow__of_another_run__waits_too_long__is_left_alone(world: World) -> None:
    world.sandbox.jobs.queue_seconds = math.inf
    world.submit()
    attached = world.submit()
    with pytest.raises(EvaluationFailed, match="left waiting") as refused:
        world.follow(attached, max_queue=0.2)
    assert problem(refused.value) == "queue"
    assert world.jobs().look(attached.job.id).stage == "SCHEDULING"


@pytest.mark.parametrize("fault", [{"drop": True}, {"truncate": 300}, {"status": 503}, {"status": 404}], ids=str)
def test_follow__a_log_that_breaks_off__is_taken_up_where_it_was(world: World, fault: dict[str, Any]) -> None:
    world.sandbox.faults.add("GET", "/logs$", times=3, **fault)
    submitted = world.submit("wait")
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        if line == "still at it, 5":
            world.gate.touch()

    finished = world.follow(submitted, on_line=take)
    assert finished.failure is None
    told = [line for line in lines if not line.startswith("evalbot-")]
    assert told[:3] == ["loading the model", "still at it, 0", "still at it, 5"]
    assert len(told) == len(set(told))
    assert collect(world.jobs(), finished.job, log=finished.pieces)["run"]["status"] == "complete"


def test_follow__no_log_at_all__waits_for_the_job_by_its_stage(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOG_TRIES", 2)
    world.sandbox.faults.add("GET", "/logs$", times=1000, status=500)
    finished = world.follow(world.submit())
    assert finished.failure is None
    assert finished.log == ()
    assert world.asked("GET", "/logs") <= 8
    assert collect(world.jobs(), finished.job)["run"]["status"] == "complete"


@pytest.mark.parametrize("status", [404, 500, 503])
def test_follow__a_look_that_fails__is_made_again(world: World, status: int) -> None:
    submitted = world.submit()
    world.sandbox.faults.add("GET", f"/{submitted.job.id}$", times=3, status=status)
    assert world.follow(submitted).failure is None
    assert world.told("Asking again.")


def test_follow__a_hub_that_is_gone__says_that_the_job_goes_on(world: World) -> None:
    submitted = world.submit("wait")
    world.sandbox.faults.add("GET", f"/{submitted.job.id}", times=1000, status=503)
    with pytest.raises(ServiceFailure, match="The job goes on without us") as refused:
        world.follow(submitted)
    assert f"evalbot jobs collect {submitted.job.id}" in str(refused.value.hint)
    world.sandbox.faults.clear()
    assert not world.jobs().look(submitted.job.id).ended


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 502}, {"status": 200, "body": "<html>"}], ids=str)
def test_submit__the_answer_is_lost_and_the_job_is_there__it_is_found(world: World, fault: dict[str, Any]) -> None:
    world.sandbox.faults.add("POST", "/api/jobs/alice$", landed=True, **fault)
    submitted = world.submit(bucket=WITHOUT_BUCKET)
    assert world.asked(*STARTS) == 1
    assert world.told("Looking whether the job was started all the same.")
    assert [job.id for job in world.sandbox.jobs.of("alice")] == [submitted.job.id]
    assert world.follow(submitted).failure is None


@pytest.mark.parametrize("status", [500, 503])
def test_submit__the_hub_does_not_list_jobs__starts_none(world: World, status: int) -> None:
    world.sandbox.faults.add("GET", "/api/jobs/alice$", status=status, times=100)
    with pytest.raises(ServiceFailure, match="Could not list the jobs"):
        world.submit()
    assert world.asked(*STARTS) == 0


def test_submit__the_answer_is_lost_and_no_job_is_there__is_not_sent_again(world: World) -> None:
    world.sandbox.faults.add("POST", "/api/jobs/alice$", drop=True)
    with pytest.raises(SubmissionUnknown, match="No such job is listed") as refused:
        world.submit(bucket=WITHOUT_BUCKET)
    assert refused.value.exit_code == 8
    assert "not paid for twice" in str(refused.value.hint)
    assert world.asked(*STARTS) == 1
    assert world.sandbox.jobs.of("alice") == []


@pytest.mark.parametrize(
    ("cancels", "message", "stage"),
    [(True, "Interrupted: job .* was cancelled", "CANCELED"), (False, "Interrupted: job .* goes on", "RUNNING")],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_follow__told_to_stop__does_with_the_job_what_was_asked(
    world: World, number: signal.Signals, cancels: bool, message: str, stage: str
) -> None:
    before = signal.getsignal(number)
    submitted = world.submit("wait")
    with pytest.raises(EvaluationFailed, match=message) as refused:
        world.follow(submitted, cancel_on_interrupt=cancels, on_line=lambda _: signal.raise_signal(number))
    assert signal.getsignal(number) is before
    assert world.jobs().look(submitted.job.id).stage == stage
    assert f"evalbot jobs collect {submitted.job.id}" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"RUNNER_SWALLOWS": "2"}, "of [0-9]+ pieces, 2 missing", id="a piece is missing"),
        pytest.param({"RUNNER_CLAIMS": "bob/Borealis"}, "they are about bob/Borealis, not alice", id="another model"),
    ],
)
def test_collect__results_that_are_not_whole_or_not_the_jobs__are_refused(
    world: World, changes: dict[str, str], reason: str
) -> None:
    finished = world.follow(world.submit(bucket=WITHOUT_BUCKET, environment=changes))
    with pytest.raises(EvaluationFailed, match=reason):
        collect(world.jobs(), finished.job, log=finished.pieces)


def test_collect__the_file_in_the_bucket_is_damaged__the_log_has_the_results(world: World) -> None:
    jobs = world.jobs()
    finished = world.follow(world.submit(jobs=jobs), jobs=jobs)
    mount = finished.job.mount
    assert mount is not None
    jobs.hub.api.batch_bucket_files(mount.source, add=[(b'{"schema": "evalbot-re', f"{mount.folder}/results.json")])
    assert collect(jobs, finished.job, notify=world.said.append)["run"]["status"] == "complete"
    assert not world.told("not whole")


def test_collect__completed_without_results__says_so(world: World) -> None:
    finished = world.follow(world.submit("quiet"))
    assert finished.failure is None
    with pytest.raises(EvaluationFailed, match="left no results"):
        collect(world.jobs(), finished.job, log=finished.pieces)


def test_follow__what_it_costs__is_told_now_and_then(world: World) -> None:
    def open_gate(line: str) -> None:
        if line == "still at it, 10":
            world.gate.touch()

    finished = world.follow(world.submit("wait"), price=6.0, cost_every=0.0, on_line=open_gate)
    assert world.told("has run for")
    assert world.told(" so far.")
    assert finished.cost == pytest.approx(0.1)


def test_follow__with_little_time_for_requests__waits_as_long_as_the_job_takes(world: World) -> None:
    jobs = world.jobs(timeout=5.0)
    jobs.hub.budget.seconds = 0.6
    submitted = world.submit()
    finished = world.follow(submitted, jobs=jobs)
    assert finished.failure is None
    assert collect(jobs, finished.job)["run"]["status"] == "complete"
