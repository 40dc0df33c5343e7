"""Repositories: settings and discussions as JSON, content as git, side by side in the data folder.

repos/models/alice/tiny.git     the bare repository
repos/models/alice/tiny.json    settings, discussions, pull requests
"""

from __future__ import annotations

import re
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from evalbot.sandbox import discussions
from evalbot.sandbox.changes import Change
from evalbot.sandbox.discussions import Discussion, Status
from evalbot.sandbox.git_store import MAIN, GitStore
from evalbot.sandbox.records import new_id, now, read_json, write_json
from evalbot.sandbox.ref_journal import RefJournal
from evalbot.sandbox.refusals import Refusal, bad_request
from evalbot.sandbox.seed import GIT_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

REPO_PATH = "/api/{kinds}/{namespace}/{name}"
"""Where the API of one repository starts, as the routes write it."""

Gate = Literal["auto", "manual", False]

_LONGEST_COMMIT = 10.0  # seconds; a commit that waits longer than this for another one is refused
_NAME = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of repository is a name and where its URLs start; nothing else differs."""

    name: str
    plural: str
    prefix: str


MODEL = Kind("model", "models", "")
DATASET = Kind("dataset", "datasets", "datasets/")
KINDS = (MODEL, DATASET)


def kind_named(name: object) -> Kind:
    for kind in KINDS:
        if name == kind.name:
            return kind
    raise bad_request(f'"type" must be one of [{", ".join(kind.name for kind in KINDS)}]')


@dataclass(slots=True)
class Repo:
    kind: Kind
    id: str
    folder: Path
    private: bool = False
    gated: Gate = False
    disabled: bool = False
    discussions_on: bool = True
    former_ids: list[str] = field(default_factory=list)
    key: str = field(default_factory=new_id)
    created_at: str = field(default_factory=now)
    discussions: dict[int, Discussion] = field(default_factory=dict)
    journal: RefJournal = field(default_factory=RefJournal)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def namespace(self) -> str:
        return self.id.partition("/")[0]

    @property
    def page(self) -> str:
        """Where the repository stands below the endpoint: `alice/tiny`, `datasets/alice/words`."""
        return self.kind.prefix + self.id

    @property
    def is_listed(self) -> bool:
        """Whether strangers find it in lists."""
        return not self.private and not self.disabled

    def store(self, as_of: float | None = None) -> GitStore:
        return GitStore(self.folder, self.journal, as_of)

    @contextmanager
    def alone(self) -> Iterator[GitStore]:
        """One writer at a time; what it changed in this object is on disk when the block ends."""
        if not self._lock.acquire(timeout=_LONGEST_COMMIT):
            message = "Another commit operation is in progress for this repository. Please try again later."
            raise Refusal(409, message)
        try:
            yield self.store()
            self.save()
        finally:
            self._lock.release()

    def discussion(self, num: int) -> Discussion:
        try:
            return self.discussions[num]
        except KeyError:
            raise Refusal(404, "Discussion not found") from None

    def discuss(self, *, title: str, author: str, text: str, status: Status, base: str | None = None) -> Discussion:
        """Start a discussion, or with a base branch a pull request. Numbers are given once, for both."""
        num = max(self.discussions, default=0) + 1
        started = Discussion(num, title, author, status, base is not None, base or MAIN, started_as=status)
        started.comment(author, text)
        self.discussions[num] = started
        return started

    def save(self) -> None:
        record = {
            "id": self.id,
            "private": self.private,
            "gated": self.gated,
            "disabled": self.disabled,
            "discussions_on": self.discussions_on,
            "former_ids": self.former_ids,
            "key": self.key,
            "created_at": self.created_at,
            "discussions": [discussion.as_record() for discussion in self.discussions.values()],
        }
        write_json(_record_path(self.folder), record)


class Repos:
    """All repositories by type and id, whatever the id's case."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._repos = {_key(repo.kind, repo.id): repo for kind in KINDS for repo in _stored(kind, root)}

    def find(self, kind: Kind, repo_id: str) -> Repo | None:
        return self._repos.get(_key(kind, repo_id))

    def moved(self, kind: Kind, repo_id: str) -> Repo | None:
        """The repository that had this id before it was moved, unless a new one took the id."""
        if self.find(kind, repo_id):
            return None
        return next((repo for repo in self.of_kind(kind) if repo_id.lower() in repo.former_ids), None)

    def of_kind(self, kind: Kind) -> list[Repo]:
        return sorted((repo for repo in list(self._repos.values()) if repo.kind is kind), key=lambda repo: repo.id)

    def create(
        self,
        kind: Kind,
        repo_id: str,
        *,
        author: str,
        private: bool = False,
        gated: Gate = False,
        files: Mapping[str, bytes] | None = None,
    ) -> Repo | None:
        """A new repository with the Hub's first commit, or None where the id is taken."""
        checked_id(repo_id)
        with self._lock:
            if self.find(kind, repo_id):
                return None
            repo = Repo(kind, repo_id, self._root / kind.plural / f"{repo_id}.git", private, gated)
            self._free(kind, repo_id)
            shutil.rmtree(repo.folder, ignore_errors=True)  # left by a creation that was killed half way
            store = GitStore.create(repo.folder)
            first = {".gitattributes": GIT_ATTRIBUTES, **(files or {})}
            _commit_files(store, first, None, "initial commit", author)
            repo.save()
            self._repos[_key(kind, repo_id)] = repo
            return repo

    def _free(self, kind: Kind, repo_id: str) -> None:
        """What led from this id to a moved repository ends."""
        former = self.moved(kind, repo_id)
        if former is not None:
            with former.alone():
                former.former_ids.remove(repo_id.lower())

    def delete(self, repo: Repo) -> None:
        with self._lock, repo.alone():
            del self._repos[_key(repo.kind, repo.id)]
            shutil.rmtree(repo.folder)
        _record_path(repo.folder).unlink()

    def move(self, repo: Repo, repo_id: str) -> None:
        """The caller has made sure that the new id is free."""
        checked_id(repo_id)
        with self._lock:
            self._free(repo.kind, repo_id)
            old, new = repo.folder, self._root / repo.kind.plural / f"{repo_id}.git"
            with repo.alone():
                new.parent.mkdir(parents=True, exist_ok=True)
                if repo.id.lower() != repo_id.lower():
                    repo.former_ids.append(repo.id.lower())
                del self._repos[_key(repo.kind, repo.id)]
                old.rename(new)
                repo.id, repo.folder = repo_id, new
                self._repos[_key(repo.kind, repo_id)] = repo
            if _record_path(old) != _record_path(new):
                _record_path(old).unlink()


