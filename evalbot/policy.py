"""What a run may do about pull requests that are there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DuplicateCheck = Literal["content", "any-open-pr", "off"]
"""Which open pull requests of others stop us: those with our scores, any at all, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """--duplicate-check, --allow-duplicate, --propose-again and --dry-run."""

    duplicate_check: DuplicateCheck = "content"
    allow_duplicate: bool = False
    """Open a further pull request knowingly, whatever is open."""
    propose_again: bool = False
    """Propose even what was closed unmerged before."""
    dry_run: bool = False
