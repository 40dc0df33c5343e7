from __future__ import annotations

import http.server
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.runners.parts.failures import Failure
from evalbot.evaluate.runners.parts.inspect_home import _hub_answers, hide_secrets
from evalbot.evaluate.runners.parts.inspect_main import inspect_parser
from evalbot.evaluate.runners.parts.provider_main import provider_main
from evalbot.evaluate.runners.parts.provider_model import _must_answer
from evalbot.evaluate.runners.parts.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MODEL = ["--model", "acme/m"]


@contextmanager
def _answering(status: int, location: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server that gives every request this status; the address, and what was asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization')}")
            self.send_response(status)
            if location is not None:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "arguments", [["--task", "mmlu", "--task", "gsm8k?fewshot=5"], ["--task", "mmlu,gsm8k?fewshot=5"]]
)
def test_inspect_script__tasks_by_comma_or_by_the_option_again(arguments: list[str]) -> None:
    settings = settings_of(inspect_parser(), [*_MODEL, *arguments])
    assert settings.inspect_tasks == ("mmlu", "gsm8k?fewshot=5")
    assert settings.backend == "vllm"


def test_inspect_script__takes_the_flags_of_the_specification() -> None:
    words = "--task mmlu --backend hf --limit 5 --tensor-parallel-size 4 --gpu-memory-utilization 0.8 --dtype bfloat16"
    settings = settings_of(inspect_parser(), [*_MODEL, *words.split(), "--temperature", "0.7", "--max-tokens", "64"])
    assert (settings.backend, settings.limit, settings.tensor_parallel_size) == ("transformers", 5, 4)
    assert (settings.temperature, settings.max_tokens) == (0.7, 64)


@pytest.mark.parametrize("arguments", [[], ["--task", ""], ["--task", "mmlu", "--backend", "accelerate"]])
def test_inspect_script__what_cannot_be_run__is_a_usage_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        settings_of(inspect_parser(), [*_MODEL, *arguments])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "tiny", "--task", "mmlu"], "owner/name"),
        ([*_MODEL, "--task", "mmlu", "--base-url", "http://example.org/v1"], "the token goes there"),
        ([*_MODEL, "--task", "mmlu", "--base-url", "https://user:word@example.org"], "the token goes there"),
        ([*_MODEL, "--task", "mmlu", "--temperature", "-1"], "--temperature"),
        ([*_MODEL, "--task", "mmlu", "--limit", "0"], "--limit"),
        ([*_MODEL, "--task", "?x=1"], "names no task"),
    ],
)
def test_provider_script__what_cannot_be_run__is_a_usage_error(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_never_shown")
    with pytest.raises(SystemExit) as ended:
        provider_main(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert said in told
    assert "hf_never_shown" not in told


def test_provider_script__without_a_token__says_which_and_where(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(SystemExit) as ended:
        provider_main([*_MODEL, "--task", "mmlu"])
    assert ended.value.code == 2
    assert "HF_TOKEN" in capsys.readouterr().err


def test_provider_script__results_it_cannot_write__are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    monkeypatch.setenv("HF_TOKEN", "hf_never_shown")
    code = provider_main([*_MODEL, "--task", "mmlu", "--output-dir", str(tmp_path / "taken")])
    assert code == 9
    assert "could not be written" in capsys.readouterr().err


@pytest.mark.parametrize("status", [401, 403])
def test_provider__that_refuses_the_token__is_told_before_anything(status: int) -> None:
    with _answering(status) as (address, asked), pytest.raises(Failure) as told:
        _must_answer(f"{address}/v1", "hf_x")
    assert told.value.kind == "gated-model"
    assert "hf_x" not in told.value.message
    assert asked == ["/v1/models Bearer hf_x"]


@pytest.mark.parametrize("status", [200, 404])
def test_provider__that_answers_anything_else__may_be_asked(status: int) -> None:
    with _answering(status) as (address, asked):
        _must_answer(f"{address}/v1", "hf_x")
    assert len(asked) == 1


def test_provider__the_token_follows_no_redirect() -> None:
    with _answering(200) as (elsewhere, asked), _answering(302, f"{elsewhere}/x") as (address, _):
        _must_answer(f"{address}/v1", "hf_x")
    assert asked == []


def test_provider__that_does_not_answer__is_said() -> None:
    with pytest.raises(Failure) as told:
        _must_answer("http://127.0.0.1:9/v1", "hf_x")
    assert told.value.kind == "server-not-healthy"


@pytest.mark.parametrize("status", [200, 404, 500])
def test_hub__any_answer_is_one(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with _answering(status) as (address, asked):
        monkeypatch.setenv("HF_ENDPOINT", address)
        assert _hub_answers()
    assert asked


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "file:///etc", "nonsense"])
def test_hub__that_is_not_there__is_known_at_once(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    assert not _hub_answers()


def test_secrets__are_gone_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "VLLM_API_KEY"):
        monkeypatch.setenv(name, "hf_never_shown")
    hide_secrets()
    assert "hf_never_shown" not in os.environ.values()
