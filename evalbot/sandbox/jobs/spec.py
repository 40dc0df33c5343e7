"""What a job is asked to be: the body of `POST /api/jobs/{namespace}`, checked. docs/hub-api.md, Jobs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from evalbot.sandbox.jobs.hardware import FLAVORS
from evalbot.sandbox.refusals import bad_request

DEFAULT_TIMEOUT = 1800
"""Seconds a job may run unless it says otherwise: the Hub's."""

_LONGEST_TIMEOUT = 30 * 24 * 3600
_MOST_ATTEMPTS = 10
_LABEL = re.compile(r"[A-Za-z0-9_-]{0,100}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VOLUME_TYPES = ("bucket", "model", "dataset")


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder of a bucket, or a revision of a repository, that the job finds at `mount`."""

    type: str
    source: str
    mount: str
    revision: str | None = None
    path: str = ""
    read_only: bool = False

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"type": self.type, "source": self.source, "mountPath": self.mount}
        optional = {"revision": self.revision, "path": self.path or None, "readOnly": self.read_only or None}
        return shown | {name: value for name, value in optional.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Spec:
    """`secrets` are in memory only: they go into the process's environment and nowhere else, repr included."""

    command: tuple[str, ...]
    arguments: tuple[str, ...]
    environment: dict[str, str]
    flavor: str
    image: str | None
    space: str | None
    timeout: int
    attempts: int
    labels: dict[str, str]
    volumes: tuple[Volume, ...]
    secrets: dict[str, str] = field(repr=False)


def read(body: dict[str, Any]) -> Spec:
    """The specification of a run request. Refuses with 400 by the name of the field; the texts are ours."""
    image, space = _text(body, "dockerImage"), _text(body, "spaceId")
    if (image is None) == (space is None):
        raise bad_request('Give either "dockerImage" or "spaceId"')
    command = _words(body, "command")
    if not command:
        raise bad_request('"command" must name a program')
    arguments = _words(body, "arguments")
    source = image or f"hf.co/spaces/{space}"
    return Spec(
        command=command,
        arguments=arguments,
        environment=_variables(body, "environment"),
        flavor=_flavor(body),
        image=image,
        space=space,
        timeout=_whole(body, "timeoutSeconds", DEFAULT_TIMEOUT, most=_LONGEST_TIMEOUT),
        attempts=_whole(body, "attempts", 1, most=_MOST_ATTEMPTS),
        labels={"name": _name(source, command), **labels(body.get("labels") or {})},
        volumes=_volumes(body.get("volumes") or []),
        secrets=_variables(body, "secrets"),
    )


def labels(given: Any) -> dict[str, str]:
    """Labels as the Hub takes them: at most 100 of letters, digits, `-` and `_` on either side."""
    if not isinstance(given, dict):
        raise bad_request('"labels" must be an object')
    for key, value in given.items():
        if not (key and isinstance(value, str) and _LABEL.fullmatch(key) and _LABEL.fullmatch(value)):
            raise bad_request(
                "Label keys and values must be at most 100 characters and contain only letters, digits, dashes and "
                "underscores"
            )
    return dict(given)


def _name(source: str, command: tuple[str, ...]) -> str:
    """A name like the ones the client gives: the image's, and a few digits that are the command's."""
    short = re.sub(r"[^A-Za-z0-9_-]", "-", source.rstrip("/").rpartition("/")[2])[:90]
    return f"{short}-{hashlib.sha256(chr(0).join([source, *command]).encode()).hexdigest()[:8]}"


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not (isinstance(value, str) and value):
        raise bad_request(f'"{name}" must be a text')
    return value


def _words(body: dict[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(_is_word(each) for each in value):
        raise bad_request(f'"{name}" must be a list of texts')
    return tuple(value)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _variables(body: dict[str, Any], name: str) -> dict[str, str]:
    """Environment variables. A number or a truth value is written as JSON writes it; nothing given is repeated."""
    given = body.get(name) or {}
    if not isinstance(given, dict) or not all(_NAME.fullmatch(key) for key in given):
        raise bad_request(f'"{name}" must be an object whose keys are names of environment variables')
    if not all(_is_word(value) or isinstance(value, bool | int | float) for value in given.values()):
        raise bad_request(f'"{name}" must hold texts')
    return {key: value if isinstance(value, str) else str(value).lower() for key, value in given.items()}


def _flavor(body: dict[str, Any]) -> str:
    wanted = body.get("flavor", "cpu-basic")
    if wanted not in list(FLAVORS):
        raise bad_request(f'"flavor" must be one of [{", ".join(FLAVORS)}]')
    return str(wanted)


def _whole(body: dict[str, Any], name: str, default: int, *, most: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise bad_request(f'"{name}" must be a whole number, 1 to {most}')
    return value


def _volumes(given: Any) -> tuple[Volume, ...]:
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise bad_request('"volumes" must be a list of objects')
    volumes = tuple(_volume(each) for each in given)
    if len({volume.mount for volume in volumes}) < len(volumes):
        raise bad_request("Two volumes cannot be mounted at the same path")
    return volumes


def _volume(given: dict[str, Any]) -> Volume:
    if given.get("type") not in _VOLUME_TYPES:
        raise bad_request(f'The "type" of a volume must be one of [{", ".join(_VOLUME_TYPES)}]')
    source, mount = _text(given, "source"), (_text(given, "mountPath") or "").rstrip("/")
    if source is None or not mount.startswith("/") or not is_inner_path(mount[1:]):
        raise bad_request('A volume needs a "source" and an absolute "mountPath" below /')
    path = (_text(given, "path") or "").strip("/")
    if path and not is_inner_path(path):
        raise bad_request('The "path" of a volume must be a folder in its source')
    is_bucket = given["type"] == "bucket"
    read_only = not is_bucket or given.get("readOnly") is True
    return Volume(given["type"], source, mount, _text(given, "revision"), path, read_only)


def is_inner_path(path: str) -> bool:
    """Whether it stays below the folder it is looked for in: no empty part, no `.`, no `..`, no NUL."""
    return "\0" not in path and not {"", ".", ".."} & set(path.split("/"))
