"""Faults as rules in a file or a request: the keyword arguments of `Faults.add`, as JSON or YAML.

- {method: POST, path: /commit/, drop: true, landed: true}      the commit is made, its answer is lost
- {path: "README.md$", status: 429, headers: {Retry-After: 2}, times: 3}
- {path: /discussions, after: 2, lag: 30}                       the third list is thirty seconds old
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from evalbot.sandbox.card_yaml import CardYamlError, parse
from evalbot.sandbox.faults import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evalbot.sandbox.faults import Faults

_MOST_TIMES = 1_000_000
_LONGEST = 3600.0  # seconds
_STATUSES = range(200, 600)
_SEEN_WITH_STATUS = ("body", "headers", "content_type")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\xa0-\xff]*")


class BadRuleError(ValueError):
    """A rule that cannot be used; the message names the rule by its place and the field."""


def load(path: Path) -> Any:
    """The value of a file of rules. Raises BadRuleError, also where the file cannot be read."""
    try:
        return read(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadRuleError("The file is not text in UTF-8") from None
    except OSError as error:
        raise BadRuleError(f"The file cannot be read: {error.strerror}") from None


def read(text: str) -> Any:
    """The JSON or YAML value of a file of rules. Raises BadRuleError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # then it is YAML, or nothing
    try:
        return parse(text)
    except CardYamlError as error:
        raise BadRuleError(f"The rules are neither JSON nor YAML: {error}") from None


def add(faults: Faults, rules: Any) -> int:
    """Add a list of rules, or one rule; how many. Raises BadRuleError, and then none was added."""
    listed = [rules] if isinstance(rules, dict) else rules
    if not isinstance(listed, list | tuple):
        raise BadRuleError("The rules must be a list of objects")
    checked = [_checked(rule, number) for number, rule in enumerate(listed, 1)]
    for rule in checked:
        faults.add(rule.pop("method", "*"), rule.pop("path"), **rule)
    return len(checked)


def _checked(rule: Any, number: int) -> dict[str, Any]:
    if not isinstance(rule, dict):
        raise BadRuleError(f"Rule {number} must be an object")
    for name, value in rule.items():
        if name not in _FIELDS:
            raise BadRuleError(f'Rule {number}: unknown field "{name}"; there are {", ".join(_FIELDS)}')
        fits, wanted = _FIELDS[name]
        if not fits(value):
            raise BadRuleError(f'Rule {number}: "{name}" must be {wanted}')
    if "path" not in rule:
        raise BadRuleError(f'Rule {number}: "path" is missing; "path": "" fits every request')
    _check_together(rule, number)
    return {**rule, "headers": {name: str(value) for name, value in rule.get("headers", {}).items()}}


def _check_together(rule: dict[str, Any], number: int) -> None:
    """A field without effect is a misunderstanding, and a test that tests nothing."""
    for name in _SEEN_WITH_STATUS:
        if name in rule and "status" not in rule:
            raise BadRuleError(
                f'Rule {number}: "{name}" needs "status": it belongs to an answer that replaces the real one'
            )
    replaces = "status" in rule or rule.get("drop", False)
    if rule.get("landed") and not replaces:
        raise BadRuleError(f'Rule {number}: "landed" needs "status" or "drop": without them every request lands')
    for name in ("status", "truncate", "drip"):
        if name in rule and rule.get("drop"):
            raise BadRuleError(f'Rule {number}: "{name}" cannot stand beside "drop", which sends no answer')
    if "lag" in rule and replaces:
        raise BadRuleError(f'Rule {number}: "lag" cannot stand beside "status" or "drop": it is about the real answer')


def _is_whole(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_time(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= _LONGEST


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(_HEADER.fullmatch(f"x: {value}"))


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False


def _is_headers(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in value.values()) and all(
        _HEADER.fullmatch(f"{name}: {each}") for name, each in value.items()
    )


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_SECONDS = (_is_time, f"seconds, 0 to {_LONGEST:g}")
_FLAG = (_is_flag, "true or false")
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "method": (lambda value: isinstance(value, str) and value.upper() in METHODS, f"one of {', '.join(METHODS)}"),
    "path": (_is_pattern, "a regular expression, looked for in the decoded path"),
    "status": (_is_whole(_STATUSES.start, _STATUSES.stop - 1), "a status from 200 to 599"),
    "body": (lambda _: True, "anything"),
    "headers": (_is_headers, "an object of header names and texts of one line"),
    "times": (_is_whole(1, _MOST_TIMES), f"a whole number, 1 to {_MOST_TIMES}"),
    "content_type": (_is_text, "a text of one line"),
    "landed": _FLAG,
    "drop": _FLAG,
    "delay": _SECONDS,
    "after": (_is_whole(0, _MOST_TIMES), f"a whole number, 0 to {_MOST_TIMES}"),
    "truncate": (_is_whole(0, 2**31), "a whole number of bytes, 0 or more"),
    "drip": _SECONDS,
    "lag": _SECONDS,
}
