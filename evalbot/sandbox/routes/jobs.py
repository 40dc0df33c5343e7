"""Jobs: docs/hub-api.md, Jobs."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from evalbot.sandbox import access
from evalbot.sandbox.jobs import process, spec
from evalbot.sandbox.jobs.hardware import FLAVORS
from evalbot.sandbox.jobs.job import STAGES
from evalbot.sandbox.jobs.stream import EventStream
from evalbot.sandbox.records import as_date
from evalbot.sandbox.refusals import Refusal, bad_request, forbidden
from evalbot.sandbox.repos import kind_named
from evalbot.sandbox.routes import buckets
from evalbot.sandbox.routes.admin import PREFIX, must_be_local

if TYPE_CHECKING:
    from evalbot.sandbox.accounts import Token
    from evalbot.sandbox.call import Call
    from evalbot.sandbox.jobs.job import Job
    from evalbot.sandbox.jobs.log import Line

PERMISSION = "job.write"
"""What a fine-grained token needs for everything about jobs. The Hub's name for it is not known: this is our guess."""

_LISTED = 50
_JOB_HARDLY_STARTED = 0


def hardware(_call: Call) -> Response:
    """Whether the Hub asks for a token here is not known; the sandbox does not."""
    return JSONResponse([flavor.as_json() for flavor in FLAVORS.values()])


def run(call: Call) -> Response:
    must_be_local(call)  # a page that reaches us under another name knows the tokens, too
    who, namespace = _allowed(call, starts=True)
    wanted = spec.read(call.json())
    for volume in wanted.volumes:
        _must_mount(call, volume)
    return _launched(call, call.hub.jobs.add(namespace, who.user, wanted))


def _launched(call: Call, job: Job) -> Response:
    """The answer is older than the first step: SCHEDULING, however short the queue is."""
    answer = _answer(call, job)
    call.hub.jobs.launch(job)
    return answer


def _must_mount(call: Call, volume: spec.Volume) -> None:
    """What the caller may not see, a job of theirs may not see either; nor write where they may not."""
    if volume.type == "bucket":
        buckets.must_reach(call, volume.source, writes=not volume.read_only)
        return
    kind = kind_named(volume.type)
    repo = access.must_see(call.hub.accounts, call.hub.repos.find(kind, volume.source), call.who)
    access.must_read_files(call.hub.accounts, repo, call.who)


def listing(call: Call) -> Response:
    """By `stage` (any of several) and `label` (`key=value`, all of them); newest first."""
    _, namespace = _allowed(call)
    stages, labels = call.many("stage"), [label.partition("=") for label in call.many("label")]
    if not set(stages) <= set(STAGES):
        raise bad_request(f'"stage" must be one of [{", ".join(STAGES)}]')
    found = [
        job
        for job in call.hub.jobs.of(namespace)
        if (not stages or job.stage in stages) and all(job.labels.get(key) == value for key, _, value in labels)
    ]
    page, link = call.page(found, _LISTED)
    return JSONResponse([job.as_json(call.hub.accounts) for job in page], headers=link)


def inspect(call: Call) -> Response:
    return _answer(call, _job(call))


def cancel(call: Call) -> Response:
    """A job that has ended stays as it ended."""
    job = _job(call, starts=True)
    call.hub.jobs.cancel(job)
    return _answer(call, job)


def duplicate(call: Call) -> Response:
    """The same again, with the secrets of the first as long as this sandbox runs."""
    must_be_local(call)
    who, namespace = _allowed(call, starts=True)
    job = _job(call, starts=True)
    return _launched(call, call.hub.jobs.add(namespace, who.user, job.spec, copy_of=job))


def labels(call: Call) -> Response:
    job = _job(call, starts=True)
    job.label(spec.labels(call.json().get("labels")))
    return _answer(call, job)


def logs(call: Call) -> Response:
    """From the first line on, or the last `tail` ones, and on until the job has ended and said all.

    The line that tells the start comes first in any case, as on the Hub.
    """
    job, jobs = _job(call), call.hub.jobs
    log, sent = jobs.log(job), 0
    tail = call.number("tail", 0) if "tail" in call.query else None

    def news() -> list[str] | None:
        nonlocal sent
        quiet = jobs.is_quiet(job)  # before looking: what is added in between is seen next time
        lines = log.since(sent)
        first, sent = sent == _JOB_HARDLY_STARTED, sent + len(lines)
        if first and tail is not None:
            lines = _last(lines, tail)
        return None if quiet and not lines else [line.as_json() for line in lines]

    return EventStream(news, keep_alive=lambda: jobs.keep_alive)


