"""The title and description of a pull request on the Hub. Plain Markdown: the Hub documents no more."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from evalbot import __version__
from evalbot.card.model_index import plain_text
from evalbot.report.markdown import escape

if TYPE_CHECKING:
    import jinja2

    from evalbot.card.merge import Part
    from evalbot.card.results import Metric, Result
    from evalbot.proposal import Proposal

TITLE_MARK = "evalbot"
MAX_TITLE = 200
"""The Hub takes titles of 3 to 200 characters."""
MAX_ROWS = 100
MAX_SKIPPED = 20


def title(proposal: Proposal) -> str:
    """`[evalbot] Add 6 evaluation results for Demo-7B`; the mark is how our own pull requests are found."""
    merge, _ = proposal.planned()
    count = len(merge.added)
    noun = "result" if count == 1 else "results"
    model = plain_text(merge.model, "model name") if merge.model.strip() else "this model"
    return f"[{TITLE_MARK}] Add {count} evaluation {noun} for {model}"[:MAX_TITLE]


def description(proposal: Proposal, *, account: str, card_url: str) -> str:
    """What is proposed and where each value was read; `card_url` shows the card at the commit it was read at."""
    merge, _ = proposal.planned()
    rows = [_row(part, metric, card_url) for part in merge.parts for metric in part.added]
    return (
        _environment()
        .get_template("pull_request.md.j2")
        .render(
            metrics=merge.added,
            model=merge.model,
            rows=rows,
            datasets=any(row["dataset"] for row in rows),
            unchanged=len(merge.unchanged),
            stands_elsewhere=[pair.describe_elsewhere() for pair in merge.stands_elsewhere],
            elsewhere=[pair.describe_elsewhere() for pair in merge.elsewhere],
            skipped=proposal.omissions,
            account=account,
            version=__version__,
            max_rows=MAX_ROWS,
            max_skipped=MAX_SKIPPED,
        )
    )


def _row(part: Part, metric: Metric, card_url: str) -> dict[str, str]:
    return {
        "name": metric.name,
        "value": format(metric.value, "f"),
        "dataset": _dataset(part.result),
        "place": _place(metric, card_url),
    }


def _dataset(result: Result) -> str:
    """A benchmark's own dataset; nothing for the result that groups the others."""
    if result.benchmark is None:
        return ""
    return ", ".join(text for text in (result.dataset_type, result.config, result.split) if text)


def _place(metric: Metric, card_url: str) -> str:
    if metric.score is None:
        return ""
    evidence = metric.score.evidence
    where = f"table {evidence.table}, row {evidence.row}, column {evidence.column}"
    return f"[{where}]({card_url}#L{evidence.line})"


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - only a proposal needs it

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evalbot.report"),
        autoescape=False,  # noqa: S701 - its autoescape is for HTML; every foreign text passes the md filter
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = escape
    return environment
