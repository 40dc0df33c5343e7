"""The results of a job that has ended: from its log, else from its bucket; checked before anybody gets them.

Nobody but the job writes its log, and others may write into a bucket. But log collectors lose lines, and a job that was
killed has printed less than it wrote: then the bucket has what there is.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from evalbot.console import one_line
from evalbot.errors import EvalbotError, EvaluationFailed, NothingFound, UsageError
from evalbot.evaluate.jobs import asked, log_results, spec
from evalbot.evaluate.results_file import MAX_BYTES, RESULTS_NAME, parse_results
from evalbot.hub import buckets
from evalbot.hub.job_log import JobLog, LogLost, LogSilent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evalbot.evaluate.runners.parts.record import Results
    from evalbot.hub.jobs import Job, Jobs

_LOG_TRIES = 3
MAX_PIECES = 20_000
"""Lines with results that are kept, the last ones: a run of a day prints its results again and again."""
_SILENCE = 10.0
"""Seconds without a line after which the log of an ended job has no more."""
_LONGEST_READING = 300.0
"""Seconds for the whole log of an ended job: a server may keep a line open for ever, and say nothing of use."""


def find(jobs: Jobs, *, job_id: str | None = None, run_key: str | None = None) -> Job:
    """The job that is meant: by its id, or our newest of a run, one with results before others.

    Raises NothingFound, and UsageError for a job that evalbot, or our account, did not start.
    """
    if job_id is not None:
        job = jobs.look(job_id)
        if not spec.OURS.items() <= job.labels.items():
            raise UsageError(
                f"Job {job_id} was not started by evalbot.",
                hint=f"`evalbot jobs list --namespace {jobs.namespace}` shows those that were.",
            )
        return job
    found = jobs.labelled({**spec.OURS, spec.RUN_LABEL: str(run_key)})
    if not found:
        raise NothingFound(f"{jobs.namespace} has no job of the run {run_key}.")
    own = jobs.hub.account().name
    mine = [job for job in found if own in (job.namespace, job.started_by)]
    if not mine:  # anybody may label a job so, and what it says would be published as ours
        raise UsageError(
            f"The jobs of the run {run_key} were started by {one_line(found[0].started_by or 'somebody else')[:100]}.",
            hint=f"Look at it first, then name it by its id: evalbot jobs collect {found[0].id}",
        )
    return next((job for job in mine if job.stage == "COMPLETED"), mine[0])


def collect(
    jobs: Jobs, job: Job, *, log: Sequence[str] | None = None, notify: Callable[[str], None] = lambda _: None
) -> Results:
    """The results of a job that has ended, checked, with the job as their `run.job_id` and `run.log_url`.

    `log` are lines with results that were read already. Results of a job that failed are given too, where it wrote
    some: their status says what they are worth. Raises EvaluationFailed where there are none, where they are not whole
    (it says which piece is missing), or are not about what the job was asked for.
    """
    if not job.ended:
        raise EvaluationFailed(
            f"Job {job.id} has not ended: its stage is {job.stage}.",
            hint=f"`evalbot jobs logs --follow {job.id}` waits for it, `evalbot jobs cancel {job.id}` ends it.",
        )
    wanted = asked.asked_of(spec.runner_arguments(job.command))
    if wanted is None:
        raise EvaluationFailed(f"Job {job.id} does not say which model it evaluated, so its results are not used.")
    if job.started_by not in {None, job.namespace}:
        notify(f"Job {job.id} was started by {one_line(str(job.started_by))[:100]}.")
    results = _results(jobs, job, log, notify)
    asked.check(results, wanted, job.id)
    results["run"]["job_id"] = job.id
    results["run"]["log_url"] = job.url
    return results


def _results(jobs: Jobs, job: Job, log: Sequence[str] | None, notify: Callable[[str], None]) -> Results:
    """The last word of the job where its log has it; else what lies in the bucket; else what the log has."""
    printed = _printed(jobs, job, log)
    if not isinstance(printed, EvalbotError) and (job.mount is None or printed["run"]["finished_at"] is not None):
        return printed
    found = _from_bucket(jobs, job, notify)
    if found is not None:
        return found
    if isinstance(printed, EvalbotError):
        raise printed
    return printed


def _printed(jobs: Jobs, job: Job, log: Sequence[str] | None) -> Results | EvalbotError:
    """The results in the log; where there are none, why."""
    try:
        if log:
            return _parsed(log_results.results_in(log), job)
    except EvaluationFailed:
        pass  # the log that was followed had gaps; it is read once more, whole
    try:
        return _parsed(log_results.results_in(_read_log(jobs, job)), job)
    except EvalbotError as failure:
        return failure


def _from_bucket(jobs: Jobs, job: Job, notify: Callable[[str], None]) -> Results | None:
    if job.mount is None:
        return None
    path = f"{job.mount.folder}/{RESULTS_NAME}".lstrip("/")
    try:
        data = buckets.read_file(jobs.hub, job.mount.source, path, most=MAX_BYTES)
        return parse_results(data, origin=f"{path} in the bucket {job.mount.source}")
    except EvalbotError as failure:
        notify(failure.message)
        return None


def _parsed(data: bytes | None, job: Job) -> Results:
    if data is None:
        raise EvaluationFailed(
            f"Job {job.id} left no results: none in a bucket, none in its log.",
            hint=f"`evalbot jobs logs {job.id}` shows what it printed.",
        )
    try:
        return parse_results(data, origin=f"The log of job {job.id}")
    except UsageError as error:
        raise EvaluationFailed(error.message, hint="Run the evaluation again with --again.") from None


def _read_log(jobs: Jobs, job: Job) -> list[str]:
    """The lines with results of a log that is over, over a few connections where one breaks off."""
    reading, pieces = JobLog(jobs, job.id), deque[str](maxlen=MAX_PIECES)
    for attempt in range(_LOG_TRIES):
        try:
            for line in reading.lines(_SILENCE, longest=_LONGEST_READING):
                if line is not None and log_results.is_piece(line):
                    pieces.append(line)
        except LogSilent:
            break
        except LogLost:
            if attempt == _LOG_TRIES - 1 and not pieces:
                raise
            continue
        break
    return list(pieces)
