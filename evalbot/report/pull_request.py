"""What stands on the Hub about a pull request of ours: title, description, and one comment.

Plain Markdown, for the Hub documents no more. Everything that comes from a card passes the `md` filter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from evalbot import __version__
from evalbot.card.document import CARD_PATH, decode_card, parse_card
from evalbot.card.model_index import plain_text, published
from evalbot.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import jinja2

    from evalbot.card.eval_results_plan import PlannedEntry
    from evalbot.card.merge import Merge
    from evalbot.card.model_index import Published
    from evalbot.card.results import Metric, Result
    from evalbot.proposal import Planned, Proposal
    from evalbot.score import Score

TITLE_MARK = "[evalbot]"
"""What the title of every pull request of ours begins with."""
DESCRIPTION_MARK = "<!-- evalbot:pull-request"
SUMMARY_MARK = "<!-- evalbot:summary"
"""Hidden marks that say that a text is ours to rewrite."""
MAX_TITLE = 200
"""The Hub takes titles of 3 to 200 characters."""
MAX_ROWS = 100
MAX_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is told: a proposal, and where it stands."""

    proposal: Proposal
    account: str
    card_url: str
    """The card at the commit it was read at."""
    step: Planned | None = None
    """What this run changes in a pull request that was open already; None for a new one."""
    held_before: Mapping[str, bytes] | None = None
    """The files of that pull request before this run."""


def title(proposal: Proposal) -> str:
    """`[evalbot] Add evaluation results of Demo-7B`: the same for every run, so that an update need not rename."""
    name = plain_text(proposal.model, "model name") if proposal.model.strip() else "this model"
    return f"{TITLE_MARK} Add evaluation results of {name}"[:MAX_TITLE]


def superseded_title(old: str) -> str:
    """The title of one that another replaces; without the mark, so that closing it counts as nobody's no."""
    return f"Superseded: {old.removeprefix(TITLE_MARK).strip()}"[:MAX_TITLE]


def step_title(step: Planned) -> str:
    """The title of a further commit: `Add 1, update 2 evaluation results`."""
    merge, entries = step.merge, step.entries
    counts = {
        "add": len({*_labels(step, "added")}),
        "update": len({*_labels(step, "updated")}),
        "remove": 0 if merge is None else len(merge.pruned),
    }
    said = ", ".join(f"{verb} {count}" for verb, count in counts.items() if count)
    total = sum(counts.values()) if merge is not None or entries is not None else 0
    return f"{said[:1].upper()}{said[1:]} evaluation {'result' if total == 1 else 'results'}"


def description(page: Page) -> str:
    """What is proposed, where each value was read, what was left out and why, and how to say no."""
    return _render("pull_request.md.j2", page)


def summary(page: Page) -> str:
    """The one comment: what the latest run changed."""
    return _render("summary.md.j2", page)


def _render(template: str, page: Page) -> str:
    proposal = page.proposal
    planned = proposal.planned()
    merge = planned.merge
    rows = list(_rows(planned, page.card_url))
    text = _environment().get_template(template)
    return text.render(
        model=proposal.model,
        format=proposal.choices.format,
        rows=rows,
        changes=list(_rows(page.step or planned, page.card_url)),
        is_update=page.step is not None,
        earlier=list(_earlier(page)),
        pruned=[f"{_name(gone)} = {gone.value}" for gone in _pruned(planned)],
        files=sorted(path for path in planned.files if path != CARD_PATH),
        unchanged=_unchanged(planned),
        conflicts=planned.conflicts,
        stands_elsewhere=[] if merge is None else [pair.describe_elsewhere() for pair in merge.stands_elsewhere],
        elsewhere=[] if merge is None else [pair.describe_elsewhere() for pair in merge.elsewhere],
        skipped=proposal.omissions,
        account=page.account,
        version=__version__,
        description_mark=DESCRIPTION_MARK,
        summary_mark=SUMMARY_MARK,
        max_rows=MAX_ROWS,
        max_listed=MAX_LISTED,
    )


def _rows(planned: Planned, card_url: str) -> Iterator[dict[str, Any]]:
    """A row for each score that is new or changed; `old` is None for a new one."""
    told: set[Score] = set()
    for part in () if planned.merge is None else planned.merge.parts:
        for metric, old in [(m, None) for m in part.added] + [(p.metric, p.published.value) for p in part.updated]:
            if metric.score is not None:
                told.add(metric.score)
            yield _row(
                metric.name, format(metric.value, "f"), old, _dataset(part.result), _place(metric.score, card_url)
            )
    for entry in () if planned.entries is None else planned.entries.written:
        if entry.score not in told:
            old = None if entry.old is None else entry.old.value
            yield _row(entry.score.label, format(entry.value, "f"), old, _task(entry), _place(entry.score, card_url))


def _row(name: str, value: str, old: str | None, dataset: str, place: str) -> dict[str, Any]:
    return {"name": name, "value": value, "old": old, "dataset": dataset, "place": place}


def _labels(planned: Planned, standing: str) -> Iterator[str]:
    if planned.merge is not None:
        metrics = planned.merge.added if standing == "added" else (pair.metric for pair in planned.merge.updated)
        yield from (metric.name for metric in metrics)
    if planned.entries is not None:
        entries = planned.entries.added if standing == "added" else planned.entries.changed
        yield from (entry.score.label for entry in entries)


def _unchanged(planned: Planned) -> int:
    merged = 0 if planned.merge is None else len(planned.merge.unchanged)
    return max(merged, 0 if planned.entries is None else len(planned.entries.unchanged))


def _pruned(planned: Planned) -> tuple[Published, ...]:
    return () if planned.merge is None else planned.merge.pruned


def _earlier(page: Page) -> Iterator[str]:
    """What the pull request proposes from earlier runs, and this run did not read."""
    if page.held_before is None or page.step is None:
        return
    now = {**page.held_before, **page.step.files}
    main = Counter(_metrics(page.proposal.before))
    ours = {(m.name, format(m.value, "f")) for _, m in _written(page.proposal.planned().merge)}
    for metric in (Counter(_metrics(now)) - main).elements():
        if (metric.name, metric.value) not in ours:
            yield f"{_name(metric)} = {metric.value}"


def _written(merge: Merge | None) -> tuple[tuple[Result, Metric], ...]:
    return () if merge is None else merge.written


def _metrics(files: Mapping[str, bytes]) -> tuple[Published, ...]:
    return published(parse_card(decode_card(files[CARD_PATH])))


def _name(metric: Published) -> str:
    return metric.name or metric.dataset_name or metric.type or "(unnamed)"


def _dataset(result: Result) -> str:
    """A benchmark's own dataset; nothing for the result that groups the others."""
    if result.benchmark is None:
        return ""
    return ", ".join(text for text in (result.dataset_type, result.config, result.split) if text)


def _task(entry: PlannedEntry) -> str:
    return ", ".join(text for text in (entry.dataset_id, entry.task_id, entry.notes) if text)


def _place(score: Score | None, card_url: str) -> str:
    if score is None:
        return ""
    seen = score.evidence
    return f"[table {seen.table}, row {seen.row}, column {seen.column}]({card_url}#L{seen.line})"


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
