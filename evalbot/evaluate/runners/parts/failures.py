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
    "timeout": "Give more time (--run-timeout of evalbot, --timeout of the scripts), or take fewer samples with"
    " --limit.",
    "cancelled": "Finished tasks are kept; run the others again.",
    "engine-error": "Look into the engine's log in the output folder.",
}
"""Kind → the sentence that says what to do about it."""

# The first that is found decides: what stands higher is the cause of what stands lower.
_SIGNS: Final = tuple(
    (kind, re.compile("|".join(patterns), re.IGNORECASE))
    for kind, patterns in (
        ("disk-full", (r"No space left on device", r"Errno 28\b", r"Disk quota exceeded")),
        ("port-taken", (r"Address already in use", r"Errno 98\b", r"error while attempting to bind on address")),
        (
            "trust-remote-code-needed",
            (
                r"(?:pass the argument|set the option|setting) `?trust_remote_code\s*=\s*True",
                r"requires you to execute the \w+ file",
                r"contains custom code which must be executed",
            ),
        ),
        (
            "gated-model",
            (
                r"GatedRepoError",
                r"access to model .{0,120}is restricted",
                r"You are trying to access a gated repo",
                r"is a gated repository",
            ),
        ),
        (
            "out-of-memory",
            (
                r"out of memory",
                r"OutOfMemoryError",
                r"Cannot allocate memory",
                r"can't allocate memory",
                r"std::bad_alloc",
                r"No available memory for the cache blocks",
                r"is less than desired (?:GPU|CPU) memory utilization",
                r"KV\s+cache is needed, which is larger than the available",
            ),
        ),
        (
            "unsupported-architecture",
            (
                r"Model architectures? .{0,300}?(?:not supported|failed to be inspected|was supported in vLLM until)",
                r"has model type .{0,60} but Transformers does not recognize this architecture",
                r"Unrecognized configuration class",
            ),
        ),
        (
            "missing-chat-template",
            (
                r"default chat template is no longer allowed",
                r"chat_template is not set",
                r"no template argument was passed",
            ),
        ),
        (
            "no-weights",
            (
                r"Cannot find any model weights",
                r"Error no file named .{0,200} found in directory",
                r"does not appear to have a file named",
                r"Can't load the configuration of",
                r"SafetensorError",
                r"Should have a `model_type` key in its config",
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
                r"[Tt]he model `[^`]{1,200}` does not exist",
            ),
        ),
        (
            "dataset-unreachable",
            (
                r"DatasetNotFoundError",
                r"Couldn't reach .{0,160} on the Hub",
                r"Couldn't reach the Hugging Face Hub",
                r"Couldn't find any data file at",
                r"doesn't exist on the Hub or cannot be accessed",
                r"LocalEntryNotFoundError",
                r"OfflineModeIsEnabled",
                r"We couldn't connect to .{0,200} to load the files",
                r"BuilderConfig .{0,120}not found",
            ),
        ),
        ("unknown-task", (r"Cannot find tasks? \S+ in task list",)),
    )
)

TAIL_CHARACTERS: Final = 40_000
MESSAGE_CHARACTERS: Final = 600
_ERROR_LINE = re.compile(r"(?:^|[\s)])(?:[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|NotFound|Exit))\b: ?.+")
_POINTS_ELSEWHERE = re.compile(r"See root cause above|Engine core initialization failed")
_TOLD_BY_UV = re.compile(r"^(?:error|(?:\u00d7|x) |Caused by|╰─▶)")
_PREFIX = re.compile(r"^(?:\([\w-]+ pid=\d+\)\s*)?(?:(?:ERROR|CRITICAL) \d\d-\d\d [\d:]+ \[[^\]]*\]\s*)?")
_PYDANTIC = re.compile(r"^\s*Value error, |\s*\[type=\w+, input_value=.*$")
_NO_ERROR = re.compile(r"^(?:\([\w-]+ pid=\d+\)\s*)?(?:DEBUG|INFO|WARNING) \d\d-\d\d ")


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
    # A server says a lot that is no error, and names options and files in it.
    tail = "\n".join(line for line in text[-TAIL_CHARACTERS:].splitlines() if not _NO_ERROR.match(line))
    kind = classify(tail, otherwise)
    return Failure(kind, telling_line(tail, kind))


def telling_line(text: str, kind: str) -> str:
    """The line of a log to show: the last with the sign of this kind, else the last error, else the last of all."""
    lines = [_PYDANTIC.sub("", _PREFIX.sub("", line)).strip() for line in text.splitlines()]
    sign = next((sign for each, sign in _SIGNS if each == kind), None)
    marked = [line for line in lines if sign is not None and sign.search(line)]
    errors = [line for line in lines if _ERROR_LINE.search(line) or _TOLD_BY_UV.search(line)]
    errors = [line for line in errors if not _POINTS_ELSEWHERE.search(line)] or errors
    chosen = next(iter(marked[-1:] or errors[-1:]), None)
    if chosen is None:
        chosen = next((line for line in reversed(lines) if line), "It ended without a word.")
    return shorten(chosen)


def shorten(text: str) -> str:
    """One line of bounded length, without control characters."""
    flat = re.sub(r"[\x00-\x1f\x7f\s]+", " ", text).strip()
    return flat if len(flat) <= MESSAGE_CHARACTERS else flat[: MESSAGE_CHARACTERS - 1] + "…"
