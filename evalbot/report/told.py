"""What the texts of a pull request tell: a row for each score, and the items of their lists, as text to be escaped."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import TYPE_CHECKING

from evalbot.card.document import CARD_PATH, decode_card, parse_card
from evalbot.card.eval_results.entries import read_entries
from evalbot.card.model_index import published, same_teller, same_value
from evalbot.card.sameness import same_identity, same_score
from evalbot.errors import InvalidCard
from evalbot.model_names import same_name
from evalbot.report.markdown import cut, escape
from evalbot.score import names_a_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from evalbot.card.eval_results.entries import Entry
    from evalbot.card.merge import Pair
    from evalbot.card.model_index import Published
    from evalbot.card.results import Result, Unpublishable
    from evalbot.changes import Planned
    from evalbot.proposal import Proposal
    from evalbot.score import Score, Source

MAX_LABELS = 5
"""Labels in one item; its reason is the same for all of them."""
_VALUE, _PLACE = 40, 120
"""Characters of a value and of a place inside an item that says more."""
_EMPTY = "(empty)"
_DECLINED = "proposed before, and that pull request was closed without being merged"
_PLAIN_NUMBER = re.compile(r"[-+]?\d{1,40}(?:\.\d{1,40})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A score that is new (`old` is None) or changed. `place` is Markdown of ours, the rest is foreign text."""

    name: str
    value: str
    old: str | None
    dataset: str
    place: str

    @property
    def is_new(self) -> bool:
        return self.old is None

    @property
    def delta(self) -> str | None:
        """`+0.3`, to the last digit; None where a value is no plain number."""
        if self.old is None or not all(_PLAIN_NUMBER.fullmatch(text) for text in (self.old, self.value)):
            return None
        return format(Context(prec=100).subtract(Decimal(self.value), Decimal(self.old)), "+f")


@dataclass(frozen=True, slots=True)
class Note:
    """An item of a list: what it is about, and what is said of it."""

    name: str
    text: str
    place: str = ""
    """Where it was read, as a link of ours."""


def rows(planned: Planned, card_url: str) -> Iterator[Row]:
    """A row for each score that is new or changed, once: in the card's own scale where the card has it."""
    told: set[Score] = set()
    for part in () if planned.merge is None else planned.merge.parts:
        new = [(metric, None) for metric in part.added]
        for metric, old in (*new, *((pair.metric, pair.published.value or _EMPTY) for pair in part.updated)):
            if metric.score is not None:
                told.add(metric.score)
            value, dataset = format(metric.value, "f"), _dataset(part.result)
            yield Row(name=metric.name, value=value, old=old, dataset=dataset, place=_link(metric.score, card_url))
    for entry in () if planned.entries is None else planned.entries.written:
        if entry.score not in told:
            yield Row(
                name=entry.score.label,
                value=format(entry.value, "f"),
                old=None if entry.old is None else entry.old.value or _EMPTY,
                dataset=_joined(entry.dataset_id, entry.task_id, entry.notes),
                place=_link(entry.score, card_url),
            )


def _dataset(result: Result) -> str:
    """A benchmark's own dataset; nothing for the result that groups the others."""
    return "" if result.benchmark is None else _joined(result.dataset_type, result.config, result.split)


def _joined(*texts: str | None) -> str:
    return ", ".join(text for text in texts if text)


def _link(score: Score | None, card_url: str) -> str:
    """A link to where a score comes from: a line of the card, or a run."""
    if score is None:
        return ""
    seen = score.evidence
    error = "" if score.stderr is None or seen.noun == "table" else f", standard error {score.stderr:f}"
    place, address = escape(seen.place + error), seen.address(card_url)
    return place if address is None else f"[{place}]({address})"


def files(planned: Planned) -> Iterator[Note]:
    """Each entry that is written in `.eval_results`, with what speaks for its scale."""
    for entry in () if planned.entries is None else planned.entries.written:
        value = f"{entry.value:f}" if entry.old is None else f"{cut(entry.old.value, _VALUE)} → {entry.value:f}"
        yield Note(entry.path, f"{cut(entry.score.label, _VALUE)} {value}; {entry.evidence}")


def replaced(planned: Planned, source: Source | None) -> Iterator[Note]:
    """Values of other sources that ours take the place of."""
    for pair in () if planned.merge is None else planned.merge.updated:
        if not same_teller(source, pair.published.source_name, pair.published.source_url):
            yield Note(pair.metric.name, f"{cut(pair.published.value, _VALUE)}, from {_sayer(pair.published)}")
    for entry in () if planned.entries is None else planned.entries.changed:
        if entry.old is not None and not same_teller(source, *_source_of(entry.old)):
            sayer = cut(_source_of(entry.old)[1] or "a source it does not name", _PLACE)
            yield Note(entry.score.label, f"{cut(entry.old.value, _VALUE)}, from {sayer}")


def _value_of(metric: Published) -> str:
    """Its value; of what was measured, the run too, for the card's tables do not say it."""
    return f"{metric.value}, from {_sayer(metric)}" if names_a_run(metric.source_name) else metric.value


def _source_of(entry: Entry) -> tuple[str | None, str | None]:
    """Name and address."""
    return (None, None) if entry.source is None else (entry.source.name, entry.source.url)


def _sayer(metric: Published) -> str:
    return cut(metric.source_url or metric.source_name or "a source it does not name", _PLACE)


def pruned(planned: Planned) -> list[Note]:
    return [Note(_name(gone), gone.value) for gone in (() if planned.merge is None else planned.merge.pruned)]


