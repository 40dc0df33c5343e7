"""What a proposal changes where certain files stand: on main, or in a pull request of ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalbot.card.document import CARD_PATH, decode_card, parse_card
from evalbot.card.edit import apply_merge
from evalbot.card.eval_results_plan import EvalResultsPlan, plan_eval_results
from evalbot.card.merge import Merge, plan_merge
from evalbot.readme.extract import extract_elsewhere

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from evalbot.card.benchmark_dataset import Leaderboards
    from evalbot.card.merge import OnConflict, Said
    from evalbot.card.results import Result
    from evalbot.proposal import Proposal
    from evalbot.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the scores change at one revision: each part None where it is not asked for, or cannot be had."""

    merge: Merge | None
    entries: EvalResultsPlan | None
    files: Mapping[str, bytes]
    """The new content of each file that changes, by path."""

    @property
    def conflicts(self) -> tuple[str, ...]:
        pairs = () if self.merge is None else self.merge.conflicts
        entries = () if self.entries is None else self.entries.conflicts
        return (*(pair.describe() for pair in pairs), *(entry.describe() for entry in entries))

    @property
    def written(self) -> tuple[Score, ...]:
        """The scores whose values are new there, in either format."""
        metrics = () if self.merge is None else (metric.score for _, metric in self.merge.written)
        entries = () if self.entries is None else (entry.score for entry in self.entries.written)
        return tuple(dict.fromkeys(score for score in (*metrics, *entries) if score is not None))


def plan_changes(proposal: Proposal, files: Mapping[str, bytes], on_conflict: OnConflict) -> Planned:
    """What a proposal changes where these files stand. Raises InvalidCard where the card cannot be edited."""
    planned = _plan_parts(proposal, files, on_conflict, ())
    updates = (planned.merge is not None and planned.merge.updated) or (planned.entries and planned.entries.changed)
    if updates and proposal.choices.on_conflict != "update":
        # Only now is it worth reading the whole card again.
        return _plan_parts(proposal, files, on_conflict, _said_elsewhere(proposal))
    return planned


def _said_elsewhere(proposal: Proposal) -> tuple[Said, ...]:
    """What other tables of the card say of this model: a value that stands there is not out of date."""
    text = decode_card(proposal.before[CARD_PATH])
    return tuple((score.label, score.value) for score in extract_elsewhere(text, proposal.wanted, proposal.extraction))


def _plan_parts(
    proposal: Proposal, files: Mapping[str, bytes], on_conflict: OnConflict, elsewhere: Collection[Said]
) -> Planned:
    choices = proposal.choices
    merge, entries = None, None
    changed: dict[str, bytes] = {}
    if choices.format != "eval-results":
        text = decode_card(files[CARD_PATH])
        results = [_not_held(result, proposal.held) for result in proposal.results]
        merge = plan_merge(
            parse_card(text),
            proposal.model,
            results,
            on_conflict=on_conflict,
            prune=choices.prune,
            elsewhere=elsewhere,
        )
        after = apply_merge(text, merge)
        changed |= {} if after == text else {CARD_PATH: after.encode()}
    if choices.format != "model-index" and proposal.leaderboards is not None:
        entries = _plan_entries(proposal, proposal.leaderboards, files, on_conflict, elsewhere)
        changed |= entries.files
    return Planned(merge=merge, entries=entries, files=changed)


def _plan_entries(
    proposal: Proposal,
    found: Leaderboards,
    files: Mapping[str, bytes],
    on_conflict: OnConflict,
    elsewhere: Collection[Said],
) -> EvalResultsPlan:
    scores = [score for score in proposal.extraction.scores if score not in proposal.held]
    return plan_eval_results(
        scores,
        {path: data for path, data in files.items() if path != CARD_PATH},
        found.registered,
        found.scales,
        source=proposal.source,
        date=found.date,
        on_conflict=on_conflict,
        elsewhere=elsewhere,
    )


def _not_held(result: Result, held: frozenset[Score]) -> Result:
    return replace(result, metrics=tuple(metric for metric in result.metrics if metric.score not in held))
