"""What a commit asks for: the NDJSON body of docs/hub-api.md, Writing, read and checked."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from evalbot.sandbox.refusals import Refusal, bad_request
from evalbot.sandbox.wire import read_object

COMMIT_ID = re.compile(r"[0-9a-f]{5,40}")

_MAX_PATH = 1024
_NOTHING_TO_DO = "Add a line with the key `lfsFile`, `file` or `deletedFile`"


@dataclass(frozen=True, slots=True)
class Change:
    """A file to write, by its content or by the id of a blob the store has already; without either, one to delete."""

    path: str
    content: bytes | None = None
    removes_folder: bool = False
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class CommitRequest:
    summary: str
    description: str
    parent: str | None
    changes: tuple[Change, ...]

    @property
    def message(self) -> str:
        return f"{self.summary}\n\n{self.description}" if self.description else self.summary


def parse(body: bytes) -> CommitRequest:
    lines = [_line(text) for text in body.split(b"\n") if text.strip()]
    headers = [value for key, value in lines if key == "header"]
    if len(headers) != 1 or lines[0][0] != "header":
        raise bad_request("The first line, and no other, must have the key `header`")
    summary = headers[0].get("summary")
    if not isinstance(summary, str) or not summary.strip():
        raise bad_request('"summary" is not allowed to be empty')
    changes = tuple(_change(key, value) for key, value in lines[1:])
    if not changes:
        raise bad_request(_NOTHING_TO_DO)
    parent = headers[0].get("parentCommit")
    return CommitRequest(summary, str(headers[0].get("description") or ""), _parent(parent), changes)


def parse_files(value: Any) -> dict[str, bytes]:
    """The files a repository is created with: `[{path, content, encoding?}]`, as huggingface.js sends them."""
    if not isinstance(value, list) or not all(isinstance(file, dict) for file in value):
        raise bad_request('"files" must be an array')
    return {safe_path(file.get("path")): _content(file) for file in value}


def _line(text: bytes) -> tuple[str, dict[str, Any]]:
    line = read_object(text, what="Every line")
    value = line.get("value")
    if not isinstance(value, dict):
        raise bad_request("Every line must have a `key` and a `value` object")
    return str(line.get("key")), value


def _change(key: str, value: dict[str, Any]) -> Change:
    path = safe_path(value.get("path"))
    if key == "file":
        return Change(path, _content(value))
    if key == "deletedFile":
        return Change(path)
    if key == "deletedFolder":
        return Change(path.rstrip("/"), removes_folder=True)
    if key in {"lfsFile", "copyFile"}:
        raise Refusal(501, f"The sandbox keeps no large files: `{key}` of {path} is not supported")
    raise bad_request(f"Unknown key `{key}`")


def _content(value: dict[str, Any]) -> bytes:
    content = value.get("content")
    if not isinstance(content, str):
        raise bad_request('"content" must be a string')
    encoding = value.get("encoding", "utf-8")
    if encoding == "utf-8":
        return content.encode()
    if encoding != "base64":
        raise bad_request('"encoding" must be one of [utf-8, base64]')
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise bad_request('"content" must be base64') from None


def _parent(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not COMMIT_ID.fullmatch(value.lower()):
        raise bad_request('"parentCommit" must be a commit id of 5 to 40 digits')
    return value.lower()


def safe_path(path: Any) -> str:
    """A path that stays inside the repository and that git can hold on every system; else 422."""
    if not isinstance(path, str) or not path or len(path) > _MAX_PATH:
        raise Refusal(422, '"path" must be a non-empty string')
    parts = path.rstrip("/").split("/")
    odd = {"", ".", ".."}.intersection(parts) or any(part.lower() == ".git" for part in parts)
    if odd or "\\" in path or any(ord(character) < ord(" ") for character in path):
        raise Refusal(422, f"Invalid path in repo: {path!r}")
    return path
