"""Starting vLLM and asking it about itself, against the stand-in for `vllm serve`."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.runners.parts import listening, vllm_server
from evalbot.evaluate.runners.parts.failures import Failure
from evalbot.evaluate.runners.parts.settings import RunSettings
from evalbot.evaluate.runners.parts.vllm_server import VllmServer, look_at, new_key, serve_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

FAKE = Path(__file__).parent / "fake_vllm.py"
KEY = "the key of this test"


@contextlib.contextmanager
def serving(tmp_path: Path, behaviour: str = "", key: str = KEY) -> Iterator[VllmServer]:
    def command(port: int) -> list[str]:
        return [sys.executable, str(FAKE), "serve", "tiny", "--port", str(port), "--served-model-name", "owner/tiny"]

    env = {**os.environ, "FAKE_VLLM": behaviour, "FAKE_BIN": str(tmp_path), "VLLM_API_KEY": key}
    server = VllmServer(command, env, tmp_path / "server.log", "owner/tiny")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_wait__healthy__what_it_says_of_itself(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        facts = server.wait(30, threading.Event())
    assert (facts.served_name, facts.max_model_len, facts.version) == ("owner/tiny", 128, "0.0.fake")
    assert facts.has_chat_template is True
    assert facts.base_url.startswith("http://127.0.0.1:")
    assert facts.seconds_to_start is not None
    assert all(child.gone() for child in server.children)


def test_wait__stopped__cancelled_at_once(tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    with serving(tmp_path, "never-healthy") as server, pytest.raises(Failure) as failed:
        server.wait(30, stopped)
    assert failed.value.kind == "cancelled"


@contextlib.contextmanager
def answering(body: bytes, seen: list[str | None]) -> Iterator[int]:
    """Another program that answers every request; its port, and the keys it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None: ...

        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        yield web.server_port
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def test_ready__another_program_answers_on_the_port__is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(b"{}", []) as port:
        ports = iter([port, *(vllm_server.free_port() for _ in range(3))])
        monkeypatch.setattr(vllm_server, "free_port", lambda: next(ports))
        with serving(tmp_path) as server:
            facts = server.wait(30, threading.Event())
    assert str(port) not in facts.base_url


def test_ready__another_user_listens_on_the_port__is_asked_nothing_and_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    with answering(b'{"data": [{"id": "owner/tiny"}]}', seen) as port:
        monkeypatch.setattr(vllm_server, "free_port", lambda: port)
        monkeypatch.setattr(listening, "_table", lambda: table(0x1234, port, user=str(os.geteuid() + 1)))
        monkeypatch.setattr(socket.socket, "getsockname", lambda _: ("127.0.0.1", 0x1234))
        server = VllmServer(
            lambda _: ["sleep", "60"], {**os.environ, "VLLM_API_KEY": KEY}, tmp_path / "log", "owner/tiny"
        )
        server.start()
        try:
            assert server.ready() is None
        finally:
            server.stop()
    assert seen == []


def table(ours: int, other: int, *, user: str) -> str:
    """Lines of /proc/net/tcp: we listen on one port, another user on the other."""
    row = "{n}: {host}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 {user:>5}        0 1"
    host = f"{int.from_bytes(bytes((127, 0, 0, 1)), sys.byteorder):08X}"
    rows = [(ours, "0A", str(os.geteuid())), (other, "0A", user), (other, "01", str(os.geteuid()))]
    lines = [row.format(n=n, host=host, port=port, state=state, user=who) for n, (port, state, who) in enumerate(rows)]
    return "\n".join(["  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid", *lines, ""])


def test_listens_here__real_sockets__of_this_user_or_nobody() -> None:
    with answering(b"", []) as port:
        assert listening.listens_here(port)
    if Path("/proc/net/tcp").exists():
        assert not listening.listens_here(port)


def test_listens_here__system_that_does_not_tell__is_no_reason_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_TABLE", Path("/proc/no/such/table"))
    assert listening.listens_here(1)


def test_look_at__wrong_key__says_where_the_key_goes(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        facts = server.wait(30, threading.Event())
        with pytest.raises(Failure, match="Is its key in VLLM_API_KEY"):
            look_at(facts.base_url, "another key", None)


def test_look_at__nobody_there__server_not_healthy() -> None:
    with pytest.raises(Failure) as failed:
        look_at(f"http://127.0.0.1:{vllm_server.free_port()}/v1", "k", None)
    assert failed.value.kind == "server-not-healthy"


def test_look_at__proxy_in_the_environment__the_key_goes_to_the_server_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(tmp_path) as server:
        assert server.wait(30, threading.Event()).version == "0.0.fake"


def test_new_key__each_run__another() -> None:
    assert len({new_key() for _ in range(100)}) == 100
    assert len(new_key()) >= 32


def test_serve_arguments__loopback_pinned_and_without_secrets(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    settings = RunSettings(
        model="owner/name",
        output_dir=tmp_path,
        trust_remote_code=True,
        dtype="bfloat16",
        tensor_parallel_size=2,
        vllm_args=("--enforce-eager",),
    )
    words = serve_arguments(settings, {"id": "owner/name", "revision": commit}, "owner/name", 4321)
    assert words[:3] == ["vllm", "serve", "owner/name"]
    assert words[words.index("--host") + 1] == "127.0.0.1"
    assert [words[words.index(name) + 1] for name in ("--revision", "--tokenizer-revision", "--code-revision")] == (
        [commit] * 3
    )
    assert "--trust-remote-code" in words
    assert words[-1] == "--enforce-eager"
    assert "--api-key" not in words


def test_serve_arguments__nothing_asked_for__code_of_the_model_is_not_run(tmp_path: Path) -> None:
    settings = RunSettings(model="owner/name", output_dir=tmp_path)
    words = serve_arguments(settings, {"id": "owner/name", "revision": None}, "owner/name", 4321)
    assert not {"--trust-remote-code", "--revision", "--dtype", "--max-model-len"} & set(words)
