"""Why a run did not work, told apart so that somebody can act on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .record import Problem

ADVICE: Final = {
    "out-of-memory": "Use a larger hardware flavor, reduce --gpu-memory-utilization or --max-model-len, or use"
    " --tensor-parallel-size for several GPUs.",
    "unsupported-architecture": "Use --backend transformers, which runs what the transformers library can load.",
    "missing-chat-template": "Only use --use-chat-template for instruction-tuned models that include a chat template.",
    "gated-model": "Accept the model's conditions on its page, and give a token of that account that can read it.",
    "missing-model": "Check the id and the revision: owner/name as on the Hub, or a folder on this machine.",
    "trust-remote-code-needed": "Add --trust-remote-code for models with custom code, after reading that code, with"
    " --revision for the commit you read.",
    "no-weights": "The repository or folder has to hold config.json and the weights, as safetensors files.",
    "disk-full": "Free some space, or put --output-dir and HF_HOME on a larger disk.",
    "port-taken": "Another program keeps taking the server's port; try again.",
    "server-not-healthy": "Look into server.log; a large model may need a larger --start-timeout.",
    "server-died": "Look into server.log for the last lines before it ended.",
    "dataset-unreachable": "Check the connection to the Hub; a gated dataset needs a token whose account accepted its"
    " conditions.",
    "unknown-task": "Check the task's name; evalbot evaluate --help says how to list them.",
    "unsupported-task": "Choose another task, or run this one with the engine's own command.",
    "code-execution-needed": "The task runs code that the model writes; --allow-code-execution lets it, on this"
    " machine.",
    "timeout": "Give more time with --timeout, or fewer samples with --limit.",
    "cancelled": "Finished tasks are kept; run the others again.",
    "engine-error": "Look into the engine's log in the output folder.",
}
"""Kind → the sentence that says what to do about it."""

_MEMORY = (
    r"out of memory",
    r"OutOfMemoryError",
    r"Cannot allocate memory",
    r"DefaultCPUAllocator: can't allocate",
    r"std::bad_alloc",
    r"No available memory for the cache blocks",
    r"is less than desired (?:GPU|CPU) memory utilization",
    r"larger than the (?:available|maximum number of tokens that can be stored in) KV cache",
    r"KV cache is needed, which is larger than the available",
    r"Not enough (?:available )?memory",
)
# The first that is found decides: what stands higher is the cause of what stands lower.
_SIGNS: Final = tuple(
    (kind, re.compile("|".join(patterns), re.IGNORECASE))
    for kind, patterns in (
        ("disk-full", (r"No space left on device", r"Errno 28\b", r"Disk quota exceeded")),
        ("port-taken", (r"Address already in use", r"Errno 98\b", r"address in use")),
        (
            "trust-remote-code-needed",
            (
                r"trust_remote_code\s*=\s*True",
                r"--trust[-_]remote[-_]code",
                r"requires you to execute the (?:configuration|modeling|model|tokenizer) file",
                r"contains custom code which must be executed",
            ),
        ),
        (
            "gated-model",
            (
                r"GatedRepoError",
                r"access to (?:model|it) .{0,120}is restricted",
                r"You are trying to access a gated repo",
                r"Cannot access gated repo",
                r"is not in the authorized list",
            ),
        ),
        ("out-of-memory", _MEMORY),
        (
            "unsupported-architecture",
            (
                r"Model architectures? .{0,200}(?:not supported|failed to be inspected)",
                r"model type `?[\w.-]+`? but Transformers does not recognize this architecture",
                r"Unrecognized configuration class",
                r"has no vLLM implementation",
                r"is not supported by vLLM",
                r"Cannot find model module",
                r"TransformersForCausalLM.{0,80}not compatible",
            ),
        ),
        (
            "missing-chat-template",
            (
                r"default chat template is no longer allowed",
                r"chat_template is not set",
                r"no template argument was passed",
                r"missing-chat-template",
            ),
        ),
        (
            "no-weights",
            (
                r"Cannot find any model weights",
                r"No model weights found",
                r"no file named .{0,120}(?:model\.safetensors|pytorch_model\.bin)",
                r"does not appear to have a file named (?:pytorch_model|model|config)",
                r"Can't load the configuration of",
                r"Error(?:s)? in loading safetensors|SafetensorError",
                r"Unrecognized model in .{0,300}model_type",
                r"Should have a `model_type` key in its config",
                r"No `?config\.json`?",
            ),
        ),
        (
            "missing-model",
            (
                r"RepositoryNotFoundError",
                r"RevisionNotFoundError",
                r"is not a local folder and is not a valid model identifier",
                r"Repository Not Found for url",
                r"Revision Not Found for url",
                r"HFValidationError",
                r"Repo id must be in the form",
            ),
        ),
        (
            "dataset-unreachable",
            (
                r"DatasetNotFoundError",
                r"Couldn't (?:reach|find) .{0,160}(?:Hub|dataset|module|cache)",
                r"LocalEntryNotFoundError",
                r"OfflineModeIsEnabled",
                r"doesn't exist on the Hub or cannot be accessed",
                r"BuilderConfig .{0,120}not found",
            ),
        ),
        ("unknown-task", (r"Cannot find tasks? \S+ in task list", r"task .{0,80}(?:is )?not found", r"No such task")),
    )
)

TAIL_CHARACTERS: Final = 40_000
MESSAGE_CHARACTERS: Final = 600
_ERROR_LINE = re.compile(r"(?:^|[\s)])(?:[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|NotFound|Exit))\b: ?.+")
_PREFIX = re.compile(r"^(?:\([\w-]+ pid=\d+\)\s*)?(?:(?:INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d [\d:]+ \[[^\]]*\]\s*)?")


class Failure(Exception):
    """What could not be done. `kind` is a key of ADVICE."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message

    def problem(self) -> Problem:
        return {"kind": self.kind, "message": shorten(self.message)}


def classify(text: str, otherwise: str = "engine-error") -> str:
    """The kind of failure that an engine's output, or an exception's text, tells of."""
    return next((kind for kind, sign in _SIGNS if sign.search(text)), otherwise)


def explain(text: str, otherwise: str = "engine-error") -> Failure:
    """The failure that the end of a log tells of: its kind, and the line that says so."""
    tail = text[-TAIL_CHARACTERS:]
    kind = classify(tail, otherwise)
    return Failure(kind, telling_line(tail, kind))


def telling_line(text: str, kind: str) -> str:
    """The line of a log to show: the last with the sign of this kind, else the last error, else the last of all."""
    lines = [_PREFIX.sub("", line).strip() for line in text.splitlines()]
    sign = next((sign for each, sign in _SIGNS if each == kind), None)
    marked = [line for line in lines if sign is not None and sign.search(line)]
    errors = [line for line in lines if _ERROR_LINE.search(line)]
    chosen = next(iter(marked[-1:] or errors[-1:]), None)
    if chosen is None:
        chosen = next((line for line in reversed(lines) if line), "It ended without a word.")
    return shorten(chosen)


def shorten(text: str) -> str:
    """One line of bounded length, without control characters."""
    flat = re.sub(r"[\x00-\x1f\x7f\s]+", " ", text).strip()
    return flat if len(flat) <= MESSAGE_CHARACTERS else flat[: MESSAGE_CHARACTERS - 1] + "…"
