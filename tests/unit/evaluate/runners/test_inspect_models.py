from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import pytest

from evalbot.evaluate.runners.parts.failures import Failure
from evalbot.evaluate.runners.parts.inspect_models import Pulse, first_answer, raw_prompt, uses_chat
from evalbot.evaluate.runners.parts.options import ModelUnderTest, Options

_CLOCK = "evalbot.evaluate.runners.parts.inspect_models.monotonic"


@dataclass
class _Message:
    text: str


def test_raw_prompt__is_the_texts_without_roles() -> None:
    messages = [_Message("Examples:\n2 + 2 = 4\n"), _Message(" "), _Message("3 + 3 =")]
    assert raw_prompt(messages) == "Examples:\n2 + 2 = 4\n\n3 + 3 ="


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It is two.\nANSWER: B\n\nNext question\nANSWER: C", "It is two.\nANSWER: B"),
        ("answer: 4 apples\nANSWER: 5", "answer: 4 apples"),
        ("The ANSWER: is\n D", "The ANSWER: is"),
        ("ANSWER:\nB", "ANSWER:\nB"),
        ("no such line", "no such line"),
        ("", ""),
    ],
)
def test_first_answer__ends_where_a_base_model_begins_its_next_question(text: str, kept: str) -> None:
    assert first_answer(text) == kept


@pytest.mark.parametrize(
    ("has", "asked", "chat"),
    [
        (True, None, True),
        (False, None, False),
        (None, None, True),
        (True, False, False),
        (None, True, True),
    ],
)
def test_chat__is_used_where_the_model_has_a_template(has: bool | None, asked: bool | None, chat: bool) -> None:
    model = ModelUnderTest("acme/m", has_chat_template=has)
    assert uses_chat(model, Options(chat_template=asked)) is chat


def test_chat__asked_for_without_a_template__is_refused() -> None:
    with pytest.raises(Failure) as told:
        uses_chat(ModelUnderTest("acme/m", has_chat_template=False), Options(chat_template=True))
    assert told.value.kind == "missing-chat-template"


def test_pulse__gives_up_when_nothing_was_answered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 15.0, 25.0])
    monkeypatch.setattr(_CLOCK, lambda: next(now))
    pulse = Pulse()
    assert [pulse.missed(), pulse.missed(), pulse.missed()] == [False, False, True]


def test_pulse__an_answer_makes_it_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer() -> str:
        return "yes"

    now = iter([0.0, 25.0])
    monkeypatch.setattr(_CLOCK, lambda: next(now))
    pulse = Pulse()
    assert pulse.missed() is False
    assert _ended(pulse, answer) == "yes"
    assert pulse.missed() is False


def test_pulse__of_a_dead_server__refuses_every_request_at_once() -> None:
    async def answer() -> NoReturn:
        raise AssertionError("must not be asked")

    with pytest.raises(Failure) as told:
        _ended(Pulse(dead=True), answer)
    assert told.value.kind == "server-died"


def _ended(pulse: Pulse, answer: object) -> object:
    """The coroutine awaits nothing that is not there already, so one step ends it."""
    assert callable(answer)
    try:
        pulse.of(answer()).send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waits")
