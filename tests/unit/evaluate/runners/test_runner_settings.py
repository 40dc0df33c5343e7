from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.obstacles import _HARMLESS
from evalbot.evaluate.runners.parts.evaluate_main import evaluate_parser
from evalbot.evaluate.runners.parts.lighteval_main import lighteval_parser
from evalbot.evaluate.runners.parts.refused_arguments import REFUSED_ARGUMENTS
from evalbot.evaluate.runners.parts.settings import RunSettings, settings_of

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TASKS = ["--model", "owner/name", "--lighteval-tasks", "gsm8k|5"]


def read(*words: str) -> RunSettings:
    return settings_of(evaluate_parser(), [*TASKS, *words])


def test_settings__all_options__arrive() -> None:
    found = read(
        *("--inspect-tasks", "inspect_evals/gsm8k?fewshot=0,mmlu", "--backend", "vllm", "--revision", COMMIT),
        *(
            "--limit",
            "20",
            "--use-chat-template",
            "--trust-remote-code",
            "--allow-code-execution",
            "--dtype",
            "float32",
        ),
        *("--tensor-parallel-size", "2", "--gpu-memory-utilization", "0.85", "--max-model-len", "4096", "--seed", "0"),
        *("--timeout", "90.5", "--concurrency", "4", "--vllm-arg=--enforce-eager", "--vllm-arg=--max-num-seqs=8"),
    )
    assert found.inspect_tasks == ("inspect_evals/gsm8k?fewshot=0", "mmlu")
    assert (found.limit, found.tensor_parallel_size, found.max_model_len, found.seed) == (20, 2, 4096, 0)
    assert (found.gpu_memory_utilization, found.timeout) == (0.85, 90.5)
    assert found.vllm_args == ("--enforce-eager", "--max-num-seqs=8")
    assert found.chat_template is True
    assert found.trust_remote_code
    assert found.allow_code_execution


def test_settings__nothing_said__neither_templates_nor_code_are_decided() -> None:
    found = read()
    assert found.chat_template is None
    assert not found.trust_remote_code
    assert not found.allow_code_execution


def test_lighteval__words_of_the_specification__arrive() -> None:
    words = ["--model", "o/n", "--tasks", "leaderboard|mmlu|5,leaderboard|gsm8k|5", "--backend", "accelerate"]
    found = settings_of(lighteval_parser(), [*words, "--max-samples", "7"])
    assert found.lighteval_tasks == ("leaderboard|mmlu|5", "leaderboard|gsm8k|5")
    assert found.backend == "transformers"
    assert found.limit == 7


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lighteval-tasks", "gsm8k|many"], "no number of examples"),
        (["--lighteval-tasks", " , "], "no task was given"),
        (["--model", "not a model"], "no model id"),
        (["--model", "a/b/c"], "no model id"),
        (["--model", "-x/y"], "expected one argument"),
        (["--trust-remote-code"], "needs --revision"),
        (["--trust-remote-code", "--revision", "main"], "needs --revision with the full commit"),
        (["--limit", "0"], "no whole number"),
        (["--limit", "1e3"], "no whole number"),
        (["--gpu-memory-utilization", "90"], "no fraction"),
        (["--gpu-memory-utilization", "nan"], "no fraction"),
        (["--timeout", "-1"], "no number of seconds"),
        (["--timeout", "inf"], "no number of seconds"),
        *[(["--temperature", text], "no temperature") for text in ("-1", "nan", "11", "warm", "")],
        (["--base-url", "localhost:8000"], "http(s)://HOST"),
        (["--base-url", "http://user:secret@host/v1"], "without a password"),
        (["--base-url", "http://host", "--backend", "transformers"], "for --backend vllm"),
        (["--base-url", "http://host", "--vllm-arg=--enforce-eager"], "started here"),
        (["--backend", "hf"], "invalid choice"),
        (["--vllm-arg=--trust_remote_code"], "cannot be passed to the server"),
        (["--vllm-arg=enforce-eager"], "no option of the server"),
        *[([f"--vllm-arg={name}=x"], "cannot be passed to the server") for name in REFUSED_ARGUMENTS],
        *[
            ([f"--vllm-arg={option}"], "cannot be passed to the server")
            for option in (
                *("--api=x", "--hf_token=x", "--tokenizer=other/name", "--hf-config-path=x", "--load-format=dummy"),
                *("--lora-modules=a=b", "--enable-lora", "--enable_lora", "--hf-overrides={}", "--hf-overrides.a.b=1"),
                *("--generation-config=auto", "--override-generation-config={}", "--chat-template=x.jinja"),
                *("--worker-cls=x.Y", "--worker-extension-cls=x.Y", "--logits-processors=x:y", "--scheduler-cls=x.Y"),
                *("--tool-parser-plugin=x", "--reasoning-parser-plugin=x", "--io-processor-plugin=x"),
                *("--structured-outputs-config.reasoning_parser_plugin=x", "--otlp-traces-endpoint=http://x"),
                *("--kv-transfer-config={}", "--ssl-keyfile=x", "--ssl-certfile=x", "--ssl-ca", "--enable-ssl-refresh"),
            )
        ],
    ],
)
def test_settings__cannot_be_used__code_2_and_why(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(*words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_settings__own_code_in_a_folder__needs_no_revision(tmp_path: Path) -> None:
    assert read("--model", str(tmp_path), "--trust-remote-code").trust_remote_code


@pytest.mark.parametrize("option", sorted(_HARMLESS))
def test_settings__options_of_speed_that_can_be_published__can_be_passed(option: str) -> None:
    assert read(f"--vllm-arg=--{option}").vllm_args == (f"--{option}",)


@pytest.mark.parametrize("option", ["--quantization=fp8", "--kv-cache-dtype=fp8", "--tokenizer-mode=mistral", "-O1"])
def test_settings__other_options__can_be_passed(option: str) -> None:
    assert read(f"--vllm-arg={option}").vllm_args == (option,)


def test_settings__refused_options__are_none_of_those_that_can_be_published() -> None:
    assert not _HARMLESS & {name.removeprefix("--") for name in REFUSED_ARGUMENTS}


def test_settings__a_token_among_the_servers_options__is_refused_and_not_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    token = "hf_" + "a1" * 17
    with pytest.raises(SystemExit):
        read(f"--vllm-arg=--additional-config={token}")
    said = capsys.readouterr().err
    assert "a token stands in the arguments" in said
    assert token not in said


@pytest.mark.parametrize(("text", "temperature"), [("0", 0.0), ("0.0", 0.0), ("0.7", 0.7), ("10", 10.0)])
def test_settings__temperature__zero_is_greedy(text: str, temperature: float) -> None:
    assert read("--temperature", text).temperature == temperature
