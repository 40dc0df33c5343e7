"""What the GPUs that are lent can do. A GPU that is not listed is known by its memory alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

GIB = 1024**3
GB = 10**9
BFLOAT16_CAPABILITY = 80
"""Ten times the compute capability from which on vLLM 0.32 computes in bfloat16 (platforms/cuda.py)."""
_LEFT_OF_PRINTED = 0.97
"""What a program can use of the memory that is printed on a GPU: the driver keeps some."""
_WORDS = re.compile(r"[^a-z0-9]+")
_MAKERS = frozenset({"", "nvidia", "tesla", "quadro", "geforce"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """`memory` in bytes as CUDA reports it, `capability` times ten, `bandwidth` in bytes a second, `flops` a second.

    The last are of dense 16-bit matrices. All three are the maker's data sheets; None where the GPU is not known.
    """

    name: str
    memory: int
    capability: int | None = None
    bandwidth: float | None = None
    flops: float | None = None

    @property
    def has_bfloat16(self) -> bool:
        """Also said of GPUs that are not known: all that are sold today have it."""
        return self.capability is None or self.capability >= BFLOAT16_CAPABILITY


def _gpu(name: str, gib: float, capability: int, gigabytes_a_second: float, teraflops: float) -> Gpu:
    return Gpu(
        name=name,
        memory=int(gib * GIB),
        capability=capability,
        bandwidth=gigabytes_a_second * 1e9,
        flops=teraflops * 1e12,
    )


_KNOWN = {
    "t4": _gpu("T4", 14.56, 75, 320, 65),
    "a10g": _gpu("A10G", 22.06, 86, 600, 70),
    "a10": _gpu("A10", 22.06, 86, 600, 125),
    "l4": _gpu("L4", 22.03, 89, 300, 121),
    "l40s": _gpu("L40S", 44.39, 89, 864, 362),
    "a100": _gpu("A100", 79.15, 80, 2039, 312),
    "h100": _gpu("H100", 79.11, 90, 3350, 989),
    "h200": _gpu("H200", 139.8, 90, 4800, 989),
    "rtx pro 6000": _gpu("RTX PRO 6000", 94.97, 120, 1597, 500),
}
_NEAR = 0.25
"""A GPU whose memory differs by more than this share is another one of the same name (A100 with 40 GB)."""


def gpu_named(name: str, memory: int) -> Gpu:
    """The GPU of this name with about this memory (bytes, as printed on it), with what is known of it."""
    known = _known(name)
    if known is None:
        return Gpu(name=name, memory=int(memory * _LEFT_OF_PRINTED))
    return known if _is_near(known, memory) else replace(known, memory=int(memory * _LEFT_OF_PRINTED))


def is_memory_of_one(name: str, memory: int) -> bool:
    """Whether one GPU of this name has about this memory (bytes); False for names that are not known."""
    known = _known(name)
    return known is not None and _is_near(known, memory)


def _is_near(gpu: Gpu, memory: int) -> bool:
    return abs(gpu.memory - memory) <= _NEAR * memory


def _known(name: str) -> Gpu | None:
    words = [word for word in _WORDS.split(name.lower()) if word not in _MAKERS]
    return next((gpu for known, gpu in _KNOWN.items() if words[: len(parts := known.split())] == parts), None)
