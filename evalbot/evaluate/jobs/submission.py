"""Starting a job, or finding the one that does the same already: nothing is paid for twice."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from evalbot.console import one_line
from evalbot.errors import EvalbotError, UsageError
from evalbot.evaluate.jobs import collection, spec
from evalbot.evaluate.jobs.read_token import require_read_only
from evalbot.evaluate.jobs.trust import Trust
from evalbot.hub import buckets
from evalbot.hub.jobs import COMPLETED, Job, Mount, SubmissionUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.evaluate.jobs.spec import JobRequest
    from evalbot.evaluate.runners.parts.record import Results
    from evalbot.hub.jobs import Jobs, JobSpec

DEFAULT_BUCKET = "evalbot-results"
_LOOKS_FOR_A_LOST_ANSWER = (0.5, 2.0, 5.0, 10.0)
"""Seconds before each look for a job whose answer was lost: a list may be a little behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The job that does what was asked for.

    `found` says how we came to it: it was `started` now, an earlier run's goes on (`attached`), or is `finished`; then
    its `results` are here.
    """

    job: Job
    run_key: str
    timeout: int
    found: Literal["started", "attached", "finished"]
    results: Results | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketChoice:
    """Where results are kept: `name` is owner/name, None for the default one of the jobs' namespace.

    The default one is done without where it cannot be had: the log has the results too.
    """

    name: str | None = None
    use: bool = True

    def __post_init__(self) -> None:
        if self.name is not None and re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", self.name, re.ASCII) is None:
            raise UsageError(f"--bucket takes owner/name, not {self.name[:100]!r}.")


def submit(
    jobs: Jobs,
    request: JobRequest,
    *,
    bucket: BucketChoice | None = None,
    again: bool = False,
    notify: Callable[[str], None] = lambda _: None,
) -> Submitted:
    """Start the job, unless one of the same run key goes on, or has ended with its results still there.

    A job of another member of an organisation counts only where it does the very same (trust.py).
    `again` starts a new one whatever there is. Raises AccessDenied for a read token that can write, SubmissionUnknown
    where nobody can tell whether the job was started, and the Hub's refusals.
    """
    if not again and (found := _find(jobs, request, notify)) is not None:
        return found
    if request.read_token is not None:
        require_read_only(jobs.hub, request.read_token)
    submission = spec.new_submission()
    draft = spec.build(request, submission=submission, endpoint=jobs.hub.endpoint, mount=None)
    spec.require_no_secret(draft, jobs.hub.token, request.read_token)  # before anything of it is sent
    mount = _mounted(jobs, request, submission, bucket or BucketChoice(), notify)
    made = spec.build(request, submission=submission, endpoint=jobs.hub.endpoint, mount=mount)
    job = _start(jobs, made, submission, notify)
    submitted = Submitted(job=job, run_key=request.run_key, timeout=request.timeout, found="started")
    return submitted if again else _settled(jobs, submitted, request, notify)


def with_key(jobs: Jobs, run_key: str) -> list[Job]:
    """The jobs of one run, the newest first."""
    return jobs.labelled({**spec.OURS, spec.RUN_LABEL: run_key})


def _find(jobs: Jobs, request: JobRequest, notify: Callable[[str], None]) -> Submitted | None:
    found = _trusted(jobs, request, notify)
    for job in found:
        if not job.ended:
            notify(f"An earlier run started this evaluation: job {job.id} goes on with it ({job.url}).")
            return Submitted(job=job, run_key=request.run_key, timeout=timeout_of(job, request), found="attached")
    for job in found:
        if job.stage != COMPLETED:
            continue
        try:
            results = collection.collect(jobs, job, notify=notify)
        except EvalbotError as failure:
            notify(f"Job {job.id} did this evaluation, but its results are not to be had: {failure.message}")
            continue
        notify(f"Job {job.id} did this evaluation already ({job.url}).")
        timeout = timeout_of(job, request)
        return Submitted(job=job, run_key=request.run_key, timeout=timeout, found="finished", results=results)
    if found:
        notify(f"Job {found[0].id} tried this evaluation and ended with {found[0].stage}; a new one is started.")
    return None


def _trusted(jobs: Jobs, request: JobRequest, notify: Callable[[str], None]) -> list[Job]:
    trust, found = Trust(jobs, request), list[Job]()
    for job in with_key(jobs, request.run_key):
        if trust.trusted(job):
            found.append(job)
        else:
            who = one_line(job.started_by or "somebody else")[:100]
            notify(f"Job {job.id} of {who} has the label of this evaluation, but is another one; it is left alone.")
    return found


def timeout_of(job: Job, request: JobRequest | None = None) -> int:
    """Seconds after which a job is ended, by its label; 0 where nobody knows."""
    text = job.labels.get(spec.TIMEOUT_LABEL, "")
    return int(text[:9]) if text.isdecimal() else 0 if request is None else request.timeout


def _mounted(
    jobs: Jobs, request: JobRequest, submission: str, bucket: BucketChoice, notify: Callable[[str], None]
) -> Mount | None:
    if not bucket.use:
        return None
    name = bucket.name or f"{jobs.namespace}/{DEFAULT_BUCKET}"
    folder = spec.folder(request.run_key, submission)
    try:
        private = buckets.make_bucket(jobs.hub, name)
        if not private and bucket.name is None:
            raise UsageError(f"The bucket {name} is public.")
        buckets.make_folder(jobs.hub, name, folder)
    except EvalbotError as failure:
        if bucket.name is not None:
            raise
        notify(f"Results come back by the job's log alone: {failure.message}")
        return None
    if not private:
        notify(f"The bucket {name} is public: whoever looks can read the results and the logs.")
    return Mount(name, folder, spec.MOUNTED_AT)


def _start(jobs: Jobs, made: JobSpec, submission: str, notify: Callable[[str], None]) -> Job:
    try:
        return jobs.run(made)
    except SubmissionUnknown as failure:
        notify(f"{failure.message} Looking whether the job was started all the same.")
        for seconds in _LOOKS_FOR_A_LOST_ANSWER:
            time.sleep(seconds)
            found = jobs.labelled({**spec.OURS, spec.SUBMISSION_LABEL: submission})
            if found:
                return found[0]
        raise SubmissionUnknown(
            f"{failure.message} No such job is listed, but it may yet appear.",
            hint=f"Look with `evalbot jobs list --namespace {jobs.namespace}`, then run again: a job that was started "
            "is found and not paid for twice.",
        ) from None


def _settled(jobs: Jobs, mine: Submitted, request: JobRequest, notify: Callable[[str], None]) -> Submitted:
    """Where two runs started the same at the same time, the earlier job stays: both sides see the same order."""
    try:
        going = [job for job in _trusted(jobs, request, lambda _: None) if not job.ended]
    except EvalbotError:
        return mine  # ours runs; whether it is alone is worth no failure
    first = min([*going, mine.job], key=lambda job: (job.created_at is None, job.created_at or 0, job.id))
    if first.id == mine.job.id:
        return mine
    try:
        jobs.cancel(mine.job.id)
    except EvalbotError as failure:
        notify(f"{failure.message} Another run started this evaluation as well: job {first.id} ({first.url}).")
        return mine
    notify(f"Another run started this evaluation a moment earlier: job {first.id} goes on, {mine.job.id} is cancelled.")
    return replace(mine, job=first, timeout=timeout_of(first) or mine.timeout, found="attached")
