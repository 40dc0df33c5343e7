"""The help of `evaluate` has its many options in sections."""

from __future__ import annotations

import click
import pytest

from evalbot.cli.evaluate import evaluate
from evalbot.cli.evaluate_options import SECTIONS
from evalbot.cli.group import cli

CONTEXT = click.Context(evaluate, info_name="evalbot evaluate", terminal_width=100, **cli.context_settings)
HELP = evaluate.get_help(CONTEXT)


def section_of(option: str) -> str:
    """The title above the line that begins with the option."""
    before = HELP[: HELP.index(f"\n  {option} ")]
    return [line for line in before.splitlines() if line.endswith(":") and not line.startswith(" ")][-1]


def test_help__every_title_is_there_once() -> None:
    assert [HELP.count(f"\n{title}:\n") for title in SECTIONS.values()] == [1] * len(SECTIONS)


def test_help__names_every_option() -> None:
    assert [parameter.opts[0] for parameter in evaluate.params if f"\n  {parameter.opts[0]}" not in HELP] == []


@pytest.mark.parametrize(
    ("option", "section"),
    [
        ("--tasks,", "What to run:"),
        ("--where", "What to run:"),
        ("--dtype", "How the model is run:"),
        ("--base-url", "With --where local:"),
        ("--hardware,", "With --where jobs:"),
        ("--max-cost", "With --where jobs:"),
        ("--create-pr", "Publishing:"),
        ("--max-invalid", "Publishing:"),
        ("--json", "Other:"),
    ],
)
def test_help__an_option_stands_where_it_is_looked_for(option: str, section: str) -> None:
    assert section_of(option) == section
