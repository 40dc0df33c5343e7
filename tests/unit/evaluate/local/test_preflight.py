from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from evalbot.errors import NothingFound, UsageError
from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.hardware.facts import ModelFacts
from evalbot.evaluate.hardware.fit import choose
from evalbot.evaluate.hardware.machine import Machine
from evalbot.evaluate.hardware.nvidia import LocalGpu
from evalbot.evaluate.local.preflight import check_machine, check_system, find_uv, models_folder, with_model

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.evaluate.hardware.fit import Choice

COMMAND = RunnerCommand(model="alice/Aurora-7B", lighteval_tasks=("gsm8k|5",), output_dir="out")
SERVED = replace(COMMAND, base_url="http://127.0.0.1:8000/v1")
BARE = Machine(gpus=(), why_no_gpu="nvidia-smi is not installed here", memory=None, cpus=2, disk_free=None)
GPU = LocalGpu(index=0, uuid="GPU-1", name="NVIDIA L4", total=24 * 2**30, free=None, capability=89, mig=False)


def program(folder: Path) -> Path:
    path = folder / "uv"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_uv__on_the_path__is_taken(tmp_path: Path) -> None:
    assert find_uv({"PATH": str(tmp_path)}) != str(program(tmp_path))
    assert find_uv({"PATH": str(tmp_path)}) == str(tmp_path / "uv")


def test_uv__beside_evalbot__is_taken_where_the_path_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    expected = program(tmp_path)
    assert find_uv({"PATH": "/nowhere"}) == str(expected)


def test_uv__nowhere__says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(UsageError, match="uv was not found") as refused:
        find_uv({"PATH": "/nowhere"})
    assert "pip install uv" in str(refused.value.hint)


def test_windows__is_told_where_to_go() -> None:
    with pytest.raises(UsageError, match="Windows") as refused:
        check_system("nt")
    assert "--where jobs" in str(refused.value.hint)


def test_no_gpu__is_refused_with_what_else_there_is() -> None:
    with pytest.raises(UsageError, match="no GPU that can be used: nvidia-smi is not installed here") as refused:
        check_machine(COMMAND, {}, machine=BARE)
    assert all(way in str(refused.value.hint) for way in ("--where jobs", "--base-url", "--allow-cpu"))


@pytest.mark.parametrize(
    ("command", "machine", "allow_cpu"),
    [(COMMAND, BARE, True), (SERVED, BARE, False), (COMMAND, replace(BARE, gpus=(GPU,), why_no_gpu=None), False)],
    ids=["on the CPU", "by a server", "on a GPU"],
)
def test_machine__that_will_do__is_not_refused(command: RunnerCommand, machine: Machine, allow_cpu: bool) -> None:
    check_machine(command, {}, machine=machine, allow_cpu=allow_cpu)


def plan(download: int) -> Choice:
    facts = ModelFacts(repo_id="alice/Aurora-7B", config={}, parameters={"BF16": download // 2}, weight_bytes=download)
    return choose(
        facts,
        [replace(BARE, gpus=(GPU,)).as_flavor()],
        wanted=None,
        tensor_parallel_size=None,
        max_model_len=None,
        dtype=None,
        gpu_memory_utilization=0.9,
        backend="vllm",
    )


def test_disk__without_room_for_the_model__is_refused_unless_it_is_here_already(tmp_path: Path) -> None:
    chosen = plan(download=4 * 10**9)
    machine = replace(BARE, gpus=(GPU,), why_no_gpu=None, disk_free=2 * 10**9)
    environ = {"HF_HOME": str(tmp_path)}
    with pytest.raises(UsageError, match=r"The disk has 2\.0 GB free"):
        check_machine(COMMAND, environ, machine=machine, choice=chosen)
    blobs = tmp_path / "hub" / "models--alice--Aurora-7B" / "blobs"
    blobs.mkdir(parents=True)
    with (blobs / "0123").open("wb") as file:
        file.truncate(4 * 10**9)  # takes no room on the disk
    check_machine(COMMAND, environ, machine=machine, choice=chosen)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/a"}, "/home/a/.cache/huggingface/hub"),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HOME": "/home/a", "HF_HOME": "/hf"}, "/hf/hub"),
        ({"HOME": "/home/a", "HF_HOME": "/hf", "HF_HUB_CACHE": "/models"}, "/models"),
    ],
)
def test_models_folder__is_where_the_hub_client_keeps_them(environ: dict[str, str], folder: str) -> None:
    assert str(models_folder(environ)) == folder


@pytest.mark.parametrize("model", ["alice/Aurora-7B", "gpt2", "a.b/c_d-1.5"])
def test_model__an_id__stays_as_it_is(model: str) -> None:
    command = replace(COMMAND, model=model)
    assert with_model(command) == command


@pytest.mark.parametrize(
    "model", ["./Aurora", "/models/Aurora", "a/b/c", "alice/", "a b", "alice/x..y", "https://h.example/a/b", "~/Aurora"]
)
def test_model__neither_id_nor_folder__is_refused(model: str) -> None:
    with pytest.raises(UsageError, match="neither a folder here nor the id"):
        with_model(replace(COMMAND, model=model))


def test_model__a_folder__is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Aurora"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert with_model(replace(COMMAND, model="Aurora")).model == str(folder)
    assert with_model(replace(COMMAND, model="./Aurora")).model == str(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_model__a_folder_without_all_it_needs__is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(NothingFound):
        with_model(replace(COMMAND, model=str(tmp_path)))


def test_model__of_a_server__may_be_called_what_it_likes() -> None:
    assert with_model(replace(SERVED, model="my model:latest")).model == "my model:latest"
