"""The hardware for jobs, read from a Hub that answers as it should, or not."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.evaluate.hardware.flavors import packaged_flavors
from evalbot.hub import retries
from evalbot.hub.client import Hub
from evalbot.hub.hardware_list import read_hardware
from evalbot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY = {
    "name": "t4-small",
    "prettyName": "Nvidia T4 - small",
    "cpu": "4 vCPU",
    "ram": "15 GB",
    "accelerator": {"type": "gpu", "model": "T4", "quantity": "1", "vram": "16 GB", "manufacturer": "Nvidia"},
    "unitCostMicroUSD": 7000,
    "unitCostUSD": 0.007,
    "unitLabel": "minute",
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: tuple[int, bytes] = (200, b"[]")
    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it is called by
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    """Answers every GET with what it is told to."""
    with _Server(("127.0.0.1", 0), _Handler) as running:
        running.asked = []
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def hub_at(server: _Server) -> Hub:
    return Hub(Settings(endpoint=f"http://127.0.0.1:{server.server_address[1]}", timeout=20))


def test_read_hardware__the_hubs_list__is_taken_with_its_prices(server: _Server) -> None:
    server.answer = (200, json.dumps([ENTRY]).encode())
    found = read_hardware(hub_at(server))
    assert [(flavor.name, str(flavor.price_per_hour)) for flavor in found.flavors] == [("t4-small", "0.42")]
    assert found.note is None
    assert server.asked == ["/api/jobs/hardware"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"error": "Not found"}'),
        (401, b'{"error": "Invalid credentials"}'),
        (403, b'{"error": "Forbidden"}'),
        (500, b"oops"),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b"[]"),
        (200, b'[{"name": "t4-small"}]'),
        (200, b"[" * 50_000),
    ],
)
def test_read_hardware__no_list__the_packaged_one_stands_in_and_is_dated(
    server: _Server, status: int, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "ATTEMPTS", 1)
    server.answer = (status, body)
    found = read_hardware(hub_at(server))
    date, flavors = packaged_flavors()
    assert found.flavors == flavors
    assert found.note is not None
    assert "Could not read the list of hardware for jobs" in found.note
    assert f"those of {date}, and may have changed" in found.note
