"""Lines out of bytes, however they arrive; the rest is tested against the sandbox (tests/flows/jobs)."""

from __future__ import annotations

import itertools
import json

import pytest

from evalbot.errors import AnswerTooLong
from evalbot.hub import job_log

EVENTS = "".join(f"data: {json.dumps({'data': text, 'timestamp': 't'})}\n\n" for text in ("a", "b", "ü")).encode()


def told(data: bytes, size: int) -> list[str]:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    events = [job_log._event(line) for line in job_log._lines(pieces)]  # noqa: SLF001 - bytes, without a server
    return [event.text for event in events if event is not None]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines__in_pieces_of_any_size__are_the_same(size: int) -> None:
    assert told(EVENTS, size) == ["a", "b", "ü"]
    assert told(EVENTS.replace(b"\n", b"\r\n"), size) == ["a", "b", "ü"]


@pytest.mark.parametrize("cut", range(1, len(EVENTS), 5))
def test_lines__broken_off__are_the_whole_ones(cut: int) -> None:
    assert told(EVENTS[:cut], 10) == ["a", "b", "ü"][: EVENTS[:cut].count(b"}\n")]


@pytest.mark.parametrize(
    "line",
    [
        b": keep-alive",
        b"",
        b"event: log",
        b"data: [1]",
        b"data: {",
        b'data: {"x": 1}',
        b'data: {"data": 1}',
        b"\xff",
    ],
)
def test_event__of_a_line_that_carries_none__is_none(line: bytes) -> None:
    assert job_log._event(line) is None  # noqa: SLF001 - as above


def test_lines__one_that_never_ends__is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_log, "MAX_LINE", 100)
    with pytest.raises(AnswerTooLong):
        told(b"x" * 1000, 50)


def test_lines__more_than_anybody_reads__is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_log, "MAX_LOG", 1000)
    with pytest.raises(AnswerTooLong):
        told(b"data: {}\n" * 1000, 50)


def test_bounded__a_server_that_sends_a_byte_now_and_then__is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(0, 1000, 9))
    monkeypatch.setattr("evalbot.hub.job_log.time.monotonic", lambda: next(moments))
    pieces = job_log._bounded(itertools.repeat(b": keep-alive\n"), 30.0)  # noqa: SLF001 - a clock, without a server
    with pytest.raises(TimeoutError):
        list(itertools.islice(pieces, 50))
