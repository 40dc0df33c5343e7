from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.runners.parts import processes
from evalbot.evaluate.runners.parts.failures import Failure
from evalbot.evaluate.runners.parts.processes import Child, stop, uv_command
from evalbot.evaluate.runners.parts.requirements import PYTHON

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ((signal.SIGINT, 0.5), (signal.SIGTERM, 0.5), (signal.SIGKILL, 2.0))
STUBBORN = (
    "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; print('up', flush=True); time.sleep(60)"
)
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); print('started', flush=True)"
LIFELINE = (
    "import sys, time; from evalbot.evaluate.runners.parts import processes; processes.lifeline();"
    "print('up', sys.stdin.read() == '', flush=True); time.sleep(60)"
)


def started(tmp_path: Path, code: str, word: str = "up") -> Child:
    child = Child([sys.executable, "-c", code], os.environ, tmp_path / "log")
    until = time.monotonic() + 20
    while word not in child.tail():
        assert time.monotonic() < until, child.tail()
        time.sleep(0.02)
    return child


def test_stop__process_that_ignores_it__is_killed_in_bounded_time(tmp_path: Path) -> None:
    child = started(tmp_path, STUBBORN)
    began = time.monotonic()
    stop([child], QUICK)
    assert time.monotonic() - began < 4
    assert child.exit_code() == -signal.SIGKILL
    assert child.gone()


def test_stop__grandchild_whose_parent_has_ended__is_ended_too(tmp_path: Path) -> None:
    child = started(tmp_path, PARENT)
    while child.exit_code() is None:
        time.sleep(0.02)
    assert not child.gone()
    stop([child], QUICK)
    assert child.gone()


def test_stop__one_that_listens__gets_no_second_signal(tmp_path: Path) -> None:
    code = "import time\ntry:\n print('up', flush=True); time.sleep(60)\nexcept KeyboardInterrupt:\n print('asked')"
    child = started(tmp_path, code)
    stop([child])
    assert child.exit_code() == 0
    assert "asked" in child.tail()


def test_patience__all_of_it__is_below_the_ten_seconds_promised() -> None:
    assert sum(seconds for _, seconds in processes.PATIENCE) < 9


def test_lifeline__nobody_left__the_group_ends(tmp_path: Path) -> None:
    child = started(tmp_path, LIFELINE)
    assert "up True" in child.tail()  # what asks for its standard input finds none
    child.close()
    until = time.monotonic() + 8
    while not child.gone():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_tail__long_log__its_end(tmp_path: Path) -> None:
    child = started(tmp_path, f"print('x' * {2 * processes.TAIL_BYTES}); print('end')", "end")
    assert len(child.tail()) == processes.TAIL_BYTES
    assert child.tail().endswith("end\n")
    stop([child])


def test_uv_command__engine_not_here__an_environment_with_its_pins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV", "/opt/uv")
    monkeypatch.delenv("UV_PYTHON", raising=False)
    command = uv_command("server", "vllm", tmp_path / "script.py", ["EVENTS"])
    assert command[:6] == ["/opt/uv", "run", "--no-project", "--isolated", "--python", PYTHON]
    assert command[6:8] == ["--with", "vllm==0.32.0"]
    assert command[-5:] == ["python", str(tmp_path / "script.py"), "--role", "server", "EVENTS"]


def test_uv_command__python_chosen_by_the_user__is_not_overruled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV", "/opt/uv")
    monkeypatch.setenv("UV_PYTHON", "3.11")
    assert "--python" not in uv_command("lighteval", "vllm", tmp_path, [])


def test_find_uv__none__says_what_it_is_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match="uv was not found"):
        processes.find_uv()


def test_child__its_environment__is_what_it_was_given(tmp_path: Path) -> None:
    child = Child(["/usr/bin/env"], {"ONLY": "this"}, tmp_path / "deep" / "log")
    while child.exit_code() is None:
        time.sleep(0.02)
    assert child.tail() == "ONLY=this\n"
    stop([child])


def test_child__command_that_is_not_there__is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Child([str(tmp_path / "nothing")], {}, tmp_path / "log")
