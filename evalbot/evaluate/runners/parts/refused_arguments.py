"""What cannot be passed to `vllm serve`: it would undo a promise of a run, or make its results those of another model.

The options are those of vLLM 0.32 (vllm/engine/arg_utils.py, vllm/entrypoints/launchers/cli_args.py). Options that make
a model faster, or only less exact, are not refused: whether their results can be published is decided later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_READ_BY_ALL: Final = "an argument can be read by everybody on the machine"
_OWN: Final = "it has an option of its own"
_CODE: Final = "it runs code of a name"
_ELSEWHERE: Final = "it sends what is asked to others, or takes it from them"
_NOT_HTTP: Final = "the server is asked over loopback, by HTTP"
_OTHER_WEIGHTS: Final = "the results would be of other weights than they name"
_OTHER_PROMPTS: Final = "the prompts would be others than those of the model; give a folder with its files instead"

REFUSED_ARGUMENTS: Final = {
    "--trust-remote-code": "it has an option of its own, which asks for a pinned revision",
    "--host": "the server is for this machine only",
    "--port": "the port is chosen anew each time",
    "--uds": _NOT_HTTP,
    "--api-key": f"{_READ_BY_ALL}; the key is made anew for each run",
    "--hf-token": f"{_READ_BY_ALL}; set HF_HUB_TOKEN",
    "--served-model-name": "the results name the model by its id",
    "--model": _OWN,
    "--revision": _OWN,
    "--tokenizer-revision": "it goes with --revision",
    "--code-revision": "it goes with --revision",
    "--config": "a file could say what is refused here",
    "--allowed-local-media-path": "no task needs files of this machine",
    "--generation-config": "answers are drawn as the task says, not as the repository does",
    "--override-generation-config": "answers are drawn as the task says",
    **dict.fromkeys(("--tokenizer", "--chat-template", "--trust-request-chat-template"), _OTHER_PROMPTS),
    **dict.fromkeys(
        (
            *("--hf-config-path", "--hf-overrides", "--model-class-overrides", "--load-format"),
            *("--enable-lora", "--lora-modules", "--default-mm-loras"),
        ),
        _OTHER_WEIGHTS,
    ),
    **dict.fromkeys(
        (
            *("--middleware", "--worker-cls", "--worker-extension-cls", "--scheduler-cls", "--logits-processors"),
            *("--tool-parser-plugin", "--reasoning-parser-plugin", "--io-processor-plugin"),
            "--structured-outputs-config",  # it may hold a plugin too
        ),
        _CODE,
    ),
    **dict.fromkeys(
        (
            *("--otlp-traces-endpoint", "--kv-transfer-config", "--ec-transfer-config", "--kv-events-config"),
            "--tool-server",
        ),
        _ELSEWHERE,
    ),
    **dict.fromkeys(
        (
            *("--ssl-keyfile", "--ssl-certfile", "--ssl-ca-certs", "--ssl-cert-reqs", "--ssl-ciphers"),
            *("--enable-ssl-refresh", "--grpc", "--grpc-port", "--headless", "--root-path"),
        ),
        _NOT_HTTP,
    ),
}
"""Option → why it is refused."""

_HUB_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{20,}")


def check_server_arguments(arguments: Sequence[str]) -> None:
    """Raise ValueError for an argument to `vllm serve` that cannot be passed on. No token stands in its words."""
    for argument in arguments:
        if _HUB_TOKEN.search(argument):
            raise ValueError(f"a token stands in the arguments of the server: {_READ_BY_ALL}; set HF_HUB_TOKEN")
        typed = argument.partition("=")[0]
        # vLLM takes unambiguous beginnings, underscores, and --option.member for a part of an option's JSON.
        name = typed.replace("_", "-").partition(".")[0]
        for refused, reason in REFUSED_ARGUMENTS.items():
            if name == refused or (len(name) > 3 and name.startswith("--") and refused.startswith(name)):  # noqa: PLR2004
                raise ValueError(f"{typed} cannot be passed to the server: {reason}")
        if not argument.startswith("-"):
            raise ValueError(f"{argument!r} is no option of the server; write it as one word: --vllm-arg=--name=value")
