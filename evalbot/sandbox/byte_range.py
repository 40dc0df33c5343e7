"""`Range: bytes=…` of one range, as downloads are resumed with it (and as huggingface.js always asks)."""

from __future__ import annotations

import re

from evalbot.sandbox.refusals import Refusal

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def asked(header: str | None, size: int) -> range | None:
    """The bytes asked for; None means all, also for headers a server may ignore (several ranges, nonsense)."""
    found = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if found is None or not (found[1] or found[2]):
        return None
    if found[1]:
        start, end = int(found[1]), int(found[2]) if found[2] else size - 1
    else:
        start, end = max(0, size - int(found[2])), size - 1
    if found[1] and found[2] and int(found[1]) > int(found[2]):
        return None
    if start >= size or start > end:
        raise Refusal(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{size}"})
    return range(start, min(end, size - 1) + 1)
