"""A vLLM server for one run: on this machine's loopback, with a key of its own, gone when the run is over.

The key guards what stands under /v1. vLLM answers a few other routes without it, so that other users of this machine
could have the model write; they learn nothing of the run.
"""

from __future__ import annotations

import http.client
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .asking import Refused, ask_server
from .failures import Failure, explain
from .listening import LOOPBACK, listens_here
from .options import KEY_VARIABLE
from .processes import Child, stop
from .refused_arguments import check_server_arguments

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from .settings import RunSettings

READY_SECONDS: Final = 0.2
PORTS_TRIED: Final = 4


@dataclass(frozen=True)
class ServerFacts:
    """What a server says of itself. `max_model_len` is in tokens; `version` is vLLM's."""

    base_url: str
    served_name: str
    root: str | None
    max_model_len: int | None
    version: str | None
    has_chat_template: bool | None
    seconds_to_start: float | None


def new_key() -> str:
    """A key nobody else on the machine knows."""
    return secrets.token_urlsafe(32)


def check_arguments(arguments: Sequence[str]) -> None:
    """Raise ValueError for an argument to `vllm serve` that would undo a promise of ours."""
    check_server_arguments(arguments)


def serve_arguments(settings: RunSettings, model: dict[str, Any], name: str, port: int) -> list[str]:
    """The command line of the server. No secret stands in it, and nobody but this machine can reach it."""
    given = {
        "--revision": model["revision"],
        "--tokenizer-revision": model["revision"],
        "--code-revision": model["revision"] if settings.trust_remote_code else None,
        "--dtype": settings.dtype,
        "--max-model-len": settings.max_model_len,
        "--tensor-parallel-size": settings.tensor_parallel_size,
        "--gpu-memory-utilization": settings.gpu_memory_utilization,
        "--seed": settings.seed,
    }
    words = [word for option, value in given.items() if value is not None for word in (option, str(value))]
    code = ["--trust-remote-code"] if settings.trust_remote_code else []
    return [
        *("vllm", "serve", model["id"], "--host", LOOPBACK, "--port", str(port), "--served-model-name", name),
        *("--uvicorn-log-level", "warning"),
        *("--generation-config", "vllm"),  # not the repository's, which changes greedy answers too
        *words,
        *code,
        *settings.vllm_args,
    ]


def served_name(settings: RunSettings) -> str:
    return Path(settings.model).resolve().name if Path(settings.model).is_dir() else settings.model


def free_port() -> int:
    """A port nobody listens on. It can be taken before the server listens; `start` then takes another."""
    with socket.socket() as chosen:
        chosen.bind((LOOPBACK, 0))
        port: int = chosen.getsockname()[1]
        return port


