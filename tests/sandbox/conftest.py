"""A running sandbox for every test, and the official clients pointed at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Api = dict[str, HfApi]


@dataclass(frozen=True)
class Raw:
    """Plain HTTP, for what the client hides."""

    client: httpx2.Client
    tokens: dict[str, str]

    def __call__(self, method: str, path: str, who: str | None = None, **options: Any) -> httpx2.Response:
        headers = {**({"Authorization": f"Bearer {self.tokens[who]}"} if who else {}), **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def commit(
        self,
        who: str | None,
        revision: str,
        *lines: tuple[str, dict[str, Any]],
        query: str = "",
        repo: str = "models/alice/tiny",
        **header: Any,
    ) -> httpx2.Response:
        """The commit call, line by line."""
        everything = [("header", {"summary": "Change", **header}), *lines]
        body = "\n".join(json.dumps({"key": key, "value": value}) for key, value in everything)
        return self("POST", f"/api/{repo}/commit/{revision}{query}", who, content=body.encode())


@pytest.fixture(scope="session")
def leaving() -> Iterator[list[threading.Thread]]:
    """Threads to wait for at the end: stopping a server is mostly waiting, and the next test need not wait too."""
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join()


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaving: list[threading.Thread]) -> Iterator[SandboxHub]:
    hub = SandboxHub(tmp_path / "hub")
    hub.start()
    try:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
        monkeypatch.setenv("HF_HUB_DISABLE_UPDATE_CHECK", "1")
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub
    finally:
        leaving.append(threading.Thread(target=hub.stop))
        leaving[-1].start()


@pytest.fixture
def card() -> bytes:
    return b"---\nlicense: mit\nlanguage: no\n---\n# Tiny\n\nA model.\n"


@pytest.fixture
def tiny(sandbox: SandboxHub, card: bytes) -> str:
    """The head of alice/tiny, a model with a card."""
    return sandbox.create_repo("alice/tiny", files={"README.md": card})


@pytest.fixture
def api(sandbox: SandboxHub) -> Api:
    clients = {label: HfApi(sandbox.endpoint, token=token) for label, token in sandbox.tokens.items()}
    set_client_factory(default_client_factory)  # evalbot's own, of a test before this one, has bounds of its own
    return {**clients, "nobody": HfApi(sandbox.endpoint, token=False), "bad": HfApi(sandbox.endpoint, token="hf_no")}


@pytest.fixture
def raw(sandbox: SandboxHub) -> Iterator[Raw]:
    with httpx2.Client(base_url=sandbox.endpoint, timeout=20) as client:
        yield Raw(client, sandbox.tokens)


@pytest.fixture
def hf(sandbox: SandboxHub, tmp_path: Path) -> Callable[..., str]:
    """The official command line: `hf("bob", "auth", "whoami")` gives what it prints."""

    def run(who: str, *arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("hf")), *arguments]
        environment = {**os.environ, "HF_TOKEN": sandbox.tokens[who], "NO_COLOR": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    return run
