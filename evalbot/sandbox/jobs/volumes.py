"""What a job finds at its mount paths: real folders of this machine, by another name.

A process without a container of its own cannot be given a `/data`, and what needs root would work on some machines
only. So every mount path that stands in the command, the arguments or the environment is replaced by the real folder;
a program that has `/data` written into it finds the folder by SANDBOX_VOLUMES, an object {mount path: folder} in JSON.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

from evalbot.sandbox.refusals import Refusal
from evalbot.sandbox.repos import kind_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from evalbot.sandbox.buckets import Buckets
    from evalbot.sandbox.jobs.spec import Volume
    from evalbot.sandbox.repos import Repos

VARIABLE = "SANDBOX_VOLUMES"


class MountFailed(Exception):
    """The source of a volume is not there (any more); the message says which."""


def mount(volumes: tuple[Volume, ...], buckets: Buckets, repos: Repos, room: Path) -> dict[str, str]:
    """Mount path → folder. A bucket to write to is the bucket's own folder; all else is a copy below `room`.

    Raises MountFailed.
    """
    return {
        volume.mount: str(_folder(volume, buckets, repos, room / str(number))) for number, volume in enumerate(volumes)
    }


def _folder(volume: Volume, buckets: Buckets, repos: Repos, copy: Path) -> Path:
    if volume.type != "bucket":
        _export(volume, repos, copy)
        return copy / volume.path
    bucket = buckets.find(volume.source)
    folder = None if bucket is None else bucket.files / volume.path
    if folder is None or not folder.is_dir():  # the Hub fails the job as well
        raise MountFailed(f"there is no folder {volume.path!r} in the bucket {volume.source}")
    if not volume.read_only:
        return folder
    shutil.copytree(folder, copy, symlinks=True)
    return copy


def _export(volume: Volume, repos: Repos, copy: Path) -> None:
    repo = repos.find(kind_named(volume.type), volume.source)
    if repo is None:
        raise MountFailed(f"there is no {volume.type} {volume.source}")
    store = repo.store()
    try:
        commit = store.resolve(volume.revision or "main")
    except Refusal:
        raise MountFailed(f"{volume.source} has no revision {volume.revision!r}") from None
    for entry in store.entries(commit, "", recursive=True):
        if not entry.is_folder:
            place = copy / entry.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(store.blob(entry.oid))
    if not (copy / volume.path).is_dir():
        raise MountFailed(f"there is no folder {volume.path!r} in {volume.source}")


class Renaming:
    """Puts real folders in the place of mount paths, where these stand as paths or begin one."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._folders = folders
        longest_first = sorted(folders, key=len, reverse=True)
        paths = "|".join(re.escape(path) for path in longest_first)
        # Not in the middle of another path or word: hf://data, ./data, a/data, /data2 and base64 stay as they are.
        self._pattern = re.compile(rf"(?<![\w.~/+-])(?:{paths})(?![\w.+-])") if paths else None

    def text(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._folders[found[0]], text)

    def words(self, words: tuple[str, ...]) -> list[str]:
        return [self.text(word) for word in words]

    def variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        renamed = {name: self.text(value) for name, value in variables.items()}
        return {**renamed, VARIABLE: json.dumps(dict(self._folders))} if self._folders else renamed
