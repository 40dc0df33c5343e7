"""Requests for completions and log probabilities, by token ids, to an OpenAI-compatible vLLM server."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .asking import Refused, ask_server
from .failures import Failure, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RETRY_SECONDS: Final = (0.5, 1.0, 2.0)
"""Before each further try, where the server could not be reached or was overloaded."""
RETRIED_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
STOPS_SENT: Final = 4
"""The server takes no more; the text is cut at the others here."""

PLAIN: Final = {
    "temperature": 0,
    "top_p": 1,
    "top_k": -1,
    "min_p": 0,
    "repetition_penalty": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
}
"""Said in every request: a server that runs already may have other defaults, of which nothing would be known."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Sampling:
    """How answers are drawn. A temperature of 0 is greedy, and then there is only one answer."""

    temperature: float = 0.0
    answers: int = 1
    seed: int | None = None


GREEDY: Final = Sampling()


class Completions:
    """Asks one model of one server. Every method may be called from many threads.

    Raises `Failure`: `server-died` where it cannot be reached any more, `timeout`, `engine-error` with its words.
    """

    def __init__(self, base_url: str, name: str, key: str, timeout: float) -> None:
        self._url = f"{base_url}/completions"
        self._name = name
        self._key = key
        self._timeout = timeout

    def written(
        self, prompt: Sequence[int], max_tokens: int, stops: Sequence[str], sampling: Sampling = GREEDY
    ) -> list[list[int]]:
        """The tokens of each answer to the prompt, about as far as the first of `stops`; the end is to be cut."""
        body: dict[str, Any] = {"prompt": list(prompt), "max_tokens": max_tokens, "return_token_ids": True}
        body |= {"temperature": sampling.temperature, "n": sampling.answers}
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        stops = [stop for stop in stops if stop]
        if stops:
            body["stop"] = stops[:STOPS_SENT]
        answers = [choice.get("token_ids") for choice in self._ask(body)]
        if not all(isinstance(tokens, list) for tokens in answers):
            raise Failure("engine-error", "The server does not say which tokens it wrote; vLLM does from 0.10.2 on.")
        return [list(tokens or ()) for tokens in answers]

    def log_probabilities(
        self, prompts: Sequence[Sequence[int]], continuations: Sequence[Sequence[int]]
    ) -> list[tuple[float, bool]]:
        """For each prompt the log probability of its end, the continuation, and whether it is the likeliest one.

        Each prompt ends in its continuation, and holds at least one token before it. The sum is of natural
        logarithms.
        """
        body = {"prompt": [list(prompt) for prompt in prompts], "max_tokens": 1, "prompt_logprobs": 0}
        choices = self._ask(body)
        if len(choices) != len(prompts):
            raise Failure("engine-error", f"The server gave {len(choices)} answers to {len(prompts)} prompts.")
        return [
            _sum(choice.get("prompt_logprobs"), continuation)
            for choice, continuation in zip(choices, continuations, strict=True)
        ]

    def _ask(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The choices, in the order of the prompts."""
        answer = self._post({"model": self._name, **PLAIN, **body})
        choices = answer.get("choices") if isinstance(answer, dict) else None
        if not isinstance(choices, list) or not choices:
            raise Failure("engine-error", "The server answered without a completion.")
        return sorted(choices, key=lambda choice: int(choice["index"]))

    def _post(self, body: dict[str, Any]) -> Any:
        for wait in (*RETRY_SECONDS, None):
            try:
                return ask_server(self._url, self._key, body, self._timeout)
            except Refused as refused:
                if wait is None or refused.status not in RETRIED_STATUSES:
                    raise Failure(classify(refused.words), f"The server answered {refused}") from None
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
                    raise Failure("timeout", f"The server took more than {self._timeout:.0f} s to answer.") from error
                if wait is None:
                    raise Failure("server-died", f"The server cannot be reached any more: {error}") from error
            except ValueError as error:
                raise Failure("engine-error", f"The server cannot be used: {error}") from error
            time.sleep(wait)
        raise AssertionError


def cut(text: str, stops: Sequence[str]) -> str:
    """The text before the first of the stop sequences."""
    places = [text.find(stop) for stop in stops if stop]
    return text[: min((place for place in places if place >= 0), default=len(text))]


def in_order(
    function: Callable[[Item], Answer], items: Sequence[Item], concurrency: int, done: Callable[[], None]
) -> list[Answer]:
    """Call the function for every item, some at a time; `done` after each. The first exception ends the others."""
    answers = []
    pool = ThreadPoolExecutor(max_workers=max(1, concurrency))
    try:
        for future in [pool.submit(function, item) for item in items]:
            answers.append(future.result())
            done()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return answers


def _sum(positions: Any, continuation: Sequence[int]) -> tuple[float, bool]:
    """Positions are those of the prompt, each a dictionary of token → {logprob, rank}; the last ones are asked for."""
    try:
        entries = [
            position[str(token)]
            for token, position in zip(continuation, positions[len(positions) - len(continuation) :], strict=True)
        ]
        return sum(float(entry["logprob"]) for entry in entries), all(entry["rank"] == 1 for entry in entries)
    except (TypeError, KeyError, ValueError) as error:
        raise Failure("engine-error", "The server does not say how likely the tokens of a prompt are.") from error
