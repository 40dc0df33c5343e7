"""A proposal: the scores read from one card, and the change to that card they lead to. Pure, nothing is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from evalbot.card import results, yaml_writer
from evalbot.card.document import MODEL_INDEX, decode_card, parse_card
from evalbot.card.edit import apply_merge
from evalbot.card.merge import Merge, plan_merge
from evalbot.card.model_index import plain_text
from evalbot.errors import InvalidCard, UsageError
from evalbot.readme.extract import Extraction, Skipped, Wanted, extract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.card.results import Result, Unpublishable
    from evalbot.score import Score, Source

SELF_REFERENCES = frozenset({"ours", "our model", "our method", "our approach", "this model", "this work", "this"})
_POINTING = re.compile(r"\s*[(\[](?:ours|this model|this work)[)\]]\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the entry is laid out and labelled: --layout, --task-type, --dataset-name and --dataset-type."""

    kind: Literal["grouped", "per-benchmark"] = "grouped"
    task_type: str | None = None
    """None: text generation, or what the registry says of a benchmark."""
    dataset_name: str = results.DEFAULT_DATASET_NAME
    dataset_type: str = results.DEFAULT_DATASET_TYPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was read, what of it is new, and the card that would say so.

    `merge` and `card_after` are None where the card's own YAML cannot be edited; `obstacle` says why.
    """

    card_before: str
    layout: Layout
    extraction: Extraction
    model: str
    """The name of the entry, as it stands in the card where the card has it."""
    results: tuple[Result, ...]
    """Those of single benchmarks in the table's order, then the one that holds the other scores."""
    left_out: tuple[Unpublishable, ...]
    merge: Merge | None
    card_after: str | None
    obstacle: InvalidCard | None = None

    @property
    def entry_yaml(self) -> str:
        """The scores as a model-index of their own, the preview that every run prints."""
        entry = {"name": self.model, "results": [result.as_data(result.metrics) for result in self.results]}
        return "\n".join(yaml_writer.block_lines({MODEL_INDEX: [entry]})) + "\n"

    @property
    def omissions(self) -> tuple[Skipped, ...]:
        """Every cell of this model that is not published, with the reason."""
        dropped = tuple(
            Skipped(
                label=item.score.label,
                cell=item.score.evidence.cell,
                row=item.score.evidence.row,
                column=item.score.evidence.column,
                reason=item.reason,
            )
            for item in self.left_out
        )
        return self.extraction.skipped + dropped

    def planned(self) -> tuple[Merge, str]:
        """The merge and the edited card. Raises InvalidCard where the card cannot be edited."""
        if self.merge is None or self.card_after is None:
            raise self.obstacle or InvalidCard("The card cannot be edited.")
        return self.merge, self.card_after


def propose_from_tables(
    data: bytes, wanted: Wanted, layout: Layout, *, repo_id: str | None = None, source: Source | None = None
) -> Proposal:
    """Read one model's scores from a card's tables and plan the edit that publishes them.

    The repository's own name is the model looked for where nothing else is said, and its owner the model's. Raises
    NothingFound, AmbiguousChoice, UsageError and, for what is no readable card at all, InvalidCard.
    """
    text = decode_card(data)
    owner, _, repo_name = (repo_id or "").rpartition("/")
    asked = wanted.model_name or repo_name
    if repo_name and wanted.exact_label is None and wanted.column_index is None and wanted.model_name is None:
        wanted = replace(wanted, model_name=repo_name, owner=owner or None)
    extraction = extract(text, wanted)
    name = _entry_name(extraction.model_label, asked)
    laid_out, left_out = _lay_out(extraction.scores, layout, source)
    merge, after, obstacle = _plan(text, name, laid_out)
    return Proposal(
        card_before=text,
        layout=layout,
        extraction=extraction,
        model=name if merge is None else merge.model,
        results=laid_out,
        left_out=left_out,
        merge=merge,
        card_after=after,
        obstacle=obstacle,
    )


def _entry_name(label: str | None, asked: str | None) -> str:
    """Whose entry the scores join: the label the table prints, as the specification asks, and nobody else's.

    A label that only points at the reader's page ("Ours") names nothing outside it.
    """
    speaking = None if label is None else _POINTING.sub("", label).strip()
    if speaking is None or speaking.lower() in SELF_REFERENCES:
        speaking = asked
    if not speaking:
        raise UsageError(
            "The table names no model, and a local file has no repository name.",
            hint='Say whose scores these are: --model-name "Your-Model-7B".',
        )
    return plain_text(speaking, "model name")


def _lay_out(
    scores: Sequence[Score], layout: Layout, source: Source | None
) -> tuple[tuple[Result, ...], tuple[Unpublishable, ...]]:
    """The results that hold something, and the scores that none of them holds."""
    single: tuple[Result, ...] = ()
    left_out: tuple[Unpublishable, ...] = ()
    if layout.kind == "per-benchmark":
        single, left_out, scores = results.registered_results(scores, task_type=layout.task_type, source=source)
    grouped, unnamed = results.grouped_result(
        scores,
        task_type=results.DEFAULT_TASK_TYPE if layout.task_type is None else layout.task_type,
        dataset_name=layout.dataset_name,
        dataset_type=layout.dataset_type,
        source=source,
    )
    return (*single, *([grouped] if grouped.metrics else [])), (*left_out, *unnamed)


def _plan(text: str, name: str, laid_out: Sequence[Result]) -> tuple[Merge | None, str | None, InvalidCard | None]:
    try:
        merge = plan_merge(parse_card(text), name, laid_out)
        return merge, apply_merge(text, merge), None
    except InvalidCard as obstacle:
        return None, None, obstacle
