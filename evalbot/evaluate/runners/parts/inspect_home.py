"""Keeps inspect-ai to itself: no settings from elsewhere, no waiting for minutes, no file outside the run's folder."""

from __future__ import annotations

import contextlib
import importlib
import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_HUB = "https://huggingface.co"
_PROBE_SECONDS = 10.0
_PROBES = 2
_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_READ_TOKEN", "VLLM_API_KEY")


def settle_inspect(folder: Path) -> None:
    """Set the process up before inspect-ai is imported. Its caches go under `folder`; those of the Hub stay."""
    for name in [name for name in os.environ if name.startswith("INSPECT_")]:
        del os.environ[name]
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "1"
    if not _hub_answers():
        # The Hub's client waits for half a minute for every file; now what is cached is used, and the rest fails fast.
        os.environ["HF_HUB_OFFLINE"] = "1"
    _no_dotenv()
    _own_folders(folder)
    _no_long_waits()


def hide_secrets() -> None:
    """Take the tokens out of the environment, before code that a model wrote runs with it."""
    for name in _SECRETS:
        os.environ.pop(name, None)


def _hub_answers() -> bool:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return True  # nobody is going to ask it
    address = os.environ.get("HF_ENDPOINT") or _HUB
    if not address.startswith(("http://", "https://")):
        return False
    for _ in range(_PROBES):
        try:
            with urllib.request.urlopen(f"{address.rstrip('/')}/", timeout=_PROBE_SECONDS):  # noqa: S310 - see above
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return True
        except (OSError, ValueError):
            continue
    return False


def _no_dotenv() -> None:
    """inspect-ai takes settings and keys from a `.env` of any folder above; a write token might stand in one."""
    for name in ("inspect_ai._util.dotenv", "inspect_ai._eval.context", "inspect_ai._eval.evalset"):
        importlib.import_module(name).init_dotenv = lambda: None  # type: ignore[attr-defined]


def _own_folders(folder: Path) -> None:
    """inspect-ai copies each dataset into the user's cache, and writes traces: both belong to this run."""
    folders: Any = importlib.import_module("inspect_ai._util.appdirs")
    folders.user_cache_path = folders.user_data_path = lambda _package: folder


def _no_long_waits() -> None:
    """inspect_evals tries a dataset again after one to five minutes, on the machine that is paid for."""
    with contextlib.suppress(ImportError):
        importlib.import_module("inspect_evals.utils.huggingface").should_retry = (  # type: ignore[attr-defined]
            lambda _error: False
        )
