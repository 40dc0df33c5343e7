"""Who is there: users, organisations and their tokens, kept in accounts.json of the data folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from evalbot.sandbox.permissions import FineGrained
from evalbot.sandbox.records import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.permissions import Permission, Role


@dataclass(frozen=True, slots=True)
class Token:
    """A token as accounts.json holds it; `label` is how tests and the command line call it.

    `fine` belongs to the role `fineGrained` and to no other.
    """

    value: str
    label: str
    user: str
    role: Role
    fine: FineGrained | None = None

    def may(self, permission: Permission, kind: str, repo_id: str) -> bool:
        """What the token itself allows; whether its owner may is another question."""
        if self.fine is not None:
            return self.fine.allows(permission, kind, repo_id)
        return self.role == "write" or permission == "repo.content.read"


@dataclass(frozen=True, slots=True)
class Organisation:
    fullname: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accounts:
    """Users by name, organisations by name, tokens by value."""

    users: dict[str, str]
    organisations: dict[str, Organisation]
    tokens: dict[str, Token]

    def organisations_of(self, user: str) -> dict[str, Organisation]:
        return {name: org for name, org in self.organisations.items() if user in org.members}

    def owns(self, user: str, namespace: str) -> bool:
        names = {user.lower(), *(name.lower() for name in self.organisations_of(user))}
        return namespace.lower() in names

    def namespace(self, name: str) -> str | None:
        """The name as its owner writes it, or None where nobody has it."""
        spelled = {known.lower(): known for known in (*self.users, *self.organisations)}
        return spelled.get(name.lower())

    def remove(self, user: str) -> None:
        """What they wrote stays, without an author."""
        del self.users[user]
        for token in [token for token in self.tokens.values() if token.user == user]:
            del self.tokens[token.value]

    def save(self, path: Path) -> None:
        write_json(
            path,
            {
                "users": self.users,
                "organisations": {name: asdict(org) for name, org in self.organisations.items()},
                "tokens": [asdict(token) for token in self.tokens.values()],
            },
        )
        path.chmod(0o600)


def load(path: Path) -> Accounts:
    stored = read_json(path)
    organisations = {
        name: Organisation(org["fullname"], tuple(org["members"])) for name, org in stored["organisations"].items()
    }
    tokens = [_token(record) for record in stored["tokens"]]
    return Accounts(stored["users"], organisations, {token.value: token for token in tokens})


def _token(record: dict[str, Any]) -> Token:
    fine = record.get("fine")
    return Token(**{**record, "fine": FineGrained.from_record(fine) if fine else None})
