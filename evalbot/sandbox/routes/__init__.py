"""The wire API, one module per part of docs/hub-api.md, and the pages: lists of (method, path, handler)."""

from __future__ import annotations

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
    web,
)

ROUTES = [
    *admin.ROUTES,
    *identity.ROUTES,
    *jobs.ROUTES,
    *buckets.ROUTES,
    *repositories.ROUTES,
    *files.ROUTES,
    *references.ROUTES,
    *commits.ROUTES,
    *discussions.ROUTES,
    *benchmarks.ROUTES,
    *repositories.LAST_ROUTES,
    *web.ROUTES,
]
