"""results.json, read as what it is: a file that another process wrote, perhaps while it was being killed."""

from __future__ import annotations

import itertools
import json
import math
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from evalbot.console import one_line
from evalbot.errors import NothingFound, UsageError
from evalbot.evaluate.runners.parts.record import SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

    from jsonschema import ValidationError

    from evalbot.evaluate.runners.parts.record import Results

RESULTS_NAME = "results.json"
MAX_BYTES = 16 * 2**20
"""A run of 500 tasks is about 1 MB."""
MAX_DEPTH = 40
"""Objects and lists within each other; the record has 6, an engine's own settings a few more."""
_MOST_ERRORS = 100
"""Of which the one to tell is chosen: a file of nothing but errors takes minutes to be looked through."""
_LONGEST_INTEGER = 19
_VERSION = re.compile(r"evalbot-results/(\d{1,6})", re.ASCII)
_AGAIN = "Run the evaluation again, or take the file from where it was written."


class _NotJson(ValueError):
    """A number or an object that JSON has no place for."""


def read_results(path: Path, *, model: str | None = None) -> Results:
    """The record of a run (record.py), checked against results.schema.json.

    `model` is whose results are wanted: its id, as it was given to the run. Raises NothingFound where there is no such
    file, UsageError for a file that is too large, not whole, not of this schema, or of another model.
    """
    return parse_results(_read(path), origin=str(path), model=model)


def parse_results(data: bytes, *, origin: str, model: str | None = None) -> Results:
    """The same for bytes that came another way; `origin` says where from, for people. Raises UsageError."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"{origin} is larger than any results file: more than {MAX_BYTES // 2**20} MiB.")
    found = _decoded(data, origin)
    _check_version(found, origin)
    error = cast("ValidationError | None", best_match(itertools.islice(_validator().iter_errors(found), _MOST_ERRORS)))
    if error is not None:
        raise UsageError(f"{origin} is not a results file: {_told(error)}.", hint=_AGAIN)
    results = cast("Results", found)
    if model is not None and results["model"]["id"] != model:
        raise UsageError(
            f"{origin} has the results of {one_line(results['model']['id'])[:200]}, not of {one_line(model)[:200]}.",
            hint="Name the model that was evaluated, or the file of the other run.",
        )
    return results


def _read(path: Path) -> bytes:
    try:
        if not path.exists():
            raise NothingFound(
                f"There is no results file {path}.", hint="The run may have ended before its first task."
            )
        if not path.is_file():
            raise UsageError(f"{path} is not a file.", hint=f"Name the {RESULTS_NAME} in it.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise UsageError(f"Could not read {str(path)!r}: {reason}.") from None


def _decoded(data: bytes, origin: str) -> Any:
    if not data.strip():
        raise UsageError(f"{origin} is empty: the run was stopped while it was written.", hint=_AGAIN)
    try:
        text = data.decode("utf-8")
        found = json.loads(
            text, parse_constant=_no_constant, parse_float=_float, parse_int=_int, object_pairs_hook=_object
        )
        return _mended(found)
    except UnicodeDecodeError:
        raise UsageError(f"{origin} is not a results file: it is not text in UTF-8.", hint=_AGAIN) from None
    except json.JSONDecodeError as error:
        is_cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        what = "is not whole: it breaks off" if is_cut else f"is not JSON: {error.msg}"
        raise UsageError(f"{origin} {what} in line {error.lineno}.", hint=_AGAIN) from None
    except _NotJson as error:
        raise UsageError(f"{origin} is not a results file: {error}.", hint=_AGAIN) from None
    except RecursionError:
        raise UsageError(f"{origin} is not a results file: it is nested too deeply.", hint=_AGAIN) from None


def _no_constant(name: str) -> float:
    raise _NotJson(f"{name} is not a number")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _NotJson(f"{digits[:40]} is too large for a number")
    return value


def _int(digits: str) -> int:
    if len(digits.lstrip("-")) > _LONGEST_INTEGER:
        raise _NotJson(f"{digits[:40]}… is too large for a number")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _NotJson("an object says one thing twice")
    return members


def _mended(value: Any, depth: int = 0) -> Any:
    """The same, with halves of characters replaced: engines cut messages anywhere, and no file could hold them."""
    if depth > MAX_DEPTH:
        raise _NotJson("it is nested too deeply")
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(member, depth + 1) for name, member in value.items()}
    return value


def _check_version(found: Any, origin: str) -> None:
    stated = found.get("schema") if isinstance(found, dict) else None
    known, version = _VERSION.fullmatch(SCHEMA), _VERSION.fullmatch(stated) if isinstance(stated, str) else None
    if version is None:
        raise UsageError(
            f"{origin} is not a results file of evalbot: it does not say {SCHEMA!r}.",
            hint=f"Name the {RESULTS_NAME} that `evalbot evaluate` wrote.",
        )
    if known is not None and int(version[1]) != int(known[1]):
        newer = int(version[1]) > int(known[1])
        raise UsageError(
            f"{origin} is a results file of version {version[1]}; this evalbot reads version {known[1]}.",
            hint="Use a newer evalbot." if newer else "Run the evaluation again with this evalbot.",
        )


def _told(error: ValidationError) -> str:
    """Where it is wrong and how, bounded: the message repeats what stands there."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    message = one_line(error.message)
    return f"{place.lstrip('.') or 'at the top'}: {message if len(message) <= 200 else message[:199] + '…'}"  # noqa: PLR2004


@cache
def _validator() -> Draft202012Validator:
    text = resources.files("evalbot.evaluate").joinpath("results.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))
