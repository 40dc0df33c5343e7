"""One job from the queue to its end, in a thread of its own."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.sandbox.jobs import process
from evalbot.sandbox.jobs.hardware import FLAVORS
from evalbot.sandbox.jobs.process import Command, Ended
from evalbot.sandbox.jobs.volumes import MountFailed, Renaming, mount

if TYPE_CHECKING:
    from evalbot.sandbox.buckets import Buckets
    from evalbot.sandbox.jobs.job import Job
    from evalbot.sandbox.jobs.log import JobLog
    from evalbot.sandbox.repos import Repos

_KILLED = 137  # 128 + SIGKILL: what the kernel does to a process when memory runs out
_CANNOT_START = 128
_NOT_MOUNTED = "The sandbox could not mount a volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """`base` is the environment below the job's own; `grace` the seconds between SIGTERM and SIGKILL."""

    base: dict[str, str]
    buckets: Buckets
    repos: Repos
    grace: float

    def run(self, job: Job, log: JobLog) -> None:
        """RUNNING to one of the last stages. The job's own folder is removed with all that it left there."""
        if not job.start():
            return
        room = room_of(job)
        room.mkdir(mode=0o700)
        try:
            self._attempts(job, log, room)
        finally:
            shutil.rmtree(room, ignore_errors=True)
            # Only where this thread itself failed: a job does not stay RUNNING for ever.
            job.finish("ERROR", "The sandbox failed to run the job")

    def _attempts(self, job: Job, log: JobLog, room: Path) -> None:
        log.add(f"===== Job started at {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} =====")
        deadline = time.monotonic() + job.spec.timeout
        while not job.ended:
            try:
                command = self._command(job, room, deadline - time.monotonic())
                _settle(job, process.run(command, log.add, job.stopping))
            except MountFailed as error:
                job.finish("ERROR", f"{_NOT_MOUNTED}: {error}")
            except OSError as error:
                log.add(f"exec: {job.spec.command[0]!r}: {error.strerror}")
                job.finish("ERROR", failed(_CANNOT_START, "StartError"))

    def _command(self, job: Job, room: Path, timeout: float) -> Command:
        spec = job.spec
        names = {"home": room / "home", "tmp": room / "tmp", "work": room / "work"}
        for folder in names.values():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        shutil.rmtree(room / "volumes", ignore_errors=True)
        renaming = Renaming(mount(spec.volumes, self.buckets, self.repos, room / "volumes"))
        environment = {
            "HOME": str(names["home"]),
            "TMPDIR": str(names["tmp"]),
            **self.base,
            **renaming.variables(spec.environment),
            **spec.secrets,
            **FLAVORS[spec.flavor].environment(),
            "JOB_ID": job.id,
        }
        return Command(
            words=renaming.words((*spec.command, *spec.arguments)),
            environment=environment,
            folder=names["work"],
            job_id=job.id,
            timeout=timeout,
            grace=self.grace,
        )


def room_of(job: Job) -> Path:
    """The job's own folder while it runs. A short path: some programs put sockets into TMPDIR."""
    return Path(tempfile.gettempdir()) / f"evalbot-job-{job.id}"


def _settle(job: Job, ended: Ended) -> None:
    """What an attempt means for the job; after a failure with attempts left it goes on running."""
    if ended.early == "stopped":
        job.finish("CANCELED")
    elif ended.early == "timeout":
        job.finish("ERROR", timed_out(job.spec.timeout))
    elif ended.code == 0:
        job.finish("COMPLETED")
    else:
        job.failures += 1
        if job.failures >= job.spec.attempts:
            job.finish("ERROR", failed(ended.code, "OOMKilled" if ended.code == _KILLED else "Error"))


def failed(code: int, reason: str) -> str:
    """The Hub's words."""
    return f"Job failed with exit code: {code}. Reason: {reason}."


def timed_out(seconds: int) -> str:
    """Our words: the Hub's are not known."""
    return f"Job timed out after {seconds} seconds."
