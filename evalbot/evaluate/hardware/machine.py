"""What this machine has: GPUs by nvidia-smi, memory and disk by the operating system."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.evaluate.hardware.flavors import Flavor
from evalbot.evaluate.hardware.gpus import GB, Gpu, gpu_named
from evalbot.evaluate.hardware.nvidia import LocalGpu, ask_for_gpus, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.evaluate.hardware.fit import Choice

THIS_MACHINE = "this-machine"
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_LOGS = GB // 2
_NEAR = 0.02
"""A share of the memory that drivers round away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`gpus` that a process started now can use. `why_no_gpu` is None where there are some."""

    gpus: tuple[LocalGpu, ...]
    why_no_gpu: str | None
    memory: int | None
    """Bytes of RAM."""
    cpus: int
    disk_free: int | None
    """Bytes, in the folder that was asked about."""

    def as_flavor(self) -> Flavor:
        """This machine as hardware to choose from: it costs nothing. Of unlike GPUs, the smallest counts for each."""
        known = [gpu for gpu in self.gpus if gpu.total is not None]
        smallest = min(known, key=lambda gpu: gpu.total or 0, default=None)
        return Flavor(
            name=THIS_MACHINE,
            gpus=len(known),
            gpu=None if smallest is None else _as_gpu(smallest),
            price_per_minute=Decimal(0),
            memory=self.memory,
        )


def _as_gpu(gpu: LocalGpu) -> Gpu:
    like = gpu_named(gpu.name, gpu.total or 0)
    return Gpu(
        name=like.name,
        memory=gpu.total or 0,
        capability=gpu.capability if gpu.capability is not None else like.capability,
        bandwidth=like.bandwidth,
        flops=like.flops,
    )


def this_machine(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Machine:
    """What is here now. `folder` is where the run writes; `environ` may hide GPUs (CUDA_VISIBLE_DEVICES)."""
    all_gpus, why_not = ask_for_gpus()
    gpus = visible(all_gpus, (os.environ if environ is None else environ).get("CUDA_VISIBLE_DEVICES"))
    if all_gpus and not gpus:
        why_not = "CUDA_VISIBLE_DEVICES hides all of them"
    return Machine(
        gpus=gpus,
        why_no_gpu=None if gpus else why_not,
        memory=_ram(),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        disk_free=_disk_free(folder),
    )


def _ram() -> int | None:
    """Bytes that this process may use: the machine's, or fewer in a container that is held to fewer (cgroup 2)."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    try:
        held_to = _CGROUP_LIMIT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return there
    return min(there, int(held_to)) if held_to.isdecimal() else there


def _disk_free(folder: Path | None) -> int | None:
    """Of the folder, or of the nearest above it that is there."""
    if folder is None:
        return None
    for place in (folder, *folder.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def shortage(machine: Machine, choice: Choice, *, to_download: int | None = None) -> str | None:
    """Why the chosen run cannot start on this machine now, as a sentence; None where nothing speaks against it.

    `to_download` is in bytes, for who knows what is here already; else it is all weights.
    """
    disk = (choice.download_bytes if to_download is None else to_download) + _LOGS
    if machine.disk_free is not None and machine.disk_free < disk:
        return (
            f"The disk has {machine.disk_free / GB:.1f} GB free, and the run needs about "
            f"{disk / GB:.1f} GB for weights and logs. Free some, or choose another folder."
        )
    if choice.flavor.gpu is None:
        return None
    if len(machine.gpus) < choice.tensor_parallel_size:
        there = "no GPU" if not machine.gpus else f"{len(machine.gpus)} GPU{'s' if len(machine.gpus) > 1 else ''}"
        why = f" ({machine.why_no_gpu})" if machine.why_no_gpu else ""
        return f"The run needs {choice.tensor_parallel_size} GPU(s), and this machine has {there}{why}."
    return _memory_shortage(machine, choice)


def _memory_shortage(machine: Machine, choice: Choice) -> str | None:
    """A server starts only where the whole share of the memory that it may take is free."""
    takes = choice.memory.available if choice.backend == "vllm" else min(choice.memory.needed, choice.memory.available)
    for gpu in machine.gpus[: choice.tensor_parallel_size]:
        if gpu.free is None or gpu.total is None or gpu.free >= takes * (1 - _NEAR):
            continue
        lower = f", or lower --gpu-memory-utilization (now it could be {max(0.0, gpu.free / gpu.total - 0.03):.2f})"
        return (
            f"GPU {gpu.index} ({gpu.name}) has {gpu.free / GB:.1f} GB free of {gpu.total / GB:.1f} GB, and the run "
            f"takes {takes / GB:.1f} GB. End what else runs there{lower if choice.backend == 'vllm' else ''}."
        )
    return None
