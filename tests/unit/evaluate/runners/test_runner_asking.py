"""Questions to a server that is not ours: what it answers has an end, and what we say of it holds no key."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.runners.parts import asking
from evalbot.evaluate.runners.parts.asking import Refused, ask_hub, ask_server
from evalbot.evaluate.runners.parts.completions import Completions
from evalbot.evaluate.runners.parts.failures import Failure
from evalbot.evaluate.runners.parts.options import ModelUnderTest
from evalbot.evaluate.runners.parts.provider_model import _must_answer
from evalbot.evaluate.runners.parts.vllm_server import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "a-key-that-nobody-sees"
ENDLESS_SECONDS = 10.0
"""A server of these tests gives up after it, should nothing else end it."""


@contextlib.contextmanager
def server(head: str, piece: bytes, wait: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """Answers one question with a head, and then the piece again and again; its address, and what it was asked."""
    asked: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def answer() -> None:
        with listening, contextlib.suppress(OSError), listening.accept()[0] as line:
            asked.append(line.recv(65536).decode())
            line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n")
            until = time.monotonic() + ENDLESS_SECONDS
            while piece and not ended.wait(wait) and time.monotonic() < until:
                line.sendall(piece)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield "http://{}:{}".format(*listening.getsockname()), asked
    finally:
        ended.set()
        with contextlib.suppress(OSError):
            socket.create_connection(listening.getsockname(), 1.0).close()
        thread.join()


def test_ask_server__answer_without_end__is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 1_000_000)
    with server("HTTP/1.1 200 OK\n", b"[" * 65536) as (address, _), pytest.raises(ValueError, match="longer than"):
        ask_server(address, KEY)


@pytest.mark.parametrize("status", ["200 OK", "500 Oh no"])
def test_ask_server__answer_that_drips__ends_in_time(status: str) -> None:
    began = time.monotonic()
    expected = TimeoutError if status.startswith("200") else Refused
    with server(f"HTTP/1.1 {status}\n", b" ", 0.05) as (address, _), pytest.raises(expected):
        ask_server(address, KEY, timeout=0.5)
    assert time.monotonic() - began < ENDLESS_SECONDS / 2


def test_ask_server__answer_that_breaks_off__is_no_answer() -> None:
    with server("HTTP/1.1 200 OK\nContent-Length: 9\n", b"") as (address, _), pytest.raises(http.client.HTTPException):
        ask_server(address, KEY)


def test_ask_server__nested_without_end__is_no_json() -> None:
    head = "HTTP/1.1 200 OK\nContent-Length: 262144\n"
    with server(head, b"[" * 65536) as (address, _), pytest.raises(ValueError, match="no JSON"):
        ask_server(address, KEY)


@pytest.mark.parametrize("key", [f"{KEY}\nx", f"{KEY}\r\nHost: y", f"{KEY}\N{HORIZONTAL ELLIPSIS}", f"{KEY}\0\n"])
def test_key__that_cannot_be_sent__is_not_repeated(key: str) -> None:
    asks = (
        lambda: look_at("http://127.0.0.1:9/v1", key, None),
        lambda: Completions("http://127.0.0.1:9/v1", "tiny", key, 1.0).written([1], 1, []),
        lambda: _must_answer("http://127.0.0.1:9/v1", key),
    )
    for ask in asks:
        with pytest.raises(Failure) as failed:
            ask()
        assert KEY not in failed.value.message
        assert failed.value.__cause__ is None or KEY not in str(failed.value.__cause__)


@pytest.mark.parametrize("end", ["\n", "\r\n", "  "])
def test_key__with_a_line_end_as_files_have_it__is_sent_without(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", f"{KEY}{end}")
    assert ModelUnderTest("owner/name").api_key == KEY
    with server("HTTP/1.1 200 OK\nContent-Length: 0\n", b"") as (address, asked):
        assert ask_hub(address, f"{KEY}{end}", 5.0) is None
    assert f"Authorization: Bearer {KEY}\r\n" in asked[0]


def test_key__none_in_the_environment__is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", " \n")
    assert ModelUnderTest("owner/name").api_key == "none"
