"""Waiting for a job: its log as it is printed, its stage now and then, and what it costs so far.

One thread does both. The Hub sends a keep-alive every 30 seconds of silence, and each line, empty or not, is a moment
to look at the stage and the clock. The log is a help and the stage is the truth: a log that cannot be read is given up
after some tries, and the job is waited for all the same.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evalbot.errors import AnswerTooLong, EvalbotError, EvaluationFailed, NothingFound, ServiceFailure
from evalbot.evaluate.jobs import ending, interruption, log_results
from evalbot.evaluate.jobs.collection import MAX_PIECES
from evalbot.evaluate.jobs.request_time import RequestTime
from evalbot.evaluate.local import progress
from evalbot.hub.job_log import JobLog, LogLost, LogSilent
from evalbot.hub.jobs import RUNNING, WAITING
from evalbot.report import jobs as told

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.evaluate.jobs.submission import Submitted
    from evalbot.hub.jobs import Job, Jobs

BETWEEN_LOOKS = 15.0
"""Seconds between two looks at a job that prints."""
_PAUSES = (1.0, 2.0, 4.0, 8.0, 10.0)
"""Seconds before the next look or connection, longer each time nothing new came."""
LOG_TRIES = 12
"""Connections in a row that bring no new line, after which the log is given up."""
MOST_FAILED_LOOKS = 5
"""Looks in a row that fail, each after retries of its own, after which we stop waiting."""
LEAST_FOR_A_LOOK = 60.0
"""Seconds a look may take, however long we have waited already."""
GRACE = 600.0
"""Seconds after a job's timeout in which the Hub should have ended it."""
LAST_SILENCE = 5.0
"""Seconds without a line after which the log of a job that has ended has no more."""
LONGEST_REST = 300.0
"""Seconds for all of it, however it comes."""
KEPT_LINES = 200
_TO_CANCEL = 8.0
"""Seconds for cancelling when we are told to stop: a workflow that is cancelled kills us soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How to wait.

    `max_queue`: seconds a job may wait for its hardware; one that waits longer is cancelled if we started it, for it
    would begin, and cost, when nobody waits any more. `price`: dollars an hour, None where it is not known; it is told
    every `cost_every` seconds.
    """

    max_queue: float = 3600.0
    price: float | None = None
    cost_every: float = 300.0
    cancel_on_interrupt: bool = False
    on_line: Callable[[str], None] | None = None
    """Is given every line but those with results; None: only the progress is told, by `notify`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A job that has ended.

    `failure` says why it did not complete; `log` are its last lines, `pieces` those with results; `cost` is in dollars,
    None without a price.
    """

    job: Job
    failure: EvaluationFailed | None
    log: tuple[str, ...]
    pieces: tuple[str, ...] = field(repr=False)
    cost: float | None


def follow(
    jobs: Jobs, submitted: Submitted, how: Watching | None = None, *, notify: Callable[[str], None] = lambda _: None
) -> Finished:
    """Wait for the job's end, however it ends.

    Raises EvaluationFailed where it waited too long for its hardware, runs past its timeout, or we are told to stop;
    ServiceFailure where the Hub cannot be asked any more. The job itself then goes on, unless the message says that it
    was cancelled.
    """
    watch = _Watch(jobs, submitted, how or Watching(), notify)
    try:
        with interruption.raising():
            return watch.until_ended()
    except (interruption.Interrupted, KeyboardInterrupt):
        with interruption.deaf():
            raise watch.interrupted() from None


