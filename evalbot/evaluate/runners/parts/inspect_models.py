"""The model as inspect-ai asks it: a vLLM server by chat or raw prompt, Inference Providers, or transformers here."""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from .failures import Failure

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from .options import ModelUnderTest, Options

LONGEST_ANSWER = 4096
"""In tokens, where neither the task nor the user says: a model that repeats itself does so for its whole context."""
LONGEST_RAW_ANSWER = 1024
"""Likewise for raw prompts: a base model goes on after its answer, always."""
_GIVEN_UP_AFTER = 20.0
"""Seconds without any answer of the server, after which no request is tried any more."""
_ANSWER_LINE = re.compile(r"^.*?ANSWER\s*:\s*\S.*$", re.IGNORECASE | re.MULTILINE)
_TOO_LONG = re.compile(r"maximum context length|input length|context_length_exceeded", re.IGNORECASE)
_WEIGHTS_NOT_NEEDED = ["*.gguf", "*.onnx", "*.h5", "*.msgpack", "original/*", "*.pth"]


@dataclass
class Pulse:
    """Whether the server still answers."""

    silent_since: float | None = None
    dead: bool = False

    async def of(self, request: Coroutine[Any, Any, Any]) -> Any:
        """The answer of a request; `Failure` at once where the server was given up."""
        if self.dead:
            request.close()
            raise Failure("server-died", "The server does not answer any more.")
        answer = await request
        self.silent_since = None
        return answer

    def missed(self) -> bool:
        """Note a request that got no answer; True when it is time to give up."""
        now = monotonic()
        self.silent_since = self.silent_since if self.silent_since is not None else now
        self.dead = self.dead or now - self.silent_since > _GIVEN_UP_AFTER
        return self.dead


@dataclass(frozen=True)
class AskedModel:
    """A model of inspect-ai's, and how it is asked. `longest` is the limit of an answer where a task has none."""

    model: Any
    chat_template: bool
    longest: int | None
    pulse: Pulse
    connections: int
    parallel_tasks: int


def raw_prompt(messages: Iterable[Any]) -> str:
    """The texts of a conversation as one prompt, for a model that knows no roles."""
    return "\n\n".join(text for text in (message.text.strip() for message in messages) if text)


def first_answer(text: str) -> str:
    """The text up to its first line with an answer. A base model goes on with questions and answers of its own."""
    found = _ANSWER_LINE.search(text)
    return text[: found.end()] if found else text


def served_by_vllm(model: ModelUnderTest, options: Options) -> AskedModel:
    """The model behind `model.base_url`. Raises `Failure` (missing-chat-template) where a chat is asked for in vain."""
    chat = uses_chat(model, options)
    pulse = Pulse()
    longest = LONGEST_ANSWER if chat else LONGEST_RAW_ANSWER
    if model.max_model_len:
        longest = min(longest, model.max_model_len)
    made = _registered("evalbot-chat" if chat else "evalbot-raw")(
        model_name=f"evalbot/{model.id}",
        base_url=model.base_url,
        api_key=model.api_key,
        config=_config(options),
        served_name=model.served_name or model.id,
        pulse=pulse,
        client_timeout=options.request_timeout,
    )
    return AskedModel(
        _as_model(made, options, model.max_model_len), chat, longest, pulse, options.concurrency, parallel_tasks=2
    )


