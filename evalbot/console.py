"""The one place that prints: answers to stdout, the rest to stderr, no secret and no escape sequence in either."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from typing import Any, TextIO

import click

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, and the marks that reorder what stands around them: card text may hold
terminal escape sequences."""
MASK = "***"


@dataclass(slots=True)
class Console:
    """Prints for one run of one command. With `as_json`, stdout gets exactly one JSON object."""

    as_json: bool = False
    secrets: list[str] = field(default_factory=list)

    def answer(self, text: str) -> None:
        """What the command was run for: stdout, unless that is kept for JSON."""
        self._print(text, sys.stderr if self.as_json else sys.stdout)

    def note(self, text: str) -> None:
        """What a person wants to know beside the answer."""
        self._print(text, sys.stderr)

    def result(self, members: dict[str, Any]) -> None:
        """The JSON answer; nothing where none was asked for."""
        if self.as_json:
            _use_utf8(sys.stdout)
            print(self.redacted(json.dumps(members, ensure_ascii=False, indent=2, allow_nan=False)))  # noqa: T201 - here

    def redacted(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text

    def _print(self, text: str, stream: TextIO) -> None:
        _use_utf8(stream)
        # click strips styles where the stream is no terminal; foreign text was cleaned before styles were added.
        click.echo(self.redacted(text), file=stream)


def clean(text: str) -> str:
    """Foreign text for a terminal: control characters shown as a replacement sign."""
    return _CONTROL.sub("\ufffd", text)


def _use_utf8(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")
