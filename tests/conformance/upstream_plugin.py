"""The pytest plugin that upstream.py runs huggingface_hub's tests with: what they miss, and how each ended."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants, hf_api

_MARKERS = ("xet", "no_xet", "inference", "production", "deprecated", "git_lfs", "vcr")
_GONE_FROM_HF_API = ("repo_type_and_id_from_hf_id",)
"""Imported by the test modules, gone from the installed release: only the tests that call them fail."""

Outcome = dict[str, str]


def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", f"{marker}: as huggingface_hub marks its tests")
    for name in _GONE_FROM_HF_API:
        if not hasattr(hf_api, name):
            setattr(hf_api, name, None)
    if not constants.ENDPOINT.startswith("http://127.0.0.1:"):
        pytest.exit("these tests write: HF_ENDPOINT has to be a sandbox on this machine", returncode=4)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """One JSON line for each test that ran, and for each set-up or clean-up that failed."""
    if report.when == "call" or not report.passed:
        outcome = {"test": report.nodeid, "when": str(report.when), "outcome": report.outcome, "why": _why(report)}
        with Path(os.environ["UPSTREAM_OUTCOMES"]).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(outcome) + "\n")


def _why(report: pytest.TestReport) -> str:
    if report.passed:
        return ""
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    message = crash.message if crash else str(report.longrepr)
    return " ".join(str(message).split())[:400]
