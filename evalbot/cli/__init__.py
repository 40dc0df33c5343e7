"""The command line: parse, call a flow, print. Nothing is decided here.

Commands import their flow when they run, so that `evalbot --help` stays quick.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from evalbot.cli import extract, looks, rehearse
from evalbot.cli.group import cli
from evalbot.console import Console, one_line
from evalbot.errors import BUG_EXIT_CODE, EvalbotError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130

# The order of the workflow, which is the order of --help.
for _command in (
    looks.get_prs,
    looks.inspect_tables,
    extract.extract_readme,
    looks.show,
    looks.validate,
    rehearse.sandbox,
    rehearse.demo,
):
    cli.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every expected failure becomes a message and its code."""
    try:
        code: int | None = cli.main(list(arguments), prog_name="evalbot", standalone_mode=False)
    except EvalbotError as error:
        return _refuse(error, arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return UsageError.exit_code
    except click.ClickException as error:
        usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else None
        return _refuse(UsageError(error.format_message(), hint=usage), arguments)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except SystemExit:
        return 0  # click's answer to a reader that went away: no failure of ours
    except OSError as error:
        return _refuse(UsageError(f"Could not read or write: {error.strerror or error}"), arguments)
    except Exception as error:  # noqa: BLE001 - the one place that turns a bug into a message
        return _confess(error, arguments)
    return code or 0


def _refuse(error: EvalbotError, arguments: Sequence[str]) -> int:
    from evalbot.report import answers

    _tell(error, answers.failed(error), arguments)
    return error.exit_code


def _confess(error: Exception, arguments: Sequence[str]) -> int:
    from evalbot.report import answers

    bug = EvalbotError(
        f"evalbot has a bug: {type(error).__name__}: {error}",
        hint="Nothing more was done. Please report it with the command you typed; EVALBOT_DEBUG=1 shows where.",
    )
    _tell(bug, answers.failed(bug), arguments)
    if os.environ.get("EVALBOT_DEBUG"):
        import traceback

        Console().note("".join(traceback.format_exception(error)))
    return BUG_EXIT_CODE


def _tell(error: EvalbotError, answer: dict[str, Any], arguments: Sequence[str]) -> None:
    """Message, candidates, hint, and the JSON answer where one was asked for."""
    console = Console(as_json=any(argument.split("=")[0] == "--json" for argument in arguments))
    try:
        console.error(error.message)
        for candidate in error.candidates:
            console.note(f"  - {one_line(candidate)}")
        if error.hint:
            console.note(error.hint)
        console.result(answer)
    except OSError:
        return  # nobody reads any more; the exit code still says it


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))
