"""The scripts are what their parts make, each alone in its file."""

# ruff: noqa: E501 - small sources in one line

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.runners import bundle
from evalbot.evaluate.runners.bundle import RUNNERS, SCRIPTS, CannotBundle, Script, read_part
from evalbot.evaluate.runners.parts import requirements

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [script.file for script in SCRIPTS]


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_scripts__are_made_from_their_parts_as_they_are_now(script: Script) -> None:
    text = (RUNNERS / script.file).read_text(encoding="utf-8")
    assert text == bundle.bundle(script), "run: make runners"


def test_scripts__all_that_lie_there__are_made() -> None:
    assert sorted(path.name for path in RUNNERS.glob("*_uv.py")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_script__imports__nothing_of_evalbot_and_no_engine_at_the_top(name: str) -> None:
    tree = ast.parse((RUNNERS / name).read_text(encoding="utf-8"))
    anywhere = {module for node in ast.walk(tree) for module in imported(node)}
    at_the_top = {module for node in tree.body for module in imported(node)}
    assert "evalbot" not in anywhere
    assert at_the_top <= sys.stdlib_module_names | {"__future__"}


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]} if not node.level else {"evalbot"}
    return set()


@pytest.mark.parametrize("name", NAMES)
def test_script__header__is_read_as_uv_reads_it(name: str) -> None:
    text = (RUNNERS / name).read_text(encoding="utf-8")
    found = re.search(r"(?m)^# /// script$\n((?:^#(?:| .*)$\n)+?)^# ///$", text)
    assert found is not None
    header = tomllib.loads("".join(line[2:] if len(line) > 2 else "\n" for line in found[1].splitlines(keepends=True)))
    assert header["requires-python"] == ">=3.11"
    expected = {"evaluate_uv.py": (), "lighteval_vllm_uv.py": requirements.LIGHTEVAL}
    assert tuple(header["dependencies"]) == expected.get(name, requirements.INSPECT)


@pytest.mark.parametrize("name", NAMES)
def test_script__alone_in_a_folder__says_what_it_takes(name: str, tmp_path: Path) -> None:
    copy = tmp_path / name
    copy.write_bytes((RUNNERS / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", str(copy), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--model" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_script__names_that_are_used__are_all_there(name: str) -> None:
    """Every name that a function reads is a builtin, bound somewhere in the file, or imported."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E9", str(RUNNERS / name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def parts(folder: Path, monkeypatch: pytest.MonkeyPatch, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(bundle, "PARTS", folder)


def test_bundle__parts_that_need_one_another__stand_in_that_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = '"""Doc."""\nimport sys\nfrom .second import TWO\n\ndef main(words):\n    from .third import three\n    return three() + TWO\n\nif __name__ == "__main__":\n    sys.exit(1)\n'
    parts(tmp_path, monkeypatch, first=first, second="# why\nTWO = 2\n", third="def three():\n    return 3\n")
    text = bundle.bundle(Script("x.py", "first", "main", ("a==1",)))
    names = {"__name__": "bundled"}
    exec(compile(text, "x.py", "exec"), names)  # noqa: S102 - what was just made
    assert names["main"]([]) == 5  # type: ignore[operator]
    assert "# why" in text
    assert text.count("sys.exit") == 1


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("from .second import x\n_a = 1\n", "_a = 2\nx = 1\n", "_a of first and second"),
        ("from .second import x\nimport json\n", "def json(): ...\nx = 1\n", "json of an import and second"),
        ("from .second import x as y\n", "x = 1\n", "write it as"),
        ("from . import second\n", "x = 1\n", "write it as"),
        ("from .second import x\nb = 1\n", "from .first import b\nx = 1\n", "need one another"),
    ],
)
def test_bundle__cannot_be_one_file__says_which_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str, words: str
) -> None:
    parts(tmp_path, monkeypatch, first=first, second=second)
    with pytest.raises(CannotBundle, match=words):
        bundle.bundle(Script("x.py", "first", "main"))


def test_read_part__what_stands_in_it__is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = '"""Doc."""\n\nfrom __future__ import annotations\n\nimport os, re\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from .b import T\n    from pathlib import Path\n\nX: int = 1\n'
    parts(tmp_path, monkeypatch, a=source)
    part = read_part("a")
    assert part.imports == {"import os", "import re", "from typing import TYPE_CHECKING"}
    assert part.typing_imports == {"from pathlib import Path"}
    assert (part.needs, part.knows, part.names, part.body) == (set(), {"b"}, {"X"}, "X: int = 1")