def add_files(repo: Repo, files: Mapping[str, bytes | Path], *, author: str) -> str:
    """One commit on main with these files; the new head. It belongs to how the repository was made: no read lags it.

    A large file is given as the path where it lies on disk.
    """
    with repo.alone():
        store = GitStore(repo.folder)
        return _commit_files(store, files, store.resolve("main"), "Upload files", author)


def checked_id(repo_id: str) -> None:
    parts = repo_id.split("/")
    fits = all(_NAME.fullmatch(part) and not part.lower().endswith(".git") for part in parts)
    if not fits or len(parts) != len(("namespace", "name")):
        raise bad_request(f"Invalid repo name: {repo_id}")


def _commit_files(
    store: GitStore, files: Mapping[str, bytes | Path], parent: str | None, message: str, author: str
) -> str:
    changes = [
        Change(path, content) if isinstance(content, bytes) else Change(path, blob=store.keep(content))
        for path, content in files.items()
    ]
    head = store.commit(changes, parent=parent, message=message, author=author)
    store.point(MAIN, head)
    return head


def _stored(kind: Kind, root: Path) -> Iterator[Repo]:
    for path in sorted((root / kind.plural).glob("*/*.json")):
        if not path.with_suffix(".git").is_dir():
            continue  # a deletion that was killed half way
        record = read_json(path)
        found = [discussions.from_record(stored) for stored in record.pop("discussions")]
        folder = path.with_suffix(".git")
        yield Repo(kind, folder=folder, discussions={each.num: each for each in found}, **record)


def _record_path(folder: Path) -> Path:
    return folder.with_suffix(".json")


def _key(kind: Kind, repo_id: str) -> tuple[str, str]:
    return kind.name, repo_id.lower()
