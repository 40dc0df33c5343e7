"""Everything evalbot refuses to do, and the exit code that says so.

    EvalbotError
    ├── UsageError               2   an option, setting or file name cannot be used as given
    ├── NothingFound             3   no table, no model, no score, no such repository or file
    │   └── MissingCard          3   the repository is there, but has no README.md at that revision
    ├── AmbiguousChoice          4   a choice is needed; the candidates are listed
    ├── DuplicatePullRequest     5   an open pull request already proposes this, or somebody else works on ours
    ├── PublishedConflict        6   another source already publishes another value
    ├── AccessDenied             7   no token, a bad token, or a token without the right
    ├── ServiceFailure           8   the Hub could not be reached or did not answer as it should
    │   ├── AnswerTooLong        8   there is more of it than evalbot reads
    │   └── StaleRevision        8   the card changed while we were working
    ├── EvaluationFailed         9   a run or a job failed, was cancelled, ran out of time or of budget
    └── InvalidCard             10   the card is not what the Hub accepts, so it cannot be edited safely

Code 70 (a bug in evalbot) has no class here: it is any exception that is not in this tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BUG_EXIT_CODE = 70


class EvalbotError(Exception):
    """What could not be done (message), what to type next (hint), and what there was to choose from.

    `details` are further members of the command's JSON answer, such as the duplicates that were found.
    """

    exit_code: ClassVar[int] = BUG_EXIT_CODE
    status: ClassVar[str] = "bug"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        candidates: Sequence[str] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message if message.endswith((".", "?", "!")) else f"{message}."
        self.hint = hint
        self.candidates = tuple(candidates)
        self.details = dict(details or {})


class UsageError(EvalbotError):
    exit_code = 2
    status = "usage-error"


class NothingFound(EvalbotError):
    exit_code = 3
    status = "nothing-found"


class MissingCard(NothingFound):
    """The repository is there, but it has no README.md at that revision."""


class AmbiguousChoice(EvalbotError):
    exit_code = 4
    status = "ambiguous"


class DuplicatePullRequest(EvalbotError):
    exit_code = 5
    status = "duplicate"


class PublishedConflict(EvalbotError):
    exit_code = 6
    status = "conflict"


class AccessDenied(EvalbotError):
    exit_code = 7
    status = "access-denied"


class ServiceFailure(EvalbotError):
    exit_code = 8
    status = "service-failure"


class AnswerTooLong(ServiceFailure):
    """A file, or a folder, has more in it than any card needs."""


class StaleRevision(ServiceFailure):
    """The branch moved between reading the card and writing it: nothing was written, run again."""


class EvaluationFailed(EvalbotError):
    exit_code = 9
    status = "evaluation-failed"


class InvalidCard(EvalbotError):
    exit_code = 10
    status = "invalid-card"
