"""Small datasets under the ids, configurations, splits and columns of the real ones that the engines' tasks load.

What each task loads was read in lighteval 0.13.0 (tasks/tasks/*.py: hf_repo, hf_subset, hf_avail_splits) and in
inspect_evals 0.26.0 (*/*.py: path, name or data_dir, split, and the commit that it pins).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.engines.ground import rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.ground.rows import Row

Splits = dict[str, list["Row"]]


@dataclass(frozen=True)
class Dataset:
    """A dataset repository: configurations → splits → rows. `pinned` is the commit that inspect_evals asks for."""

    id: str
    configs: dict[str, Splits]
    pinned: str | None = None

    @property
    def owner(self) -> str:
        return self.id.partition("/")[0]

    def files(self) -> dict[str, bytes]:
        """Rows as JSON lines, and a card whose header names them: what `datasets` needs to load them by name."""
        return {"README.md": self._card().encode()} | {
            _path(config, split): _lines(found)
            for config, splits in self.configs.items()
            for split, found in splits.items()
        }

    def _card(self) -> str:
        configs = [
            {"config_name": config, "data_files": [{"split": split, "path": _path(config, split)} for split in splits]}
            for config, splits in self.configs.items()
        ]
        return f"---\nconfigs: {json.dumps(configs)}\n---\n# {self.id}\n\nA few rows made for tests.\n"


def _path(config: str, split: str) -> str:
    return f"{config}/{split}.jsonl"


def _lines(found: Iterable[Row]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in found).encode()


def datasets() -> list[Dataset]:
    return [_gsm8k(), _hellaswag(), _arc(), _truthfulqa(), _winogrande(), _mmlu_all(), _mmlu_by_subject(), _humaneval()]


def _gsm8k() -> Dataset:
    main = {"train": rows.gsm8k(100, 12), "test": rows.gsm8k(0, 16)}
    return Dataset("openai/gsm8k", {"main": main}, "cc7b047b6e5bb11b4f1af84efc572db110a51b3c")


def _hellaswag() -> Dataset:
    splits = {
        "train": rows.hellaswag(24, 12, split="train"),
        "test": rows.hellaswag(36, 12, split="test"),
        "validation": rows.hellaswag(0, 20, split="val"),
    }
    return Dataset("Rowan/hellaswag", {"default": splits}, "218ec52e09a7e7462a5400043bb9a69a41d06b76")


def _arc() -> Dataset:
    configs = {
        f"ARC-{level}": {
            "train": rows.arc(0, 12, level=level),
            "test": rows.arc(24, 20, level=level),
            "validation": rows.arc(48, 12, level=level),
        }
        for level in ("Challenge", "Easy")
    }
    return Dataset("allenai/ai2_arc", configs, "210d026faf9955653af8916fad021475a3f00453")


def _truthfulqa() -> Dataset:
    configs = {name: {"validation": rows.truthfulqa(12, config=name)} for name in ("generation", "multiple_choice")}
    return Dataset("truthfulqa/truthful_qa", configs, "741b8276f2d1982aa3d5b832d3ee81ed3b896490")


def _winogrande() -> Dataset:
    splits = {
        "train": rows.winogrande(24, 12),
        "test": rows.winogrande(48, 12, labelled=False),
        "validation": rows.winogrande(0, 20),
    }
    return Dataset("allenai/winogrande", {"winogrande_xl": splits}, "01e74176c63542e6b0bcb004dcdea22d94fb67b5")


_MMLU_SPLITS = {"auxiliary_train": (0, 4), "test": (4, 12), "validation": (16, 4), "dev": (20, 5)}


def _mmlu_all() -> Dataset:
    splits = {
        split: [row for subject in rows.SUBJECTS for row in rows.mmlu(subject, *which)]
        for split, which in _MMLU_SPLITS.items()
    }
    return Dataset("cais/mmlu", {"all": splits}, "c30699e8356da336a370243923dbaf21066bb9fe")


def _mmlu_by_subject() -> Dataset:
    """Four of the 57 subjects."""
    configs = {
        subject: {split: rows.mmlu(subject, *which) for split, which in _MMLU_SPLITS.items()}
        for subject in rows.SUBJECTS
    }
    return Dataset("lighteval/mmlu", configs)


def _humaneval() -> Dataset:
    test = {"test": rows.humaneval(12)}
    return Dataset("openai/openai_humaneval", {"openai_humaneval": test}, "7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544")
