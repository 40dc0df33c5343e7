"""What a token may do: the roles `read` and `write`, and the fine-grained permissions of the Hub's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["read", "write", "fineGrained"]
Permission = Literal["repo.content.read", "repo.write", "discussion.write"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Permissions on what one account has (type `user` or `org`), or on one repository (`model` or `dataset`)."""

    type: str
    name: str
    permissions: tuple[str, ...]

    def covers(self, kind: str, repo_id: str) -> bool:
        whole = self.type in {"user", "org"} and repo_id.lower().startswith(f"{self.name.lower()}/")
        return whole or (self.type == kind and self.name.lower() == repo_id.lower())


@dataclass(frozen=True, slots=True)
class FineGrained:
    """`everywhere` is what the Hub calls global: it holds for repositories of others as well."""

    everywhere: tuple[str, ...] = ()
    scoped: tuple[Scope, ...] = ()
    can_read_gated_repos: bool = False

    def allows(self, permission: Permission, kind: str, repo_id: str) -> bool:
        """On a repository of this kind ("model", "dataset"). Who may write may read (a guess)."""
        enough = {permission, "repo.write"} if permission == "repo.content.read" else {permission}
        here = [scope.permissions for scope in self.scoped if scope.covers(kind, repo_id)]
        return any(enough.intersection(names) for names in (self.everywhere, *here))

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> FineGrained:
        scoped = tuple(Scope(each["type"], each["name"], tuple(each["permissions"])) for each in record["scoped"])
        return cls(tuple(record["everywhere"]), scoped, record["can_read_gated_repos"])
