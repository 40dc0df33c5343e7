"""How tests are dealt to xdist's workers: those of engines all to one, for they share a server; the others one by one.

xdist's own `--dist loadgroup` does this by marks, but up to 3.8 not with pytest 9.2, and it does not say so
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

TOGETHER = "tests/engines/"


class EnginesTogether(LoadScopeScheduling):  # type: ignore[misc]
    """To be given back by the hook `pytest_xdist_make_scheduler` of the outermost conftest.py."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else nodeid