def unchanged(planned: Planned) -> set[Score | None]:
    """Scores that are published already wherever they are asked for."""
    metrics = () if planned.merge is None else planned.merge.unchanged
    entries = () if planned.entries is None else planned.entries.unchanged
    return {*(metric.score for metric in metrics), *(entry.score for entry in entries)} - {*planned.written}


def conflicts(planned: Planned) -> Iterator[Note]:
    """Values of others that stand, each with ours."""
    for pair in () if planned.merge is None else planned.merge.conflicts:
        stands = f"{cut(pair.published.value, _VALUE)}, from {_sayer(pair.published)}"
        yield _conflict(pair.metric.name, stands, f"the {pair.metric.noun} says {pair.metric.value:f}", pair.obstacle)
    for entry in () if planned.entries is None else planned.entries.conflicts:
        stands = f"{cut('' if entry.old is None else entry.old.value, _VALUE)}, in {cut(entry.path, _PLACE)}"
        said = f"the {entry.score.evidence.noun} says {entry.value:f}"
        yield _conflict(entry.score.label, stands, said, entry.obstacle)


def _conflict(name: str, stands: str, said: str, obstacle: str | None) -> Note:
    text = f"{stands}; {said}"
    return Note(name, text if obstacle is None else f"{text}; {obstacle}")


def elsewhere(pair: Pair) -> Note:
    """A value that is published for another dataset or task, with ours where it is another."""
    other = pair.published
    stands = f"{cut(other.value, _VALUE)}, for {cut(pair.place, _PLACE)}"
    agree = same_value(pair.metric.value, other.value)
    return Note(_name(other), stands if agree else f"{stands}; the {pair.metric.noun} says {pair.metric.value:f}")


def left_out(proposal: Proposal) -> list[tuple[str, str]]:
    """Label and reason of each score that is not proposed at all."""
    declined = [(score.label, _DECLINED) for score in proposal.origin.scores if score in proposal.held]
    omitted = [(item.label, item.reason) for item in proposal.omissions]
    return declined + omitted[: len(omitted) - len(_entryless(proposal))]  # these are the last of them


def card_only(proposal: Proposal) -> list[tuple[str, str]]:
    """Label and reason of each score that both formats were asked for, and that only the card can have."""
    nowhere = {item.score for item in proposal.left_out}
    return [(item.score.label, item.reason) for item in _entryless(proposal) if item.score not in nowhere]


def _entryless(proposal: Proposal) -> tuple[Unpublishable, ...]:
    both = proposal.choices.format == "both"
    return proposal.entries.skipped if both and proposal.entries is not None else ()


def by_reason(omitted: Iterable[tuple[str, str]]) -> Iterator[Note]:
    """The labels of each reason, together."""
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for label, reason in omitted:
        grouped[reason].append(label or "(no label)")
    for reason, labels in grouped.items():
        more = "" if len(labels) <= MAX_LABELS else f" and {len(labels) - MAX_LABELS} more"
        yield Note(", ".join(cut(label, _VALUE) for label in labels[:MAX_LABELS]) + more, reason)


def earlier(proposal: Proposal, now: Mapping[str, bytes], card_url: str) -> Iterator[tuple[str, Note]]:
    """What a pull request of ours with these files proposes and this run does not, each with its file's path.

    A value that only main has changed since, in somebody else's name, is no proposal.
    """
    main, planned = _metrics(proposal.before), proposal.planned()
    text = decode_card(proposal.before[CARD_PATH])
    places = {(s.label, s.value): s for s in proposal.origin.elsewhere(text)}
    for metric in (Counter(_metrics(now)) - Counter(main)).elements():
        moved = any(replace(metric, value=other.value) == other for other in main)
        ours = not moved or same_teller(proposal.source, metric.source_name, metric.source_url)
        if ours and not _is_written(metric, planned):
            of = "" if same_name(metric.model, proposal.model) else f" of {cut(metric.model, _PLACE)}"
            read = next(
                (s for (name, value), s in places.items() if name == metric.name and same_value(value, metric.value)),
                None,
            )
            yield CARD_PATH, Note(_name(metric) + of, _value_of(metric), _link(None if of else read, card_url))
    written = () if planned.entries is None else planned.entries.written
    told = {(entry.dataset_id, entry.task_id, entry.notes) for entry in written} | set(_entries(proposal.before))
    for identity, (path, value) in _entries(now).items():
        if identity not in told:
            yield path, Note(_joined(*identity), value)


def _is_written(metric: Published, planned: Planned) -> bool:
    """Whether a published metric is one of those that this run proposes."""
    merge = planned.merge
    if merge is None or not same_name(metric.model, merge.model):
        return False
    return any(
        same_value(ours.value, metric.value)
        and (same_identity(result, ours, metric) or same_score(result, ours, metric))
        for result, ours in merge.written
    )


def _metrics(held: Mapping[str, bytes]) -> tuple[Published, ...]:
    try:
        return published(parse_card(decode_card(held[CARD_PATH])))
    except InvalidCard:
        return ()


def _entries(held: Mapping[str, bytes]) -> dict[tuple[str, str, str | None], tuple[str, str]]:
    """Path and value of each entry in `.eval_results`, by what it is about; nothing of a file the Hub refuses."""
    found: dict[tuple[str, str, str | None], tuple[str, str]] = {}
    for path in sorted({*held} - {CARD_PATH}):
        try:
            entries = read_entries(path, held[path])
        except InvalidCard:
            continue
        found |= {(each.dataset_id, each.task_id, each.notes): (path, each.value) for each in entries}
    return found


def _name(metric: Published) -> str:
    return metric.name or metric.dataset_name or metric.type or "(unnamed)"
