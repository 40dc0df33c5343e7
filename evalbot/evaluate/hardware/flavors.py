"""The machines that can be rented for a job, and the packaged list of them.

Shape of the Hub's list: `GET /api/jobs/hardware` as huggingface_hub 2.4 reads it (JobHardwareInfo). `accelerator.vram`
is that of all its GPUs together; where one GPU could not have so little, it is taken as each one's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml
from rapidfuzz import process

from evalbot.errors import UsageError
from evalbot.evaluate.hardware.gpus import GB, Gpu, gpu_named, is_memory_of_one

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MINUTES = {"minute": Decimal(1), "hour": Decimal(60), "second": 1 / Decimal(60)}
_AMOUNT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,3})?)\s*(TB|GB|MB)?", re.IGNORECASE)
_FEW = re.compile(r"\d{1,3}", re.ASCII)
_UNITS = {"TB": 1000.0, "GB": 1.0, "MB": 0.001}
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,60}", re.ASCII)
_MOST_GPUS = 64
_MOST_MICRO_USD = 10**10
_CLOSEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """One kind of machine. `memory` and `disk` in bytes, None where the list does not say."""

    name: str
    gpus: int
    gpu: Gpu | None
    price_per_minute: Decimal
    """US dollars."""
    memory: int | None = None
    disk: int | None = None

    @property
    def price_per_hour(self) -> Decimal:
        """US dollars, to the cent."""
        return (self.price_per_minute * 60).quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def told(self) -> str:
        """For people: a10g-small (A10G, 24 GB, $1.00 an hour)."""
        parts = [] if self.gpu is None else [f"{self.gpus} x {self.gpu.name}" if self.gpus > 1 else self.gpu.name]
        if self.price_per_minute:
            parts.append(f"${self.price_per_hour} an hour")
        return f"{self.name} ({', '.join(parts)})" if parts else self.name


def read_flavors(answer: Any) -> tuple[Flavor, ...]:
    """The Hub's hardware list; entries that cannot be read are left out. ValueError where none is left."""
    entries = answer if isinstance(answer, list) else []
    found = [flavor for entry in entries if isinstance(entry, dict) and (flavor := _read(entry)) is not None]
    if not found:
        raise ValueError("not a list of hardware")
    return tuple(found)


def _read(entry: Mapping[str, Any]) -> Flavor | None:
    name, price = entry.get("name"), _price(entry)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or price is None:
        return None
    found = entry.get("accelerator")
    gpus, gpu = (0, None) if found is None else _accelerator(found)
    if found is not None and gpu is None:
        return None
    return Flavor(
        name=name,
        gpus=gpus,
        gpu=gpu,
        price_per_minute=price,
        memory=_bytes(entry.get("ram")),
        disk=_bytes(entry.get("ephemeralStorage")),
    )


def _price(entry: Mapping[str, Any]) -> Decimal | None:
    micro, minutes = entry.get("unitCostMicroUSD"), _MINUTES.get(str(entry.get("unitLabel")).lower())
    if isinstance(micro, bool) or not isinstance(micro, int | float) or minutes is None:
        return None
    if not 0 <= micro <= _MOST_MICRO_USD:
        return None
    return Decimal(str(micro)) / 1_000_000 / minutes


def _accelerator(found: Any) -> tuple[int, Gpu | None]:
    """How many GPUs of which kind; none for accelerators that vLLM's CUDA build does not run on."""
    if not isinstance(found, dict) or str(found.get("type", "gpu")).lower() != "gpu":
        return 0, None
    total, quantity = _bytes(found.get("vram")), _whole(found.get("quantity"))
    model, maker = found.get("model"), str(found.get("manufacturer", "nvidia")).lower()
    if total is None or quantity is None or not isinstance(model, str) or "nvidia" not in maker:
        return 0, None
    return quantity, gpu_named(model, total if is_memory_of_one(model, total) else total // quantity)


def _whole(value: Any) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if _FEW.fullmatch(text) and 0 < int(text) <= _MOST_GPUS else None


def _bytes(value: Any) -> int | None:
    """`16 GB`, `1.5 TB` or 16: bytes, with GB of 10^9."""
    found = _AMOUNT.match(str(value)) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    if found is None:
        return None
    return round(float(found[1]) * _UNITS[(found[2] or "GB").upper()] * GB) or None


@cache
def packaged_flavors() -> tuple[str, tuple[Flavor, ...]]:
    """The date of the packaged list, and its flavors: only for when the Hub's own cannot be read."""
    text = resources.files("evalbot.evaluate.hardware").joinpath("flavors.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    return str(data["date"]), tuple(_packaged(name, entry) for name, entry in data["flavors"].items())


def _packaged(name: str, entry: Mapping[str, Any]) -> Flavor:
    gpus = int(entry.get("count", 0))
    gpu = gpu_named(entry["gpu"], int(entry["memory"] * GB) // gpus) if gpus else None
    memory = int(entry["ram"] * GB) if "ram" in entry else None
    price = Decimal(str(entry["price"])) / 60
    return Flavor(name=name, gpus=gpus, gpu=gpu, price_per_minute=price, memory=memory)


def flavor_named(flavors: Sequence[Flavor], name: str) -> Flavor:
    """The flavor of exactly this name. Raises UsageError with the closest ones and the list."""
    names = [flavor.name for flavor in flavors]
    if name.strip().lower() in names:
        return flavors[names.index(name.strip().lower())]
    close = [found[0] for found in process.extract(name, names, limit=_CLOSEST, score_cutoff=60)]
    raise UsageError(
        f"There is no hardware named {name[:60]!r}.",
        hint=f"Did you mean --hardware {close[0]}?" if close else "Choose one of these with --hardware.",
        candidates=[*close, *(each for each in names if each not in close)],
    )
