"""What the runner `evaluate_uv.py` is told: the same arguments on this machine and in a job."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from evalbot.console import one_line
from evalbot.errors import UsageError
from evalbot.evaluate.runners.parts.vllm_server import check_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

Backend = Literal["vllm", "transformers"]
DTYPES = ("auto", "half", "float16", "bfloat16", "float", "float32")
"""As vLLM takes them; lighteval and inspect-ai take them as well."""
MAX_VALUE = 4_096
"""Characters of one value."""
MAX_TASKS = 500
_TASK = re.compile(r"[\x21-\x2b\x2d-\x7e]+", re.ASCII)
"""Printable, without blanks, and without the comma that separates tasks."""
_OPTION = re.compile(r"--[a-z][a-z0-9-]*(=[\x21-\x7e]{1,200})?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerCommand:
    """One run of the runner. There is no field for a token: secrets never stand in arguments.

    Raises UsageError for a value that the runner could only fail on.
    """

    model: str
    """The id of a repository on the Hub, or the path of a folder as the runner sees it."""
    revision: str | None = None
    """A commit, branch or tag; code of the model needs a commit, so that it is the code that was looked at."""
    lighteval_tasks: tuple[str, ...] = ()
    """As lighteval names them, with shots: `arc:challenge|25`."""
    inspect_tasks: tuple[str, ...] = ()
    """As inspect-ai names them, with arguments: `inspect_evals/gsm8k?fewshot=0`."""
    backend: Backend = "vllm"
    base_url: str | None = None
    """Where a server that already runs answers, up to and with `/v1`."""
    served_model_name: str | None = None
    output_dir: str
    emit_results: bool = False
    """Whether the results are printed as lines of the log too, for where no file can be fetched."""
    limit: int | None = None
    """Samples of each task; None: all of them."""
    chat_template: bool | None = None
    """Whether prompts go through the model's chat template; None: where it has one."""
    trust_remote_code: bool = False
    allow_code_execution: bool = False
    """Whether code that the model writes may be run, as humaneval does."""
    tensor_parallel_size: int | None = None
    gpu_memory_utilization: float | None = None
    dtype: str | None = None
    max_model_len: int | None = None
    """Tokens of prompt and answer together."""
    seed: int | None = None
    timeout: int | None = None
    """Seconds of the whole run, the start of the server included."""
    start_timeout: int | None = None
    """Seconds after which the server has to answer; a large model comes over the network first."""
    concurrency: int | None = None
    """Requests that are under way at once."""
    vllm_args: tuple[str, ...] = ()
    """Further options of `vllm serve`, each in one word: `--enforce-eager`, `--kv-cache-dtype=fp8`."""

    def __post_init__(self) -> None:
        self._check_texts()
        self._check_numbers()
        self._check_tasks()
        self._check_server_options()
        if self.base_url is not None:
            _check_address(self.base_url)
        elif self.served_model_name is not None:
            raise UsageError("A served model name says nothing without the server.", hint="Add --base-url.")
        if self.base_url is not None and self.backend != "vllm":
            raise UsageError("A server and the transformers backend exclude each other.", hint="Drop one of them.")
        if self.trust_remote_code and self.base_url is None and not self._is_pinned():
            raise UsageError(
                "Code of the model is run only at a commit that you name, by its 40 characters.",
                hint="Look at that commit's code, then add --revision COMMIT beside --trust-remote-code.",
            )

    def _is_pinned(self) -> bool:
        """Whether it is known whose code is run: one commit's, or that of a folder (which a path tells)."""
        return self.model.startswith(("/", ".", "~")) or _COMMIT.fullmatch(self.revision or "") is not None

    @property
    def runs_foreign_code(self) -> bool:
        """Whether code that the model brings or writes may run beside the engines."""
        return self.trust_remote_code or self.allow_code_execution

    def arguments(self) -> list[str]:
        """What follows the name of the script."""
        return [*self._named(), *self._flags()]

    def argv(self, script: str, uv: str = "uv") -> list[str]:
        """The whole command. `--no-project`: whatever project the working directory is in has no say."""
        return [uv, "run", "--no-project", "--script", script, *self.arguments()]

    def _named(self) -> Iterator[str]:
        named = {
            "--model": self.model,
            "--revision": self.revision,
            "--lighteval-tasks": ",".join(self.lighteval_tasks) or None,
            "--inspect-tasks": ",".join(self.inspect_tasks) or None,
            "--backend": self.backend,
            "--base-url": self.base_url,
            "--served-model-name": self.served_model_name,
            "--output-dir": self.output_dir,
            "--limit": self.limit,
            "--tensor-parallel-size": self.tensor_parallel_size,
            "--gpu-memory-utilization": self.gpu_memory_utilization,
            "--dtype": self.dtype,
            "--max-model-len": self.max_model_len,
            "--seed": self.seed,
            "--timeout": self.timeout,
            "--start-timeout": self.start_timeout,
            "--concurrency": self.concurrency,
        }
        for name, value in named.items():
            if value is not None:
                yield from (name, str(value))

    def _flags(self) -> Iterator[str]:
        if self.chat_template is not None:
            yield "--use-chat-template" if self.chat_template else "--no-chat-template"
        flags = {
            "--emit-results": self.emit_results,
            "--trust-remote-code": self.trust_remote_code,
            "--allow-code-execution": self.allow_code_execution,
        }
        yield from (name for name, is_set in flags.items() if is_set)
        yield from (f"--vllm-arg={option}" for option in self.vllm_args)

    def _check_texts(self) -> None:
        texts = {
            "--model": self.model,
            "--revision": self.revision,
            "--served-model-name": self.served_model_name,
            "--output-dir": self.output_dir,
        }
        for name, text in texts.items():
            if text is not None:
                _check_text(name, text)
        if self.dtype is not None and self.dtype not in DTYPES:
            raise UsageError(f"--dtype {one_line(self.dtype)[:40]!r} is none of the known ones.", candidates=DTYPES)

    def _check_numbers(self) -> None:
        for name, number in (
            ("--limit", self.limit),
            ("--tensor-parallel-size", self.tensor_parallel_size),
            ("--max-model-len", self.max_model_len),
            ("--timeout", self.timeout),
            ("--start-timeout", self.start_timeout),
            ("--concurrency", self.concurrency),
        ):
            if number is not None and number < 1:
                raise UsageError(f"{name} must be 1 or more, not {number}.")
        share = self.gpu_memory_utilization
        if share is not None and not (math.isfinite(share) and 0 < share <= 1):
            raise UsageError(f"--gpu-memory-utilization must be above 0 and at most 1, not {share}.")
        if self.seed is not None and not 0 <= self.seed <= _LARGEST_SEED:
            raise UsageError(f"--seed must be from 0 to {_LARGEST_SEED}, not {self.seed}.")

    def _check_server_options(self) -> None:
        for option in self.vllm_args:
            _check_option(option)
        try:
            check_arguments(self.vllm_args)
        except ValueError as error:
            raise UsageError(f"{error}.") from None
        if self.vllm_args and (self.base_url is not None or self.backend != "vllm"):
            raise UsageError("--vllm-arg is for a server that is started here.", hint="Drop it, or --base-url.")

    def _check_tasks(self) -> None:
        tasks = (*self.lighteval_tasks, *self.inspect_tasks)
        if not tasks:
            raise UsageError("There is no task to run.", hint="Name one or more, such as --tasks gsm8k,arc_challenge.")
        if len(tasks) > MAX_TASKS:
            raise UsageError(f"{len(tasks)} tasks are too many for one run.", hint=f"At most {MAX_TASKS} at once.")
        for task in tasks:
            if not _TASK.fullmatch(task) or task.startswith("-") or len(task) > MAX_VALUE:
                raise UsageError(f"{one_line(task)[:100]!r} is not the name of a task.")


