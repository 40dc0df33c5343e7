"""What a job prints, as it prints it: server-sent events that go on for hours.

Wire contract: huggingface_hub 2.4. A line is `data: {"data": TEXT, "timestamp": WHEN}`; others, such as a keep-alive
every 30 seconds, carry nothing. Every connection starts from the first line again. Lines and log are bounded in bytes,
and in time by the pause between two lines.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx2

from evalbot.errors import AnswerTooLong, ServiceFailure
from evalbot.hub.job_client import open_client, refuse_compression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evalbot.hub.jobs import Jobs

LONGEST_SILENCE = 75.0
"""Seconds without even a keep-alive, of which two were due, after which a connection is taken for dead."""
MAX_LINE = 1024 * 1024
MAX_LOG = 256 * 1024 * 1024
"""Bytes of one line and of one connection."""
_CLOCKS = timedelta(seconds=3)
"""A date in a header has whole seconds, and servers renew it now and then."""
_STARTED = "===== Job started"


class LogLost(ServiceFailure):
    """The log broke off, or cannot be read now: the job goes on, and its log can be asked for again."""


@dataclass(frozen=True, slots=True)
class _Event:
    text: str
    at: datetime | None


class LogSilent(LogLost):
    """Nothing came for as long as we would wait: of a job that has ended, that was all."""


class JobLog:
    """The log of one job, over as many connections as it takes: what was seen is not told twice."""

    def __init__(self, jobs: Jobs, job_id: str) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._seen = 0

    def lines(
        self, silence: float = LONGEST_SILENCE, *, so_far: bool = False, longest: float = math.inf
    ) -> Iterator[str | None]:
        """New lines as they come, on one connection; None for a moment in which nothing was printed.

        Ends where the server ends it; with `so_far` also at the first line that was printed after we asked. Raises
        LogSilent after `silence` seconds without a byte, and after `longest` seconds whatever comes; LogLost, or
        AnswerTooLong for more than anybody reads.
        """
        number = 0
        for event in self._events(silence, so_far=so_far, longest=longest):
            if event is None:
                yield None
                continue
            number += 1
            if number > self._seen:
                self._seen = number
                yield None if event.text.startswith(_STARTED) else event.text

    def _events(self, silence: float, *, so_far: bool, longest: float) -> Iterator[_Event | None]:
        hub = self._jobs.hub
        url = f"{hub.endpoint}/api/jobs/{self._jobs.namespace}/{self._job_id}/logs"
        could_not = f"Could not read the log of job {self._job_id}"
        try:
            with (
                open_client(hub.endpoint, silence) as client,
                client.stream("GET", url, headers={**hub.headers, "Accept-Encoding": "identity"}) as answer,
            ):
                _check(answer)
                end = _answered_at(answer) + _CLOCKS if so_far else None
                for line in _lines(_bounded(answer.iter_raw(), time.monotonic() + longest)):
                    event = _event(line)
                    if end is not None and event is not None and event.at is not None and event.at > end:
                        return
                    yield event
        except (httpx2.ReadTimeout, TimeoutError):
            raise LogSilent(f"{could_not}: it says nothing any more.") from None
        except httpx2.HTTPError as error:
            raise LogLost(f"{could_not}: {' '.join(str(error).split())[:300] or type(error).__name__}.") from None


def _bounded(pieces: Iterable[bytes], until: float) -> Iterator[bytes]:
    """The same pieces. Raises TimeoutError for one that comes too late; a server can send a byte now and then."""
    for piece in pieces:
        if time.monotonic() > until:
            raise TimeoutError
        yield piece


def _check(answer: httpx2.Response) -> None:
    if answer.status_code != HTTPStatus.OK:  # its body has no bounds, and the next look at the job says the reason
        raise httpx2.UnsupportedProtocol(f"the Hub answered {answer.status_code}")
    refuse_compression(answer)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines without their ends; what is left of one that broke off is no line."""
    rest, size = b"", 0
    for piece in pieces:
        size += len(piece)
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > MAX_LINE or size > MAX_LOG:
            raise AnswerTooLong("The job prints more than evalbot reads.", hint="Look at the job's page instead.")


def _event(line: bytes) -> _Event | None:
    """The event of a line that has one."""
    if not line.startswith(b"data: {"):
        return None
    try:
        event: Any = json.loads(line[len(b"data: ") :])
        text = event["data"]
    except (ValueError, KeyError, RecursionError):
        return None
    return _Event(text.rstrip("\r\n"), _moment(event.get("timestamp"))) if isinstance(text, str) else None


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _answered_at(answer: httpx2.Response) -> datetime:
    """By the server's clock, as the times of its lines are; by ours where it does not say."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, OverflowError):
        return datetime.now(UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
