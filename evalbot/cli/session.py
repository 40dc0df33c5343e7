"""What every command needs: its console, the way to the Hub, and the card it is about."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalbot.console import Console, hide

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.card_source import CardSource
    from evalbot.hub.client import Hub

_LEAST_KEY = 8
"""Characters of a key that is hidden: people give local servers keys such as `none`, which stand in many words."""
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
timeout_option = click.option(
    "--timeout",
    type=click.IntRange(min=1, max=24 * 3600),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long all requests to the Hub may take together.",
)


def card_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        json_option,
        timeout_option,
        click.option(
            "--readme",
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="Read this file instead: no network, no token.",
        ),
        click.option("--repo-id", metavar="OWNER/NAME", help="The model repository on the Hub."),
    ):
        command = option(command)
    return command


def start(*, as_json: bool, timeout: float) -> tuple[Console, Callable[[], Hub]]:
    """The console of this run, and how to reach the Hub when it is needed: a local file needs no settings at all."""
    console = Console(as_json=as_json)

    @cache
    def connect() -> Hub:
        from evalbot.hub.client import Hub
        from evalbot.settings import Settings, read_dotenv

        settings = replace(Settings.from_environ(os.environ, read_dotenv(Path())), timeout=timeout)
        hide(settings.hf_token)
        hide(settings.hf_read_token)
        hub = Hub(settings, console.note)
        hide(hub.token)
        return hub

    for name in ("HF_TOKEN", "HF_READ_TOKEN"):
        hide(os.environ.get(name, "").strip())
    for name in ("VLLM_API_KEY", "AA_API_KEY"):
        key = os.environ.get(name, "").strip()
        hide(key if len(key) >= _LEAST_KEY else None)
    return console, connect


def card_source(repo_id: str | None, readme: Path | None) -> CardSource:
    """The card the options name. Raises UsageError for none, both, or what is no repository id."""
    from evalbot.card_source import CardSource
    from evalbot.settings import clean_repo_id

    return CardSource(repo_id=None if repo_id is None else clean_repo_id(repo_id), path=readme)