def _check_option(option: str) -> None:
    if not _OPTION.fullmatch(option):
        raise UsageError(
            f"{one_line(option)[:100]!r} is no option of vLLM.",
            hint="Write option and value as one word: --vllm-arg=--kv-cache-dtype=fp8",
        )


def _check_text(name: str, text: str) -> None:
    """A value that the runner's own command line cannot take for an option, and that a log can show."""
    if not text.strip() or len(text) > MAX_VALUE or not text.isprintable():
        raise UsageError(f"{name} is empty, too long, or has characters that cannot be shown.")
    if text.startswith("-"):
        raise UsageError(f"{name} {text[:100]!r} looks like an option.", hint=f"{name} needs a value after it.")


def _check_address(text: str) -> None:
    """An address of a server, without a user name or password: arguments are seen by everybody on the machine."""
    if "@" in text:  # looked for before it is taken apart, and repeated: not every text with a password is an address
        raise UsageError("--base-url must not hold a user name or password.")
    try:
        parts = urlsplit(text)
        port_is_good = parts.port != 0
    except ValueError:
        parts, port_is_good = urlsplit(""), False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_good or parts.query or parts.fragment:
        raise UsageError(
            f"--base-url {one_line(text.partition('?')[0])[:100]!r} is not the address of a server.",
            hint="Type it as the server prints it, such as http://127.0.0.1:8000/v1.",
        )
    if not text.isprintable() or not text.isascii() or " " in text or len(text) > MAX_VALUE:
        raise UsageError("--base-url has characters that no address has.")
