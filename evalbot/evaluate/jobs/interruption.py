"""Being told to stop while we wait for a job: Control-C, or the end of a workflow."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAYS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Somebody told this process to stop. No Exception: nothing in between may take it for a failure of its own."""


@contextmanager
def raising() -> Iterator[None]:
    """Raise Interrupted where the process is told to stop; KeyboardInterrupt outside of the main thread."""

    def stop(_number: int, _frame: Any) -> None:
        raise Interrupted

    with _handlers(stop):
        yield


@contextmanager
def deaf() -> Iterator[None]:
    """What is inside is short and has to be done: being told again to stop does not end it."""
    with _handlers(lambda _number, _frame: None):
        yield


@contextmanager
def _handlers(handler: Any) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(way, handler) for way in _WAYS]
    try:
        yield
    finally:
        for way, old in zip(_WAYS, before, strict=True):
            signal.signal(way, old)
