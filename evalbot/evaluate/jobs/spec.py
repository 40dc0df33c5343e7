"""From a planned evaluation to the job that runs it: the script, its arguments, the labels it is found by.

The script travels in an environment variable, packed; huggingface_hub's own way needs a bucket and the xet protocol
before anything runs. What the runner writes is copied into the mounted bucket file by file: such a mount takes whole
files in one go, and engines write as they like.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from evalbot.errors import UsageError
from evalbot.hub.jobs import DEFAULT_UV_IMAGE, JobSpec, Mount
from evalbot.settings import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.evaluate.command import RunnerCommand

OURS = {"evalbot": "evaluation"}
"""The label of every job of evalbot."""
RUN_LABEL, SUBMISSION_LABEL, TIMEOUT_LABEL = "evalbot-run", "evalbot-submission", "evalbot-timeout"
MAX_SCRIPT = 100_000
"""Characters of the packed script. Linux takes 131,072 bytes in one variable; what the Hub takes is not documented."""
MAX_SPEC = 200_000
"""Characters of the whole request."""
MOUNTED_AT = "/evalbot-results"
LEAST_TIMEOUT = 60
_LAST_WORDS = 120
"""Seconds the runner ends before the job's own timeout, so that what is done gets written down; at most a quarter."""
_SCRIPT_VARIABLE = "EVALBOT_RUNNER"
_NOT_THE_RUN = ("output_dir", "emit_results", "timeout", "concurrency")
"""What may differ between two runs that measure the same."""
LOOKS_LIKE_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{30,}", re.ASCII)
"""Of the Hub, whoever's it is."""
_LABEL = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_LABEL = 100
PROLOGUE = 5
"""Of a job's command: sh, -c, the script below, its name, and where to keep the results."""