def loaded_here(model: ModelUnderTest, options: Options) -> AskedModel:
    """The model in this process, by transformers. Raises what loading raises, and `Failure`."""
    folder = _folder_of(model)
    made = _registered("evalbot-transformers")(
        model_name=model.id,
        config=_config(options),
        model_path=folder,
        trust_remote_code=model.trust_remote_code,
        dtype=model.dtype or "auto",
    )
    has_template = made.tokenizer.chat_template is not None
    if options.chat_template and not has_template:
        raise Failure("missing-chat-template", f"{model.id} has no chat template.")
    chat = has_template if options.chat_template is None else options.chat_template
    made.use_chat_template = chat
    longest = LONGEST_ANSWER if chat else LONGEST_RAW_ANSWER
    window = model.max_model_len or getattr(made.model.config, "max_position_embeddings", None)
    longest = min(longest, window // 2) if window else longest
    batch = min(options.concurrency, 32)
    # What is generated at a time gets the settings of one sample: tasks must not mix.
    return AskedModel(_as_model(made, options, window), chat, longest, Pulse(), batch, parallel_tasks=1)


def import_clients() -> None:
    """Import what asks a server, which takes seconds: while the server loads, rather than after."""
    for name in ("openai", "inspect_ai.model._providers.openai_compatible_completions"):
        importlib.import_module(name)


def uses_chat(model: ModelUnderTest, options: Options) -> bool:
    """Whether prompts go through the chat template. Unknown counts as yes: the server says if it has none."""
    if options.chat_template and model.has_chat_template is False:
        raise Failure("missing-chat-template", f"{model.id} has no chat template.")
    if options.chat_template is not None:
        return options.chat_template
    return model.has_chat_template is not False


def _config(options: Options) -> Any:
    from inspect_ai.model import GenerateConfig

    return GenerateConfig(seed=options.seed, max_retries=3, attempt_timeout=int(options.request_timeout))


def _as_model(api: Any, options: Options, window: int | None) -> Any:
    """A model of inspect-ai's. It is told the context's length, else it makes the model once more to ask for it."""
    from inspect_ai.model import Model, ModelInfo, set_model_info

    made = Model(api, _config(options))
    for name in (str(made), api.model_name):
        set_model_info(name, ModelInfo(context_length=window))
    return made


def _folder_of(model: ModelUnderTest) -> str:
    """One folder for weights and tokenizer, so that both are of the same commit."""
    if Path(model.id).is_dir():
        return model.id
    from huggingface_hub import snapshot_download

    return str(snapshot_download(model.id, revision=model.revision, ignore_patterns=_WEIGHTS_NOT_NEEDED))


@functools.cache
def _registered(name: str) -> Any:
    """A class of ours under its name in inspect-ai's registry, without which it makes no model."""
    from inspect_ai.model import modelapi

    classes = {"evalbot-chat": _chat_api, "evalbot-raw": _raw_api, "evalbot-transformers": _transformers_api}
    return modelapi(name)(classes[name]())


@functools.cache
def _chat_api() -> Any:
    """The class of inspect-ai's that asks an OpenAI-like server, with what it lacks for a server of ours."""
    from inspect_ai.model import ModelOutput
    from inspect_ai.model._providers.openai_compatible import OpenAICompatibleAPI

    unanswered = importlib.import_module("openai").APIConnectionError

    class Served(OpenAICompatibleAPI):  # type: ignore[misc]
        """`served_name` is sent to the server, and nothing is guessed from how a model is called."""

        def __init__(self, served_name: str, pulse: Pulse, **arguments: Any) -> None:
            super().__init__(**arguments)
            self._served_name = served_name
            self._pulse = pulse

        def service_model_name(self) -> str:
            return "model"  # else inspect-ai takes a model that is named like one of OpenAI's for one

        def completion_params(self, config: Any, tools: bool) -> dict[str, Any]:  # noqa: FBT001 - inspect-ai's own
            return {**super().completion_params(config, tools), "model": self._served_name}

        async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> Any:  # noqa: A002
            return await self._pulse.of(super().generate(input, tools, tool_choice, config))

        def should_retry(self, ex: BaseException) -> Any:
            if isinstance(ex, unanswered) and self._pulse.missed():
                return False
            return super().should_retry(ex)

        def handle_bad_request(self, ex: Any) -> Any:
            """A prompt that does not fit is a question the model cannot answer, and not the end of the task."""
            if _TOO_LONG.search(str(ex)):
                return ModelOutput.from_content(self._served_name, "", stop_reason="model_length")
            return super().handle_bad_request(ex)

    return Served


@functools.cache
def _raw_api() -> Any:
    """The same by raw prompts. inspect-ai's own class for them takes a single message, and asks for a single token."""
    from inspect_ai.model import ModelOutput
    from inspect_ai.model._providers.openai_compatible_completions import generate_raw_completions

    refused = importlib.import_module("openai").BadRequestError

    class ServedRaw(_chat_api()):  # type: ignore[misc]
        def service_model_name(self) -> str:
            return str(self._served_name)

        async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> Any:  # noqa: A002
            del tools, tool_choice
            return await self._pulse.of(self._by_raw_prompt(input, config))

        async def _by_raw_prompt(self, input: Any, config: Any) -> Any:  # noqa: A002
            try:
                result = await generate_raw_completions(self, raw_prompt(input), config)
            except refused as error:
                return self.handle_bad_request(error)
            output = result[0] if isinstance(result, tuple) else result
            if isinstance(output, ModelOutput):
                output.completion = first_answer(output.completion)
            return result

    return ServedRaw


@functools.cache
def _transformers_api() -> Any:
    from inspect_ai.model import ModelOutput
    from inspect_ai.model._providers.hf import HuggingFaceAPI

    class Loaded(HuggingFaceAPI):  # type: ignore[misc]
        async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> Any:  # noqa: A002
            # transformers refuses to sample at temperature 0; read before anything is awaited.
            self.do_sample = bool(config.temperature)
            output = await super().generate(input, tools, tool_choice, config)
            if self.use_chat_template is False and isinstance(output, ModelOutput):
                output.completion = first_answer(output.completion)
            return output

        def hf_chat(self, messages: Any, tools: Any) -> str:
            if self.use_chat_template is False:
                return raw_prompt(messages)
            return str(super().hf_chat(messages, tools))

    return Loaded