def _last(lines: list[Line], tail: int) -> list[Line]:
    return [*lines[:1], *lines[1:][max(0, len(lines) - 1 - tail) :]]


def events(call: Call) -> Response:
    """Its stages, each once. Only huggingface.js asks for this, and the form of an event is our guess."""
    job, jobs, sent = _job(call), call.hub.jobs, 0

    def news() -> list[str] | None:
        nonlocal sent
        over = job.ended or jobs.closing.is_set()
        new = job.changes[sent:]
        sent += len(new)
        return (
            None if over and not new else [json.dumps({"stage": stage, "timestamp": as_date(at)}) for stage, at in new]
        )

    return EventStream(news, keep_alive=lambda: jobs.keep_alive)


def metrics(call: Call) -> Response:
    """Once a second while the job lasts: the memory its processes hold; the rest is not measured and 0."""
    job, jobs, next_at = _job(call), call.hub.jobs, 0.0
    if job.ended:
        raise Refusal(406, "The job has finished")

    def news() -> list[str] | None:
        nonlocal next_at
        if job.ended or jobs.closing.is_set():
            return None
        if job.started is None or time.monotonic() < next_at:
            return []
        next_at = time.monotonic() + 1
        return [json.dumps(_sample(job))]

    return EventStream(news, keep_alive=lambda: jobs.keep_alive)


def _sample(job: Job) -> dict[str, Any]:
    nothing = dict.fromkeys(("cpu_usage_pct", "cpu_millicores", "rx_bps", "tx_bps"), 0)
    flavor = FLAVORS[job.spec.flavor]
    return {
        **nothing,
        "memory_used_bytes": process.memory(job.id),
        "memory_total_bytes": flavor.ram * 1024**3,
        "gpus": {},
        "replica": job.id[:5],
    }


def set_credit(call: Call) -> Response:
    """`{"namespace": "alice", "usd": 1.5}`: what there is to spend; null is no limit."""
    must_be_local(call)
    asked = call.json()
    namespace, dollars = call.hub.accounts.namespace(str(asked.get("namespace"))), asked.get("usd")
    if namespace is None:
        raise bad_request('"namespace" must be the name of a user or an organisation')
    if dollars is not None and not _is_amount(dollars):
        raise bad_request('"usd" must be a number or null')
    call.hub.jobs.set_credit(namespace, dollars)
    return JSONResponse({"namespace": namespace, "usd": dollars})


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _answer(call: Call, job: Job) -> Response:
    return JSONResponse(job.as_json(call.hub.accounts))


def _job(call: Call, *, starts: bool = False) -> Job:
    _, namespace = _allowed(call, starts=starts)
    found = call.hub.jobs.find(namespace, call.param("job_id"))
    if found is None:
        raise Refusal(404, "Job not found")
    return found


def _allowed(call: Call, *, starts: bool = False) -> tuple[Token, str]:
    """The caller and the namespace of the path, as its owner writes it. `starts`: start, stop or change a job."""
    who = access.must_sign_in(call.who)
    wanted = call.param("namespace")
    namespace = call.hub.accounts.namespace(wanted)
    if namespace is None or not call.hub.accounts.owns(who.user, namespace):
        raise forbidden(f"Forbidden: you do not have access to the Jobs of {wanted}")
    if starts and who.role == "read":
        raise forbidden("Forbidden: this token has the role `read`; use a token with the role `write`")
    if who.fine is not None and not _has_permission(who, namespace):
        raise forbidden(f"Forbidden: this fine-grained token lacks the permission `{PERMISSION}` on {namespace}")
    return who, namespace


def _has_permission(who: Token, namespace: str) -> bool:
    if who.fine is None:
        return True
    scopes = [scope for scope in who.fine.scoped if scope.covers("job", f"{namespace}/any")]
    return any(PERMISSION in names for names in (who.fine.everywhere, *(scope.permissions for scope in scopes)))


_PATH = "/api/jobs/{namespace}/{job_id}"

ROUTES = [
    ("GET", "/api/jobs/hardware", hardware),
    ("POST", "/api/jobs/{namespace}", run),
    ("GET", "/api/jobs/{namespace}", listing),
    ("GET", _PATH, inspect),
    ("POST", f"{_PATH}/cancel", cancel),
    ("POST", f"{_PATH}/duplicate", duplicate),
    ("PUT", f"{_PATH}/labels", labels),
    ("GET", f"{_PATH}/logs", logs),
    ("GET", f"{_PATH}/events", events),
    ("GET", f"{_PATH}/metrics", metrics),
    ("PUT", f"{PREFIX}credit", set_credit),
]
