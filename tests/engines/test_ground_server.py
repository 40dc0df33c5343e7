"""The real server of the engine tests, and the tiny model behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.engines.ground.marks import ENGINES

if TYPE_CHECKING:
    from tests.engines.ground.server import VllmServer

pytestmark = ENGINES


def _asked(server: VllmServer, path: str, **body: Any) -> dict[str, Any]:
    answer = httpx2.post(
        f"{server.base_url}/{path}", json={"model": server.model, "temperature": 0, **body}, timeout=120
    )
    assert answer.status_code == httpx2.codes.OK, answer.text
    found: dict[str, Any] = answer.json()["choices"][0]
    return found


def test_tiny_model__answers_a_chat_in_the_form_that_is_asked_for(vllm_server: VllmServer) -> None:
    messages = [{"role": "user", "content": "Which of these is a liquid?\nA) iron\nB) water"}]
    answer = _asked(vllm_server, "chat/completions", messages=messages, max_tokens=16)
    assert (answer["message"]["content"], answer["finish_reason"]) == ("ANSWER: B", "stop")


def test_tiny_model__answers_a_raw_prompt(vllm_server: VllmServer) -> None:
    answer = _asked(vllm_server, "completions", prompt="Question: How many?\nAnswer:", max_tokens=5)
    assert (answer["text"], answer["finish_reason"]) == (" B", "stop")


@pytest.mark.parametrize("prompt", [[0, 40, 41], "A shelf"])
def test_tiny_model__probabilities_depend_on_the_whole_prompt(vllm_server: VllmServer, prompt: str | list[int]) -> None:
    def last(text: str | list[int]) -> float:
        asked = _asked(vllm_server, "completions", prompt=text, max_tokens=1, echo=True, logprobs=1)
        return float(asked["logprobs"]["token_logprobs"][-2])

    longer = f"The river. {prompt}" if isinstance(prompt, str) else [0, 99, *prompt[1:]]
    assert abs(last(prompt) - last(longer)) > 0.001
