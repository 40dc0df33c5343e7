"""The title and description of a pull request on the Hub. Plain Markdown: the Hub documents no more."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from evalbot import __version__
from evalbot.card.model_index import plain_text
from evalbot.report.markdown import escape

if TYPE_CHECKING:
    import jinja2

    from evalbot.card.model_index import Metric
    from evalbot.proposal import Proposal
    from evalbot.score import Score

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
    by_name = {plain_text(score.label, "label"): score for score in proposal.published_scores}
    rows = [_row(metric, by_name[metric.name], card_url) for metric in merge.added]
    return (
        _environment()
        .get_template("pull_request.md.j2")
        .render(
            metrics=merge.added,
            model=merge.model,
            rows=rows,
            unchanged=len(merge.unchanged),
            elsewhere=[other.describe_elsewhere() for other in merge.elsewhere],
            skipped=proposal.omissions,
            account=account,
            version=__version__,
            max_rows=MAX_ROWS,
            max_skipped=MAX_SKIPPED,
        )
    )


def _row(metric: Metric, score: Score, card_url: str) -> dict[str, str]:
    return {"name": metric.name, "value": format(metric.value, "f"), "place": _place(score, card_url)}


def _place(score: Score, card_url: str) -> str:
    evidence = score.evidence
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
