"""HF Jobs over the wire: start one, find it again, look at it, cancel it. What a job prints is read by job_log.

Wire contract: huggingface_hub 2.4. Its calls take no namespace as a reason to ask the default Hub who we are, so one is
always given; and it neither bounds nor repeats them, which our session and `retried` do.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from huggingface_hub import JobInfo, Volume
from huggingface_hub._jobs_api import DEFAULT_UV_IMAGE
from huggingface_hub.errors import HfHubHTTPError

from evalbot.errors import AccessDenied, EvalbotError, EvaluationFailed, NothingFound, ServiceFailure, UsageError
from evalbot.hub.job_client import get_page
from evalbot.hub.retries import was_heard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalbot.hub.client import Hub

__all__ = ["DEFAULT_UV_IMAGE", "Job", "JobSpec", "Jobs", "Mount", "SubmissionUnknown", "clean_job_id", "open_jobs"]

WAITING, RUNNING, COMPLETED, FAILED, CANCELLED = "SCHEDULING", "RUNNING", "COMPLETED", "ERROR", "CANCELED"
ENDED = frozenset({COMPLETED, FAILED, CANCELLED, "DELETED"})
MOST_JOBS = 500
"""How many jobs are read of one list."""
_JOB_ID = re.compile(r"[0-9A-Za-z]{8,64}", re.ASCII)
_NAMESPACE = re.compile(r"[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_LONGEST_QUOTE = 300
"""Characters of a server's message that are repeated to the user."""
_HOURS = {"minute": 60.0, "hour": 1.0, "second": 3600.0}


class SubmissionUnknown(ServiceFailure):
    """A job was sent and the answer lost: it may have been started, and may cost money."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of a bucket (`source` is owner/name) as a job sees it, readable and writable."""

    source: str
    folder: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A job as it is asked for. `secrets` are in no repr, and the Hub shows nobody more than their names."""

    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    """Not secret, but long: the script that runs is in it."""
    secrets: Mapping[str, str] = field(repr=False, default_factory=dict)
    flavor: str
    timeout: int
    """Seconds after which the Hub ends the job."""
    labels: Mapping[str, str]
    mount: Mount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the Hub last showed it. Times are in UTC, seconds as the Hub counts them."""

    id: str
    namespace: str
    url: str
    stage: str
    message: str | None
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    running_seconds: float | None
    flavor: str | None
    labels: Mapping[str, str]
    command: tuple[str, ...] = field(repr=False)
    mount: Mount | None
    made_of: Mapping[str, Any] = field(repr=False, default_factory=dict)
    started_by: str | None = None
    """The account, where the Hub says it. `made_of` is what else decides what it does."""

    @property
    def ended(self) -> bool:
        return self.stage in ENDED

    def seconds_running(self, now: datetime) -> float:
        """How long it has run: what is paid for. 0.0 for one that has not begun."""
        counted = self.running_seconds
        until = self.finished_at if self.ended else now if counted is None else None
        if self.started_at is None or until is None:
            return counted or 0.0
        return max((until - self.started_at).total_seconds(), counted or 0.0)


