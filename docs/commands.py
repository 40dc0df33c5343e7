"""Writes docs/commands.md, the help of every command, from the commands themselves: `make docs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalbot.cli.group import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 110
PAGE = Path(__file__).with_name("commands.md")


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for child, sub in command.commands.items():
            yield from commands(sub, f"{name} {child}")


def page() -> str:
    """The page as it should stand in docs/commands.md."""
    import evalbot.cli  # noqa: F401, PLC0415 - registers the commands

    parts = ["# Commands\n\nThe help of every command, written by `make docs`; a test keeps it so.\n"]
    for name, command in commands(cli, "evalbot"):
        context = click.Context(command, info_name=name, terminal_width=WIDTH, **cli.context_settings)
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