_SHELL = """\
set -u
keep=$1
shift
work=$(mktemp -d) || { echo 'evalbot: there is no room for the runner' >&2; exit 9; }
printf %s "$EVALBOT_RUNNER" | base64 -d | gzip -d > "$work/evaluate_uv.py" ||
  { echo 'evalbot: the runner could not be unpacked' >&2; exit 9; }
unset EVALBOT_RUNNER
out=$work/results
if [ -z "$keep" ]; then exec uv run --no-project --script "$work/evaluate_uv.py" --output-dir "$out" "$@"; fi
uv run --no-project --script "$work/evaluate_uv.py" --output-dir "$out" "$@" &
runner=$!
trap 'kill -TERM "$runner" 2>/dev/null' TERM INT HUP
touch "$work/kept"
while kill -0 "$runner" 2>/dev/null; do
  sleep 1
  if [ "$out/results.json" -nt "$work/kept" ]; then touch "$work/kept"; cp "$out/results.json" "$keep/results.json"; fi
done
wait "$runner"
code=$?
if [ -d "$out" ]; then cp -R "$out/." "$keep/" || echo 'evalbot: the results could not be kept' >&2; fi
exit "$code"
"""
"""POSIX, for whatever image: unpack and run; with a folder to keep results in, copy them there whenever they change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """An evaluation that is to run as a job. Raises UsageError for what cannot be one."""

    script: str = field(repr=False)
    """The text of runners/evaluate_uv.py."""
    command: RunnerCommand
    """With the commit of the model as revision; `output_dir`, `emit_results` and `timeout` are set here."""
    flavor: str
    timeout: int
    """Seconds after which the job is ended, whatever it does."""
    versions: Mapping[str, str]
    """Of the engines and whatever else decides what is measured."""
    image: str = DEFAULT_UV_IMAGE
    environment: Mapping[str, str] = field(default_factory=dict)
    """No secrets: anybody who sees the job sees them."""
    read_token: str | None = field(default=None, repr=False)
    """For private and gated models and data sets: one that can only read."""

    def __post_init__(self) -> None:
        if self.timeout < LEAST_TIMEOUT:
            raise UsageError(f"A job needs {LEAST_TIMEOUT} seconds or more, not {self.timeout}.")
        if re.fullmatch(r"[0-9a-f]{40}", self.command.revision or "") is None:
            raise UsageError(
                f"A job evaluates one commit, and that of {self.command.model} is not known.",
                hint="Name it with --revision COMMIT, so that the job is found again and measures what you mean.",
            )
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,63}", self.flavor, re.ASCII):
            raise UsageError(f"{self.flavor[:80]!r} is not the name of a hardware flavor.", hint="Check --hardware.")

    @property
    def run_key(self) -> str:
        """The same for every run that measures the same; 32 characters."""
        told = {name: value for name, value in asdict(self.command).items() if name not in _NOT_THE_RUN}
        text = json.dumps([told, dict(self.versions)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def build(request: JobRequest, *, submission: str, endpoint: str, mount: Mount | None) -> JobSpec:
    """The job, named `submission` among all of the same run. Raises UsageError for one that is too long."""
    command = replace(
        request.command,
        output_dir="results",  # stands behind the one that the shell gives, so it is taken out again
        emit_results=True,
        timeout=request.timeout - min(_LAST_WORDS, request.timeout // 4),
    )
    arguments = _without(command.arguments(), "--output-dir")
    packed = pack(request.script)
    spec = JobSpec(
        image=request.image,
        command=("sh", "-c", _SHELL, "evalbot", mount.at if mount is not None else "", *arguments),
        environment={**_own_environment(endpoint), **request.environment, _SCRIPT_VARIABLE: packed},
        secrets={} if request.read_token is None else {"HF_TOKEN": request.read_token},
        flavor=request.flavor,
        timeout=request.timeout,
        labels=_labels(request, submission),
        mount=mount,
    )
    if len(packed) > MAX_SCRIPT or len(json.dumps([spec.command, dict(spec.environment)])) > MAX_SPEC:
        raise UsageError("The job is too long to be sent.", hint="Evaluate fewer tasks in one job.")
    return spec


def require_no_secret(spec: JobSpec, *secrets: str | None) -> None:
    """Raise UsageError where a token stands in what everybody sees of a job, as in an argument that was typed."""
    shown = json.dumps([spec.image, spec.flavor, spec.command, dict(spec.environment), dict(spec.labels)])
    if LOOKS_LIKE_TOKEN.search(shown) or any(secret and secret in shown for secret in secrets):
        raise UsageError("The token stands in the job's arguments.", hint="Tokens are read from the environment only.")


def pack(script: str) -> str:
    """The script as text for an environment variable: the same script, the same text."""
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode("ascii")


def new_submission() -> str:
    """A name that no other submission has."""
    return secrets.token_hex(8)


def runner_arguments(command: tuple[str, ...]) -> tuple[str, ...]:
    """What the runner was told in a job's command; nothing where it is not a job of ours."""
    return command[PROLOGUE:] if command[:2] == ("sh", "-c") and command[3:4] == ("evalbot",) else ()


def folder(run_key: str, submission: str) -> str:
    """Where in a bucket one submission keeps its results: another attempt must not be taken for this one."""
    return f"{run_key}/{submission}"


def _own_environment(endpoint: str) -> dict[str, str]:
    own = {"PYTHONUNBUFFERED": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return own if endpoint == DEFAULT_ENDPOINT else {**own, "HF_ENDPOINT": endpoint}


def _labels(request: JobRequest, submission: str) -> dict[str, str]:
    model = _LABEL.sub("-", request.command.model).strip("-")
    return {
        **OURS,
        RUN_LABEL: request.run_key,
        SUBMISSION_LABEL: submission,
        TIMEOUT_LABEL: str(request.timeout),
        "evalbot-model": model[:_LONGEST_LABEL],
        "name": f"evalbot-{model[:60]}-{request.run_key[:8]}",
    }


def _without(arguments: list[str], name: str) -> tuple[str, ...]:
    at = arguments.index(name)
    return (*arguments[:at], *arguments[at + 2 :])
