"""What `evalbot jobs` does beside collecting: looking at jobs, printing their logs, ending them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.errors import EvalbotError, EvaluationFailed, UsageError
from evalbot.evaluate.jobs import ending, log_results, spec
from evalbot.evaluate.jobs.submission import Submitted, timeout_of
from evalbot.evaluate.jobs.watch import KEPT_LINES, LAST_SILENCE, LONGEST_REST, Watching, follow
from evalbot.evaluate.runners.parts.record import write_json
from evalbot.hub.job_log import JobLog, LogSilent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evalbot.evaluate.runners.parts.record import Results
    from evalbot.hub.jobs import Job, Jobs


@dataclass(frozen=True, slots=True)
class Printed:
    """`failure` is why a job that was followed did not complete."""

    id: str
    failure: EvaluationFailed | None = None


def ours(jobs: Jobs, notify: Callable[[str], None]) -> tuple[list[Job], dict[str, float]]:
    """The jobs that evalbot started, the newest first, and what hardware costs; no prices where none are to be had."""
    found = jobs.labelled(spec.OURS)
    try:
        return found, jobs.prices() if found else {}
    except EvalbotError as failure:
        notify(failure.message)
        return found, {}


def print_log(
    jobs: Jobs, job_id: str, *, follow: bool, tell: Callable[[str], None], notify: Callable[[str], None]
) -> Printed:
    """Tell each line but those that carry results. Raises what `watch.follow` does, LogLost without it."""
    job = jobs.look(job_id)
    if follow and not job.ended:
        return _followed(jobs, job, tell, notify)
    last: deque[str] = deque(maxlen=KEPT_LINES)
    try:
        for line in JobLog(jobs, job_id).lines(LAST_SILENCE, so_far=not job.ended, longest=LONGEST_REST):
            if line is not None and not log_results.is_piece(line):
                tell(line)
                last.append(line)
    except LogSilent:
        pass  # what there is was told
    return Printed(job_id, ending.why(job, tuple(last), timeout_of(job)) if follow else None)


def _followed(jobs: Jobs, job: Job, tell: Callable[[str], None], notify: Callable[[str], None]) -> Printed:
    submitted = Submitted(
        job=job, run_key=job.labels.get(spec.RUN_LABEL, ""), timeout=timeout_of(job), found="attached"
    )
    finished = follow(jobs, submitted, Watching(on_line=tell), notify=notify)
    return Printed(job.id, finished.failure)


def cancel(jobs: Jobs, job_id: str) -> str:
    """End a job; what became of it, in words."""
    job = jobs.look(job_id)
    if job.ended:
        return f"Job {job_id} has ended already: its stage is {job.stage}."
    jobs.cancel(job_id)
    return f"Job {job_id} is cancelled."


def require_free(path: Path, *, force: bool) -> None:
    """Raise UsageError for a path where no results can be written."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", hint="Name a file with --output PATH.")
    if path.exists() and not force:
        raise UsageError(f"{path} is there already.", hint="Name another file with --output PATH, or add --force.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}.", hint="Make it, or name another file with --output PATH.")


def write(path: Path, results: Results) -> None:
    """Write results whole or not at all. Raises UsageError where that does not work."""
    try:
        write_json(path, results)
    except OSError as error:
        raise UsageError(f"Could not write {path}: {error.strerror or error}.") from None
