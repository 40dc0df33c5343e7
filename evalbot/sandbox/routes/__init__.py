"""The wire API, one module per part of docs/hub-api.md, and the pages: lists of (method, path, handler)."""

from __future__ import annotations

from evalbot.sandbox.routes import (
    admin,
    benchmarks,
    commits,
    discussions,
    files,
    identity,
    references,
    repositories,
    web,
)

ROUTES = [
    *admin.ROUTES,
    *identity.ROUTES,
    *repositories.ROUTES,
    *files.ROUTES,
    *references.ROUTES,
    *commits.ROUTES,
    *discussions.ROUTES,
    *benchmarks.ROUTES,
    *repositories.LAST_ROUTES,
    *web.ROUTES,
]
