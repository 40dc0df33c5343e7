"""What a pull request would change, whether it still fits, and merging it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygit2

if TYPE_CHECKING:
    from evalbot.sandbox.discussions import Discussion
    from evalbot.sandbox.git_store import CommitRecord, GitStore


def diff(store: GitStore, base: str, head: str) -> str:
    """The unified diff from where the branches parted to `head`: what the pull request itself changes."""
    start = parting(store, base, head)
    found = store.git.diff(pygit2.Oid(hex=start), pygit2.Oid(hex=head))
    return "" if found.patch is None else found.patch


def diff_of(store: GitStore, pull_request: Discussion) -> str:
    """What a pull request changes; of a merged one, what it changed, for today's base already holds it."""
    return diff(store, *ends(store, pull_request))


def ends(store: GitStore, pull_request: Discussion) -> tuple[str, str]:
    """Base and head of a pull request; of a merged one, the base just before it was merged."""
    base, head = store.resolve(pull_request.base), store.resolve(pull_request.ref)
    if pull_request.merge_commit:
        base = store.parent(pull_request.merge_commit) or base
    return base, head


def conflicts(store: GitStore, base: str, head: str) -> list[str]:
    """Paths that both sides changed in ways git cannot put together."""
    return _conflicts(store.git.merge_commits(pygit2.Oid(hex=base), pygit2.Oid(hex=head)))


def squash(store: GitStore, base: str, head: str, *, title: str, author: str) -> str | None:
    """The commit that merges `head` into `base`, or None where they conflict. No ref moves.

    The trees are merged three ways, by git; the commit has one parent and names the commits it brings, which is
    how merged pull requests stand in the history of repositories on the Hub.
    """
    index = store.git.merge_commits(pygit2.Oid(hex=base), pygit2.Oid(hex=head))
    if _conflicts(index):
        return None
    brought = [f"- {commit.title} ({commit.oid})" for commit in proposed(store, base, head)]
    message = "\n\n".join([title, "\n".join(brought)]) if brought else title
    return store.write_commit(index, parents=[base], message=message, author=author)


def proposed(store: GitStore, base: str, head: str) -> list[CommitRecord]:
    """The pull request's own commits, oldest first."""
    start = parting(store, base, head)
    own = []
    for commit in store.history(head):
        if commit.oid == start:
            break
        own.append(commit)
    return own[::-1]


def parting(store: GitStore, base: str, head: str) -> str:
    """The commit where a branch left its base."""
    return str(store.git.merge_base(pygit2.Oid(hex=base), pygit2.Oid(hex=head)))


def _conflicts(index: pygit2.Index) -> list[str]:
    found = index.conflicts
    if found is None:
        return []
    return sorted({next(side.path for side in sides if side is not None) for sides in found})
