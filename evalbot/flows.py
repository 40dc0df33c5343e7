"""The journeys from a card to what people and the Hub get of it, each in a few steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalbot.card import model_index, validation
from evalbot.card.document import decode_card, parse_card
from evalbot.card_source import CardSource, ReadCard, read_card
from evalbot.errors import NothingFound, StaleRevision, UsageError
from evalbot.proposal import Layout, propose_from_tables
from evalbot.publication import Publisher
from evalbot.readme.survey import TableReport, survey
from evalbot.score import Source
from evalbot.settings import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.hub.client import Hub, PullRequest
    from evalbot.outcome import Outcome, Publish
    from evalbot.readme.extract import Wanted

ATTEMPTS_WHEN_STALE = 3
"""How often a card that changes under us is read again before we give up."""


def inspect_tables(source: CardSource, connect: Callable[[], Hub]) -> tuple[ReadCard, tuple[TableReport, ...]]:
    """Every table of a card with what it is taken for. Raises NothingFound for a card without tables."""
    card = read_card(source, connect)
    reports = survey(decode_card(card.data))
    if not reports:
        raise NothingFound(
            "No tables found in README.", hint="evalbot reads Markdown tables with a | --- | line, and HTML tables."
        )
    return card, reports


def show(source: CardSource, connect: Callable[[], Hub]) -> tuple[ReadCard, tuple[model_index.Published, ...]]:
    """What a card's model-index publishes."""
    card = read_card(source, connect)
    return card, model_index.published(parse_card(decode_card(card.data)))


def validate(source: CardSource, connect: Callable[[], Hub]) -> tuple[ReadCard, tuple[validation.Problem, ...]]:
    """What the Hub would refuse or doubt in a card's model-index."""
    card = read_card(source, connect)
    return card, validation.problems_of(parse_card(decode_card(card.data)))


def open_pull_requests(repo_id: str, connect: Callable[[], Hub]) -> list[PullRequest]:
    """All open and draft pull requests of a repository, newest first."""
    return connect().open_pull_requests(repo_id)


def extract_readme(
    source: CardSource,
    wanted: Wanted,
    layout: Layout,
    connect: Callable[[], Hub],
    *,
    publish: Publish = "preview",
    dry_run: bool = False,
    allow_duplicate: bool = False,
) -> Outcome:
    """Read one model's scores from a card's tables and preview, write, push or propose them.

    A card that changes between reading and writing is read again, a bounded number of times. Raises the errors of
    each step; nothing was written then, unless the answer to a commit was lost: such an error says where to look.
    """
    publisher = _publisher(source, connect, publish, dry_run=dry_run, allow_duplicate=allow_duplicate)
    for attempt in range(ATTEMPTS_WHEN_STALE):
        card = read_card(source, connect)
        repo_id = None if card.remote is None else card.remote.repo_id
        proposal = propose_from_tables(card.data, wanted, layout, repo_id=repo_id, source=_address_of(card, connect))
        try:
            return publisher.publish(card, proposal, publish)
        except StaleRevision:
            if attempt == ATTEMPTS_WHEN_STALE - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _publisher(
    source: CardSource, connect: Callable[[], Hub], publish: Publish, *, dry_run: bool, allow_duplicate: bool
) -> Publisher:
    """Before any work: who we are, and whether we may do what is asked."""
    if source.repo_id is None:
        if publish == "create-pr":
            raise UsageError("--create-pr proposes to a repository.", hint="Name it with --repo-id, not --readme.")
        return Publisher(dry_run=dry_run)
    if publish == "preview":
        return Publisher()
    from evalbot.hub.client import require_write_role  # noqa: PLC0415 - imports huggingface_hub

    hub = connect()
    account = hub.account()
    require_write_role(account)
    hub.require_access(source.repo_id, write=publish == "apply")
    return Publisher(hub=hub, account=account, dry_run=dry_run, allow_duplicate=allow_duplicate)


def _address_of(card: ReadCard, connect: Callable[[], Hub]) -> Source | None:
    """The card itself, as the place the scores come from; a local file has no address."""
    if card.remote is None:
        return None
    endpoint = connect().endpoint
    # Only https is published: what is rehearsed on a sandbox hub names the model's page on the public Hub.
    public = endpoint if endpoint.startswith("https://") else DEFAULT_ENDPOINT
    return Source(name="Model card", url=f"{public}/{card.remote.repo_id}")
