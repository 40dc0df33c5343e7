"""The GitHub Actions run that we are part of, if any (docs.github.com, default environment variables)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def run_url(environ: Mapping[str, str] = os.environ) -> str | None:
    """Where this workflow run can be looked at; None outside of one."""
    server, repository, run = (environ.get(name) for name in _NAMES)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
