from __future__ import annotations

from typing import Any

import pytest

from evalbot.errors import UsageError
from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.runners.parts.evaluate_main import evaluate_parser
from evalbot.evaluate.runners.parts.settings import settings_of

LEAST: dict[str, Any] = {"model": "alice/Aurora-7B", "lighteval_tasks": ("gsm8k|5",), "output_dir": "out"}


def test_arguments__of_the_least_that_can_be_said() -> None:
    assert RunnerCommand(**LEAST).arguments() == [
        *("--model", "alice/Aurora-7B"),
        *("--lighteval-tasks", "gsm8k|5"),
        *("--backend", "vllm"),
        *("--output-dir", "out"),
    ]


def test_argv__starts_the_script_outside_any_project() -> None:
    argv = RunnerCommand(**LEAST).argv("evaluate_uv.py", uv="/usr/bin/uv")
    assert argv[:5] == ["/usr/bin/uv", "run", "--no-project", "--script", "evaluate_uv.py"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"lighteval_tasks": ("arc:challenge|25", "gsm8k|5")}, ("--lighteval-tasks", "arc:challenge|25,gsm8k|5")),
        (
            {"inspect_tasks": ("inspect_evals/gsm8k?fewshot=0", "inspect_evals/mmlu_0_shot")},
            ("--inspect-tasks", "inspect_evals/gsm8k?fewshot=0,inspect_evals/mmlu_0_shot"),
        ),
        ({"revision": "a" * 40}, ("--revision", "a" * 40)),
        ({"backend": "transformers"}, ("--backend", "transformers")),
        ({"base_url": "http://127.0.0.1:8000/v1"}, ("--base-url", "http://127.0.0.1:8000/v1")),
        ({"base_url": "http://h/v1", "served_model_name": "aurora"}, ("--served-model-name", "aurora")),
        ({"limit": 20}, ("--limit", "20")),
        ({"tensor_parallel_size": 4}, ("--tensor-parallel-size", "4")),
        ({"gpu_memory_utilization": 0.85}, ("--gpu-memory-utilization", "0.85")),
        ({"dtype": "bfloat16"}, ("--dtype", "bfloat16")),
        ({"max_model_len": 4096}, ("--max-model-len", "4096")),
        ({"seed": 0}, ("--seed", "0")),
        ({"timeout": 3600}, ("--timeout", "3600")),
        ({"start_timeout": 900}, ("--start-timeout", "900")),
        ({"concurrency": 8}, ("--concurrency", "8")),
        ({"vllm_args": ("--enforce-eager",)}, ("--vllm-arg=--enforce-eager",)),
        ({"chat_template": True}, ("--use-chat-template",)),
        ({"chat_template": False}, ("--no-chat-template",)),
        ({"emit_results": True}, ("--emit-results",)),
        ({"allow_code_execution": True}, ("--allow-code-execution",)),
        ({"trust_remote_code": True, "revision": "a" * 40}, ("--trust-remote-code",)),
    ],
)
def test_arguments__what_is_said_is_handed_on(said: dict[str, Any], expected: tuple[str, ...]) -> None:
    arguments = RunnerCommand(**{**LEAST, **said}).arguments()
    at = arguments.index(expected[0])
    assert tuple(arguments[at : at + len(expected)]) == expected
    assert expected[0] not in RunnerCommand(**LEAST).arguments() or expected[0] in {"--backend", "--lighteval-tasks"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"lighteval_tasks": ()}, "no task"),
        ({"lighteval_tasks": ("gsm8k,rm",)}, "not the name of a task"),
        ({"inspect_tasks": ("--help",)}, "not the name of a task"),
        ({"inspect_tasks": ("a b",)}, "not the name of a task"),
        ({"lighteval_tasks": ("gsm8k|5",) * 501}, "too many"),
        ({"model": "--trust-remote-code"}, "looks like an option"),
        ({"model": "  "}, "empty"),
        ({"model": "a\x1b[2Jb"}, "cannot be shown"),
        ({"model": "a" * 5000}, "too long"),
        ({"output_dir": "-o"}, "looks like an option"),
        ({"revision": "--x"}, "looks like an option"),
        ({"dtype": "int4"}, "none of the known"),
        ({"limit": 0}, "--limit"),
        ({"timeout": -1}, "--timeout"),
        ({"gpu_memory_utilization": 1.2}, "--gpu-memory-utilization"),
        ({"gpu_memory_utilization": float("nan")}, "--gpu-memory-utilization"),
        ({"seed": -1}, "--seed"),
        ({"seed": 2**32}, "--seed"),
        ({"trust_remote_code": True}, "only at a commit"),
        ({"trust_remote_code": True, "revision": "main"}, "only at a commit"),
        ({"vllm_args": ("--enforce-eager",), "backend": "transformers"}, "server that is started here"),
        ({"vllm_args": ("--api-key=x",)}, "cannot be passed to the server"),
        ({"start_timeout": 0}, "--start-timeout"),
        ({"served_model_name": "aurora"}, "without the server"),
        ({"base_url": "http://h/v1", "backend": "transformers"}, "exclude each other"),
        ({"base_url": "h:8000"}, "not the address"),
        ({"base_url": "file:///etc/passwd"}, "not the address"),
        ({"base_url": "http://[::1"}, "not the address"),
        ({"base_url": "http://h:99999/v1"}, "not the address"),
        ({"base_url": "http://h/v1?key=1"}, "not the address"),
        ({"base_url": "http://me:secret@h/v1"}, "user name or password"),
        ({"base_url": "http://h/v1\n"}, "no address has"),
    ],
)
def test_command__that_could_only_fail__is_refused(said: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        RunnerCommand(**{**LEAST, **said})


@pytest.mark.parametrize("model", ["/models/Aurora", "./Aurora", "~/Aurora"])
def test_command__code_in_a_folder__needs_no_commit(model: str) -> None:
    assert "--trust-remote-code" in RunnerCommand(**{**LEAST, "model": model}, trust_remote_code=True).arguments()


def test_arguments__are_options_that_the_runner_has() -> None:
    everything = RunnerCommand(
        model="alice/Aurora-7B",
        revision="a" * 40,
        lighteval_tasks=("gsm8k|5",),
        inspect_tasks=("inspect_evals/gsm8k?fewshot=0",),
        output_dir="out",
        emit_results=True,
        limit=1,
        chat_template=True,
        trust_remote_code=True,
        allow_code_execution=True,
        tensor_parallel_size=1,
        gpu_memory_utilization=0.5,
        dtype="bfloat16",
        max_model_len=2048,
        seed=1,
        timeout=60,
        start_timeout=60,
        concurrency=1,
        vllm_args=("--enforce-eager",),
    )
    settings = settings_of(evaluate_parser(), everything.arguments())
    for name in ("model", "revision", "lighteval_tasks", "inspect_tasks", "limit", "seed", "vllm_args", "concurrency"):
        assert getattr(settings, name) == getattr(everything, name)
    served = RunnerCommand(**LEAST, base_url="http://127.0.0.1:8000/v1", served_model_name="aurora")
    assert settings_of(evaluate_parser(), served.arguments()).served_model_name == "aurora"


def test_command__refused_address__keeps_its_password_to_itself() -> None:
    with pytest.raises(UsageError) as refused:
        RunnerCommand(**LEAST, base_url="http://me:hunter2@h/v1")
    assert "hunter2" not in refused.value.message + str(refused.value.hint)


@pytest.mark.parametrize(
    ("said", "runs"),
    [
        ({}, False),
        ({"trust_remote_code": True, "revision": "a" * 40}, True),
        ({"allow_code_execution": True}, True),
    ],
)
def test_command__says_whether_foreign_code_runs(said: dict[str, Any], runs: bool) -> None:
    assert RunnerCommand(**LEAST, **said).runs_foreign_code is runs