class Jobs:
    """The jobs of one account or organisation."""

    def __init__(self, hub: Hub, namespace: str) -> None:
        self.hub = hub
        self.namespace = namespace

    def run(self, spec: JobSpec) -> Job:
        """Start a job, once. Raises SubmissionUnknown where the answer was lost, and the Hub's refusals."""
        volumes = [
            Volume(type="bucket", source=mount.source, path=mount.folder, mount_path=mount.at, read_only=False)
            for mount in ([] if spec.mount is None else [spec.mount])
        ]
        heard = False

        def post() -> JobInfo:
            nonlocal heard
            try:
                return self.hub.api.run_job(
                    image=spec.image,
                    command=list(spec.command),
                    env=dict(spec.environment),
                    secrets=dict(spec.secrets) or None,
                    flavor=spec.flavor,
                    timeout=spec.timeout,
                    labels=dict(spec.labels),
                    volumes=volumes or None,
                    namespace=self.namespace,
                )
            except Exception as error:
                heard = was_heard(error)
                raise

        try:
            with self._translated("start the job"):
                return _job(self.hub.retried(post, "once"))
        except EvalbotError as failure:
            if heard:
                raise SubmissionUnknown(failure.message, hint=failure.hint) from None
            raise

    def labelled(self, labels: Mapping[str, str]) -> list[Job]:
        """The jobs that have all these labels, the newest first; the first MOST_JOBS of them."""
        with self._translated("list the jobs"):
            items = itertools.islice(self._listed(labels), MOST_JOBS)
            jobs = [_job(JobInfo(**item, endpoint=self.hub.endpoint)) for item in items]
        # What a Hub does with a filter it does not know is to ignore it.
        ours = [job for job in jobs if labels.items() <= job.labels.items()]
        return sorted(ours, key=lambda job: (job.created_at or datetime.min.replace(tzinfo=UTC), job.id), reverse=True)

    def _listed(self, labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        url: str | None = f"{self.hub.endpoint}/api/jobs/{self.namespace}"
        params = tuple(("label", f"{name}={value}") for name, value in labels.items())
        for _ in range(MOST_JOBS):  # a page may be empty, and yet not the last
            if url is None:
                return
            items, url = self.hub.retried(functools.partial(get_page, self.hub, url, params))
            params = ()  # the address of the next page has them
            yield from items

    def look(self, job_id: str) -> Job:
        """Raises NothingFound where there is no such job."""
        with self._translated("look at the job", job_id):
            return _job(
                self.hub.retried(lambda: self.hub.api.inspect_job(job_id=job_id, namespace=self.namespace)),
            )

    def cancel(self, job_id: str) -> None:
        """Ask for its end; one that has ended already is left as it is."""
        with self._translated("cancel the job", job_id):
            self.hub.retried(lambda: self.hub.api.cancel_job(job_id=job_id, namespace=self.namespace), "repeatable")

    def prices(self) -> dict[str, float]:
        """Dollars an hour for each flavor, as the Hub lists them now; a unit of time we do not know is left out."""
        with self._translated("read the prices of the hardware"):
            listed = self.hub.retried(self.hub.api.list_jobs_hardware)
            return {
                each.name: each.unit_cost_usd * _HOURS[each.unit_label] for each in listed if each.unit_label in _HOURS
            }

    @contextmanager
    def _translated(self, doing: str, job_id: str = "") -> Iterator[None]:
        doing = f"{doing} {job_id}".strip()
        with self.hub.translated(doing, ""):
            try:
                yield
            except HfHubHTTPError as error:
                refusal = self._refusal(error, f"Could not {doing}", job_id)
                if refusal is None:
                    raise
                raise refusal from None

    def _refusal(self, error: HfHubHTTPError, could_not: str, job_id: str) -> EvalbotError | None:
        """What an answer means where jobs are asked about; None for what it means everywhere."""
        said = " ".join(str(error.server_message or "no reason given").split())[:_LONGEST_QUOTE].rstrip(".")
        refusal: EvalbotError | None = None
        match error.response.status_code:
            case HTTPStatus.PAYMENT_REQUIRED:
                refusal = EvaluationFailed(
                    f"{could_not}: payment is required ({said}).",
                    hint=f"Add a payment method or credits at {self.hub.endpoint}/settings/billing, or evaluate "
                    "on hardware of your own with --where local.",
                    details={"problem": "payment"},
                )
            case HTTPStatus.FORBIDDEN:
                refusal = AccessDenied(
                    f"{could_not}: this token may not do that for {self.namespace} ({said}).",
                    hint="Use a token with the right to start and manage jobs there, or another --namespace.",
                )
            case HTTPStatus.NOT_FOUND if job_id:
                refusal = NothingFound(
                    f"{could_not}: {self.namespace} has no such job.",
                    hint=f"`evalbot jobs list --namespace {self.namespace}` shows those of evalbot.",
                )
            case HTTPStatus.NOT_FOUND:
                refusal = NothingFound(
                    f"{could_not}: there are no jobs for {self.namespace} at {self.hub.endpoint}.",
                    hint="Check the spelling of --namespace, and HF_ENDPOINT.",
                )
            case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
                refusal = UsageError(
                    f"{could_not}: the Hub refuses it ({said}).", hint="Check --hardware and --bucket."
                )
            case HTTPStatus.TOO_MANY_REQUESTS:
                refusal = ServiceFailure(
                    f"{could_not}: a quota of {self.namespace} is used up for now ({said}).",
                    hint="Run again in a few minutes, or once other jobs have ended.",
                    details={"problem": "quota"},
                )
        return refusal


def open_jobs(hub: Hub, namespace: str | None = None) -> Jobs:
    """The jobs of a namespace, or of the token's own account. Raises AccessDenied without a token."""
    if namespace is not None and (_NAMESPACE.fullmatch(namespace) is None or ".." in namespace):
        raise UsageError(f"{namespace[:100]!r} is not the name of a user or an organisation.")
    if namespace is not None and hub.authenticated:
        return Jobs(hub, namespace)
    return Jobs(hub, namespace or hub.account().name)


def clean_job_id(text: str) -> tuple[str | None, str]:
    """Namespace (None where it is not said) and id of a job, from an id, owner/id, or the address of its page.

    Raises UsageError for anything else.
    """
    pasted = re.match(r"https?://[^/]+/jobs/([^/?#]+/[^/?#]+)", text)
    namespace, slash, job_id = (pasted.group(1) if pasted else text).rpartition("/")
    if _JOB_ID.fullmatch(job_id) is None or (slash and _NAMESPACE.fullmatch(namespace) is None):
        raise UsageError(f"{text[:100]!r} is not the id of a job.", hint="`evalbot jobs list` shows the ids.")
    return namespace or None, job_id


def _job(info: JobInfo) -> Job:
    running = info.durations.running_secs if info.durations is not None else None
    started_by = info.initiator.name if info.initiator is not None and info.initiator.type == "user" else None
    return Job(
        id=str(info.id),
        namespace=str(info.owner.name),
        url=info.url,
        stage=str(getattr(info.status.stage, "value", info.status.stage)),
        message=info.status.message,
        created_at=info.created_at,
        started_at=info.started_at,
        finished_at=info.finished_at,
        running_seconds=running if running is None else float(running),
        flavor=info.flavor and str(getattr(info.flavor, "value", info.flavor)),
        labels=_texts(info.labels),
        command=tuple(str(part) for part in info.command or ()),
        mount=_mount(info),
        made_of=_made_of(info),
        started_by=started_by,
    )


def _made_of(info: JobInfo) -> dict[str, Any]:
    mounts = [str(volume.mount_path) for volume in info.volumes or ()]
    place = {"image": info.docker_image, "space": info.space_id, "arguments": list(info.arguments or ())}
    return {**place, "environment": _texts(info.environment), "secrets": sorted(info.secrets or ()), "mounts": mounts}


def _mount(info: JobInfo) -> Mount | None:
    for volume in info.volumes or ():
        if volume.type == "bucket":
            return Mount(str(volume.source), str(volume.path or ""), str(volume.mount_path))
    return None


def _texts(labels: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in labels.items()} if isinstance(labels, Mapping) else {}
