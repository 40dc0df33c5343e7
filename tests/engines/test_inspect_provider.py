"""The script for Inference Providers against a small server that speaks the router's routes."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jsonschema

from evalbot.evaluate.runners.bundle import Script, bundle
from evalbot.evaluate.runners.parts.requirements import INSPECT
from tests.engines.ground.marks import ENGINES
from tests.engines.test_inspect_engine import _SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.engines.conftest import EngineHub

pytestmark = ENGINES

_MODEL = "acme/router-model"
_LONGEST = 300.0


class _Router(http.server.BaseHTTPRequestHandler):
    """Answers every chat with its third letter, as a stream or whole; `asked` has the bodies."""

    asked: list[dict[str, Any]]
    token: str

    def do_GET(self) -> None:
        self._send(200, "application/json", b'{"data": []}')

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        if self.headers["Authorization"] != f"Bearer {self.token}":
            self._send(401, "application/json", b'{"error": "Invalid token"}')
        elif body["model"] != _MODEL:
            self._send(404, "application/json", b'{"error": {"message": "The model does not exist"}}')
        elif body.get("stream"):
            chunks = [self._answer("delta", "ANSWER: C", None), self._answer("delta", "", "stop")]
            events = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
            self._send(200, "text/event-stream", events + b"data: [DONE]\n\n")
        else:
            whole = json.dumps(self._answer("message", "ANSWER: C", "stop")).encode()
            self._send(200, "application/json", whole)

    def _answer(self, part: str, text: str, reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, part: {"role": "assistant", "content": text}, "finish_reason": reason}
        return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": _MODEL, "choices": [choice]}

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def _routing(token: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []
    handler = type("Router", (_Router,), {"asked": asked, "token": token})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", asked
        finally:
            server.shutdown()
            thread.join()


def test_provider_script__evaluates_what_others_serve(
    tmp_path: Path, uv_environment: Mapping[str, str], engine_hub: EngineHub
) -> None:
    script = tmp_path / "inspect_eval_uv.py"
    script.write_text(bundle(Script(script.name, "provider_main", "provider_main", INSPECT)), encoding="utf-8")
    out = tmp_path / "out"
    token = engine_hub.hub.tokens["alice"]
    with _routing(token) as (address, asked):
        done = subprocess.run(
            [
                *("uv", "run", str(script), "--model", _MODEL, "--task", "hellaswag,humaneval,gsm8k?fewshot=1"),
                *("--limit", "4", "--base-url", address, "--output-dir", str(out)),
            ],
            env={**uv_environment, **engine_hub.environment(tmp_path / "home"), "HF_TOKEN": token},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(results, _SCHEMA)
    tasks = {task["name"]: task for task in results["tasks"]}
    assert done.returncode == 9, done.stderr[-2_000:]  # for humaneval alone
    assert tasks["inspect_evals/humaneval"]["problem"]["kind"] == "code-execution-needed"
    chosen = tasks["inspect_evals/hellaswag"]
    assert (chosen["problem"], chosen["samples"]["completed"], chosen["samples"]["invalid"]) == (None, 4, 0)
    assert tasks["inspect_evals/gsm8k"]["samples"]["invalid"] == 4  # a letter is no number
    assert (results["server"]["backend"], results["model"]["id"]) == ("provider", _MODEL)
    assert len(asked) == 8
    assert {body["temperature"] for body in asked} == {0.0}
    assert "evalbot-progress" in done.stderr
    everything = [done.stdout, done.stderr, *(str(path.read_bytes()) for path in out.rglob("*") if path.is_file())]
    assert not any(token in text for text in everything)
