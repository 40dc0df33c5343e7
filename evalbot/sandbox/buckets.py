"""Storage buckets: folders of this machine, which jobs mount as they are and clients reach through hf_xet.

    buckets/{owner}/{name}/bucket.json    whose it is, and since when
    buckets/{owner}/{name}/files/…        the files themselves: what a job writes there is in the bucket
    xet/                                  hf_xet's store, from which clients read and to which they write

A client uploads to the store and names the hash; the file is then fetched from the store into the folder. The other
way round a file is put into the store when a client asks about it, and again when it has changed since.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evalbot.sandbox.jobs.spec import is_inner_path
from evalbot.sandbox.records import as_date, now, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from evalbot.sandbox.xet import Kept, XetStore

_RECORD = "bucket.json"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it was when it was looked at; times are seconds since 1970."""

    path: str
    size: int
    changed: float
    arrived: float
    stamp: tuple[int, int]
    """Size and time of the last change in nanoseconds: another stamp, another content."""


@dataclass(slots=True)
class Bucket:
    id: str
    private: bool
    created: str
    folder: Path
    store: XetStore
    _kept: dict[str, tuple[tuple[int, int], Kept]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def namespace(self) -> str:
        return self.id.partition("/")[0]

    @property
    def files(self) -> Path:
        """The folder that jobs mount."""
        return self.folder / "files"

    def save(self) -> None:
        write_json(self.folder / _RECORD, {"id": self.id, "private": self.private, "created": self.created})

    def listing(self, prefix: str = "") -> list[Stored]:
        """Its files whose path begins with these characters, by path. Links and other oddities are no files."""
        return sorted((found for found in self._walk() if found.path.startswith(prefix)), key=lambda each: each.path)

    def _walk(self) -> Iterator[Stored]:
        for folder, _, names in os.walk(self.files):
            for name in names:
                found = self._look(os.path.relpath(f"{folder}/{name}", self.files))
                if found is not None:
                    yield found

    def file(self, path: str) -> Stored | None:
        return self._look(path) if is_inner_path(path) and self._is_inside(path) else None

    def _is_inside(self, path: str) -> bool:
        """A job may have left a link in the folder, and nothing outside is to be read or written through it."""
        return (self.files / path).parent.resolve().is_relative_to(self.files.resolve())

    def _look(self, path: str) -> Stored | None:
        try:
            seen = (self.files / path).lstat()
        except OSError:  # a job may remove and rename while we look
            return None
        if not stat.S_ISREG(seen.st_mode):
            return None
        return Stored(path, seen.st_size, seen.st_mtime, seen.st_ctime, (seen.st_size, seen.st_mtime_ns))

    def keep(self, wanted: list[Stored]) -> dict[str, Kept]:
        """Path → what the store has of these files now; one that is gone meanwhile is left out."""
        with self._lock:
            old = {found.path for found in wanted if self._kept.get(found.path, (None,))[0] == found.stamp}
            new = [found for found in wanted if found.path not in old]
            for found, kept in zip(new, self.store.put([self.files / each.path for each in new]), strict=True):
                self._kept.pop(found.path, None)
                if kept is not None:
                    self._kept[found.path] = (found.stamp, kept)
            return {found.path: self._kept[found.path][1] for found in wanted if found.path in self._kept}

    def add(self, path: str, content: Path, changed: float) -> None:
        """A file with the content of another. ValueError where the path cannot be used."""
        place = self.files / path
        if not is_inner_path(path) or not self._is_inside(path):
            raise ValueError("Invalid path")
        draft = self.folder / f".{secrets.token_hex(8)}"
        try:
            shutil.copyfile(content, draft)
            os.utime(draft, (changed, changed))
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(place)
        except OSError:  # a file where a folder should be, or a name too long for this machine
            raise ValueError("Invalid path") from None
        finally:
            draft.unlink(missing_ok=True)

    def delete(self, path: str) -> bool:
        """Whether there was such a file. Folders left empty go as well: a bucket has none."""
        if self.file(path) is None:
            return False
        place = self.files / path
        place.unlink(missing_ok=True)
        for folder in place.parents:
            if folder == self.files or any(folder.iterdir()):
                break
            folder.rmdir()
        return True

    def as_json(self) -> dict[str, Any]:
        files = self.listing()
        size = sum(found.size for found in files)
        shown = {"id": self.id, "private": self.private, "createdAt": self.created}
        return {**shown, "size": size, "totalFiles": len(files)}


def shown(found: Stored, kept: Kept) -> dict[str, Any]:
    """A file in a listing: its size is that of the content which the hash names."""
    return {
        "type": "file",
        "path": found.path,
        "size": kept.size,
        "xetHash": kept.hash,
        "mtime": as_date(found.changed),
        "uploadedAt": as_date(found.arrived),
    }


class Buckets:
    """All buckets below one folder, by id without regard to case."""

    def __init__(self, folder: Path, store: XetStore) -> None:
        self.store = store
        self._folder = folder
        self._lock = threading.Lock()
        found = [self._load(record.parent) for record in folder.glob(f"*/*/{_RECORD}")]
        self._buckets = {bucket.id.lower(): bucket for bucket in found}

    def _load(self, folder: Path) -> Bucket:
        record = read_json(folder / _RECORD)
        return Bucket(record["id"], record["private"], record["created"], folder, self.store)

    def find(self, bucket_id: str) -> Bucket | None:
        return self._buckets.get(bucket_id.lower())

    def of(self, namespace: str) -> list[Bucket]:
        found = [bucket for bucket in list(self._buckets.values()) if bucket.namespace == namespace]
        return sorted(found, key=lambda bucket: bucket.id)

    def create(self, bucket_id: str, *, private: bool) -> Bucket | None:
        """None where there is one already."""
        with self._lock:
            if bucket_id.lower() in self._buckets:
                return None
            made = Bucket(bucket_id, private, now(), self._folder / bucket_id, self.store)
            made.files.mkdir(parents=True)
            made.save()
            self._buckets[bucket_id.lower()] = made
            return made

    def delete(self, bucket: Bucket) -> None:
        with self._lock:
            self._buckets.pop(bucket.id.lower(), None)
            shutil.rmtree(bucket.folder)
