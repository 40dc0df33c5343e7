"""One real `vllm serve` for a whole test session, and its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from evalbot.evaluate.runners.parts import requirements
from tests.engines.ground import wheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LONGEST_START = 420.0  # seconds; the first time uv has 2 GB to install, after that it is one to two minutes
_LONGEST_END = 15.0
_PAUSE = 0.5
_SHOWN = 4000  # characters of the server's last words


class NotServing(Exception):
    """The server ended or did not become healthy in time; the message has its last words."""


@dataclass(frozen=True)
class VllmServer:
    """`base_url` ends in /v1; `model` is the name to ask it by."""

    base_url: str
    model: str
    log: Path
    pid: int


@dataclass(frozen=True)
class Starting:
    """A server that may still be loading."""

    process: subprocess.Popen[bytes]
    port: int
    model: str
    log: Path

    def healthy(self) -> VllmServer:
        """Wait until it answers. Raises NotServing."""
        deadline = time.monotonic() + LONGEST_START
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise NotServing(f"vllm ended with {self.process.returncode}:\n{last_words(self.log)}")
            if self._answers():
                return VllmServer(f"http://127.0.0.1:{self.port}/v1", self.model, self.log, self.process.pid)
            time.sleep(_PAUSE)
        raise NotServing(f"vllm was not healthy after {LONGEST_START:.0f} s:\n{last_words(self.log)}")

    def _answers(self) -> bool:
        with suppress(httpx2.HTTPError):
            return httpx2.get(f"http://127.0.0.1:{self.port}/health", timeout=5).status_code == httpx2.codes.OK
        return False


@contextmanager
def starting(folder: Path, model: Path | str, name: str, environment: Mapping[str, str]) -> Iterator[Starting]:
    """A server of the model, started; all its processes are gone at the end. Its log is `folder`/server.log."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            _command(model, name, port), env=dict(environment), stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield Starting(server, port, name, log)
    finally:
        _end(server)


def _command(model: Path | str, name: str, port: int) -> list[str]:
    serve = ["vllm", "serve", str(model), "--served-model-name", name, "--host", "127.0.0.1", "--port", str(port)]
    return [*wheels.run_with(requirements.VLLM), *serve, *wheels.VLLM_ARGUMENTS]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def last_words(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-_SHOWN:]


def _end(server: subprocess.Popen[bytes]) -> None:
    """Asked first, so that its workers go in order; the whole group is killed in any case."""
    for way in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, way)
        with suppress(subprocess.TimeoutExpired):
            server.wait(_LONGEST_END)
