"""sandbox and demo: evalbot without a network."""

from __future__ import annotations

import os
from pathlib import Path

import click

from evalbot.cli.group import InOrder


@click.group(cls=InOrder, short_help="A Hub on your own machine, for rehearsals and tests.")
def sandbox() -> None:
    """A Hub on your own machine: real git repositories behind the Hub's wire API."""


@sandbox.command(short_help="Serve the sandbox hub until interrupted.")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default="sandbox-hub", show_default=True, help="Data folder."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port on 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="JSON or YAML file with rules: which requests go wrong, and how.",
)
@click.option(
    "--jobs",
    is_flag=True,
    help="Run jobs, as processes of yours. The tokens are known to all: not for a machine you share.",
)
@click.option(
    "--job-env", multiple=True, metavar="NAME", help="A variable of this environment that the jobs' processes get too."
)
def serve(folder: Path, port: int, faults: Path | None, *, jobs: bool, job_env: tuple[str, ...]) -> int:
    """Serve the sandbox hub on 127.0.0.1 and print its address and ready-made tokens.

    \b
    evalbot sandbox serve --dir /tmp/hub --port 8765

    A rule names requests by method and path (a regular expression) and says what happens to them:

    \b
    - {method: POST, path: /commit/, drop: true, landed: true}   # made, but the answer is lost
    - {path: /tree/, status: 429, headers: {Retry-After: 2}, times: 3}
    - {path: /discussions, after: 2, lag: 30}                    # what the list was 30 s ago

    Other fields: body, content_type, delay, truncate (bytes), drip (seconds). docs/hub-api.md explains them.
    """
    from evalbot.demo import serve_sandbox

    shared = {name: os.environ[name] for name in job_env if name in os.environ}
    serve_sandbox(folder, port, faults, job_environment=shared if jobs or job_env else None)
    return 0


@click.command(short_help="See the whole journey on a sandbox hub in a temporary folder.")
def demo() -> int:
    """Tell the main journey end to end on a sandbox hub: tables, preview, pull request, no duplicate, merge."""
    from evalbot.demo import tell

    return tell()
