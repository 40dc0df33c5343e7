from __future__ import annotations

import base64
import gzip
import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalbot.evaluate.runners.parts.events import EventReader, EventWriter
from evalbot.evaluate.runners.parts.progress import PIECE_CHARACTERS, ProgressLines, result_lines, write_line

if TYPE_CHECKING:
    from pathlib import Path


def test_say__counts_alone_change__no_more_than_one_line_in_a_while() -> None:
    stream = io.StringIO()
    lines = ProgressLines(stream, interval=60)
    for done in range(100):
        lines.say("running", task="gsm8k", samples_done=done, tasks_done=0, tasks=2)
    lines.say("running", task="arc", samples_done=0, tasks_done=1, tasks=2)
    said = [json.loads(line.removeprefix("evalbot-progress ")) for line in stream.getvalue().splitlines()]
    assert [(each["task"], each["tasks_done"]) for each in said] == [("gsm8k", 0), ("arc", 1)]


@pytest.mark.parametrize(("pulse", "lines"), [(0.0, 3), (60.0, 1)])
def test_say__nothing_changes__is_said_again_after_a_while(pulse: float, lines: int) -> None:
    stream = io.StringIO()
    said = ProgressLines(stream, pulse=pulse)
    for _ in range(3):
        said.say("loading the model", tasks_done=0, tasks=2)
    assert stream.getvalue().count("loading the model") == lines


def test_say__nothing_known_of_samples__says_nothing_of_them() -> None:
    stream = io.StringIO()
    ProgressLines(stream).say("loading", samples_done=None, tasks=1)
    assert "samples" not in stream.getvalue()


class Gone(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


def test_write_line__reader_went_away__the_run_goes_on() -> None:
    stream = Gone()
    write_line(stream, "words")
    assert stream.getvalue() == "words\n"


@given(st.dictionaries(st.text(), st.text(max_size=20_000), max_size=5))
def test_result_lines__joined__are_the_results(results: dict[str, str]) -> None:
    pieces = [line.split(" ") for line in result_lines(results)]
    assert all(len(piece[3]) <= PIECE_CHARACTERS for piece in pieces)
    assert json.loads(gzip.decompress(base64.b64decode("".join(piece[3] for piece in pieces)))) == results


def test_result_lines__the_same_results__the_same_lines() -> None:
    assert result_lines({"a": 1}) == result_lines({"a": 1})


def test_events__half_a_line__waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "events"
    reader = EventReader(path)
    assert reader.read() == []
    EventWriter(path).progress("gsm8k", 1, 2)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"event": "fail')
    assert [event["task"] for event in reader.read()] == ["gsm8k"]
    with path.open("a", encoding="utf-8") as file:
        file.write('ure"}\nno json\n[]\n{"event": 3}\n')
    assert reader.read() == [{"event": "failure"}]
    assert reader.read() == []