class VllmServer:
    """`vllm serve`, from its start to its end.

    `command` makes the command line for a port, `env` holds its key. Raises `Failure`, with a kind that says why.
    """

    def __init__(self, command: Callable[[int], Sequence[str]], env: Mapping[str, str], log: Path, name: str) -> None:
        self._command = command
        self._env = env
        self._log = log
        self._name = name
        self._child: Child | None = None
        self._port = 0
        self._tries = 0
        self._started = time.monotonic()

    @property
    def children(self) -> list[Child]:
        return [self._child] if self._child is not None else []

    def start(self) -> None:
        """Start it and return at once; `ready` says when it answers."""
        self._port = free_port()
        self._tries += 1
        self._child = Child(self._command(self._port), self._env, self._log)

    def ready(self) -> ServerFacts | None:
        """Its facts once it answers, None while it does not.

        Raises `Failure` where it died; a port that was taken meanwhile is replaced by another, a few times.
        """
        if self.died():
            failure = self.failure("server-died")
            if failure.kind != "port-taken" or self._tries >= PORTS_TRIED:
                raise failure
            stop(self.children)
            self.start()
            return None
        # Another user may have taken the port meanwhile: nothing is asked of him, because the key would go with it.
        # Once ours listens nobody else can, and until then it may still find that its port is taken.
        if not listens_here(self._port):
            return None
        base_url = f"http://{LOOPBACK}:{self._port}/v1"
        key = self._env[KEY_VARIABLE]
        # Another program of this user may answer too.
        if not _healthy(base_url, key) or self._name not in _names(base_url, key):
            return None
        return look_at(base_url, key, self._name, seconds=time.monotonic() - self._started)

    def wait(self, seconds: float, stopped: threading.Event) -> ServerFacts:
        """Wait until it answers. Raises `Failure`: died, not healthy in time, or cancelled."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            facts = self.ready()
            if facts is not None:
                return facts
            if stopped.wait(READY_SECONDS):
                raise Failure("cancelled", "The run was stopped while the server was starting.")
        raise Failure("server-not-healthy", f"The server did not answer within {seconds:.0f} seconds.")

    def died(self) -> bool:
        return self._child is not None and self._child.exit_code() is not None

    def failure(self, otherwise: str) -> Failure:
        """Why it died, as far as its log tells."""
        child = self._child
        failure = explain(child.tail() if child is not None else "", otherwise)
        if failure.kind == otherwise and child is not None and child.was_killed():
            return Failure("out-of-memory", "The server was killed, as systems do that run out of memory.")
        # A file the Hub does not give: for a server it is the model's.
        return Failure("missing-model", failure.message) if failure.kind == "dataset-unreachable" else failure

    def stop(self) -> None:
        stop(self.children)


def look_at(base_url: str, key: str, served_name: str | None, seconds: float | None = None) -> ServerFacts:
    """What a running server says of itself. Raises `Failure` where it does not serve that model.

    `served_name` None takes the only model there is.
    """
    models = _models(base_url, key)
    names = [str(model.get("id")) for model in models]
    if served_name is None and len(names) == 1:
        served_name = names[0]
    if served_name is None or served_name not in names:
        there = ", ".join(names) or "nothing"
        raise Failure("missing-model", f"The server at {base_url} serves {there}, not {served_name or 'one model'}.")
    model = models[names.index(served_name)]
    length = model.get("max_model_len")
    return ServerFacts(
        base_url=base_url,
        served_name=served_name,
        root=model["root"] if isinstance(model.get("root"), str) else None,
        max_model_len=length if isinstance(length, int) else None,
        version=_version(base_url, key),
        has_chat_template=_has_chat_template(base_url, key, served_name),
        seconds_to_start=None if seconds is None else round(seconds, 1),
    )


def _models(base_url: str, key: str) -> list[dict[str, Any]]:
    try:
        answer = ask_server(f"{base_url}/models", key)
        return [model for model in answer["data"] if isinstance(model, dict)]
    except Refused as refused:
        hint = " Is its key in VLLM_API_KEY?" if refused.status in {401, 403} else ""
        raise Failure("server-not-healthy", f"The server at {base_url} answered {refused.status}.{hint}") from None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise Failure("server-not-healthy", f"No OpenAI-compatible server answers at {base_url}: {error}") from None


def _names(base_url: str, key: str) -> list[str]:
    try:
        return [str(model.get("id")) for model in _models(base_url, key)]
    except Failure:
        return []


def _healthy(base_url: str, key: str) -> bool:
    try:
        ask_server(f"{_origin(base_url)}/health", key)
    except (Refused, OSError, http.client.HTTPException, ValueError):
        return False
    return True


def _version(base_url: str, key: str) -> str | None:
    try:
        version = ask_server(f"{_origin(base_url)}/version", key).get("version")
    except (Refused, OSError, http.client.HTTPException, ValueError, AttributeError):
        return None
    return version if isinstance(version, str) else None


def _has_chat_template(base_url: str, key: str, name: str) -> bool | None:
    """Whether the server can render a chat: asked with one message, which is turned into tokens and not answered."""
    body = {"model": name, "messages": [{"role": "user", "content": "?"}]}
    try:
        ask_server(f"{_origin(base_url)}/tokenize", key, body)
    except Refused as refused:
        return False if refused.status == 400 else None  # noqa: PLR2004
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return True


def _origin(base_url: str) -> str:
    return base_url.removesuffix("/v1")
