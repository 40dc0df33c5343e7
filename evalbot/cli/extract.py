"""extract-readme: from a table to a preview, a push or one pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from evalbot.cli.session import card_options, card_source, start
from evalbot.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.card.merge import OnConflict
    from evalbot.console import Console
    from evalbot.outcome import Outcome
    from evalbot.policy import DuplicateCheck
    from evalbot.reading import Format


@click.command("extract-readme", short_help="Read one model's scores from a table; preview, push or propose them.")
@card_options
@click.option("--table", metavar="N", help="Table number as inspect-tables shows it; needed where several hold scores.")
@click.option("--model-name", metavar="NAME", help="The model to look for [default: the repository's name].")
@click.option("--model-name-override", metavar="LABEL", help="The exact text of the column header or row label.")
@click.option("--model-column-index", type=int, metavar="N", help="The model's column as inspect-tables shows it.")
@click.option("--include-averages", is_flag=True, help="Take averages of other scores as well.")
@click.option(
    "--layout",
    type=click.Choice(["grouped", "per-benchmark"]),
    default="grouped",
    help="One result for all, or one for each benchmark with its dataset [default: grouped].",
)
@click.option("--task-type", metavar="TYPE", help="task.type [default: text-generation, or the benchmark's own].")
@click.option("--dataset-name", metavar="NAME", help="dataset.name of the grouped result [default: Benchmarks].")
@click.option("--dataset-type", metavar="TYPE", help="dataset.type of the grouped result [default: benchmark].")
@click.option("--explain", is_flag=True, help="Say of every score where it was read and how, and what was left out.")
@click.option("--apply", "apply_", is_flag=True, help="Push to the repository, or write the file.")
@click.option("--create-pr", is_flag=True, help="Open a pull request, unless one proposes the same already.")
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["model-index", "eval-results", "both"]),
    default="model-index",
    help="Write the card's model-index, files in .eval_results, or both [default: model-index].",
)
@click.option(
    "--on-conflict",
    type=click.Choice(["fail", "skip", "update"]),
    default="fail",
    help="Where another source publishes another value: stop, leave it, or replace it [default: fail].",
)
@click.option(
    "--prune-own",
    is_flag=True,
    help="Delete from the model-index what this source published and no table prints any more.",
)
@click.option(
    "--duplicate-check",
    type=click.Choice(["content", "any-open-pr", "off"]),
    default="content",
    help="Which open pull requests of others stop us: with these scores, any, none [default: content].",
)
@click.option(
    "--allow-duplicate", is_flag=True, help="Open one more, even where an open pull request has these scores."
)
@click.option("--propose-again", is_flag=True, help="Propose even what was closed unmerged before.")
def extract_readme(
    *,
    repo_id: str | None,
    readme: Path | None,
    table: str | None,
    model_name: str | None,
    model_name_override: str | None,
    model_column_index: int | None,
    include_averages: bool,
    layout: Literal["grouped", "per-benchmark"],
    explain: bool,
    apply_: bool,
    create_pr: bool,
    dry_run: bool,
    format_: Format,
    on_conflict: OnConflict,
    prune_own: bool,
    duplicate_check: DuplicateCheck,
    allow_duplicate: bool,
    propose_again: bool,
    timeout: float,
    as_json: bool,
    **labels: str | None,
) -> int:
    """Read one model's scores from a table of its card and print them as model-index YAML.

    The model is found by its name: markup dropped, lower case, - and _ as spaces, words in any order, and never by a
    similar name. Nothing is written without --apply or --create-pr.

    \b
    evalbot extract-readme --repo-id owner/name --table 1
    evalbot extract-readme --repo-id owner/name --table 2 --model-column-index 3
    evalbot extract-readme --repo-id owner/name --table 2 --model-name-override "**Olmo 3-32B**" --create-pr
    evalbot extract-readme --repo-id owner/name --table 2 --layout per-benchmark --explain
    evalbot extract-readme --readme README.md --model-name Your-Model-7B --apply
    """
    from evalbot import flows
    from evalbot.policy import Policy
    from evalbot.reading import Choices, Layout
    from evalbot.readme.extract import Wanted

    if apply_ and create_pr:
        raise UsageError("--apply and --create-pr are two ways to publish.", hint="Give one of them.")
    console, connect = start(as_json=as_json, timeout=timeout)
    outcome = flows.extract_readme(
        card_source(repo_id, readme),
        Wanted(
            table=_table(table),
            model_name=model_name,
            exact_label=model_name_override,
            column_index=model_column_index,
            include_derived=include_averages,
        ),
        Layout(kind=layout, **{name: value for name, value in labels.items() if value is not None}),
        connect,
        choices=Choices(format=format_, on_conflict=on_conflict, prune=prune_own),
        publish="apply" if apply_ else "create-pr" if create_pr else "preview",
        policy=Policy(
            duplicate_check=duplicate_check,
            allow_duplicate=allow_duplicate,
            propose_again=propose_again,
            dry_run=dry_run,
        ),
    )
    _tell(outcome, console, explain=explain)
    return 0


def _tell(outcome: Outcome, console: Console, *, explain: bool) -> None:
    from evalbot.report import answers, listing
    from evalbot.report.explain import explained

    if outcome.status == "preview":
        for text in listing.preview(outcome.proposal):
            console.answer(text)
    for line in listing.outcome(outcome):
        console.note(line)
    say = console.note if outcome.status == "preview" else console.answer
    say(listing.verdict(outcome))
    for line in explained(outcome) if explain else ():
        console.note(line)
    if console.as_json:  # it asks the registry about every score
        console.result(answers.extracted(outcome))


def _table(text: str | None) -> int | str | None:
    """A table's number; `html:N` stays text. Raises UsageError for anything else."""
    if text is None or text.lower().startswith("html:"):
        return text
    try:
        return int(text)
    except ValueError:
        raise UsageError(
            f"--table takes a number such as 2 or html:1, not {text[:40]!r}.", hint="See evalbot inspect-tables."
        ) from None
