"""Who may see, read, change and propose: the Hub's rules, in one place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.sandbox.refusals import (
    NO_WRITE_RIGHT,
    disabled,
    discussions_off,
    forbidden,
    gated,
    gated_for_token,
    repo_not_found,
    revision_not_found,
    sign_in_first,
)

if TYPE_CHECKING:
    from evalbot.sandbox.accounts import Accounts, Token
    from evalbot.sandbox.discussions import Discussion
    from evalbot.sandbox.permissions import Permission
    from evalbot.sandbox.repos import Kind, Repo

_READ_ONLY = "Forbidden: this token has the role `read`; use a token with the role `write`"
_PULL_REF = re.compile(r"refs/pr/([1-9][0-9]*)")


def belongs(accounts: Accounts, repo: Repo, who: Token | None) -> bool:
    return who is not None and accounts.owns(who.user, repo.namespace)


def sees(accounts: Accounts, repo: Repo, who: Token | None) -> bool:
    """Whether lists show it to them."""
    if not repo.private:
        return True
    return who is not None and belongs(accounts, repo, who) and _may(who, "repo.content.read", repo)


def writes(accounts: Accounts, repo: Repo, who: Token | None) -> bool:
    return who is not None and belongs(accounts, repo, who) and _may(who, "repo.write", repo)


def must_see(accounts: Accounts, repo: Repo | None, who: Token | None) -> Repo:
    """A private repository and none at all are told apart by nobody who may not see it."""
    if repo is None or (repo.private and not belongs(accounts, repo, who)):
        raise repo_not_found() if who else sign_in_first()
    if repo.private:
        _must_have(who, "repo.content.read", repo)
    if repo.disabled:
        raise disabled()
    return repo


def reads_files(accounts: Accounts, repo: Repo, who: Token | None) -> bool:
    """The metadata of a gated repository is open to all; its bytes are not."""
    if not repo.gated:
        return True
    if who is None or not belongs(accounts, repo, who):
        return False
    return _may(who, "repo.content.read", repo) or (who.fine is not None and who.fine.can_read_gated_repos)


def must_read_files(accounts: Accounts, repo: Repo, who: Token | None) -> None:
    if reads_files(accounts, repo, who):
        return
    if belongs(accounts, repo, who):
        raise gated_for_token(repo.id)
    raise gated(repo.id, signed_in=who is not None)


def must_sign_in(who: Token | None) -> Token:
    if who is None:
        raise sign_in_first()
    return who


def must_discuss(repo: Repo) -> None:
    """Where discussions are turned off there are no pull requests either."""
    if not repo.discussions_on:
        raise discussions_off()


def must_take_part(repo: Repo, who: Token | None) -> Token:
    """Discuss and propose: any signed-in user, with a token that may."""
    return _must_have(who, "discussion.write", repo)


def must_create(who: Token | None, kind: Kind, repo_id: str) -> Token:
    """A repository in a namespace: that it is theirs, the caller has seen to."""
    token = _no_reader(who)
    if not token.may("repo.write", kind.name, repo_id):
        raise forbidden(_lacks("repo.write", repo_id))
    return token


def must_write(accounts: Accounts, repo: Repo, who: Token | None) -> Token:
    token = _no_reader(who)
    if not belongs(accounts, repo, token):
        raise forbidden(f"Forbidden: you do not have write access to {repo.id}")
    return _must_have(token, "repo.write", repo)


def must_push(accounts: Accounts, repo: Repo, who: Token | None, revision: str) -> Token:
    """Push to a revision: writers anywhere, the author of a pull request to its own ref."""
    token = _no_reader(who)
    pull_request = pull_request_of(repo, revision)
    if writes(accounts, repo, token):
        return token
    if pull_request is not None and pull_request.author == token.user:
        return _must_have(token, "discussion.write", repo)
    raise forbidden(NO_WRITE_RIGHT)


def must_moderate(accounts: Accounts, repo: Repo, who: Token | None, discussion: Discussion) -> Token:
    """Rename, close and reopen: the author, and writers of the repository."""
    if must_sign_in(who).user == discussion.author:
        return must_take_part(repo, who)
    return must_write(accounts, repo, who)


def pull_request_of(repo: Repo, revision: str) -> Discussion | None:
    """The pull request `refs/pr/N` names; None for other revisions."""
    named = _PULL_REF.fullmatch(revision)
    if named is None:
        return None
    found = repo.discussions.get(int(named[1]))
    if found is None or not found.is_pull_request:
        raise revision_not_found(revision)
    return found


def _may(who: Token, permission: Permission, repo: Repo) -> bool:
    return who.may(permission, repo.kind.name, repo.id)


def _must_have(who: Token | None, permission: Permission, repo: Repo) -> Token:
    token = must_sign_in(who)
    if not _may(token, permission, repo):
        raise forbidden(_READ_ONLY if token.fine is None else _lacks(permission, repo.id))
    return token


def _no_reader(who: Token | None) -> Token:
    if must_sign_in(who).role == "read":
        raise forbidden(_READ_ONLY)
    return must_sign_in(who)


def _lacks(permission: Permission, repo_id: str) -> str:
    """The Hub's sentence is not known; this one is ours."""
    return f"Forbidden: this fine-grained token lacks the permission `{permission}` on {repo_id}"
