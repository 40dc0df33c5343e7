"""One pull request of ours: found, opened, brought up to date, or not needed.

Nothing is remembered between runs: what is ours is known by its author, the mark in its title and the hidden mark in
its description; what it proposes, by the files at its ref.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalbot.card.document import CARD_PATH, decode_card, parse_card
from evalbot.card.eval_results.consistency import disagreements_of
from evalbot.errors import (
    DuplicatePullRequest,
    EvalbotError,
    InvalidCard,
    NothingFound,
    PublishedConflict,
    StaleRevision,
)
from evalbot.hub.contents import read_contents, read_results, result_files
from evalbot.hub.overlap import Overlap, metrics_of, overlaps
from evalbot.mending import Mender
from evalbot.outcome import Outcome
from evalbot.own_pull_request import OwnPullRequest
from evalbot.report import pull_request as text
from evalbot.standing import Standing, is_based_on, leaves_alone

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from evalbot.card_source import ReadCard
    from evalbot.hub.client import Hub
    from evalbot.hub.pull_requests import PullRequests
    from evalbot.hub.records import Account, PullRequest, RemoteFile
    from evalbot.outcome import Status
    from evalbot.policy import Policy
    from evalbot.proposal import Proposal

MAX_OWN = 5
"""Open pull requests of ours that are read; more of them are a matter for a person."""
MAX_RETITLED = 10
"""Closed ones by our account without our mark in the title, whose description is looked at for it."""
MAX_READ_FOR_A_WARNING = 5
"""Files of evaluation results."""
MAX_CLOSED = 50
"""Closed ones of ours that are read; whoever has closed more than that does not want any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposer:
    """Proposes to one repository as one account."""

    hub: Hub
    account: Account
    policy: Policy
    repo: PullRequests
    card: ReadCard
    main: RemoteFile

    def propose(self, proposal: Proposal) -> Outcome:
        """Open or update our one pull request, or say why not.

        Raises DuplicatePullRequest, StaleRevision where something moved meanwhile (read again, then call again), and
        the Hub's refusals.
        """
        listed = self._without_superseded(self.repo.open())
        marked = [] if self.policy.allow_duplicate else [pr for pr in listed if self._is_ours(pr)]
        # The oldest among them: it is the one that stays where several runs opened theirs at the same moment.
        read = marked if len(marked) <= MAX_OWN else [*marked[: MAX_OWN - 1], marked[-1]]
        ours = [self._standing(proposal, pr) for pr in read]
        if not proposal.files:
            return self._nothing_new(proposal, ours)
        if (done := self._covered(proposal, ours)) is not None:
            return done
        declined = () if self.policy.propose_again else self._declined(proposal)
        if declined:
            scores = [score for each in declined for score in each.same]
            proposal = proposal.without(scores, [gone for each in declined for gone in each.deletes])
            ours = [replace(each, step=proposal.at(each.contents.files)) for each in ours]
            if not proposal.files:
                return replace(self._nothing_new(proposal, ours), status="declined", declined=declined)
            if (done := self._covered(proposal, ours)) is not None:
                return replace(done, declined=declined)
        mine = {each.pull_request.number for each in ours}
        found = self._overlaps(proposal, [pr for pr in listed if pr.number not in mine])
        if not self.policy.allow_duplicate:
            by_us = [each for each in found if self._is_by_us(each.pull_request)]
            if same := next((each for each in by_us if each.covers(proposal)), None):
                return self._already_proposed(proposal, same.pull_request, ours)
            self._refuse_duplicates(found)
        done = self._write(proposal, ours, known={pull_request.number for pull_request in listed})
        return replace(done, overlaps=found, declined=declined)

    def _without_superseded(self, listed: Sequence[PullRequest]) -> list[PullRequest]:
        """Those that stand; one of ours that was retitled to be closed, and was not closed then, is closed now."""
        named = [pr for pr in listed if self._is_by_us(pr) and pr.title.startswith(text.SUPERSEDED)]
        begun = [pr for pr in named if text.is_ours(self.repo.details(pr.number))]
        for pull_request in begun:
            if not self.policy.dry_run:
                self.repo.turn(pull_request.number, "closed")
        return [pr for pr in listed if pr not in begun]

    def _covered(self, proposal: Proposal, ours: Sequence[Standing]) -> Outcome | None:
        """Where a pull request of ours holds all of it: that one, and the oldest of several.

        Where several runs opened one at the same moment, the younger ones are about to be closed.
        """
        skip = proposal.choices.on_conflict == "skip"
        covering = [
            each.pull_request
            for each in ours
            if not each.step.files
            and (skip or not each.step.conflicts)
            and is_based_on(self.main.data, each)
            and each.fits
        ]
        return self._already_proposed(proposal, covering[-1], ours) if covering else None

    def _nothing_new(self, proposal: Proposal, ours: Sequence[Standing]) -> Outcome:
        """Main says all there is to say. Pull requests of ours that say something else are mended, or closed."""
        done = self._outcome(proposal.nothing_to_do, proposal)
        for own in reversed(ours):
            done = self._mender().mended(own, done)
        return done

    def _mender(self) -> Mender:
        return Mender(hub=self.hub, main=self.main, writer=self._writer(), dry_run=self.policy.dry_run)

    def _is_by_us(self, pull_request: PullRequest) -> bool:
        return pull_request.author == self.account.name

    def _is_ours(self, pull_request: PullRequest) -> bool:
        """By the mark in its title; where somebody has given it another one, by the mark in its description."""
        if not self._is_by_us(pull_request) or pull_request.title.startswith(text.SUPERSEDED):
            return False
        return pull_request.title.startswith(text.TITLE_MARK) or text.is_ours(self.repo.details(pull_request.number))

    def _standing(self, proposal: Proposal, pull_request: PullRequest) -> Standing:
        """What a pull request of ours holds and lacks. Raises DuplicatePullRequest where it cannot be read."""
        results = proposal.choices.format != "model-index"
        try:
            contents = read_contents(self.hub, self.main.repo_id, pull_request.ref, results=results)
            return Standing(pull_request, contents, proposal.at(contents.files), leaves_alone(contents.files, proposal))
        except (InvalidCard, NothingFound) as refusal:
            raise DuplicatePullRequest(
                f"Pull request #{pull_request.number} of yours cannot be read any more: {refusal.message}",
                hint="Have it closed first. To open another one all the same, add --allow-duplicate.",
                candidates=[pull_request.url],
            ) from None

    def _overlaps(self, proposal: Proposal, others: Sequence[PullRequest]) -> tuple[Overlap, ...]:
        """The open pull requests that stop us, as far as we were asked to look."""
        match self.policy.duplicate_check:
            case "off":
                return ()
            case "any-open-pr":
                return tuple(Overlap(pull_request=each) for each in others)
            case "content":
                return overlaps(self.hub, self.main, proposal, others)

    def _refuse_duplicates(self, found: Sequence[Overlap]) -> None:
        if not found:
            return
        noun = "An open pull request" if len(found) == 1 else f"{len(found)} open pull requests"
        verb = "touches" if len(found) == 1 else "touch"
        what = f"{noun} {verb} these scores already"
        if self.policy.duplicate_check == "any-open-pr":
            what = (
                f"{noun} {'stands' if len(found) == 1 else 'stand'} on this repository (--duplicate-check any-open-pr)"
            )
        raise DuplicatePullRequest(
            f"{what}; nothing was proposed.",
            hint="Have it merged or closed first. To open another one knowingly, add --allow-duplicate.",
            candidates=[f"{o.pull_request.url} by {o.pull_request.author}: {o.describe()}" for o in found],
            details={"duplicates": [o.as_json() for o in found]},
        )

    def _write(self, proposal: Proposal, ours: Sequence[Standing], known: Collection[int]) -> Outcome:
        """Bring the newest of ours up to date, or open one."""
        writer = self._writer()
        details = writer.updatable(ours[0], proposal) if ours else None
        if ours and details is not None:
            own, others = ours[0], tuple(each.pull_request for each in ours[1:])
            _refuse_contradiction(own, proposal)
            made: dict[str, Any] = {"pull_request": own.pull_request, "step": own.step, "also_ours": others}
            if self.policy.dry_run:
                return self._outcome("preview", proposal, would="updated", **made)
            if not own.step.files:
                return self._already_proposed(proposal, own.pull_request, ours)
            writer.update(own, details, proposal)
            return self._outcome("updated", proposal, **made)
        if self.policy.dry_run:
            return self._outcome("preview", proposal, would="proposed")
        outdated = [each for each in ours if writer.updatable(each, proposal) is None]
        beside = self._disagreements(proposal)
        closed = tuple(self._replace(each, proposal, writer) for each in outdated)
        try:
            opened, warnings = writer.open(proposal, alone=not self.policy.allow_duplicate, known=known)
        except EvalbotError as failure:
            if not closed or isinstance(failure, StaleRevision):
                raise
            raise type(failure)(f"{failure.message} {' '.join(closed)}", hint=failure.hint) from None
        return self._outcome("proposed", proposal, pull_request=opened, warnings=(*closed, *beside, *warnings))

    def _replace(self, own: Standing, proposal: Proposal, writer: OwnPullRequest) -> str:
        """Close ours, which a new one is to replace; that, and what only it proposed, in words."""
        brought = Counter(metrics_of(own.contents.files[CARD_PATH])) - Counter(metrics_of(self.main.data))
        told = {metric.name for result in proposal.results for metric in result.metrics}
        names = sorted({each.name or each.type or "" for each in brought if each.name not in told})
        files = sorted(set(self._mender().result_files(own)) - set(proposal.files))
        writer.supersede(own.pull_request, "This no longer fits the card on main; a new pull request takes its place.")
        lost = ", ".join([*names, *files])
        said = f"Pull request #{own.pull_request.number} of yours no longer fits main and was closed."
        return f"{said} Run again for {lost}." if lost else said

    def _disagreements(self, proposal: Proposal) -> tuple[str, ...]:
        """What main's `.eval_results` say against the model-index that we propose, where they were not read before.

        They are read for this warning alone: where there are many, or they cannot be had, there is none.
        """
        if proposal.choices.format != "model-index":
            return ()
        try:
            if not 0 < len(result_files(self.hub, self.main.repo_id, self.main.commit)) <= MAX_READ_FOR_A_WARNING:
                return ()
            results = read_results(self.hub, self.main.repo_id, self.main.commit)
            return disagreements_of(parse_card(decode_card(proposal.files[CARD_PATH])), results, proposal.model)
        except EvalbotError:
            return ()

    def _declined(self, proposal: Proposal) -> tuple[Overlap, ...]:
        """What of this was proposed by us before and closed unmerged: somebody has said no to it.

        Of one that cannot be read any more nobody knows what it proposed: it says no to all.
        """
        theirs = [
            pr for pr in self.repo.closed_by_author(self.account.name) if not pr.title.startswith(text.SUPERSEDED)
        ]
        retitled = [pr for pr in theirs if not pr.title.startswith(text.TITLE_MARK)][:MAX_RETITLED]
        closed = [pr for pr in theirs if pr.title.startswith(text.TITLE_MARK) or (pr in retitled and self._is_ours(pr))]
        if len(closed) > MAX_CLOSED:
            raise DuplicatePullRequest(
                f"{len(closed)} pull requests of yours on this repository were closed unmerged; nothing was proposed.",
                hint="To propose all the same, add --propose-again.",
            )
        found = overlaps(self.hub, self.main, proposal, closed)
        pruned = () if proposal.merge is None else proposal.merge.pruned
        return tuple(
            replace(each, same=proposal.written, deletes=pruned) if each.unreadable else each
            for each in found
            if each.same or each.deletes or each.unreadable
        )

    def _already_proposed(self, proposal: Proposal, own: PullRequest, ours: Sequence[Standing]) -> Outcome:
        ready = self.policy.dry_run or not self._is_by_us(own)
        warnings = () if ready else self._writer().complete(own, proposal)
        others = tuple(each.pull_request for each in ours if each.pull_request.number != own.number)
        return self._outcome("already-proposed", proposal, pull_request=own, also_ours=others, warnings=warnings)

    def _writer(self) -> OwnPullRequest:
        return OwnPullRequest(hub=self.hub, account=self.account, repo=self.repo, main=self.main)

    def _outcome(self, status: Status, proposal: Proposal, **made: Any) -> Outcome:
        return Outcome(status=status, card=self.card, proposal=proposal, **made)


def _refuse_contradiction(own: Standing, proposal: Proposal) -> None:
    """Two sources, such as two tables of one card, with two values: which is right, nobody here can tell."""
    if own.step.conflicts and proposal.choices.on_conflict == "fail":
        is_table = proposal.origin.noun == "table"
        raise PublishedConflict(
            f"Pull request #{own.pull_request.number} of yours proposes other values"
            f"{' from the same card' if is_table else ''}.",
            hint=("Correct the tables, so that they say the same; or choose: " if is_table else "Choose: ")
            + "--on-conflict skip leaves what is proposed, --on-conflict update replaces it.",
            candidates=[own.pull_request.url, *own.step.conflicts],
        )
