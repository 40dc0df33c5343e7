"""hf_xet's stores on this machine: `local://` and a folder in place of the address of a storage service.

An undocumented scheme of hf_xet for its own tests, seen to work with 1.8: a client reads and writes the folder itself,
so client and sandbox must be on one machine and be the same user. One process at a time may open such a folder, so
each client gets a folder of its own: an empty one to upload to, from which the sandbox takes what the client then
names; and a copy of the sandbox's to download from. Wheels of hf_xet are made for x86_64 and arm64; elsewhere there
are no buckets.
"""

from __future__ import annotations

import importlib
import os
import re
import secrets
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evalbot.sandbox.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TOKEN_LIFE = 3600
"""Seconds for which a folder is lent."""

_HASH = re.compile(r"[0-9a-f]{64}")
_EMPTY = "0" * 64  # the hash of nothing, for which a store keeps nothing
_INDEX = ".redb"  # what the files of a store end in that change; all others are written once


@dataclass(frozen=True, slots=True)
class Kept:
    hash: str
    size: int


class XetStore:
    """The sandbox's own store in `folder`/own, and those it lends in `folder`/lent."""

    def __init__(self, folder: Path) -> None:
        self._own = folder / "own"
        self._lent = folder / "lent"
        self._lock = threading.Lock()
        self._uploads: dict[str, list[Path]] = {}
        shutil.rmtree(self._lent, ignore_errors=True)

    def for_reading(self) -> str:
        """The address of a copy of all that is kept now."""
        with self._lock:
            self._forget_old()
            return _url(_copied(self._own, self._new()))

    def for_writing(self, bucket_id: str) -> str:
        """The address of an empty store, in which `fetch` will look for what is uploaded for this bucket."""
        with self._lock:
            self._forget_old()
            place = self._new()
            self._uploads.setdefault(bucket_id, []).append(place)
            return _url(place)

    def _new(self) -> Path:
        return self._lent / secrets.token_hex(8)

    def _forget_old(self) -> None:
        for place in self._lent.glob("*"):
            if place.stat().st_mtime < time.time() - TOKEN_LIFE:
                shutil.rmtree(place, ignore_errors=True)

    @cached_property
    def _xet(self) -> Any:
        try:
            return importlib.import_module("hf_xet")
        except ImportError:
            raise Refusal(501, "The sandbox has no buckets on this machine: hf_xet is not installed") from None

    @cached_property
    def _session(self) -> Any:
        return self._xet.XetSession()

    def put(self, paths: list[Path]) -> list[Kept | None]:
        """Keep these files; what was kept of each, in the same order, None for one that cannot be read (any more)."""
        if not paths:
            return []
        with self._lock:
            try:
                return self._put(paths)
            except (OSError, RuntimeError):  # one file that is gone fails the commit of all
                return [self._put_one(path) for path in paths]

    def _put_one(self, path: Path) -> Kept | None:
        try:
            return self._put([path])[0]
        except (OSError, RuntimeError):
            return None

    def _put(self, paths: list[Path]) -> list[Kept | None]:
        with self._session.new_upload_commit(endpoint=_url(self._own)) as commit:
            handles = [commit.start_upload_file(str(path), sha256=self._xet.SKIP_SHA256) for path in paths]
        infos = [handle.result().xet_info for handle in handles]
        return [Kept(info.hash, info.file_size) for info in infos]

    @contextmanager
    def fetch(self, bucket_id: str, hashes: Iterable[str]) -> Iterator[dict[str, Path]]:
        """Hash → a file with this content, while the context lasts. What nobody uploaded is left out."""
        with self._lock:
            room = self._new()
            room.mkdir(parents=True)
            try:
                yield self._fetched(bucket_id, {value for value in hashes if _HASH.fullmatch(value)}, room)
            finally:
                shutil.rmtree(room, ignore_errors=True)

    def _fetched(self, bucket_id: str, wanted: set[str], room: Path) -> dict[str, Path]:
        if _EMPTY in wanted:
            (room / _EMPTY).touch()
        missing = wanted - {_EMPTY}
        for store in (self._own, *reversed(self._uploads.get(bucket_id, []))):
            if missing and store.is_dir():
                missing -= self._download(store, missing, room)
        return {value: room / value for value in wanted - missing}

    def _download(self, store: Path, wanted: set[str], room: Path) -> set[str]:
        """Those it has. Of the others hf_xet makes empty files, and no fuss."""
        copy = room / "store"
        try:
            _copied(store, copy)
            session = self._xet.XetSession()  # a session keeps what it opened until it goes
            with session.new_file_download_group(endpoint=_url(copy)) as group:
                for value in wanted:
                    group.start_download_file(self._xet.XetFileInfo(value), str(room / value))
            del session, group
        except (OSError, RuntimeError):  # somebody is writing to it: what is named in a batch is written already
            return set()
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        return {value for value in wanted if (room / value).exists() and (room / value).stat().st_size}


def _url(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return f"local://{folder.resolve()}"


def _copied(store: Path, place: Path) -> Path:
    """A store like this one, which may be open elsewhere; nothing is written twice but its index."""
    store.mkdir(parents=True, exist_ok=True)
    shutil.copytree(store, place, copy_function=_copy)
    return place


def _copy(source: str, goal: str) -> None:
    if source.endswith(_INDEX):
        shutil.copyfile(source, goal)
        return
    try:
        os.link(source, goal)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, goal)
