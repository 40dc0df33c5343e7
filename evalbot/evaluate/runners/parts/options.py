"""What a run evaluates and how: the values both engines are called with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from .record import Task

KEY_VARIABLE = "VLLM_API_KEY"
"""The key of the server, made anew for each run. In the environment only: an argument is seen by everybody."""


def server_key(env: Mapping[str, str]) -> str:
    """The server's key from an environment, without the line end that reading it from a file leaves."""
    return env.get(KEY_VARIABLE, "").strip() or "none"


@dataclass(frozen=True)
class ModelUnderTest:
    """The model, and the server that answers for it.

    `id` is a Hub id or a folder; `revision` what to load, a commit wherever one is known. `base_url` ends in `/v1`
    and `served_name` is what requests name there; both are None with the backend `transformers`, where the engine
    loads the model itself. `max_model_len` is in tokens. `has_chat_template` is None where only the tokenizer knows.
    """

    id: str
    revision: str | None = None
    backend: Literal["vllm", "transformers"] = "vllm"
    base_url: str | None = None
    served_name: str | None = None
    max_model_len: int | None = None
    has_chat_template: bool | None = None
    trust_remote_code: bool = False
    dtype: str | None = None

    @property
    def api_key(self) -> str:
        """The server's key, from the environment. Not a field, so that no repr and no file holds it."""
        return server_key(os.environ)


@dataclass(frozen=True)
class Options:
    """How to run. `limit` is in samples per task; `chat_template` None means: where the model has one.

    `temperature` None is greedy, or what the task says; `max_tokens` None leaves the length of answers to the task.
    `concurrency` is how many requests may wait for the server at a time, `request_timeout` how long one may, in
    seconds.
    """

    limit: int | None = None
    chat_template: bool | None = None
    allow_code_execution: bool = False
    seed: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    concurrency: int = 32
    request_timeout: float = 600.0


Report = Callable[["Task"], None]
"""Called once for every task that ended, whatever its end, as soon as it ended."""


class Progress(Protocol):
    """Called while a task runs. Samples are None where the engine does not say."""

    def __call__(self, task: str, samples_done: int | None = None, samples: int | None = None) -> None: ...
