"""JSON objects as they come over the wire, from anybody."""

from __future__ import annotations

import json
from typing import Any

from evalbot.sandbox.refusals import bad_request


def read_object(text: bytes, *, what: str) -> dict[str, Any]:
    """A JSON object of well-formed text, else 400 about `what` ("The body", "Every line")."""
    try:
        value = json.loads(text)
        # Half a surrogate pair passes as JSON, but neither git nor an answer could hold it.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad_request(f"{what} must be JSON") from None
    if not isinstance(value, dict):
        raise bad_request(f"{what} must be a JSON object")
    return value
