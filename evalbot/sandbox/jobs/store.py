"""All jobs of a sandbox: who may start one, which there are, and what ends them."""

from __future__ import annotations

import os
import shutil
import threading
import time
from typing import TYPE_CHECKING

from evalbot.sandbox.jobs import job as jobs
from evalbot.sandbox.jobs import process
from evalbot.sandbox.jobs.job import Job
from evalbot.sandbox.jobs.log import JobLog
from evalbot.sandbox.jobs.runner import Runner, room_of
from evalbot.sandbox.records import new_id, read_json, write_json
from evalbot.sandbox.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from evalbot.sandbox.buckets import Buckets
    from evalbot.sandbox.jobs.spec import Spec
    from evalbot.sandbox.repos import Repos

NO_CREDIT = "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."

_LOOK_EVERY = 0.02  # seconds
_LAST_END = 5.0  # seconds beyond the grace that a job's thread is waited for when the sandbox stops
_STOPPED = "The sandbox was stopped"


class Jobs:
    """The jobs kept in one folder, and the terms on which they run.

    `queue_seconds` is how long a job stays SCHEDULING (math.inf: for ever), also for those that wait already; `quota`
    how many unfinished jobs a namespace may have (None: any number); `keep_alive` the seconds between the signs of
    life of a silent log; `grace` the seconds between SIGTERM and SIGKILL, for jobs that start running later; `runs`
    whether jobs may be started at all. All may be changed at any time.
    """

    def __init__(self, folder: Path, buckets: Buckets, repos: Repos, environment: Mapping[str, str]) -> None:
        self.runs = True
        self.queue_seconds = 0.0
        self.quota: int | None = None
        self.keep_alive = 30.0
        self.grace = 10.0
        self.closing = threading.Event()
        self._folder = folder
        self._buckets = buckets
        self._repos = repos
        self._environment = dict(environment)
        self._endpoint = ""
        self._lock = threading.Lock()
        self._logs: dict[str, JobLog] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._jobs = _earlier(folder)
        self._credit: dict[str, float] = read_json(self._credit_path) if self._credit_path.exists() else {}

    @property
    def _credit_path(self) -> Path:
        return self._folder / "credit.json"

    def open(self, endpoint: str) -> None:
        """Jobs may be started: to them this Hub is the Hub."""
        self.closing.clear()
        self._endpoint = endpoint

    def add(self, namespace: str, user: str, spec: Spec, *, copy_of: Job | None = None) -> Job:
        """A new job, SCHEDULING until `launch` is called, and longer.

        Refuses with 402 without credit, and with 429 beyond the quota (that status is a guess).
        """
        with self._lock:
            self._must_afford(namespace)
            made = Job(
                id=(job_id := new_id()),
                namespace=namespace,
                user=user,
                folder=self._folder / job_id,
                spec=spec,
                labels=copy_of.labels if copy_of else spec.labels,
                created=time.time(),
                copied_from=copy_of.id if copy_of else None,
            )
            made.changes.append((made.stage, made.created))
            made.save()
            self._jobs[made.id] = made
            self._logs[made.id] = JobLog(made.folder / "log.jsonl")
            return made

    def launch(self, job: Job) -> None:
        """Let it wait its time and run."""
        thread = threading.Thread(target=self._work, args=(job, self.log(job)), daemon=True, name=f"job-{job.id}")
        with self._lock:
            if self.closing.is_set():
                job.finish("CANCELED", _STOPPED)
                return
            self._threads[job.id] = thread
            thread.start()

    def _must_afford(self, namespace: str) -> None:
        if self.closing.is_set():
            raise Refusal(503, _STOPPED)
        if not self.runs:
            raise Refusal(501, "This sandbox was started without jobs, which run commands on this machine")
        if self._credit.get(namespace, 1.0) <= 0:
            raise Refusal(402, NO_CREDIT)
        unfinished = sum(not each.ended for each in self._jobs.values() if each.namespace == namespace)
        if self.quota is not None and unfinished >= self.quota:
            raise Refusal(429, f"You have reached the limit of {self.quota} concurrent Jobs")

    def _work(self, job: Job, log: JobLog) -> None:
        while time.time() < job.created + self.queue_seconds:
            if job.stopping.wait(_LOOK_EVERY):
                return
        runner = Runner(base=self._base(), buckets=self._buckets, repos=self._repos, grace=self.grace)
        runner.run(job, log)
        self._charge(job)

    def _base(self) -> dict[str, str]:
        """What a job finds in its environment before its own: nothing of ours but the way to programs."""
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "LANG": "C.UTF-8", "HF_ENDPOINT": self._endpoint, **self._environment}

    def _charge(self, job: Job) -> None:
        with self._lock:
            if job.namespace in self._credit:
                self._credit[job.namespace] -= job.cost()
                write_json(self._credit_path, self._credit)

    def set_credit(self, namespace: str, dollars: float | None) -> None:
        """What a namespace has to spend; finished jobs are taken off it. None: no end of it, as at first."""
        with self._lock:
            self._credit.pop(namespace, None)
            if dollars is not None:
                self._credit[namespace] = dollars
            write_json(self._credit_path, self._credit)

    def credit(self, namespace: str) -> float | None:
        with self._lock:
            return self._credit.get(namespace)

    def find(self, namespace: str, job_id: str) -> Job | None:
        found = self._jobs.get(job_id.lower())
        return found if found and found.namespace == namespace else None

    def of(self, namespace: str) -> list[Job]:
        """Newest first."""
        with self._lock:
            return sorted(
                (job for job in self._jobs.values() if job.namespace == namespace), key=lambda job: -job.created
            )

    def log(self, job: Job) -> JobLog:
        with self._lock:
            if job.id not in self._logs:
                self._logs[job.id] = JobLog(job.folder / "log.jsonl")
            return self._logs[job.id]

    def cancel(self, job: Job, message: str | None = None) -> None:
        """CANCELED at once; its processes end within the grace. What has ended stays as it is."""
        job.finish("CANCELED", message)
        job.stopping.set()

    def wait(self, job: Job, timeout: float) -> bool:
        """Until nothing of it runs any more: for tests, which look at what a job left behind."""
        thread = self._threads.get(job.id)
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def is_quiet(self, job: Job) -> bool:
        """Whether nothing can be added to its log any more."""
        thread = self._threads.get(job.id)
        return self.closing.is_set() or (job.ended and (thread is None or not thread.is_alive()))

    def close(self) -> None:
        """End every job and wait until its processes are gone. What reads logs comes to an end as well."""
        with self._lock:
            self.closing.set()
            running = [job for job in self._jobs.values() if job.id in self._threads]
        for job in running:
            self.cancel(job, _STOPPED)
        for job in running:
            self._threads[job.id].join(self.grace + _LAST_END)


def _earlier(folder: Path) -> dict[str, Job]:
    """The jobs of earlier sandboxes over this folder. One left unfinished, by a sandbox that was killed, ends now."""
    found = [jobs.load(record.parent) for record in folder.glob("*/job.json")]
    for job in found:
        if job.finish("CANCELED", _STOPPED):
            process.kill_strays(job.id)
            shutil.rmtree(room_of(job), ignore_errors=True)
    return {job.id: job for job in found}
