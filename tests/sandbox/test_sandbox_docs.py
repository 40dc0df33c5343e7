"""docs/hub-api.md is held to the routes that are really answered."""

from __future__ import annotations

import re
from pathlib import Path

from evalbot.sandbox.routes import (
    admin,
    benchmarks,
    buckets,
    commits,
    discussions,
    files,
    identity,
    jobs,
    references,
    repositories,
)

PAGE = (Path(__file__).parents[2] / "docs" / "hub-api.md").read_text(encoding="utf-8")


def test_docs__list_every_route_of_the_api_and_no_other() -> None:
    rooms = (identity, repositories, files, references, commits, discussions, benchmarks, jobs, buckets, admin)
    served = {f"{method} {re.sub(r':(path|int)', '', path)}" for room in rooms for method, path, _ in room.ROUTES}
    listed = set(re.findall(r"^\| `((?:GET|POST|PUT|DELETE) [^`]+)`", PAGE, flags=re.MULTILINE))
    assert listed == served
