"""A bare git repository: what the Hub's file, ref and commit calls read and write.

Branches are refs/heads/*, pull requests refs/pr/N, tags refs/tags/*, so `git clone` and
`git fetch origin refs/pr/1` work on the folder as it lies on disk.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import FileMode, SortMode

from evalbot.sandbox.changes import COMMIT_ID
from evalbot.sandbox.refusals import entry_not_found, revision_not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from evalbot.sandbox.changes import Change
    from evalbot.sandbox.ref_journal import RefJournal

MAIN = "refs/heads/main"


@dataclass(frozen=True, slots=True)
class Entry:
    path: str
    oid: str
    size: int
    is_folder: bool


@dataclass(frozen=True, slots=True)
class CommitRecord:
    oid: str
    message: str
    author: str
    time: int

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]

    @property
    def details(self) -> str:
        return self.message.partition("\n")[2].strip()


@dataclass(frozen=True)
class GitStore:
    """One repository. Objects of pygit2 do not cross threads, so every request makes its own GitStore.

    `as_of` (seconds since 1970) shows the refs as they were then, by the journal; None is now.
    """

    folder: Path
    journal: RefJournal | None = None
    as_of: float | None = None

    @classmethod
    def create(cls, folder: Path) -> GitStore:
        pygit2.init_repository(str(folder), bare=True, initial_head="main")
        return cls(folder)

    @cached_property
    def git(self) -> pygit2.Repository:
        return pygit2.Repository(str(self.folder))

    # Refs

    def resolve(self, revision: str) -> str:
        """The commit a branch, tag, full ref name, `HEAD` or 5 to 40 digit commit id stands for."""
        name = "main" if revision == "HEAD" else revision
        for ref in (f"refs/heads/{name}", f"refs/tags/{name}", name if name.startswith("refs/") else ""):
            found = self.ref(ref)
            if found:
                return found
        return self._by_id(revision)

    def ref(self, name: str) -> str | None:
        """The commit a full ref name points to, or None; names git itself would refuse are just unknown."""
        if name in self._past:
            return self._past[name]
        try:
            return str(self.git.lookup_reference(name).peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError):
            return None

    def refs(self, prefix: str) -> dict[str, str]:
        """Short name → commit, for all refs below the prefix (which ends in a slash)."""
        names = sorted(name for name in {*self.git.references, *self._past} if name.startswith(prefix))
        return {name.removeprefix(prefix): commit for name in names if (commit := self.ref(name))}

    def point(self, ref: str, commit: str) -> None:
        """Make or move a ref; OSError where another ref is in its way (`main` in that of `main/x`)."""
        before = self.ref(ref)
        self.git.references.create(ref, pygit2.Oid(hex=commit), force=True)
        self._note(ref, before)

    def remove(self, ref: str) -> None:
        before = self.ref(ref)
        self.git.references.delete(ref)
        self._note(ref, before)

    def _note(self, ref: str, before: str | None) -> None:
        if self.journal is not None:
            self.journal.note(ref, before)

    @cached_property
    def _past(self) -> dict[str, str | None]:
        """Refs that have moved since `as_of`, as they were."""
        return {} if self.as_of is None or self.journal is None else self.journal.since(self.as_of)

    def is_name(self, ref: str) -> bool:
        return pygit2.reference_is_valid_name(ref)

    def _by_id(self, revision: str) -> str:
        if COMMIT_ID.fullmatch(revision.lower()):
            # ValueError: several objects start with these digits, or the one that does is no commit.
            with suppress(KeyError, ValueError, pygit2.GitError):
                return str(self.git[revision.lower()].peel(pygit2.Commit).id)
        raise revision_not_found(revision)

    # Reading

    def entry(self, commit: str, path: str) -> Entry | None:
        try:
            found = self._commit(commit).tree[path]
        except (KeyError, ValueError):
            return None
        return self._entry(path, found)

    def read(self, commit: str, path: str) -> bytes | None:
        """The bytes of one file at a commit; None where there is no such file."""
        entry = self.entry(commit, path)
        if entry is None or entry.is_folder:
            return None
        return self.blob(entry.oid)

    def blob(self, oid: str) -> bytes:
        return self._blob(oid).data

    def unpack(self, oid: str, target: Path) -> None:
        """Write a file's bytes to disk without a second copy of them in memory."""
        with target.open("wb") as file:
            file.write(memoryview(self._blob(oid)))

    def _blob(self, oid: str) -> pygit2.Blob:
        found = self.git[oid]
        assert isinstance(found, pygit2.Blob)  # noqa: S101 - the oid comes from an Entry of a file
        return found

    def entries(self, commit: str, folder: str = "", *, recursive: bool) -> Iterator[Entry]:
        """Files and folders below a folder, parents before children, in git's order."""
        tree = self._commit(commit).tree
        start: pygit2.Object = tree
        if folder:
            try:
                start = tree[folder]
            except (KeyError, ValueError):
                raise entry_not_found(f"{folder} does not exist", commit=commit) from None
        if isinstance(start, pygit2.Tree):
            yield from self._walk(start, f"{folder}/" if folder else "", recursive=recursive)

    def _walk(self, tree: pygit2.Tree, prefix: str, *, recursive: bool) -> Iterator[Entry]:
        for child in tree:
            path = f"{prefix}{child.name}"
            yield self._entry(path, child)
            if recursive and isinstance(child, pygit2.Tree):
                yield from self._walk(child, f"{path}/", recursive=True)

    def _entry(self, path: str, found: pygit2.Object) -> Entry:
        """The size is read from the object's header: asking the object itself would unpack all of the file."""
        is_folder = isinstance(found, pygit2.Tree)
        size = 0 if is_folder else self._objects.read_header(found.id)[1]
        return Entry(path, str(found.id), size, is_folder)

    @cached_property
    def _objects(self) -> pygit2.Odb:
        return self.git.odb

    def files(self, commit: str) -> list[Entry]:
        return [entry for entry in self.entries(commit, recursive=True) if not entry.is_folder]

    def history(self, commit: str) -> Iterator[CommitRecord]:
        for found in self.git.walk(pygit2.Oid(hex=commit), SortMode.TOPOLOGICAL):
            yield _record(found)

    def last_change(self, commit: str, path: str) -> CommitRecord:
        """The commit that gave the path the content it has, along the first parents."""
        current, entry = self._commit(commit), self.entry(commit, path)
        while current.parent_ids and self.entry(str(current.parent_ids[0]), path) == entry:
            current = self._commit(str(current.parent_ids[0]))
        return _record(current)

    def record(self, commit: str) -> CommitRecord:
        return _record(self._commit(commit))

    def parent(self, commit: str) -> str | None:
        return next((str(oid) for oid in self._commit(commit).parent_ids), None)

    def _commit(self, oid: str) -> pygit2.Commit:
        return self.git[oid].peel(pygit2.Commit)

    # Writing

    def commit(self, changes: Iterable[Change], *, parent: str | None, message: str, author: str) -> str:
        """Write the changed tree and a commit on top of `parent`. No ref moves: that is for the caller."""
        index = pygit2.Index()
        if parent:
            index.read_tree(self._commit(parent).tree)
        for change in changes:
            self._apply(change, index)
        return self.write_commit(index, parents=[parent] if parent else [], message=message, author=author)

    def keep(self, source: Path) -> str:
        """The id of a blob with the bytes of a file on disk, which are not read into memory at once."""
        return str(self.git.create_blob_fromdisk(str(source)))

    def write_commit(self, index: pygit2.Index, *, parents: list[str], message: str, author: str) -> str:
        who = pygit2.Signature(author, f"{author}@users.noreply.sandbox.invalid")
        tree = index.write_tree(self.git)
        ids = [pygit2.Oid(hex=parent) for parent in parents]
        return str(self.git.create_commit(None, who, who, message, tree, ids))

    def _apply(self, change: Change, index: pygit2.Index) -> None:
        if change.content is not None or change.blob is not None:
            _make_room(index, change.path)
            blob = pygit2.Oid(hex=change.blob) if change.blob else self.git.create_blob(change.content or b"")
            index.add(pygit2.IndexEntry(change.path, blob, FileMode.BLOB))
            return
        before = len(index)
        if change.path in index and not change.removes_folder:
            index.remove(change.path)
        index.remove_directory(change.path)  # the Hub takes `deletedFile` for folders too
        if len(index) == before:
            raise entry_not_found("A file with this name doesn't exist")


def _make_room(index: pygit2.Index, path: str) -> None:
    """A file takes the place of a folder of its name, and of files whose names its folders have."""
    index.remove_directory(path)
    parts = path.split("/")
    for folder in ("/".join(parts[:depth]) for depth in range(1, len(parts))):
        if folder in index:
            index.remove(folder)


def _record(commit: pygit2.Commit) -> CommitRecord:
    return CommitRecord(str(commit.id), commit.message, commit.author.name, commit.commit_time)
