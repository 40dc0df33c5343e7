"""What the Hub's answers mean for the person who asked: library exceptions become evalbot's own."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx2
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RevisionNotFoundError,
)

from evalbot.errors import (
    AccessDenied,
    EvalbotError,
    InvalidCard,
    MissingCard,
    NothingFound,
    ServiceFailure,
    StaleRevision,
    UsageError,
)
from evalbot.hub.retries import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS_PAGE = "https://huggingface.co/settings/tokens"
_LONGEST_QUOTE = 300
"""Characters of a server's message that are repeated to the user."""


@contextmanager
def translated(doing: str, repo_id: str, *, authenticated: bool, path: str = "README.md") -> Iterator[None]:
    """Run calls of huggingface_hub; `doing` completes "Could not …". Raises evalbot's errors only.

    `path` is the file they are about, for the message where it is not there.
    """
    could_not = f"Could not {doing}"
    try:
        yield
    except EvalbotError:
        raise
    except HfHubHTTPError as error:
        raise (
            _by_error_code(error, could_not, repo_id, path)
            or _by_status(error, could_not, repo_id, authenticated=authenticated)
        ) from None
    except OfflineModeIsEnabled:
        raise UsageError(f"{could_not}: HF_HUB_OFFLINE is set.", hint="Unset HF_HUB_OFFLINE, then run again.") from None
    except httpx2.TimeoutException:
        raise ServiceFailure(f"{could_not}: the Hub did not answer in time.", hint="Run again later.") from None
    except httpx2.HTTPError as error:
        raise ServiceFailure(
            f"{could_not}: {_plain(error)}.", hint="Check the network and HF_ENDPOINT, then run again."
        ) from None
    except UNREADABLE:
        raise ServiceFailure(
            f"{could_not}: the server's answer is not one of the Hub's API (a proxy or an error page?).",
            hint="Check HF_ENDPOINT and any proxy in between, then run again.",
        ) from None


def _by_error_code(error: HfHubHTTPError, could_not: str, repo_id: str, path: str) -> EvalbotError | None:
    """The error for an answer the Hub names by an error code; None where it names none."""
    if isinstance(error, GatedRepoError):
        return AccessDenied(
            f"{could_not}: {repo_id} is gated and this account has not been let in.",
            hint="Open the model's page in a browser, accept its conditions, then run again with that account's token.",
        )
    if isinstance(error, EntryNotFoundError):
        return MissingCard(f"{could_not}: {repo_id} has no {path}.", hint=f"Add a {path} to the repository.")
    if isinstance(error, RevisionNotFoundError):
        return NothingFound(f"{could_not}: {repo_id} has no such revision.")
    if isinstance(error, DisabledRepoError):
        return AccessDenied(
            f"{could_not}: the Hub has disabled {repo_id}.",
            hint="Nothing can be read or proposed there; its owner may ask the Hub why.",
        )
    return None


def _by_status(error: HfHubHTTPError, could_not: str, repo_id: str, *, authenticated: bool) -> EvalbotError:
    """The error for an answer by its HTTP status alone: 401, 403 and 404 are told apart."""
    status, said = error.response.status_code, _plain(error.server_message or "")
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return _unauthorised(could_not, repo_id, said, authenticated=authenticated)
        case HTTPStatus.FORBIDDEN if "discussions are disabled" in said.lower():
            failure: EvalbotError = AccessDenied(
                f"{could_not}: its owner has turned off discussions and pull requests there.",
                hint=f"Ask the owner of {repo_id}; with write access, --apply pushes without a pull request.",
            )
        case HTTPStatus.FORBIDDEN:
            failure = AccessDenied(
                f"{could_not}: this token may not do that ({said or 'Forbidden'}).",
                hint=f"Use --create-pr on models you do not own, and a token with write access ({TOKENS_PAGE}).",
            )
        case HTTPStatus.NOT_FOUND:
            failure = NothingFound(
                f"{could_not}: there is no model {repo_id}, or it is private and this token cannot see it.",
                hint="Check the spelling of --repo-id (owner/name).",
            )
        case HTTPStatus.CONFLICT | HTTPStatus.PRECONDITION_FAILED:
            failure = StaleRevision(
                f"{could_not}: the repository changed while evalbot was working ({said}).", hint="Run again."
            )
        case HTTPStatus.BAD_REQUEST:
            failure = InvalidCard(f"{could_not}: the Hub refuses the change ({said}).")
        case HTTPStatus.TOO_MANY_REQUESTS:
            failure = ServiceFailure(
                f"{could_not}: the Hub asks for fewer requests ({said}).", hint="Run again in a few minutes."
            )
        case _:
            failure = ServiceFailure(f"{could_not}: the Hub answered {status} ({said}).", hint="Run again later.")
    return failure


def _unauthorised(could_not: str, repo_id: str, said: str, *, authenticated: bool) -> AccessDenied:
    if authenticated and ("credentials" in said.lower() or not repo_id):
        return AccessDenied(
            f"{could_not}: the Hub does not know this token.", hint=f"Set HF_TOKEN to a valid one from {TOKENS_PAGE}."
        )
    return AccessDenied(
        f"{could_not}: there is no public model {repo_id}; if it is private, a token is needed.",
        hint=f"Check the spelling of --repo-id, or set HF_TOKEN ({TOKENS_PAGE}).",
    )


def _plain(error: object) -> str:
    return " ".join(str(error).split())[:_LONGEST_QUOTE].rstrip(".")
