"""The data files that are made from the engines: what the rest relies on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from evalbot.evaluate.runners.parts import requirements
from evalbot.evaluate.tasks.catalogue import FOLDER, catalogue
from evalbot.evaluate.tasks.generate.__main__ import command


def test_catalogue__is_of_the_versions_that_are_run() -> None:
    pinned = dict(package.split("==") for package in requirements.LIGHTEVAL + requirements.INSPECT if "==" in package)
    assert dict(catalogue().packages) == {name: pinned[name] for name in catalogue().packages}
    assert {"lighteval", "inspect-ai", "inspect-evals"} == set(catalogue().packages)


def test_catalogue__groups_are_tasks_of_one_prefix() -> None:
    known = catalogue()
    assert len(known.groups["mmlu"]) == 57
    assert known.groups["arc"] == ("arc:challenge", "arc:easy")
    assert "gsm8k" not in known.groups


def test_members__a_task_that_also_names_a_group_is_itself() -> None:
    assert catalogue().members("boolq") == ("boolq",)
    assert catalogue().members("arc") == ("arc:challenge", "arc:easy")
    assert catalogue().members("nothing") == ()


def test_catalogue__knows_what_is_loaded_where_the_engine_pins_it() -> None:
    gsm8k = catalogue().inspect["gsm8k"]
    assert (gsm8k.dataset["id"], gsm8k.dataset["config"], gsm8k.dataset["split"]) == ("openai/gsm8k", "main", "test")
    assert len(gsm8k.dataset["revision"]) == 40


@pytest.mark.parametrize("engine", ["lighteval", "inspect"])
def test_catalogue__holds_no_path_address_or_prose(engine: str) -> None:
    text = (FOLDER / f"{engine}.json").read_text(encoding="utf-8")
    assert "/root" not in text
    assert " at 0x" not in text
    assert "site-packages" not in text
    assert len(text) < 250_000
    texts = [
        value for facts in json.loads(text)["tasks"].values() for value in facts.values() if isinstance(value, str)
    ]
    assert max(map(len, texts)) < 100


@pytest.mark.parametrize("engine", ["lighteval", "inspect"])
def test_generate__runs_in_the_environment_of_the_pinned_engine(engine: str) -> None:
    said = command(engine, FOLDER / "new.json")
    assert said[:4] == ["uv", "run", "--no-project", "--isolated"]
    assert set(requirements.requirements(engine, "vllm")) <= set(said)
    assert said[-2].endswith(f"generate/{engine}_catalogue.py")


def test_tasks__read_nothing_until_they_are_asked() -> None:
    program = """if True:
        import sys
        from evalbot.evaluate.tasks import resolve
        from evalbot.evaluate.tasks.catalogue import catalogue
        print(catalogue.cache_info().currsize, *{"lighteval", "inspect_ai", "huggingface_hub"} & set(sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["0"]
