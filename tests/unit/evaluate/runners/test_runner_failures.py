"""What engines say when they fail, and what is made of it. The messages are those of the pinned engines."""

# ruff: noqa: E501 - their lines are long

from __future__ import annotations

import pytest

from evalbot.evaluate.runners.parts.failures import ADVICE, MESSAGE_CHARACTERS, Failure, classify, explain

MESSAGES = [
    ("out-of-memory", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity"),
    ("out-of-memory", "ValueError: Free memory on device cuda:0 (5.21/23.64 GiB) on startup is less than desired GPU memory utilization (0.9, 21.28 GiB)."),
    ("out-of-memory", "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`"),
    ("out-of-memory", "ValueError: To serve at least one request with the model's max seq len (131072), (16.0 GiB KV cache is needed, which is larger than the available KV cache memory (3.2 GiB)."),
    ("unsupported-architecture", "ValueError: Model architectures ['NopeForCausalLM'] are not supported for now. Supported architectures: dict_keys([])"),
    ("unsupported-architecture", "ValueError: Model architecture QWenLMHeadModel was supported in vLLM until v0.9, and is not supported anymore."),
    ("unsupported-architecture", "ValueError: The checkpoint you are trying to load has model type `nope` but Transformers does not recognize this architecture."),
    ("missing-chat-template", "ValueError: Cannot use chat template functions because tokenizer.chat_template is not set and no template argument was passed!"),
    ("missing-chat-template", "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template"),
    ("gated-model", "OSError: You are trying to access a gated repo."),
    ("gated-model", "huggingface_hub.errors.GatedRepoError: 403 Client Error. Cannot access gated repo for url"),
    ("missing-model", "huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error. Repository Not Found for url: …"),
    ("missing-model", "OSError: owner/nope is not a local folder and is not a valid model identifier listed on the Hub"),
    ("trust-remote-code-needed", "RuntimeError: Failed to load the model config. … consider setting `trust_remote_code=True` in LLM or using the `--trust-remote-code` flag in the CLI."),
    ("trust-remote-code-needed", "ValueError: The repository x contains custom code which must be executed to correctly load the model."),
    ("no-weights", "RuntimeError: Cannot find any model weights with `./x`"),
    ("no-weights", "OSError: Error no file named model.safetensors, or pytorch_model.bin, found in directory ./x."),
    ("no-weights", "OSError: owner/x does not appear to have a file named config.json. Checkout 'main' for available files."),
    ("disk-full", "OSError: [Errno 28] No space left on device: 'blobs/x.incomplete'"),
    ("port-taken", "OSError: [Errno 98] Address already in use"),
    ("dataset-unreachable", "datasets.exceptions.DatasetNotFoundError: Dataset 'a/b' doesn't exist on the Hub or cannot be accessed."),
    ("dataset-unreachable", "ConnectionError: Couldn't reach 'openai/gsm8k' on the Hub (LocalEntryNotFoundError)"),
    ("unknown-task", "ValueError: Cannot find task nope in task list or in custom task registry"),
    ("engine-error", "KeyError: 'choices'"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message"), MESSAGES)
def test_classify__messages_of_the_engines__their_kind(kind: str, message: str) -> None:
    assert classify(message) == kind


@pytest.mark.parametrize(("kind", "message"), MESSAGES)
def test_explain__in_the_middle_of_a_log__the_line_that_says_it(kind: str, message: str) -> None:
    log = f"Traceback (most recent call last):\n  File x\n(EngineCore pid=12) ERROR 11-23 17:40:19 [core.py:133] {message}\nbye\n"
    failure = explain(log)
    assert failure.kind == kind
    assert failure.message == message[:MESSAGE_CHARACTERS]


@pytest.mark.parametrize(
    "line",
    [
        "(EngineCore pid=1) INFO 11-23 17:40:19 [core.py:133] config: trust_remote_code=True, out of memory: no",
        "(APIServer pid=2) WARNING 11-23 17:40:19 [x.py:1] XForCausalLM has no vLLM implementation, does not appear to have a file named x",
        "INFO 11-23 17:40:19 [x.py:1] non-default args: {'trust_remote_code': True}",
    ],
)  # fmt: skip
def test_explain__a_server_that_only_informs__is_no_sign(line: str) -> None:
    assert explain(f"{line}\nRuntimeError: something else", "server-died").kind == "server-died"


def test_explain__a_line_that_points_to_another__is_passed_over() -> None:
    log = "RuntimeError: Worker failed with error 'aot'\nRuntimeError: Engine core initialization failed. See root cause above."
    assert explain(log).message == "RuntimeError: Worker failed with error 'aot'"
    assert explain("RuntimeError: Engine core initialization failed.").message.endswith("failed.")


def test_explain__what_uv_says_last_is_a_hint__the_error_is_shown() -> None:
    log = "error: Request failed after 3 retries\n  Caused by: invalid peer certificate\nhint: Consider enabling system TLS"
    assert explain(log).message == "Caused by: invalid peer certificate"


def test_explain__cause_before_consequence__names_the_cause() -> None:
    log = "OSError: [Errno 28] No space left on device\nRuntimeError: Cannot find any model weights with `x`\n"
    assert explain(log).kind == "disk-full"


@pytest.mark.parametrize("log", ["", "\n\n", "\x1b[31m\n"])
def test_explain__nothing_was_said__a_message_all_the_same(log: str) -> None:
    failure = explain(log, "server-died")
    assert failure.kind == "server-died"
    assert failure.message


def test_problem__long_and_wild_words__one_bounded_line() -> None:
    problem = Failure("engine-error", "a\nb\t\x1b[0m" + "x" * 5000).problem()
    assert len(problem["message"]) == MESSAGE_CHARACTERS
    assert problem["message"].isprintable()


def test_advice__every_kind_that_is_found__has_one_sentence() -> None:
    assert {kind for kind, _ in MESSAGES} <= set(ADVICE)
    assert all(advice.endswith(".") for advice in ADVICE.values())
