"""What becomes of an open pull request of ours once main says all that the scores say: mended, closed, or left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalbot.errors import DuplicatePullRequest, UsageError
from evalbot.hub.contents import read_results, result_files
from evalbot.hub.overlap import metrics_of
from evalbot.standing import is_based_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evalbot.card.model_index import Published
    from evalbot.hub.client import Hub
    from evalbot.hub.records import Details, RemoteFile
    from evalbot.outcome import Outcome
    from evalbot.own_pull_request import OwnPullRequest
    from evalbot.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Mender:
    """Looks after pull requests of ours that a run has nothing new for."""

    hub: Hub
    main: RemoteFile
    writer: OwnPullRequest
    dry_run: bool

    def mended(self, own: Standing, done: Outcome) -> Outcome:
        """What a run comes to, with what was done to this one; `done` where it can stay as it is."""
        empty = self._brings_nothing(own)
        if not (empty or own.step.files) and own.fits and is_based_on(self.main.data, own):
            return done
        try:
            details = self.writer.updatable(own, done.proposal)
        except (DuplicatePullRequest, UsageError) as refusal:
            return replace(done, warnings=(*done.warnings, refusal.message))
        if self._may_stay(own, details, empty=empty):
            return done
        if details is None and own.fits and not empty:
            number = own.pull_request.number
            warning = (
                f"Pull request #{number} of yours no longer fits main; run evalbot for the tables it was made from."
            )
            return replace(done, warnings=(*done.warnings, warning))
        return self._changed(own, details, done, empty=empty)

    def _may_stay(self, own: Standing, details: Details | None, *, empty: bool) -> bool:
        """On a base that is main's still: one that lacks nothing, or that was opened to delete."""
        if details is None:
            return False
        deletes = bool(Counter(metrics_of(self.main.data)) - Counter(metrics_of(own.card_after)))
        return deletes if empty else not own.step.files

    def _changed(self, own: Standing, details: Details | None, done: Outcome, *, empty: bool) -> Outcome:
        if self.dry_run:
            return replace(done, status="preview", would="updated", pull_request=own.pull_request)
        if empty or details is None:
            self.writer.supersede(own.pull_request, "The card on main says all of this by now.")
            return replace(done, closed=own.pull_request)
        self.writer.update(own, details, done.proposal)
        return replace(done, status="updated", pull_request=own.pull_request, step=own.step)

    def _brings_nothing(self, own: Standing) -> bool:
        """Whether, once it says what the scores are now, it adds nothing to what main publishes."""
        more = Counter(_said(own.card_after))
        return not (more - Counter(_said(self.main.data))) and not self.result_files(own)

    def result_files(self, own: Standing) -> Mapping[str, bytes]:
        """The files of evaluation results that it holds and main does not."""
        there = result_files(self.hub, self.main.repo_id, self.main.commit)
        return read_results(self.hub, self.main.repo_id, own.pull_request.ref, but=there)


def _said(card: bytes) -> Iterator[Published]:
    """What a card publishes, whoever is named as the source."""
    return (replace(metric, source_name=None, source_url=None, dataset_name=None) for metric in metrics_of(card))
