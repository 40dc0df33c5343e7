"""Where a proposal goes: a local file, a push, or one pull request; and why it goes nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.card.document import CARD_PATH, parse_card
from evalbot.card.validation import problems_of
from evalbot.errors import InvalidCard, NothingFound, PublishedConflict, UsageError
from evalbot.local_file import replace_file
from evalbot.outcome import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.card.document import CardDocument
    from evalbot.card_source import ReadCard
    from evalbot.hub.client import Hub
    from evalbot.hub.records import Account, RemoteFile
    from evalbot.outcome import Publish
    from evalbot.policy import Policy
    from evalbot.proposal import Proposal


_WAYS_OUT = {
    False: "Correct {sources} by hand, or choose: --on-conflict skip leaves what is published, --on-conflict update"
    " replaces it.",
    True: "These only a person can change; --on-conflict skip leaves them and goes on with the others.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Carries out a proposal on one Hub as one account; both are None where only files are written."""

    policy: Policy
    hub: Hub | None = None
    account: Account | None = None

    def publish(self, card: ReadCard, proposal: Proposal, how: Publish) -> Outcome:
        """Preview, write, push or propose.

        Raises NothingFound, PublishedConflict, DuplicatePullRequest, InvalidCard, StaleRevision and the Hub's
        refusals; nothing was written then, unless the error says what was.
        """
        if how == "preview":
            return Outcome(status="preview", card=card, proposal=proposal)
        _refuse_unpublishable(proposal)
        if how == "create-pr" and card.path is None:
            _refuse_invalid(proposal)
            return self._propose(card, proposal)
        if not proposal.files:
            return Outcome(status=proposal.nothing_to_do, card=card, proposal=proposal)
        _refuse_invalid(proposal)
        if card.path is not None:
            return self._write(card, proposal, card.path)
        return self._push(card, proposal)

    def _write(self, card: ReadCard, proposal: Proposal, path: Path) -> Outcome:
        if self.policy.dry_run:
            return Outcome(status="preview", card=card, proposal=proposal, would="written")
        # The card last: where a file beside it cannot be written, the card is as it was.
        for name, data in sorted(proposal.files.items(), key=lambda file: file[0] == CARD_PATH):
            replace_file(path if name == CARD_PATH else path.parent / name, proposal.before.get(name), data)
        return Outcome(status="written", card=card, proposal=proposal)

    def _push(self, card: ReadCard, proposal: Proposal) -> Outcome:
        hub, _, remote = self._connected(card)
        from evalbot.hub.commits import commit  # noqa: PLC0415 - imports huggingface_hub
        from evalbot.hub.records import Change  # noqa: PLC0415 - likewise
        from evalbot.report import pull_request as text  # noqa: PLC0415 - only a write needs its template engine

        if self.policy.dry_run:
            return Outcome(status="preview", card=card, proposal=proposal, would="pushed")
        change = Change(files=proposal.files, title=text.title(proposal))
        url = commit(hub, remote.repo_id, change, parent=remote.commit)
        return Outcome(status="pushed", card=card, proposal=proposal, commit_url=url)

    def _propose(self, card: ReadCard, proposal: Proposal) -> Outcome:
        hub, account, remote = self._connected(card)
        from evalbot.hub.pull_requests import PullRequests  # noqa: PLC0415 - imports huggingface_hub
        from evalbot.proposer import Proposer  # noqa: PLC0415 - likewise

        repo = PullRequests(hub, remote.repo_id)
        proposer = Proposer(hub=hub, account=account, policy=self.policy, repo=repo, card=card, main=remote)
        return proposer.propose(proposal)

    def _connected(self, card: ReadCard) -> tuple[Hub, Account, RemoteFile]:
        if self.hub is None or self.account is None or card.remote is None:
            raise UsageError("--create-pr proposes to a repository.", hint="Name it with --repo-id, not --readme.")
        return self.hub, self.account, card.remote


def _refuse_unpublishable(proposal: Proposal) -> None:
    if not proposal.is_publishable:
        raise NothingFound(
            f"The {proposal.origin.noun} holds no score of this model that can be published.",
            hint="Run without --apply and --create-pr to see all that was left out.",
            candidates=[f"{item.label}: {item.reason}" for item in proposal.omissions],
        )
    if proposal.conflicts and proposal.choices.on_conflict != "skip":
        count = len(proposal.conflicts)
        sources = "the table or what is published" if proposal.origin.noun == "table" else "what is published"
        way_out = _WAYS_OUT[proposal.choices.on_conflict == "update" or proposal.planned().only_by_hand]
        raise PublishedConflict(
            f"Other values are published already for {count} of these scores; nothing was written.",
            hint=way_out.format(sources=sources),
            candidates=list(proposal.conflicts),
        )


def _refuse_invalid(proposal: Proposal) -> None:
    """The Hub refuses a card whose metadata is wrong anywhere, so adding to one is of no use to anybody."""
    after = proposal.files.get(CARD_PATH)
    if after is not None:
        refuse_invalid(parse_card(after.decode()))


def refuse_invalid(document: CardDocument) -> None:
    """Raise InvalidCard where the Hub would refuse the card's metadata, whatever is in it besides."""
    errors = [problem.message for problem in problems_of(document) if problem.level == "error"]
    if errors:
        raise InvalidCard(
            "The Hub refuses this card's metadata as it is, so nothing can be added to it.",
            hint="Mend it first; `evalbot validate` checks it.",
            candidates=errors,
        )
