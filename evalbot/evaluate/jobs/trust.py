"""Whether a job is what it says: labels can be given to any job, and an organisation has many who may start one.

A job that our own account started is trusted. One that another member started is as good as one of ours only where it
does the very same: image, shell, script, arguments and environment, with nothing mounted beside the folder of results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalbot.evaluate.jobs import spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalbot.evaluate.jobs.spec import JobRequest
    from evalbot.hub.jobs import Job, Jobs

_MAY_DIFFER = frozenset({"--timeout", "--concurrency"})
"""Options with one value that change nothing in what is measured."""


class Trust:
    """Looks at the jobs of one namespace, for one evaluation that is to be done."""

    def __init__(self, jobs: Jobs, request: JobRequest) -> None:
        self._jobs = jobs
        self._request = request
        self._account: str | None = None

    def trusted(self, job: Job) -> bool:
        """Whether this job may stand for ours."""
        return self._is_own(job) or self._does_the_same(job)

    def _is_own(self, job: Job) -> bool:
        if self._account is None:
            self._account = self._jobs.hub.account().name
        # Nobody but its owner starts jobs in an account; there it is of no account who the Hub says it was.
        return self._account in (job.namespace, job.started_by)

    def _does_the_same(self, job: Job) -> bool:
        ours = spec.build(self._request, submission="", endpoint=self._jobs.hub.endpoint, mount=None)
        made = job.made_of
        return (
            made.get("image") == ours.image
            and made.get("space") is None
            and not made.get("arguments")
            and made.get("environment") == dict(ours.environment)
            and set(made.get("secrets", ())) <= {"HF_TOKEN"}
            and made.get("mounts", []) == ([job.mount.at] if job.mount is not None else [])
            and _compared(job.command) == _compared(ours.command, keep=job.mount.at if job.mount is not None else "")
            and (job.mount is None or job.mount.at == spec.MOUNTED_AT)
        )


def _compared(command: Sequence[str], keep: str | None = None) -> list[str]:
    """The words of a command but for the values of what may differ; `keep` in place of where results are kept."""
    words = [*command[: spec.PROLOGUE], *_without(command[spec.PROLOGUE :])]
    return words if keep is None else [*words[: spec.PROLOGUE - 1], keep, *words[spec.PROLOGUE :]]


def _without(arguments: Sequence[str]) -> Iterator[str]:
    words = iter(arguments)
    for word in words:
        if word in _MAY_DIFFER:
            next(words, None)
        else:
            yield word
