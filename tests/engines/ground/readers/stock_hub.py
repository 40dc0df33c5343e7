"""Runs where only datasets and huggingface_hub are installed: what they get from HF_ENDPOINT, as JSON.

python stock_hub.py '{"datasets": [[id, config, data_dir, revision], …], "models": [id, …]}'
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub


def main() -> None:
    asked = json.loads(sys.argv[1])
    found = {
        "versions": [datasets.__version__, huggingface_hub.__version__],
        "datasets": [_splits(*which) for which in asked["datasets"]],
        "models": {model: _snapshot(model) for model in asked["models"]},
        "middle": {model: _middle(model) for model in asked["models"]},
    }
    sys.stdout.write(json.dumps(found))


def _splits(name: str, config: str | None, data_dir: str | None, revision: str | None) -> dict[str, Any]:
    """The rows of each split."""
    loaded = datasets.load_dataset(name, config, data_dir=data_dir, revision=revision)
    return {split: rows.to_list() for split, rows in loaded.items()}


def _snapshot(model: str) -> dict[str, str]:
    """The digest of each file."""
    folder = Path(huggingface_hub.snapshot_download(model))
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def _middle(model: str) -> str:
    """Some bytes of the weights by a range request, as those who look at weights without loading them do it."""
    with huggingface_hub.HfFileSystem().open(f"{model}/model.safetensors", block_size=1024) as file:
        file.seek(100_000)
        return str(file.read(64).hex())


if __name__ == "__main__":
    main()
