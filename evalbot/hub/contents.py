"""What a revision of a model repository publishes: its card and its files of evaluation results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot.card.document import CARD_PATH
from evalbot.card.eval_results.entries import FOLDER
from evalbot.errors import AnswerTooLong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.hub.client import Hub
    from evalbot.hub.records import RemoteFile

MAX_RESULT_FILES = 200
"""Files of evaluation results read of one revision; a benchmark has one, and there are a few dozen benchmarks."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The bytes of some files by path, and the commit they were read at."""

    commit: str
    files: Mapping[str, bytes]


def read_contents(hub: Hub, repo_id: str, revision: str, *, results: bool) -> Contents:
    """The card, and with `results` the files of evaluation results, of one revision. Raises MissingCard."""
    card = hub.read_card(repo_id, revision)
    found = read_results(hub, repo_id, revision) if results else {}
    return Contents(card.commit, {CARD_PATH: card.data, **found})


def read_results(hub: Hub, repo_id: str, revision: str, *, but: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """The files of evaluation results of one revision, without those of `but`: path → git blob id."""
    paths = [path for path, blob in result_files(hub, repo_id, revision).items() if (but or {}).get(path) != blob]
    if len(paths) > MAX_RESULT_FILES:
        raise AnswerTooLong(f"{repo_id} has {len(paths)} files in {FOLDER}; evalbot reads up to {MAX_RESULT_FILES}.")
    return {path: _read(hub, repo_id, path, revision).data for path in paths}


def result_files(hub: Hub, repo_id: str, revision: str) -> dict[str, str]:
    """The files of evaluation results of one revision, as path → git blob id."""
    found = hub.files_in(repo_id, FOLDER, revision)
    return {path: blob for path, blob in found.items() if path.endswith((".yaml", ".yml"))}


def _read(hub: Hub, repo_id: str, path: str, revision: str) -> RemoteFile:
    return hub.read_file(repo_id, path, revision)
