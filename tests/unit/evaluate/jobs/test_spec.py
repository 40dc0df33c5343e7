from __future__ import annotations

import base64
import gzip
import random
import re
from dataclasses import replace
from typing import Any

import pytest

from evalbot.errors import UsageError
from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.jobs import spec
from evalbot.evaluate.jobs.asked import asked_of
from evalbot.evaluate.jobs.spec import JobRequest
from evalbot.hub.jobs import Mount
from evalbot.settings import DEFAULT_ENDPOINT

COMMIT = "a" * 40
COMMAND = RunnerCommand(
    model="alice/Aurora-7B", revision=COMMIT, lighteval_tasks=("gsm8k|5",), output_dir="somewhere", seed=1
)


def request(command: RunnerCommand = COMMAND, **changes: Any) -> JobRequest:
    given = {"script": "print('hello')\n", "flavor": "l4x1", "timeout": 3600, "versions": {"lighteval": "0.13.0"}}
    return JobRequest(command=command, **{**given, **changes})


def build(asked: JobRequest, mount: Mount | None = None, endpoint: str = DEFAULT_ENDPOINT) -> Any:
    return spec.build(asked, submission="s1", endpoint=endpoint, mount=mount)


@pytest.mark.parametrize(
    "same",
    [
        request(timeout=7200),
        request(flavor="a100-large"),
        request(image="ubuntu"),
        request(script="print('hello again')\n"),
        request(read_token="hf_read"),
        request(replace(COMMAND, output_dir="elsewhere", emit_results=True, timeout=5, concurrency=8)),
    ],
    ids=["timeout", "flavor", "image", "script", "token", "where results go"],
)
def test_run_key__what_measures_the_same__is_the_same_run(same: JobRequest) -> None:
    assert same.run_key == request().run_key


@pytest.mark.parametrize(
    "other",
    [
        request(replace(COMMAND, model="alice/Aurora-8B")),
        request(replace(COMMAND, revision="b" * 40)),
        request(replace(COMMAND, lighteval_tasks=("gsm8k|8",))),
        request(replace(COMMAND, inspect_tasks=("inspect_evals/gsm8k",))),
        request(replace(COMMAND, limit=20)),
        request(replace(COMMAND, backend="transformers")),
        request(replace(COMMAND, chat_template=True)),
        request(replace(COMMAND, dtype="float16")),
        request(versions={"lighteval": "0.14.0"}),
    ],
    ids=lambda other: str(other.command)[:60],
)
def test_run_key__what_measures_something_else__is_another_run(other: JobRequest) -> None:
    assert other.run_key != request().run_key


def test_build__the_command__asks_for_what_was_planned() -> None:
    made = build(request(), Mount("alice/evalbot-results", "k/s1", spec.MOUNTED_AT))
    arguments = spec.runner_arguments(made.command)
    assert asked_of(arguments) == asked_of(COMMAND.arguments())
    assert made.command[4] == spec.MOUNTED_AT
    assert "--emit-results" in arguments
    assert "--output-dir" not in arguments
    assert arguments[arguments.index("--timeout") + 1] == str(3600 - 120)
    assert made.timeout == 3600
    assert gzip.decompress(base64.b64decode(made.environment["EVALBOT_RUNNER"])).decode() == "print('hello')\n"


def test_build__labels__are_as_the_hub_takes_them() -> None:
    long = replace(COMMAND, model=f"alice/{'Aurora.7B_' * 9}")
    for asked in (request(), request(long)):
        for key, value in build(asked).labels.items():
            assert re.fullmatch(r"[A-Za-z0-9_-]{1,100}", key), key
            assert re.fullmatch(r"[A-Za-z0-9_-]{1,100}", value), value


@pytest.mark.parametrize(("endpoint", "told"), [(DEFAULT_ENDPOINT, False), ("https://hub.example", True)])
def test_build__another_hub_than_the_default__is_told_to_the_job(endpoint: str, told: bool) -> None:
    assert (build(request(), endpoint=endpoint).environment.get("HF_ENDPOINT") == endpoint) is told


def test_build__a_script_too_long_to_be_sent__is_refused() -> None:
    noise = random.Random(1).randbytes(90_000).hex()  # noqa: S311 - incompressible, not secret
    with pytest.raises(UsageError, match="too long to be sent"):
        build(request(script=noise))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"timeout": 59}, "60 seconds or more"),
        ({"flavor": "../l4"}, "not the name of a hardware flavor"),
        ({"flavor": ""}, "not the name of a hardware flavor"),
        ({"command": replace(COMMAND, revision=None)}, "evaluates one commit"),
        ({"command": replace(COMMAND, revision="main")}, "evaluates one commit"),
    ],
    ids=str,
)
def test_request__what_cannot_be_a_job__is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        request(**changes)


@pytest.mark.parametrize("command", [(), ("true",), ("sh", "-c", "x"), ("sh", "-c", "x", "other", "", "--model", "m")])
def test_runner_arguments__of_another_job__are_none(command: tuple[str, ...]) -> None:
    assert spec.runner_arguments(command) == ()
