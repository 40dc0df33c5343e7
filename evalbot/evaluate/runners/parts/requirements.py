"""Which versions of the engines are run: what `uv run --with` is given, and what stands in the scripts' headers.

The engines cannot share one environment for long (lighteval wants huggingface_hub before 2, the others do not), so
each has its own. The bounds are those that were tried together; what each is for:

- vllm: without a number, resolvers choose a release that is years old.
- huggingface_hub, xxhash: lighteval's registry and its details do not work with later ones.
- transformers: lighteval's backend accelerate was tried with 5.19 and 5.23.
- openai: inspect-ai asks for 3.4 when it runs, and its metadata does not say so.
"""

from __future__ import annotations

VLLM = ("vllm==0.32.0",)

LIGHTEVAL = (
    "lighteval==0.13.0",
    "huggingface_hub>=1.31,<2",
    "xxhash<4",
    "transformers<6",
)

INSPECT = (
    "inspect-ai==0.3.285",
    "inspect-evals==0.26.0",
    "openai>=3.4,<4",
)

TRANSFORMERS = ("torch", "transformers>=5.16,<6", "accelerate")
"""What inspect-ai needs beside itself to load a model; lighteval brings its own."""

PYTHON = "3.12"
"""For the environments, where UV_PYTHON does not say another: not every engine has builds for the newest."""


def requirements(engine: str, backend: str) -> tuple[str, ...]:
    """What the environment of an engine (`server`, `lighteval` or `inspect`) holds."""
    if engine == "server":
        return VLLM
    if engine == "lighteval":
        return LIGHTEVAL
    return INSPECT + TRANSFORMERS if backend == "transformers" else INSPECT
