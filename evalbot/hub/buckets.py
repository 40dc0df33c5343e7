"""Buckets: where a job leaves files, and how they are fetched. Contents travel by the xet protocol (hf_xet).

hf_xet speaks to the storage itself, past our session and its bounds: so a transfer is given up after a while, and what
came is looked at before it is used.
"""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils._xet import abort_xet_session

from evalbot.errors import AccessDenied, AnswerTooLong, NothingFound, ServiceFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evalbot.hub.client import Hub

T = TypeVar("T")
LONGEST_TRANSFER = 60.0
"""Seconds; what is moved is a few megabytes."""


def make_bucket(hub: Hub, bucket: str) -> bool:
    """Make a private bucket, where there is none of this name yet; whether it is private."""
    with _translated(hub, f"make the bucket {bucket}"):
        hub.retried(lambda: hub.api.create_bucket(bucket, private=True, exist_ok=True), "repeatable")
        return bool(hub.retried(lambda: hub.api.bucket_info(bucket)).private)


def make_folder(hub: Hub, bucket: str, folder: str) -> None:
    """A folder with nothing in it but a placeholder: a folder that is not there cannot be mounted."""
    with _translated(hub, f"make a folder in the bucket {bucket}"):
        _bounded(lambda: hub.api.batch_bucket_files(bucket, add=[(b"\n", f"{folder}/.keep")]))


def read_file(hub: Hub, bucket: str, path: str, *, most: int) -> bytes:
    """A file's bytes. Raises NothingFound where it is not there, AnswerTooLong for more than `most` bytes."""
    with _translated(hub, f"read {path} in the bucket {bucket}"):
        found = hub.retried(lambda: list(hub.api.get_bucket_paths_info(bucket, [path])))
        if not found:
            raise NothingFound(f"There is no {path} in the bucket {bucket}.")
        if found[0].size > most:
            raise AnswerTooLong(f"{path} in the bucket {bucket} has more than {most:,} bytes.")
        with tempfile.TemporaryDirectory(prefix="evalbot-", ignore_cleanup_errors=True) as folder:
            target = Path(folder) / "file"
            _bounded(lambda: hub.api.download_bucket_files(bucket, [(found[0], target)]))
            with target.open("rb") as file:
                return file.read(most + 1)


def _bounded(transfer: Callable[[], T]) -> T:
    """Do it within LONGEST_TRANSFER; hf_xet waits as long as it likes."""
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(transfer())
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True, name="bucket transfer")
    thread.start()
    thread.join(LONGEST_TRANSFER)
    if errors:
        raise errors[0]
    if not results:
        abort_xet_session()  # type: ignore[no-untyped-call]
        raise ServiceFailure(f"The transfer took longer than {LONGEST_TRANSFER:.0f} seconds.", hint="Run again later.")
    return results[0]


@contextmanager
def _translated(hub: Hub, doing: str) -> Iterator[None]:
    could_not = f"Could not {doing}"
    with hub.translated(doing, ""):
        try:
            yield
        except HfHubHTTPError as error:
            said = " ".join(str(error.server_message or "no reason given").split())[:300].rstrip(".")
            if error.response.status_code == HTTPStatus.FORBIDDEN:
                raise AccessDenied(
                    f"{could_not}: this token may not do that ({said}).",
                    hint="Name a bucket of yours with --bucket, or go without one by --no-bucket.",
                ) from None
            if error.response.status_code == HTTPStatus.NOT_FOUND:
                raise NothingFound(f"{could_not}: it is not there ({said}).") from None
            raise
        except (RuntimeError, OSError, ImportError) as error:  # as hf_xet fails, and a full disk
            raise ServiceFailure(f"{could_not}: {' '.join(str(error).split())[:300]}.") from None
