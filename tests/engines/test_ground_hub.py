"""The ground under the engine tests: the libraries and engines, as they come, read what the sandbox serves."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evalbot.evaluate.runners.parts import requirements
from tests.engines.ground import data, model, wheels
from tests.engines.ground.marks import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.engines.conftest import EngineHub

pytestmark = [*ENGINES, pytest.mark.usefixtures("vllm_starting")]

READERS = Path(__file__).parent / "ground" / "readers"
LONGEST = 300  # seconds, an installation included
LOADED = {dataset.id: dataset for dataset in data.datasets()}


def _said(needs: Iterable[str], script: str, *arguments: str, environment: Mapping[str, str]) -> Any:
    """The JSON object on the last line that a script prints where these requirements are installed."""
    command = [*wheels.run_with(needs), "python", str(READERS / script), *arguments]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=LONGEST, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("client", ["1.33.0", "2.4.0"])
def test_ground__datasets_and_models_arrive_whole(
    client: str, engine_hub: EngineHub, uv_environment: Mapping[str, str], tmp_path: Path
) -> None:
    asked = [(each.id, config, None, each.pinned) for each in LOADED.values() for config in each.configs]
    environment = {**uv_environment, **engine_hub.environment(tmp_path / "hf")}
    wanted = json.dumps({"datasets": asked, "models": [model.ID, model.BASE_ID]})
    needs = ("datasets==5.2.0", f"huggingface_hub=={client}")
    got = _said(needs, "stock_hub.py", wanted, environment=environment)
    assert got["versions"] == ["5.2.0", client]
    for (name, config, *_), splits in zip(asked, got["datasets"], strict=True):
        assert splits == LOADED[name].configs[config], (name, config)
    for name, files in ((model.ID, model.files()), (model.BASE_ID, model.files(chat=False))):
        digests = {path: sha256(content).hexdigest() for path, content in files.items()}
        assert digests.items() <= got["models"][name].items()
        assert got["middle"][name] == files["model.safetensors"][100_000:100_064].hex()


def test_ground__inspect_evals_finds_its_pinned_datasets(
    engine_hub: EngineHub, uv_environment: Mapping[str, str], tmp_path: Path
) -> None:
    environment = {**uv_environment, **engine_hub.environment(tmp_path / "hf")}
    counts = _said(requirements.INSPECT, "inspect_tasks.py", environment=environment)
    assert counts == {
        "arc_challenge": _rows("allenai/ai2_arc", "ARC-Challenge", "test"),
        "arc_easy": _rows("allenai/ai2_arc", "ARC-Easy", "test"),
        "gsm8k": _rows("openai/gsm8k", "main", "test"),
        "hellaswag": _rows("Rowan/hellaswag", "default", "validation"),
        "humaneval": _rows("openai/openai_humaneval", "openai_humaneval", "test"),
        "mmlu_0_shot": _rows("cais/mmlu", "all", "test"),
        "mmlu_5_shot": _rows("cais/mmlu", "all", "test"),
        "truthfulqa": _rows("truthfulqa/truthful_qa", "multiple_choice", "validation"),
        "winogrande": _rows("allenai/winogrande", "winogrande_xl", "validation"),
    }


LIGHTEVAL_TASKS = {
    "arc:challenge": ("allenai/ai2_arc", "ARC-Challenge", "test", "train"),
    "arc:easy": ("allenai/ai2_arc", "ARC-Easy", "test", "train"),
    "gsm8k": ("openai/gsm8k", "main", "test", "train"),
    "hellaswag": ("Rowan/hellaswag", "default", "validation", "train"),
    "mmlu:anatomy": ("lighteval/mmlu", "anatomy", "test", "dev"),
    "mmlu:astronomy": ("lighteval/mmlu", "astronomy", "test", "dev"),
    "truthfulqa:mc": ("truthfulqa/truthful_qa", "multiple_choice", "validation", "validation"),
    "winogrande": ("allenai/winogrande", "winogrande_xl", "validation", "train"),
}


def test_ground__lighteval_finds_its_datasets(
    engine_hub: EngineHub, uv_environment: Mapping[str, str], tmp_path: Path
) -> None:
    environment = {**uv_environment, **engine_hub.environment(tmp_path / "hf")}
    counts = _said(requirements.LIGHTEVAL, "lighteval_tasks.py", *LIGHTEVAL_TASKS, environment=environment)
    for task, (name, config, split, examples) in LIGHTEVAL_TASKS.items():
        assert counts[task] == [_rows(name, config, split), _rows(name, config, examples)], task


def _rows(name: str, config: str, split: str) -> int:
    return len(LOADED[name].configs[config][split])
