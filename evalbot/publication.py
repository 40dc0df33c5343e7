"""Where a proposal goes: a local file, a push, or one pull request; and why it goes nowhere."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalbot.card.document import parse_card
from evalbot.card.validation import problems_of
from evalbot.errors import (
    DuplicatePullRequest,
    InvalidCard,
    NothingFound,
    PublishedConflict,
    StaleRevision,
    UsageError,
)
from evalbot.outcome import Outcome

if TYPE_CHECKING:
    from evalbot.card.merge import Merge
    from evalbot.card_source import ReadCard
    from evalbot.hub.client import Account, Hub, RemoteCard
    from evalbot.hub.overlap import Overlap
    from evalbot.outcome import Publish
    from evalbot.proposal import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Carries out a proposal on one Hub as one account; both are None where only files are written."""

    hub: Hub | None = None
    account: Account | None = None
    dry_run: bool = False
    allow_duplicate: bool = False

    def publish(self, card: ReadCard, proposal: Proposal, how: Publish) -> Outcome:
        """Preview, write, push or propose.

        Raises NothingFound, PublishedConflict, DuplicatePullRequest, InvalidCard, StaleRevision and the Hub's
        refusals; nothing was written then, unless the answer to a commit was lost: such an error says where to look.
        """
        if how == "preview":
            return Outcome(status="preview", card=card, proposal=proposal)
        merge, after = proposal.planned()
        _refuse_unpublishable(proposal, merge)
        if not merge.added:
            return Outcome(status="up-to-date", card=card, proposal=proposal)
        _refuse_invalid(after)
        if card.path is not None:
            return self._write(card, proposal, card.path, after)
        if how == "apply":
            return self._push(card, proposal, after)
        return self._propose(card, proposal, merge, after)

    def _write(self, card: ReadCard, proposal: Proposal, path: Path, after: str) -> Outcome:
        if self.dry_run:
            return Outcome(status="preview", card=card, proposal=proposal, would="written")
        _replace_file(path, card.data, after.encode())
        return Outcome(status="written", card=card, proposal=proposal)

    def _push(self, card: ReadCard, proposal: Proposal, after: str) -> Outcome:
        hub, _, remote = self._connected(card)
        from evalbot.report import pull_request as text  # noqa: PLC0415 - only a write needs its template engine

        if self.dry_run:
            return Outcome(status="preview", card=card, proposal=proposal, would="pushed")
        url = hub.push(remote, after.encode(), title=text.title(proposal), description="")
        return Outcome(status="pushed", card=card, proposal=proposal, commit_url=url)

    def _propose(self, card: ReadCard, proposal: Proposal, merge: Merge, after: str) -> Outcome:
        hub, account, remote = self._connected(card)
        from evalbot.hub.overlap import overlaps  # noqa: PLC0415 - imports huggingface_hub
        from evalbot.report import pull_request as text  # noqa: PLC0415 - only a write needs its template engine

        found = overlaps(hub, remote, merge, hub.open_pull_requests(remote.repo_id))
        ours = next((o for o in found if o.pull_request.author == account.name and o.covers(merge)), None)
        made: dict[str, Any] = {"card": card, "proposal": proposal, "overlaps": found}
        if ours is not None:
            return Outcome(status="already-proposed", pull_request=ours.pull_request, **made)
        if found and not self.allow_duplicate:
            raise _duplicate(found)
        if self.dry_run:
            return Outcome(status="preview", would="proposed", **made)
        card_url = f"{hub.endpoint}/{remote.repo_id}/blob/{remote.commit}/README.md"
        description = text.description(proposal, account=account.name, card_url=card_url)
        opened = hub.propose(remote, after.encode(), account, title=text.title(proposal), description=description)
        return Outcome(status="up-to-date" if opened is None else "proposed", pull_request=opened, **made)

    def _connected(self, card: ReadCard) -> tuple[Hub, Account, RemoteCard]:
        if self.hub is None or self.account is None or card.remote is None:
            raise UsageError("--create-pr proposes to a repository.", hint="Name it with --repo-id, not --readme.")
        return self.hub, self.account, card.remote


def _refuse_unpublishable(proposal: Proposal, merge: Merge) -> None:
    if not proposal.results:
        raise NothingFound(
            "The table holds no score of this model that can be published.",
            hint="Run without --apply and --create-pr to see what was left out and why.",
        )
    if merge.conflicts:
        raise PublishedConflict(
            f"The card already publishes other values for {len(merge.conflicts)} of these scores; nothing was written.",
            hint="Correct the table or the model-index by hand, so that both say the same.",
            candidates=[conflict.describe() for conflict in merge.conflicts],
        )


def _refuse_invalid(after: str) -> None:
    """The Hub refuses a card whose metadata is wrong anywhere, so adding to one is of no use to anybody."""
    errors = [problem.message for problem in problems_of(parse_card(after)) if problem.level == "error"]
    if errors:
        raise InvalidCard(
            "The Hub refuses this card's metadata as it is, so nothing can be added to it.",
            hint="Mend it first; `evalbot validate` checks it.",
            candidates=errors,
        )


def _duplicate(found: tuple[Overlap, ...]) -> DuplicatePullRequest:
    noun = "An open pull request touches" if len(found) == 1 else f"{len(found)} open pull requests touch"
    return DuplicatePullRequest(
        f"{noun} these scores already; nothing was proposed.",
        hint="Have it merged or closed first. To open another one knowingly, add --allow-duplicate.",
        candidates=[f"{o.pull_request.url} by {o.pull_request.author}: {o.describe()}" for o in found],
        details={"duplicates": [o.as_json() for o in found]},
    )


def _replace_file(path: Path, before: bytes, after: bytes) -> None:
    """Replace a file in one step, keeping its owner and permissions and following a link to the file it names.

    Raises UsageError where it may not be written, StaleRevision where it is no longer what was read.
    """
    target = path.resolve()
    if not os.access(target, os.W_OK):
        raise UsageError(f"Could not write {path}: it is read-only.", hint="The card is unchanged.")
    try:
        with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=".evalbot-", delete=False) as new:
            written = Path(new.name)
            try:
                new.write(after)
                new.flush()
                _copy_rights(target, written)
                _require_unchanged(target, before)
                written.replace(target)
            except BaseException:
                written.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError(f"Could not write {path}: {error.strerror}. The card is unchanged.") from None


def _require_unchanged(path: Path, before: bytes) -> None:
    if path.read_bytes() != before:
        raise StaleRevision(f"{path} changed while evalbot was working.", hint="Run again.")


def _copy_rights(source: Path, target: Path) -> None:
    rights = source.stat()
    target.chmod(rights.st_mode & 0o7777)
    # Only root can give a file away; for everybody else a file of their own is theirs already.
    if (rights.st_uid, rights.st_gid) != (target.stat().st_uid, target.stat().st_gid):
        with suppress(PermissionError):
            os.chown(target, rights.st_uid, rights.st_gid)
