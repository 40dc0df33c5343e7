"""evalbot evaluate --base-url: a server that already runs is asked what it serves before anything is sent there."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.evaluate.conftest import GSM8K, MODEL, status
from tests.flows.truth import scores_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.evaluate.conftest import Evaluates, Machine

KEY = "a-key-of-the-server"


@contextmanager
def serving(answer: Any, *, code: int = 200, key: str | None = None) -> Iterator[str]:
    """`GET /v1/models` of a server: its answer as JSON, or these very bytes."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None: ...

        def do_GET(self) -> None:
            known = key is None or self.headers.get("Authorization") == f"Bearer {key}"
            is_asked = self.path == "/v1/models"
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response((code if is_asked else 404) if known else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def models(*named: tuple[str, str | None]) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", "root": root} for name, root in named]}


def test_server__of_this_repository__needs_no_gpu_and_its_scores_are_proposed(
    evaluates: Evaluates, machine: Machine
) -> None:
    with serving(models((MODEL, MODEL))) as address:
        done = evaluates("--base-url", address, "--create-pr")
    assert status(done) == (0, "evaluated"), done.err
    assert machine.option("--base-url") == address
    assert "--gpu-memory-utilization" not in machine.runs[0]["arguments"]
    assert scores_in(evaluates.truth.card("refs/pr/1")) == {GSM8K: "0.5"}
    assert done.json["plan"]["hardware"] is None
    assert f"By the server at {address}" in done.err


def test_server__that_does_not_say_that_it_serves_this__is_refused_before_a_run_to_publish(
    evaluates: Evaluates, machine: Machine
) -> None:
    machine.plans(server="/srv/weights")
    with serving(models((MODEL, "/srv/weights"))) as address:
        refused = evaluates("--base-url", address, "--create-pr")
        assert machine.runs == []
        seen = evaluates("--base-url", address)
    assert status(refused) == (2, "usage-error")
    assert f"the server says that it serves /srv/weights, not {MODEL}" in refused.err
    assert f"Start it with `vllm serve {MODEL}`" in refused.err
    assert status(seen) == (0, "evaluated")
    assert "Note: the scores will not be publishable" in seen.err
    assert seen.json["publication"] is None
    assert evaluates.publishes_nothing()


def test_server__that_calls_the_model_otherwise__needs_its_name(evaluates: Evaluates, machine: Machine) -> None:
    with serving(models(("tiny", MODEL), ("other", None))) as address:
        refused = evaluates("--base-url", address)
        done = evaluates("--base-url", address, "--served-model-name", "tiny", "--create-pr")
    assert status(refused) == (2, "usage-error")
    assert f"The server has no model '{MODEL}'" in refused.err
    assert refused.json["error"]["candidates"] == ["tiny", "other"]
    assert "--served-model-name NAME" in refused.err
    assert status(done) == (0, "evaluated"), done.err
    assert len(machine.runs) == 1
    assert machine.option("--served-model-name") == "tiny"


def test_server__that_is_not_there__is_a_service_that_does_not_answer(evaluates: Evaluates, machine: Machine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = evaluates("--base-url", f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
    assert status(done) == (8, "service-failure")
    assert "could not be reached" in done.err
    assert "Check --base-url: it is what `vllm serve` prints, with /v1 at its end." in done.err
    assert machine.runs == []


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (b"<html>", 200, "is no server of models"),
        ({"data": "none"}, 200, "is no server of models"),
        ([], 200, "is no server of models"),
        ({}, 404, "answered 404 for its models"),
        ({}, 302, "answered 302 for its models"),
    ],
    ids=["a page", "no list", "a list", "no such route", "elsewhere"],
)
def test_server__that_is_something_else__is_told(evaluates: Evaluates, answer: Any, code: int, says: str) -> None:
    with serving(answer, code=code) as address:
        done = evaluates("--base-url", address)
    assert (done.code, says in done.err) == (8, True), done.err


def test_server__with_a_key__is_given_it_and_nobody_else_sees_it(
    evaluates: Evaluates, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(models((MODEL, MODEL)), key=KEY) as address:
        refused = evaluates("--base-url", address)
        monkeypatch.setenv("VLLM_API_KEY", KEY)
        done = evaluates("--base-url", address)
    assert status(refused) == (7, "access-denied")
    assert "Set VLLM_API_KEY." in refused.err
    assert status(done) == (0, "evaluated"), done.err
    (run,) = machine.runs
    assert run["environment"]["VLLM_API_KEY"] == KEY
    assert KEY not in " ".join(run["arguments"])
    assert KEY not in done.out + done.err