class _Watch:
    def __init__(self, jobs: Jobs, submitted: Submitted, how: Watching, notify: Callable[[str], None]) -> None:
        self._jobs, self._how, self._notify = jobs, how, notify
        self._job, self._submitted = submitted.job, submitted
        self._reading = JobLog(jobs, submitted.job.id)
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._pieces: deque[str] = deque(maxlen=MAX_PIECES)  # the last ones: of several results the last count
        self._news = progress.Watch()
        self._began = time.monotonic()
        self._looked = self._told_cost = self._began
        self._failed_looks = 0
        self._log_is_readable = True
        self._time = RequestTime(jobs.hub.budget)

    def until_ended(self) -> Finished:
        self._notify(told.stage(self._job))
        idle = tries = 0
        while not self._job.ended:
            new = False
            if self._job.stage != WAITING and self._log_is_readable and tries < LOG_TRIES:
                new = self._read_along()
                tries = 0 if new else tries + 1
            idle = 0 if new else idle + 1
            self._look()
            if not self._job.ended:
                time.sleep(_PAUSES[min(idle, len(_PAUSES) - 1)])
        self._read_the_rest()
        return self._finished()

    def _read_along(self) -> bool:
        """The log on one connection; whether anything new was printed. Ends early where the job has ended."""
        new = False
        try:
            for line in self._reading.lines():
                if line is not None:
                    new = True
                    self._take(line)
                if time.monotonic() - self._looked >= BETWEEN_LOOKS:
                    self._look()
                    if self._job.ended:
                        break
        except LogLost:
            pass  # the look that follows says whether there is more to come
        except AnswerTooLong as failure:
            self._log_is_readable = False
            self._notify(f"{failure.message} Waiting for the job without its log.")
        return new

    def _read_the_rest(self) -> None:
        """What was printed last: a log may lag behind the stage."""
        for pause in _PAUSES[:3] if self._log_is_readable else ():
            try:
                for line in self._reading.lines(LAST_SILENCE, longest=LONGEST_REST):
                    if line is not None:
                        self._take(line)
            except LogSilent:
                return
            except LogLost:
                time.sleep(pause)
                continue
            except AnswerTooLong:
                pass
            return

    def _take(self, line: str) -> None:
        if log_results.is_piece(line):
            self._pieces.append(line)
            return
        if self._how.on_line is not None:
            self._how.on_line(line)
        said = progress.parse(line)
        if said is None:
            self._lines.append(line)
        elif self._how.on_line is None and (pace := self._news.news(said, time.monotonic())) is not None:
            self._notify(told.progress(said, pace))

    def _look(self) -> None:
        """How the job is now.

        Raises EvaluationFailed for one that waits or runs too long, ServiceFailure for a Hub that does not say.
        """
        self._time.allow(LEAST_FOR_A_LOOK)
        try:
            job = self._jobs.look(self._job.id)
        except (ServiceFailure, NothingFound) as failure:  # a job that was just started may not be listed everywhere
            self._failed_looks += 1
            if self._failed_looks >= MOST_FAILED_LOOKS:
                raise self._given_up(failure) from None
            self._notify(f"{failure.message} Asking again.")
            return
        finally:
            self._looked = time.monotonic()
        self._failed_looks = 0
        if job.stage != self._job.stage:
            self._notify(told.stage(job))
        self._job = job
        self._tell_cost()
        self._require_patience()

    def _tell_cost(self) -> None:
        if self._job.stage != RUNNING or time.monotonic() - self._told_cost < self._how.cost_every:
            return
        self._told_cost = time.monotonic()
        self._notify(told.running(self._job, datetime.now(UTC), self._how.price))

    def _require_patience(self) -> None:
        job, how, timeout = self._job, self._how, self._submitted.timeout
        if job.ended:
            return
        waited = time.monotonic() - self._began
        if job.stage == WAITING and waited >= how.max_queue:
            raise self._waited_too_long(waited)
        if timeout and job.seconds_running(datetime.now(UTC)) > timeout + GRACE:
            raise self._not_ended(f"Job {job.id} runs longer than its timeout of {timeout:,} seconds.", "timeout")

    def _waited_too_long(self, waited: float) -> EvalbotError:
        text = f"Job {self._job.id} waited {waited:,.0f} seconds for {self._job.flavor or 'its hardware'}"
        if self._submitted.found != "started":
            return self._not_ended(f"{text}; another run started it, so it is left waiting.", "queue")
        try:
            self._jobs.cancel(self._job.id)
        except EvalbotError as failure:
            return self._not_ended(f"{text}, and could not be cancelled: {failure.message}", "queue")
        return EvaluationFailed(
            f"{text} and was cancelled.",
            hint="Wait longer with --max-queue SECONDS, or name other hardware with --hardware.",
            details=self._details("queue"),
        )

    def _given_up(self, failure: EvalbotError) -> EvalbotError:
        return ServiceFailure(
            f"{failure.message} The job goes on without us.",
            hint=self._how_to_go_on(),
            details=self._details("service"),
        )

    def _not_ended(self, message: str, problem: str) -> EvaluationFailed:
        return EvaluationFailed(message, hint=self._how_to_go_on(), details=self._details(problem))

    def interrupted(self) -> EvaluationFailed:
        """What we were told to stop at; the job is cancelled where that was asked for."""
        job = self._job
        if not self._how.cancel_on_interrupt:
            return self._not_ended(f"Interrupted: job {job.id} goes on.", "interrupted")
        self._time.allow(_TO_CANCEL)
        try:
            self._jobs.cancel(job.id)
        except EvalbotError as failure:
            return self._not_ended(f"Interrupted, and job {job.id} goes on: {failure.message}", "interrupted")
        return EvaluationFailed(
            f"Interrupted: job {job.id} was cancelled.",
            hint=f"`evalbot jobs collect {job.id}` fetches what it finished before, if anything.",
            details=self._details("cancelled"),
        )

    def _how_to_go_on(self) -> str:
        job = self._job
        return (
            f"Run the same command again to go on waiting; `evalbot jobs cancel {job.id}` ends it, "
            f"`evalbot jobs collect {job.id}` fetches its results once it has ended ({job.url})."
        )

    def _details(self, problem: str) -> dict[str, object]:
        return {
            "problem": problem,
            "job_id": self._job.id,
            "job_url": self._job.url,
            "run_key": self._submitted.run_key,
        }

    def _finished(self) -> Finished:
        self._time.allow(max(self._time.left_at_first, LEAST_FOR_A_LOOK))
        job = self._job
        self._notify(told.ended(job, datetime.now(UTC), self._how.price))
        return Finished(
            job=job,
            failure=ending.why(job, tuple(self._lines), self._submitted.timeout, log_results.problem_in(self._pieces)),
            log=tuple(self._lines),
            pieces=tuple(self._pieces),
            cost=told.cost(job, datetime.now(UTC), self._how.price),
        )
