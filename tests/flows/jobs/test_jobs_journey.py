"""A job from its start to its results, and the same run again: nothing is paid for twice."""

from __future__ import annotations

from typing import Any

import pytest

from evalbot.errors import EvaluationFailed, UsageError
from evalbot.evaluate.jobs import BucketChoice, collect, find, submission
from tests.flows.jobs.conftest import COMMIT, MODEL, World

WITHOUT_BUCKET = BucketChoice(use=False)
STARTS = ("POST", "/api/jobs/alice")


@pytest.mark.parametrize("bucket", [None, WITHOUT_BUCKET], ids=["by bucket", "by log"])
def test_submit_follow_collect__brings_the_results_of_the_job(world: World, bucket: BucketChoice | None) -> None:
    jobs = world.jobs()
    submitted = world.submit(jobs=jobs, bucket=bucket)
    assert submitted.found == "started"
    finished = world.follow(submitted, jobs=jobs, price=0.01)
    assert finished.failure is None, finished.log
    results = collect(jobs, finished.job, log=finished.pieces, notify=world.said.append)
    assert (results["model"]["id"], results["model"]["commit"]) == (MODEL, COMMIT)
    assert results["run"]["job_id"] == finished.job.id
    assert results["run"]["log_url"] == f"{world.sandbox.endpoint}/jobs/alice/{finished.job.id}"
    assert [task["name"] for task in results["tasks"]] == ["gsm8k", "inspect_evals/mmlu_0_shot"]
    assert world.told("[0/2] server")
    assert "loading the model" in finished.log
    assert not any("evalbot-" in line for line in finished.log)
    assert finished.cost == pytest.approx(0.01 / 60, abs=1e-4)
    assert not world.told("Looking into the job's log")


def test_submit__results_are_kept_in_a_private_bucket_with_the_engines_logs(world: World) -> None:
    jobs = world.jobs()
    job = world.follow(world.submit(jobs=jobs), jobs=jobs).job
    api = jobs.hub.api
    assert api.bucket_info("alice/evalbot-results").private
    assert job.mount is not None
    kept = {entry.path for entry in api.list_bucket_tree("alice/evalbot-results", recursive=True)}
    assert {f"{job.mount.folder}/results.json", f"{job.mount.folder}/server.log"} <= kept


def test_submit__the_same_run_goes_on__attaches_to_its_job(world: World) -> None:
    first = world.submit("wait")
    second = world.submit("wait")
    assert (second.found, second.job.id) == ("attached", first.job.id)
    assert world.asked(*STARTS) == 1
    assert world.told(f"job {first.job.id} goes on with it")
    world.gate.touch()
    assert world.follow(second).failure is None


def test_submit__the_same_run_is_complete__has_its_results_at_once(world: World) -> None:
    first = world.follow(world.submit())
    second = world.submit()
    assert (second.found, second.job.id) == ("finished", first.job.id)
    assert second.results is not None
    assert second.results["run"]["job_id"] == first.job.id
    assert world.asked(*STARTS) == 1


@pytest.mark.parametrize(
    ("first", "changes", "told"),
    [
        pytest.param("fail", {}, "ended with ERROR; a new one is started", id="it failed"),
        pytest.param("quiet", {}, "its results are not to be had", id="it left no results"),
        pytest.param("finish", {"again": True}, "", id="again was asked for"),
        pytest.param("finish", {"versions": {"lighteval": "0.14.0"}}, "", id="other versions of the engines"),
    ],
)
def test_submit__an_earlier_job_does_not_answer_it__starts_another(
    world: World, first: str, changes: dict[str, Any], told: str
) -> None:
    earlier = world.follow(world.submit(first))
    another = world.submit("finish", **changes)
    assert another.found == "started"
    assert another.job.id != earlier.job.id
    assert world.asked(*STARTS) == 2
    assert not told or world.told(told)


def test_submit__two_runs_at_once__one_job_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = world.submit("wait")
    monkeypatch.setattr(submission, "_find", lambda *_: None)  # as if the first had not been listed yet
    second = world.submit("wait")
    assert (second.found, second.job.id) == ("attached", first.job.id)
    stages = {job.id: job.stage for job in world.jobs().labelled({"evalbot": "evaluation"})}
    assert stages.pop(first.job.id) in {"SCHEDULING", "RUNNING"}
    assert list(stages.values()) == ["CANCELED"]


def test_follow__detached_before__the_job_is_found_by_its_key_later(world: World) -> None:
    submitted = world.submit("wait")
    world.gate.touch()
    jobs = world.jobs()
    found = find(jobs, run_key=submitted.run_key)
    assert found.id == submitted.job.id
    finished = world.follow(submitted)
    assert collect(jobs, finished.job)["run"]["status"] == "complete"


def test_collect__a_job_that_goes_on__says_how_to_wait(world: World) -> None:
    submitted = world.submit("wait")
    with pytest.raises(EvaluationFailed, match="has not ended") as refused:
        collect(world.jobs(), submitted.job)
    assert f"evalbot jobs logs --follow {submitted.job.id}" in str(refused.value.hint)


def test_find__a_job_of_somebody_else__is_not_ours_to_collect(world: World) -> None:
    jobs = world.jobs()
    other = jobs.hub.api.run_job(image="ubuntu", command=["true"], namespace="alice")
    with pytest.raises(UsageError, match="was not started by evalbot"):
        find(jobs, job_id=other.id)


def test_submit__a_public_bucket_by_the_default_name__is_not_used(world: World) -> None:
    jobs = world.jobs()
    jobs.hub.api.create_bucket("alice/evalbot-results", private=False)
    submitted = world.submit(jobs=jobs)
    assert submitted.job.mount is None
    assert world.told("Results come back by the job's log alone: The bucket alice/evalbot-results is public.")
    assert collect(jobs, world.follow(submitted).job)["run"]["status"] == "complete"


def test_submit__a_named_bucket_of_somebody_else__starts_nothing(world: World) -> None:
    world.jobs("bob").hub.api.create_bucket("bob/hers", private=True)
    with pytest.raises(Exception, match="bob/hers") as refused:
        world.submit(bucket=BucketChoice(name="bob/hers"))
    assert type(refused.value).__name__ in {"AccessDenied", "NothingFound"}
    assert world.asked(*STARTS) == 0


def test_submit__for_an_organisation__runs_there(world: World) -> None:
    jobs = world.jobs(namespace="acme")
    finished = world.follow(world.submit(jobs=jobs), jobs=jobs)
    assert finished.job.namespace == "acme"
    assert finished.job.mount is not None
    assert finished.job.mount.source == "acme/evalbot-results"
    assert collect(jobs, finished.job)["run"]["status"] == "complete"
