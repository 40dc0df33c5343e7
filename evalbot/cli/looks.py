"""Commands that only look: get-prs, inspect-tables, show, validate."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from evalbot.cli.session import card_options, card_source, json_option, start, timeout_option

if TYPE_CHECKING:
    from pathlib import Path

OK, GATE_FAILED = 0, 10


@click.command("get-prs", short_help="List all open pull requests of a model.")
@click.option("--repo-id", required=True, metavar="OWNER/NAME", help="The model repository on the Hub.")
@timeout_option
@json_option
def get_prs(repo_id: str, *, timeout: float, as_json: bool) -> int:
    """List all open and draft pull requests of a model: number, title, author, date, URL.

    \b
    evalbot get-prs --repo-id owner/name
    """
    from evalbot import flows
    from evalbot.report import listing
    from evalbot.settings import clean_repo_id

    console, connect = start(as_json=as_json, timeout=timeout)
    found = flows.open_pull_requests(clean_repo_id(repo_id), connect)
    for line in listing.pull_requests(found):
        console.answer(line)
    console.note(f"{len(found)} open pull request(s) on {repo_id}.")
    console.result({"status": "ok", "repo_id": repo_id, "pull_requests": [pr.as_json() for pr in found]})
    return OK


@click.command("inspect-tables", short_help="Show every table with its number and columns.")
@card_options
def inspect_tables(repo_id: str | None, readme: Path | None, *, timeout: float, as_json: bool) -> int:
    """Show every table of a card: number, columns, models, and whether it holds evaluation scores.

    \b
    evalbot inspect-tables --repo-id owner/name
    evalbot inspect-tables --readme README.md
    """
    from evalbot import flows
    from evalbot.report import answers, listing

    console, connect = start(as_json=as_json, timeout=timeout)
    card, reports = flows.inspect_tables(card_source(repo_id, readme), connect)
    option = f"--readme {shlex.quote(str(readme))}" if readme else f"--repo-id {repo_id}"
    for line in listing.tables(reports, option, card.repo_name):
        console.answer(line)
    console.result(answers.inspected(card, reports))
    return OK


@click.command(short_help="Show what a card's model-index publishes.")
@card_options
def show(repo_id: str | None, readme: Path | None, *, timeout: float, as_json: bool) -> int:
    """Show every metric of a card's model-index.

    \b
    evalbot show --repo-id owner/name
    """
    from evalbot import flows
    from evalbot.report import answers, listing

    console, connect = start(as_json=as_json, timeout=timeout)
    card, metrics = flows.show(card_source(repo_id, readme), connect)
    for line in listing.published(metrics):
        console.answer(line)
    console.note(f"{len(metrics)} metric(s) in the model-index of {card.origin}.")
    console.result(answers.shown(card, metrics))
    return OK


@click.command(short_help="Check model-index and .eval_results against the Hub's rules.")
@card_options
def validate(repo_id: str | None, readme: Path | None, *, timeout: float, as_json: bool) -> int:
    """Check a card's model-index, and .eval_results beside it, against the Hub's rules and each other.

    With a token the Hub itself is asked as well. Exit code 10 where the Hub would refuse it.

    \b
    evalbot validate --repo-id owner/name
    """
    from evalbot import flows
    from evalbot.report import answers, listing

    console, connect = start(as_json=as_json, timeout=timeout)
    card, problems = flows.validate(card_source(repo_id, readme), connect)
    for line in listing.problems(problems):
        console.answer(line)
    answer = answers.validated(card, problems)
    console.note(f"What {card.origin} publishes is {answer['status']}.")
    console.result(answer)
    return OK if answer["status"] == "valid" else GATE_FAILED
