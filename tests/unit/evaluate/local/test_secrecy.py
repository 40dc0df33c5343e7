"""What can be seen of this without a run; that the token is not found is tests/flows/test_local_run.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evalbot.evaluate.local.secrecy import others_with, shield, stored_tokens

TOKEN = "hf_0123456789abcdef"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
ROOT = str(Path(__file__).parents[4])

SHOW = """
import os, sys
from pathlib import Path
from evalbot.evaluate.local.secrecy import shield
before = Path("/proc/self/environ").read_bytes()
hidden = shield([os.environ["OTHER"]])
after = Path("/proc/self/environ").read_bytes()
print(hidden, len(before) == len(after), b"hf_0123" in before, b"hf_0123" in after, b"harmless" in after,
      os.environ["HF_TOKEN"], sep="|")
"""
PARENT = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]], env={"PYTHONPATH": sys.argv[2]}, check=True)
"""
LOOK = (
    "from evalbot.evaluate.local.secrecy import others_with; print(*others_with(['hf_' + '0123456789abcdef']), sep='|')"
)
"""In two halves, or it would itself be an argument with the token in it."""


def run(code: str, *arguments: str, **environ: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={"PYTHONPATH": ROOT, **environ},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.strip()


@LINUX
def test_shield__overwrites_what_the_system_shows__and_leaves_the_rest() -> None:
    hidden, same_length, was_there, is_there, harmless, own = run(
        SHOW, HF_TOKEN=TOKEN, OTHER=f"in {TOKEN} it", PLAIN="harmless", EMPTY="", A_KEY="x=y=z"
    ).split("|")
    assert (was_there, is_there, hidden) == ("True", "False", "True")
    assert (same_length, harmless) == ("True", "True")
    assert own == TOKEN


def test_shield__where_the_system_shows_nothing__has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert shield([TOKEN])
    assert others_with([TOKEN]) == ()


@LINUX
def test_others__that_were_started_with_the_token__are_named() -> None:
    found = run(PARENT, LOOK, ROOT, HF_TOKEN=TOKEN)
    name, _, rest = found.partition(" (")
    assert name.startswith("python")
    assert rest.rstrip(")").isdecimal()
    assert run(PARENT, LOOK, ROOT, HF_TOKEN="hf_another") == ""


@pytest.mark.parametrize("name", ["token", "stored_tokens"])
def test_stored_tokens__are_those_of_the_login(tmp_path: Path, name: str) -> None:
    (tmp_path / "home").mkdir()
    assert stored_tokens([TOKEN], tmp_path, tmp_path / "home") == ()
    (tmp_path / "home" / name).write_text("hf_whatever")
    assert stored_tokens([TOKEN], tmp_path, tmp_path / "home") == (tmp_path / "home" / name,)


def test_stored_tokens__a_dotenv_with_a_secret_counts__another_does_not(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COLOR=1\n")
    assert stored_tokens([TOKEN], tmp_path, tmp_path / "home") == ()
    (tmp_path / ".env").write_text(f"HF_TOKEN={TOKEN}\n")
    assert stored_tokens([TOKEN], tmp_path, tmp_path / "home") == (tmp_path / ".env",)


@LINUX
def test_this_process__is_not_one_that_others_look_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 0)
    assert others_with([TOKEN]) == ()
