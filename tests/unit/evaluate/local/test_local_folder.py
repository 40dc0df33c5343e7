from __future__ import annotations

import re
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from evalbot.errors import UsageError
from evalbot.evaluate.local.folder import claim, new_name


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("alice/Aurora-7B", "Aurora-7B"),
        ("/models/My Aurora/", "My-Aurora"),
        ("../..", "model"),
        ("a/" + "x" * 200, "x" * 60),
        ("a/日本", "model"),
    ],
)
def test_name__tells_the_model_and_the_time(model: str, name: str) -> None:
    assert re.fullmatch(rf"evalbot-results/{name}-\d{{8}}-\d{{6}}-[0-9a-f]{{6}}", new_name(model))


def test_name__of_two_runs_at_once__differs() -> None:
    assert len({new_name("alice/Aurora-7B") for _ in range(50)}) == 50


def test_claim__makes_the_folder_and_keeps_the_dotenv_above_it_out(tmp_path: Path) -> None:
    folder = claim(tmp_path / "a" / "b")
    assert folder == (tmp_path / "a" / "b").resolve()
    assert (folder / ".env").read_bytes() == b""


def test_claim__a_folder_with_other_things_in_it__is_fine(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert claim(tmp_path) == tmp_path.resolve()


@pytest.mark.parametrize("name", ["results.json", "runner.log"])
def test_claim__a_folder_of_another_run__is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="holds another run already"):
        claim(tmp_path)


@pytest.mark.parametrize("below", ["", "deeper"])
def test_claim__a_file__is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"is not a folder|Not a directory") as refused:
        claim(tmp_path / "file" / below)
    assert "--output-dir" in str(refused.value.hint)


def test_claim__a_name_no_folder_has__is_refused() -> None:
    with pytest.raises(UsageError, match="Could not write"):
        claim(Path("/dev/null/\0"))


def test_claim__a_full_disk__is_refused_and_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - what shutil returns
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 10**12, 10**8))
        with pytest.raises(UsageError, match=r"Only 0\.1 GB are free"):
            claim(tmp_path / "out")
        full.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 0, 10**12))
        assert claim(tmp_path / "out") == (tmp_path / "out").resolve()
