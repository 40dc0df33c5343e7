"""What this machine has, from answers of nvidia-smi in every shape that drivers give."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalbot.evaluate.hardware.facts import ModelFacts
from evalbot.evaluate.hardware.fit import Choice, choose
from evalbot.evaluate.hardware.machine import THIS_MACHINE, Machine, shortage, this_machine
from evalbot.evaluate.hardware.nvidia import LocalGpu, read_gpus, read_instances, visible
from tests.unit.evaluate.hardware.models import LLAMA_8B, SMALL

if TYPE_CHECKING:
    from pathlib import Path

A10G = "0, GPU-6b1e2f3a-0000-1111-2222-333344445555, NVIDIA A10G, 23028, 22502, 8.6, [N/A]"
SECOND = "1, GPU-7c1e2f3a-0000-1111-2222-333344445555, NVIDIA A10G, 23028, 1200, 8.6, [N/A]"
MIG = "1, GPU-8d1e2f3a-0000-1111-2222-333344445555, NVIDIA A100-SXM4-80GB, 81920, [N/A], 8.0, Enabled"
LISTED = """\
GPU 0: NVIDIA A10G (UUID: GPU-6b1e2f3a-0000-1111-2222-333344445555)
GPU 1: NVIDIA A100-SXM4-80GB (UUID: GPU-8d1e2f3a-0000-1111-2222-333344445555)
  MIG 3g.40gb     Device  0: (UUID: MIG-11111111-2222-3333-4444-555555555555)
  MIG 1g.10gb+me  Device  1: (UUID: MIG-66666666-2222-3333-4444-555555555555)
"""
MIB = 1024**2


def gpu(**more: Any) -> LocalGpu:
    usual = {"index": 0, "uuid": "GPU-6b1e", "name": "NVIDIA A10G", "total": 23028 * MIB, "free": 22502 * MIB}
    return LocalGpu(**{**usual, "capability": 86, "mig": False, **more})


def machine(*gpus: LocalGpu, **more: Any) -> Machine:
    why = None if gpus else "nvidia-smi is not installed here, so there is no NVIDIA driver"
    return Machine(**{"gpus": gpus, "why_no_gpu": why, "memory": 64 * 10**9, "cpus": 8, "disk_free": 10**12, **more})


def choice(here: Machine, facts: ModelFacts | None = None, **more: Any) -> Choice:
    usual: dict[str, Any] = {"tensor_parallel_size": None, "max_model_len": None, "dtype": None, "backend": "vllm"}
    usual |= {"gpu_memory_utilization": 0.9, "wanted": THIS_MACHINE, **more}
    return choose(facts or ModelFacts(repo_id="acme/Llama-8B", config=LLAMA_8B), [here.as_flavor()], **usual)


def test_read_gpus__one_line_each() -> None:
    first, second = read_gpus(f"{A10G}\n{SECOND}\n")
    assert (first.index, first.name, first.capability, first.mig) == (0, "NVIDIA A10G", 86, False)
    assert (first.total, first.free) == (23028 * MIB, 22502 * MIB)
    assert (second.index, second.free) == (1, 1200 * MIB)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0, GPU-1, Tesla T4, [N/A], [N/A], 7.5, [N/A]", (None, None, 75)),
        ("0, GPU-1, NVIDIA GB10, [N/A], [Not Supported], 12.1, [N/A]", (None, None, 121)),
        ("0, GPU-1, Tesla K80, 11441, 11438", (11441 * MIB, 11438 * MIB, None)),
        ("0,GPU-1,Tesla T4,15360,15101,[Unknown Error],[N/A]", (15360 * MIB, 15101 * MIB, None)),
        (MIG.replace("1, ", "0, ", 1), (81920 * MIB, None, 80)),
    ],
)
def test_read_gpus__fields_that_the_driver_does_not_say__are_none(line: str, expected: tuple[Any, ...]) -> None:
    (found,) = read_gpus(line)
    assert (found.total, found.free, found.capability) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No devices were found\n",
        "Unable to determine the device\n",
        "a, b, c, d, e, f, g\n",
        ",,,,,,\n",
        "0, GPU-1, T4",
    ],
)
def test_read_gpus__no_gpu_in_it__is_empty(text: str) -> None:
    assert read_gpus(text) == ()


@given(st.text(st.sampled_from('0,1. "[]N/A\n\r\x00GPU-é\u0665'), max_size=80))
def test_read_gpus__whatever_is_printed__is_read_or_left_out(text: str) -> None:
    assert all(found.index >= 0 for found in read_gpus(text))


def test_read_instances__a_divided_gpu__is_its_instances() -> None:
    found = read_instances(LISTED, read_gpus(f"{A10G}\n{MIG}\n"))
    assert [(each.uuid[:8], each.name) for each in found] == [
        ("GPU-6b1e", "NVIDIA A10G"),
        ("MIG-1111", "NVIDIA A100-SXM4-80GB MIG 3g.40gb"),
        ("MIG-6666", "NVIDIA A100-SXM4-80GB MIG 1g.10gb+me"),
    ]
    assert [each.total for each in found[1:]] == [40 * 10**9, 10 * 10**9]
    assert read_instances("", read_gpus(MIG)) == ()


@pytest.mark.parametrize(
    ("said", "indices"),
    [
        (None, [0, 1]),
        ("", []),
        ("-1", []),
        ("1", [1]),
        ("1,0", [1, 0]),
        ("0,7,1", [0]),
        ("GPU-7c1e", [1]),
        ("0, 1", [0, 1]),
        ("0,0", [0]),
    ],
)
def test_visible__cuda_visible_devices__hides_gpus(said: str | None, indices: list[int]) -> None:
    assert [each.index for each in visible(read_gpus(f"{A10G}\n{SECOND}"), said)] == indices


def stand_in(folder: Path, script: str) -> None:
    """An nvidia-smi of our own, first on the path."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


