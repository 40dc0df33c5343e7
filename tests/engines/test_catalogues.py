"""The catalogues say what the pinned engines say: they are made anew and compared."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from evalbot.evaluate.tasks.catalogue import FOLDER
from evalbot.evaluate.tasks.generate.__main__ import ENGINES as NAMES
from evalbot.evaluate.tasks.generate.__main__ import LONGEST, command
from tests.engines.ground.marks import ENGINES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = ENGINES


@pytest.mark.parametrize("engine", NAMES)
def test_catalogue__is_what_the_engine_says_today(
    engine: str, tmp_path: Path, uv_environment: Mapping[str, str]
) -> None:
    home = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    cache = subprocess.run(["uv", "cache", "dir"], env=dict(uv_environment), capture_output=True, text=True, check=True)
    environment = {**uv_environment, **home, "UV_CACHE_DIR": cache.stdout.strip()}
    made = tmp_path / "made.json"
    done = subprocess.run(
        command(engine, made),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    kept = json.loads((FOLDER / f"{engine}.json").read_text(encoding="utf-8"))
    assert json.loads(made.read_text(encoding="utf-8")) == kept, "run python -m evalbot.evaluate.tasks.generate"
