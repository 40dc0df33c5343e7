"""Stands in for `vllm serve`. FAKE_VLLM says what goes wrong: nothing, or one of the words looked for below."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BEHAVIOUR = os.environ.get("FAKE_VLLM", "")
KEY = os.environ.get("VLLM_API_KEY", "")


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...

    def do_GET(self) -> None:
        self.answer(None)

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, body: dict[str, object] | None) -> None:
        if self.path.startswith("/v1") and self.headers.get("Authorization") != f"Bearer {KEY}":
            self.send({"error": "Unauthorized"}, 401)
        elif self.path == "/health":
            self.send({}, 503 if BEHAVIOUR == "never-healthy" else 200)
        elif self.path == "/v1/models":
            self.send({"data": [{"id": option("--served-model-name"), "root": sys.argv[2], "max_model_len": 128}]})
        elif self.path == "/version":
            self.send({"version": "0.0.fake"})
        elif self.path == "/tokenize":
            self.send({"tokens": []}, 400 if BEHAVIOUR == "no-template" else 200)
        else:
            self.send({"error": {"message": f"no route {self.path}"}}, 404)

    def send(self, body: object, code: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    if BEHAVIOUR.startswith("dies: "):
        sys.exit(BEHAVIOUR.removeprefix("dies: "))
    if BEHAVIOUR == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if BEHAVIOUR == "stubborn":
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    marker = Path(os.environ["FAKE_BIN"]) / "port-was-taken"
    if BEHAVIOUR == "port-taken-once" and not marker.exists():
        marker.touch()
        sys.exit("OSError: [Errno 98] Address already in use")
    (Path(os.environ["FAKE_BIN"]) / "argv").write_text("\n".join(sys.argv), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", int(option("--port"))), Handler)
    server.timeout = 0.1
    until = time.monotonic() + (1.0 if BEHAVIOUR == "dies-later" else 60.0)
    while time.monotonic() < until:
        server.handle_request()
    sys.exit("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.")


if __name__ == "__main__":
    main()
