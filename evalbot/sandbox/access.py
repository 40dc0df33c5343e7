"""Who may see, read, change and propose: the Hub's rules, in one place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.sandbox.refusals import (
    NO_WRITE_RIGHT,
    forbidden,
    gated,
    repo_not_found,
    revision_not_found,
    sign_in_first,
)

if TYPE_CHECKING:
    from evalbot.sandbox.accounts import Accounts, Token
    from evalbot.sandbox.discussions import Discussion
    from evalbot.sandbox.repos import Repo

_READ_ONLY = "Forbidden: this token has the role `read`; use a token with the role `write`"
_PULL_REF = re.compile(r"refs/pr/([1-9][0-9]*)")


def belongs(accounts: Accounts, repo: Repo, who: Token | None) -> bool:
    return who is not None and accounts.owns(who.user, repo.namespace)


def writes(accounts: Accounts, repo: Repo, who: Token | None) -> bool:
    return who is not None and who.role == "write" and belongs(accounts, repo, who)


def must_see(accounts: Accounts, repo: Repo | None, who: Token | None) -> Repo:
    """A private repository and none at all are told apart by nobody who may not see it."""
    if repo is not None and (not repo.private or belongs(accounts, repo, who)):
        return repo
    raise repo_not_found() if who else sign_in_first()


def reads_files(accounts: Accounts, repo: Repo, who: Token | None) -> bool:
    """The metadata of a gated repository is open to all; its bytes are not."""
    return not repo.gated or belongs(accounts, repo, who)


def must_read_files(accounts: Accounts, repo: Repo, who: Token | None) -> None:
    if not reads_files(accounts, repo, who):
        raise gated(repo.id, signed_in=who is not None)


def must_sign_in(who: Token | None) -> Token:
    if who is None:
        raise sign_in_first()
    return who


def must_take_part(who: Token | None) -> Token:
    """Discuss and propose: any signed-in user, with a token that may write."""
    if must_sign_in(who).role != "write":
        raise forbidden(_READ_ONLY)
    return must_sign_in(who)


def must_write(accounts: Accounts, repo: Repo, who: Token | None) -> Token:
    token = must_take_part(who)
    if not writes(accounts, repo, token):
        raise forbidden(f"Forbidden: you do not have write access to {repo.id}")
    return token


def must_push(accounts: Accounts, repo: Repo, who: Token | None, revision: str) -> Token:
    """Push to a revision: writers anywhere, the author of a pull request to its own ref."""
    token = must_take_part(who)
    pull_request = pull_request_of(repo, revision)
    is_author = pull_request is not None and pull_request.author == token.user
    if not is_author and not writes(accounts, repo, token):
        raise forbidden(NO_WRITE_RIGHT)
    return token


def must_moderate(accounts: Accounts, repo: Repo, who: Token | None, discussion: Discussion) -> Token:
    """Rename, close and reopen: the author, and writers of the repository."""
    token = must_take_part(who)
    if discussion.author != token.user:
        must_write(accounts, repo, token)
    return token


def pull_request_of(repo: Repo, revision: str) -> Discussion | None:
    """The pull request `refs/pr/N` names; None for other revisions."""
    named = _PULL_REF.fullmatch(revision)
    if named is None:
        return None
    found = repo.discussions.get(int(named[1]))
    if found is None or not found.is_pull_request:
        raise revision_not_found(revision)
    return found
