"""The Hub's hardware list as it comes, and the packaged one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from huggingface_hub import JobHardware

from evalbot.evaluate.hardware.flavors import packaged_flavors, read_flavors
from evalbot.evaluate.hardware.gpus import gpu_named

T4: dict[str, Any] = {
    "name": "t4-small",
    "prettyName": "Nvidia T4 - small",
    "cpu": "4 vCPU",
    "ram": "15 GB",
    "ephemeralStorage": "50 GB",
    "accelerator": {"type": "gpu", "model": "T4", "quantity": "1", "vram": "16 GB", "manufacturer": "Nvidia"},
    "unitCostMicroUSD": 6667,
    "unitCostUSD": 0.006667,
    "unitLabel": "minute",
}


def test_read_flavors__an_entry__is_read_whole() -> None:
    (found,) = read_flavors([T4])
    assert (found.name, found.gpus, found.gpu) == ("t4-small", 1, gpu_named("T4", 16 * 10**9))
    assert (found.price_per_minute, found.price_per_hour) == (Decimal("0.006667"), Decimal("0.40"))
    assert (found.memory, found.disk) == (15 * 10**9, 50 * 10**9)
    assert found.told == "t4-small (T4, $0.40 an hour)"


def test_read_flavors__no_accelerator__is_a_cpu() -> None:
    (found,) = read_flavors([{"name": "cpu-basic", "ram": "16 GB", "unitCostMicroUSD": 167, "unitLabel": "minute"}])
    assert (found.gpus, found.gpu, found.price_per_hour) == (0, None, Decimal("0.01"))


@pytest.mark.parametrize(
    ("model", "quantity", "vram", "gib"),
    [
        ("H200", "8", "1128 GB", 139.8),
        ("A10G", 4, "96 GB", 22.06),
        ("A10G", "4", "24 GB", 22.06),  # said of each
        ("NVIDIA A100-SXM4-80GB", "4", "320 GB", 79.15),
        ("A100", "1", "40 GB", 36.1),
        ("RTX PRO 6000 Blackwell", "2", "192 GB", 94.97),
        ("B300", "2", "0.5 TB", 225.8),
    ],
)
def test_read_flavors__memory__is_of_each_gpu(model: str, quantity: object, vram: str, gib: float) -> None:
    accelerator = {"type": "gpu", "model": model, "quantity": quantity, "vram": vram, "manufacturer": "Nvidia"}
    (found,) = read_flavors([{**T4, "accelerator": accelerator}])
    assert found.gpu is not None
    assert found.gpus == int(str(quantity))
    assert found.gpu.memory / 1024**3 == pytest.approx(gib, rel=0.001)


@pytest.mark.parametrize(("label", "price"), [("minute", "0.006667"), ("hour", "0.00011"), ("second", "0.400")])
def test_read_flavors__price__is_by_the_unit_it_names(label: str, price: str) -> None:
    (found,) = read_flavors([{**T4, "unitLabel": label}])
    assert found.price_per_minute == pytest.approx(Decimal(price), rel=Decimal("0.02"))


GPU = T4["accelerator"]
UNUSABLE: list[Any] = [
    None,
    "t4-small",
    {},
    {**T4, "name": 7},
    {**T4, "name": "--hardware x"},
    {**T4, "unitCostMicroUSD": None},
    {**T4, "unitCostMicroUSD": True},
    {**T4, "unitCostMicroUSD": -1},
    {**T4, "unitCostMicroUSD": float("nan")},
    {**T4, "unitCostMicroUSD": float("inf")},
    {**T4, "unitCostMicroUSD": 10**400},
    {**T4, "unitCostMicroUSD": "6667"},
    {**T4, "unitLabel": "fortnight"},
    {**T4, "accelerator": "T4"},
    {**T4, "accelerator": {**GPU, "quantity": "0"}},
    {**T4, "accelerator": {**GPU, "quantity": "9" * 30}},
    {**T4, "accelerator": {**GPU, "quantity": "-1"}},
    {**T4, "accelerator": {**GPU, "vram": "lots"}},
    {**T4, "accelerator": {**GPU, "vram": None}},
    {**T4, "accelerator": {**GPU, "model": None}},
    {**T4, "accelerator": {**GPU, "manufacturer": "AWS"}},
    {**T4, "accelerator": {**GPU, "type": "neuron"}},
]


@pytest.mark.parametrize("entry", UNUSABLE)
def test_read_flavors__an_entry_that_cannot_be_used__is_left_out(entry: Any) -> None:
    assert [flavor.name for flavor in read_flavors([entry, T4])] == ["t4-small"]
    with pytest.raises(ValueError, match="hardware"):
        read_flavors([entry])


@pytest.mark.parametrize("answer", [None, {}, {"error": "no"}, "text", 5, []])
def test_read_flavors__not_a_list__is_an_error(answer: Any) -> None:
    with pytest.raises(ValueError, match="hardware"):
        read_flavors(answer)


def test_packaged_flavors__are_those_that_the_client_library_knows() -> None:
    date, flavors = packaged_flavors()
    assert date >= "2026"
    assert {flavor.name for flavor in flavors} == {str(hardware.value) for hardware in JobHardware}


def test_packaged_flavors__every_gpu__is_a_known_one_with_a_price() -> None:
    for flavor in packaged_flavors()[1]:
        assert flavor.price_per_minute > 0
        if flavor.gpu is not None:
            assert flavor.gpu.capability is not None, flavor.name
            assert flavor.gpu.bandwidth is not None, flavor.name


@pytest.mark.parametrize(
    ("name", "capability"),
    [("Tesla T4", 75), ("NVIDIA A10G", 86), ("L4", 89), ("L40S", 89), ("nvidia h100 80gb hbm3", 90), ("L400", None)],
)
def test_gpu_named__whatever_the_maker_is_called(name: str, capability: int | None) -> None:
    assert gpu_named(name, 24 * 10**9).capability == capability
