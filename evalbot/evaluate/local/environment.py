"""The environment of the runner: what engines need to work, and nothing that opens a door.

An allow-list, with a deny-list inside it. A deny-list alone lets through every secret whose name nobody thought of:
DATABASE_URL, SLACK_WEBHOOK, the next cloud's own. An allow-list alone lets through VLLM_API_KEY and UV_PUBLISH_TOKEN,
for the engines' variables are too many, and change too often, to be listed but by their beginnings. What a run needs
beside these is named by the user.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_NAMES = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "NO_COLOR"),
        # where things are found and kept
        *(
            "TMPDIR",
            "TEMP",
            "TMP",
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_RUNTIME_DIR",
            "NLTK_DATA",
        ),
        # libraries and compilers: Triton and inductor build kernels while they run
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH", "CC", "CXX", "DYLD_LIBRARY_PATH"),
        # the way to the network
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    }
)
_BEGINNINGS = (
    "LC_",
    # accelerators and how they talk to each other
    *("CUDA_", "NVIDIA_", "NCCL_", "CUBLAS", "CUDNN", "ROCM_", "ROCR_", "HIP_", "HSA_", "RCCL_", "GLOO_", "UCX_"),
    # threads
    *("OMP_", "MKL_", "KMP_", "GOMP_", "OPENBLAS_", "NUMEXPR_", "RAYON_", "TOKENIZERS_"),
    # engines and what they are built of
    *("VLLM_", "TORCH", "PYTORCH_", "TRITON_", "FLASHINFER_", "RAY_", "INSPECT_", "LIGHTEVAL_", "TRANSFORMERS_"),
    # the Hub: where it is, and where models and datasets are kept between runs
    *("HF_", "HUGGINGFACE_HUB_CACHE"),
    # uv: where packages come from and are kept
    "UV_",
)
_SECRET_WORDS = frozenset(
    {
        *("TOKEN", "TOKENS", "SECRET", "SECRETS", "PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "PWD", "PAT", "OIDC"),
        *("KEY", "KEYS", "APIKEY", "CREDENTIAL", "CREDENTIALS", "AUTH", "AUTHORIZATION", "COOKIE", "WEBHOOK", "NETRC"),
    }
)
_HOLDS_SECRET = re.compile(r"TOKEN$|SECRET|PASSW|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL|WEBHOOK")
_NEVER = frozenset({"UV_ENV_FILE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGINGFACE_TOKEN"})
"""Not even where the user names them: the token that may be handed on is given by itself."""
_NOT_SECRET = frozenset({"PWD", "OLDPWD", "HF_TOKEN_PATH", "SSH_AUTH_SOCK"})
"""Paths, whatever their names say. They may still not be handed on."""
_PATH = re.compile(r"(?:/[\w.-]+){2,}/?", re.ASCII)
LEAST_SECRET = 8
"""Characters from which a secret is looked for in other values: `1` or `true` would be found anywhere."""

QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "UV_NO_ENV_FILE": "1",
}
"""Nobody is told of a run but the hosts that models, datasets and packages come from; and uv reads no `.env`."""


def runner_environment(
    environ: Mapping[str, str], *, read_token: str | None, server_key: str | None = None, pass_on: Collection[str] = ()
) -> dict[str, str]:
    """What the runner gets of `environ`, and what it gets beside it.

    `read_token` becomes HF_TOKEN, `server_key` VLLM_API_KEY, the key of a server that already runs. `pass_on` names
    variables that the user wants handed on, whatever they hold; HF_TOKEN is none of them, by whatever name.
    """
    secret_values = secrets_in(environ)
    kept = {name: value for name, value in environ.items() if _is_harmless(name, value, secret_values)}
    kept |= {name: environ[name] for name in pass_on if name in environ and not _is_kept_back(name, environ)}
    kept |= QUIET | _own_configuration_of_uv(environ)
    # Without this, huggingface_hub takes the token that `hf auth login` stored, which can mostly write.
    kept["HF_TOKEN_PATH"] = os.devnull
    if read_token:
        kept["HF_TOKEN"] = read_token
    if server_key:
        kept["VLLM_API_KEY"] = server_key.strip()
    return kept


def _own_configuration_of_uv(environ: Mapping[str, str]) -> dict[str, str]:
    """Which uv.toml counts: the user's own, or the system's.

    Else uv reads one of the folders above too, and one of a checked-out pull request could name the place that packages
    come from.
    """
    if "UV_CONFIG_FILE" in environ or "UV_NO_CONFIG" in environ:
        return {}
    folder = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", ""), ".config"))
    own = (folder / "uv" / "uv.toml", Path("/etc/uv/uv.toml"))
    found = next((path for path in own if path.is_absolute() and path.is_file()), None)
    return {"UV_NO_CONFIG": "1"} if found is None else {"UV_CONFIG_FILE": str(found)}


def is_secret(name: str) -> bool:
    """Whether a variable is called as secrets are: HF_TOKEN, AWS_SECRET_ACCESS_KEY, INPUT_HF-TOKEN, PGPASSWORD."""
    upper = name.upper()
    if upper in _NOT_SECRET:
        return False
    return not _SECRET_WORDS.isdisjoint(re.split(r"[^A-Z0-9]+", upper)) or _HOLDS_SECRET.search(upper) is not None


def secrets_in(environ: Mapping[str, str]) -> frozenset[str]:
    """The values of the variables that are called as secrets are.

    Without the short ones, which are found anywhere, and without paths: what is secret there stands in the file.
    """
    found = (value.strip() for name, value in environ.items() if is_secret(name))
    return frozenset(value for value in found if len(value) >= LEAST_SECRET and not _PATH.fullmatch(value))


def withheld(environ: Mapping[str, str], pass_on: Collection[str] = ()) -> tuple[str, ...]:
    """Names of variables that engines would take, or the user wants handed on, and that are kept back: for the user."""
    secret_values = secrets_in(environ)
    asked = {name for name in pass_on if name in environ and _is_kept_back(name, environ)}
    return tuple(
        sorted(
            asked.union(
                name
                for name, value in environ.items()
                if _is_allowed(name) and not is_secret(name) and name not in {*pass_on, *_NEVER}
                if not _is_harmless(name, value, secret_values)
            )
        )
    )


def _is_kept_back(name: str, environ: Mapping[str, str]) -> bool:
    """Whether this holds the token that publishes, which nobody hands on by mistake under another name."""
    tokens = {environ.get(each, "").strip() for each in _NEVER if is_secret(each)}
    return name in _NEVER or any(len(token) >= LEAST_SECRET and token in environ[name] for token in tokens)


def _is_harmless(name: str, value: str, secret_values: Collection[str]) -> bool:
    if not _is_allowed(name) or is_secret(name) or name in _NEVER:
        return False
    return not _has_password(value) and not any(secret in value for secret in secret_values)


def _is_allowed(name: str) -> bool:
    upper = name.upper()
    return upper in _NAMES or upper.startswith(_BEGINNINGS)


def _has_password(value: str) -> bool:
    """Whether an address in it has a user's password: a proxy's, or an index's (UV_INDEX holds several)."""
    for part in value.split():
        start = part.find("://")
        try:
            if start > 0 and urlsplit(part[part.rfind("=", 0, start) + 1 :]).password:
                return True
        except ValueError:  # no address anybody could use
            continue
    return False
