"""The files of a repository's `.eval_results`, and what of them speaks of a draft.

Identity of an entry: dataset id, task id and variant (with tools or not, shots), the variant by its notes. An entry
whose notes say more or less than the score's label may be the same one: its value is never replaced unasked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evalbot.card.eval_results.entries import FOLDER, Entry, read_results_file
from evalbot.card.eval_results.variant import Variant, noted_variant
from evalbot.card.model_index import same_number, same_teller
from evalbot.errors import InvalidCard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from evalbot.card.eval_results.draft import Draft
    from evalbot.card.merge import OnConflict
    from evalbot.score import Source


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry that is there, with its place: the file and the position in its list."""

    path: str
    position: int
    entry: Entry
    variant: Variant

    def may_be(self, draft: Draft) -> bool:
        """Whether the entry can be the draft's, as far as both say."""
        mine, theirs = (draft.dataset.id, draft.task.id), (self.entry.dataset_id, self.entry.task_id)
        return _folded(mine) == _folded(theirs) and draft.variant.may_be(self.variant)

    def is_of(self, source: Source | None) -> bool:
        """Whether the entry names this source; one that names none is nobody's."""
        theirs = self.entry.source
        return theirs is not None and same_teller(source, theirs.name, theirs.url)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a draft stands against the files, the entry that says so, and why that entry cannot be replaced."""

    kind: Literal["added", "changed", "unchanged", "conflict"]
    standing: Standing | None = None
    obstacle: str | None = None


class Shelf:
    """Every entry of the files that can be read; `broken` are the others, with the reason."""

    def __init__(self, existing: Mapping[str, bytes]) -> None:
        self.broken: dict[str, str] = {}
        self._entries: list[Standing] = []
        for path, data in sorted(existing.items()):
            try:
                self._entries.extend(_standings(path, data))
            except InvalidCard as error:
                self.broken[path] = error.message

    def verdicts(self, drafts: Sequence[Draft], source: Source | None, on_conflict: OnConflict) -> list[Verdict]:
        """A verdict for each draft; no entry is replaced where several drafts may be meant by it."""
        same = [[entry for entry in self._entries if _is_exactly(entry, draft)] for draft in drafts]
        similar = self._similar(drafts, same)
        return [
            _judge_same(draft, exact, source, on_conflict)
            if exact
            else _judge_similar(draft, others, sum(others[0] in theirs for theirs in similar), source, on_conflict)
            if others
            else Verdict("added")
            for draft, exact, others in zip(drafts, same, similar, strict=True)
        ]

    def _similar(self, drafts: Sequence[Draft], same: Sequence[list[Standing]]) -> list[list[Standing]]:
        """For each draft without an entry of exactly its own, those that may be it and are no other draft's.

        An entry is a draft's own by its variant, or else by its value.
        """
        taken = [entry for found in same for entry in found]
        found = [
            [] if exact else [entry for entry in self._entries if entry.may_be(draft) and entry not in taken]
            for draft, exact in zip(drafts, same, strict=True)
        ]
        agreeing = [
            [entry for entry in entries if _agree(draft, entry)] for draft, entries in zip(drafts, found, strict=True)
        ]
        owned = [entry for entries in agreeing for entry in entries]
        return [
            agreed or [entry for entry in entries if entry not in owned]
            for agreed, entries in zip(agreeing, found, strict=True)
        ]

    def path_of(self, draft: Draft, drafts: Sequence[Draft]) -> str:
        """The file of a draft that stands nowhere: shots are said in its name only where variants differ by them."""
        key = _folded((draft.dataset.id, draft.task.id))
        shots = {
            variant.shots
            for dataset, task, variant in (*(other.identity for other in drafts), *self._identities())
            if _folded((dataset, task)) == key and variant.tools == draft.variant.tools
        }
        return f"{FOLDER}/{draft.name}{draft.variant.suffix(with_shots=len(shots) > 1)}.yaml"

    def _identities(self) -> Iterable[tuple[str, str, Variant]]:
        return ((each.entry.dataset_id, each.entry.task_id, each.variant) for each in self._entries)


def _standings(path: str, data: bytes) -> list[Standing]:
    entries = read_results_file(path, data).entries
    return [Standing(path, i, entry, noted_variant(entry.notes, path)) for i, entry in enumerate(entries)]


def _is_exactly(entry: Standing, draft: Draft) -> bool:
    return entry.variant == draft.variant and entry.may_be(draft)


def _judge_same(draft: Draft, same: Sequence[Standing], source: Source | None, on_conflict: OnConflict) -> Verdict:
    """The draft's own entry is there: its value, and whose it is, decide."""
    differing = [entry for entry in same if not _agree(draft, entry)]
    if not differing:
        return Verdict("unchanged", same[0])
    if len(same) > 1:
        return Verdict("conflict", differing[0], "it stands there more than once")
    return _judge_other_value(draft, differing[0], source, wanted=on_conflict == "update" or differing[0].is_of(source))


def _judge_similar(
    draft: Draft, others: Sequence[Standing], rivals: int, source: Source | None, on_conflict: OnConflict
) -> Verdict:
    """Entries are there that may be the draft's: by the same value one is, by another nothing tells."""
    if _agree(draft, others[0]):
        return Verdict("unchanged", others[0])
    if len(others) > 1:
        return Verdict("conflict", others[0], "several entries there may be this score's")
    if rivals > 1:
        return Verdict("conflict", others[0], "several scores here may be meant by it")
    return _judge_other_value(draft, others[0], source, wanted=on_conflict == "update")


def _judge_other_value(draft: Draft, found: Standing, source: Source | None, *, wanted: bool) -> Verdict:
    if found.entry.verify_token is not None:
        return Verdict("conflict", found, "the published value carries a verification token")
    if draft.variant != found.variant and found.entry.notes is not None:
        return Verdict("conflict", found, f"its notes say more than the table: {found.entry.notes}")
    if source is None and found.entry.source is not None:
        return Verdict("conflict", found, "the published value names a source and this one has none")
    return Verdict("changed" if wanted else "conflict", found)


def _agree(draft: Draft, found: Standing) -> bool:
    return same_number(draft.value, found.entry.value)


def _folded(names: tuple[str, str]) -> tuple[str, str]:
    """Dataset ids are one whatever their case."""
    return names[0].casefold(), names[1]
