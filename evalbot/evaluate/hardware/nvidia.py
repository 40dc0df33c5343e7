"""The GPUs of this machine as nvidia-smi tells them (`nvidia-smi --help-query-gpu` names the columns)."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from dataclasses import dataclass, replace

from evalbot.evaluate.hardware.gpus import GB

QUERY = (
    "nvidia-smi",
    "--query-gpu=index,uuid,name,memory.total,memory.free,compute_cap,mig.mode.current",
    "--format=csv,noheader,nounits",
)
_SECONDS = 15.0
_MIB = 1024**2
_COLUMNS = 7
_COLUMNS_OF_OLD_DRIVERS = 5
"""Drivers before 510 do not know the last two; they are asked for the first alone."""
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,3})?")
_GPU_LINE = re.compile(r"GPU \d+: .*\(UUID: (GPU-[\w-]+)\)")
_INSTANCE_LINE = re.compile(
    r"\s+MIG (?P<profile>\d+\S*\.(?P<gb>\d{1,4}(?:\.\d)?)gb\S*)\s+Device\s+\d+: \(UUID: (?P<uuid>MIG-[\w/-]+)\)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalGpu:
    """`total` and `free` in bytes, None where the driver does not say."""

    index: int
    uuid: str
    name: str
    total: int | None
    free: int | None
    capability: int | None
    mig: bool
    """Divided into instances (MIG): then they are what a process can use."""


def ask_for_gpus() -> tuple[tuple[LocalGpu, ...], str | None]:
    """All GPUs, instances of divided ones in their place; or none, and why."""
    answer, why_not = _ask(*QUERY)
    if answer is None and why_not is None:
        answer, why_not = _ask(QUERY[0], QUERY[1].partition(",compute_cap")[0], QUERY[2])
    gpus = read_gpus(answer or "")
    if any(gpu.mig for gpu in gpus):
        listed, why_not = _ask(QUERY[0], "-L")
        gpus = read_instances(listed or "", gpus)
    return gpus, None if gpus else why_not or "the driver names none"


def _ask(*command: str) -> tuple[str | None, str | None]:
    """What nvidia-smi prints; or why there is nothing to ask; or neither, where it does not know what was asked."""
    program = shutil.which(command[0])
    if program is None:
        return None, "nvidia-smi is not installed here, so there is no NVIDIA driver"
    try:
        done = subprocess.run(  # noqa: S603 - a program found by its name, and words of our own
            [program, *command[1:]], capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return None, f"nvidia-smi did not answer in {_SECONDS:.0f} seconds"
    except OSError as error:
        return None, f"nvidia-smi cannot be run ({error.strerror})"
    said = done.stdout.decode("utf-8", errors="replace")
    if done.returncode == 0:
        return said, None
    if "not a valid field" in said.lower():
        return None, None
    return None, f"nvidia-smi failed: {' '.join((said or done.stderr.decode('utf-8', errors='replace')).split())[:200]}"


def read_gpus(text: str) -> tuple[LocalGpu, ...]:
    """The lines that QUERY prints; what cannot be read is left out (`No devices were found`)."""
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    return tuple(gpu for row in rows if (gpu := _read_gpu([field.strip() for field in row])) is not None)


def _read_gpu(row: list[str]) -> LocalGpu | None:
    if len(row) not in {_COLUMNS, _COLUMNS_OF_OLD_DRIVERS} or not row[0].isdecimal():
        return None
    index, uuid, name, total, free, *rest = row
    capability, mig = rest or ("", "")
    tenths = _NUMBER.fullmatch(capability)
    return LocalGpu(
        index=int(index[:4]),
        uuid=uuid,
        name=name,
        total=_mebibytes(total),
        free=_mebibytes(free),
        capability=round(float(capability) * 10) if tenths else None,
        mig=mig == "Enabled",
    )


def _mebibytes(text: str) -> int | None:
    """`[N/A]`, `[Not Supported]` and `[Insufficient Permissions]` are None."""
    return round(float(text) * _MIB) if _NUMBER.fullmatch(text) else None


def visible(gpus: tuple[LocalGpu, ...], said: str | None) -> tuple[LocalGpu, ...]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves: indices or UUIDs by comma, up to the first that is not there."""
    if said is None:
        return gpus
    found: list[LocalGpu] = []
    for word in (part.strip() for part in said.split(",")):
        gpu = next((each for each in gpus if _is_called(each, word)), None)
        if gpu is None or gpu in found:
            break
        found.append(gpu)
    return tuple(found)


def _is_called(gpu: LocalGpu, word: str) -> bool:
    return word == str(gpu.index) or (word.startswith(("GPU-", "MIG-")) and gpu.uuid.startswith(word))


def read_instances(text: str, gpus: tuple[LocalGpu, ...]) -> tuple[LocalGpu, ...]:
    """The GPUs with those that are divided replaced by their instances, from what `nvidia-smi -L` prints.

    How much of an instance is free is not known.
    """
    found: list[LocalGpu] = []
    owner: LocalGpu | None = None
    for line in text.splitlines():
        if (named := _GPU_LINE.match(line)) is not None:
            owner = next((gpu for gpu in gpus if gpu.uuid == named[1]), None)
            found += [owner] if owner is not None and not owner.mig else []
        elif owner is not None and owner.mig and (part := _INSTANCE_LINE.match(line)) is not None:
            found.append(_instance(owner, part))
    return tuple(found)


def _instance(owner: LocalGpu, part: re.Match[str]) -> LocalGpu:
    total = int(float(part["gb"]) * GB)
    name = f"{owner.name} MIG {part['profile']}"
    return replace(owner, uuid=part["uuid"], name=name, total=total, free=None)