ANSWERS = [
    (f"echo '{A10G}'", ["NVIDIA A10G"], None),
    ("echo 'No devices were found'; exit 6", [], "nvidia-smi failed: No devices were found"),
    ("echo \"couldn't communicate with the NVIDIA driver\" >&2; exit 9", [], "communicate with the NVIDIA driver"),
    ("case $1 in *compute_cap*) echo 'Field \"compute_cap\" is not a valid field to query.'; exit 2;; "
     "*) echo '0, GPU-1, Tesla K80, 11441, 11438';; esac", ["Tesla K80"], None),
    ("exit 0", [], "the driver names none"),
    (f"if [ $1 = -L ]; then printf '%s' '{LISTED}'; else echo '{MIG}'; fi",
     ["NVIDIA A100-SXM4-80GB MIG 3g.40gb", "NVIDIA A100-SXM4-80GB MIG 1g.10gb+me"], None),
]  # fmt: skip


@pytest.mark.parametrize(("script", "names", "why"), ANSWERS)
def test_this_machine__whatever_the_driver_answers__is_gpus_or_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, names: list[str], why: str | None
) -> None:
    stand_in(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = this_machine(tmp_path / "not" / "there", {})
    assert [each.name for each in found.gpus] == names
    assert (found.why_no_gpu is None) is (why is None)
    assert (why or "") in (found.why_no_gpu or "")
    assert found.memory is not None
    assert found.memory > 10**8
    assert found.cpus >= 1
    assert found.disk_free is not None


def test_this_machine__no_driver_or_all_hidden__is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "nvidia-smi is not installed here" in (this_machine(None, {}).why_no_gpu or "")
    stand_in(tmp_path, f"echo '{A10G}'")
    hidden = this_machine(None, {"CUDA_VISIBLE_DEVICES": ""})
    assert (hidden.gpus, hidden.why_no_gpu) == ((), "CUDA_VISIBLE_DEVICES hides all of them")
    assert hidden.disk_free is None


def test_as_flavor__unlike_gpus__the_smallest_counts() -> None:
    here = machine(gpu(), gpu(index=1, name="Tesla T4", total=15360 * MIB, capability=75))
    flavor = here.as_flavor()
    assert flavor.gpu is not None
    assert (flavor.gpus, flavor.gpu.name, flavor.gpu.capability) == (2, "T4", 75)
    assert flavor.price_per_hour == 0


def test_shortage__enough_of_everything__is_none() -> None:
    here = machine(gpu())
    assert shortage(here, choice(here)) is None


def test_shortage__what_is_missing__is_said_in_numbers() -> None:
    here = machine(gpu())
    fitting = choice(here)
    busy = shortage(machine(gpu(free=9000 * MIB)), fitting)
    assert busy is not None
    assert "GPU 0 (NVIDIA A10G) has 9.4 GB free of 24.1 GB, and the run takes 21.7 GB" in busy
    assert "--gpu-memory-utilization (now it could be 0.36)" in busy
    small = choice(here, SMALL[1].facts, backend="transformers")
    assert shortage(machine(gpu(free=9000 * MIB)), small) is None
    tight = shortage(machine(gpu(free=900 * MIB)), small)
    assert tight is not None
    assert tight.endswith("End what else runs there.")
    full = shortage(replace(here, disk_free=3 * 10**9), fitting)
    assert full is not None
    assert "The disk has 3.0 GB free, and the run needs about 16.6 GB" in full
    assert shortage(replace(here, disk_free=3 * 10**9), fitting, to_download=0) is None
    none = shortage(machine(), fitting)
    assert none is not None
    assert "this machine has no GPU (nvidia-smi is not installed here" in none


def test_shortage__two_gpus_and_one_is_in_use__names_it() -> None:
    here = machine(gpu(), gpu(index=1, free=100 * MIB))
    said = shortage(here, choice(here))
    assert said is not None
    assert said.startswith("GPU 1 (NVIDIA A10G) has 0.1 GB free")
    assert shortage(here, choice(here, tensor_parallel_size=1)) is None


def test_shortage__free_memory_is_not_known__is_not_held_against_it() -> None:
    here = machine(gpu(free=None))
    assert shortage(here, choice(here)) is None


def test_shortage__on_the_cpu__asks_for_no_gpu() -> None:
    here = machine()
    assert shortage(here, choice(here, SMALL[1].facts, backend="transformers")) is None
