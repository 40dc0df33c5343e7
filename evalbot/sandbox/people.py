"""Users and organisations as the JSON the clients read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalbot.sandbox.records import as_date, stable_id

if TYPE_CHECKING:
    from evalbot.sandbox.accounts import Accounts, Organisation, Token


def whoami(accounts: Accounts, who: Token) -> dict[str, Any]:
    return {
        **_person(accounts, who.user),
        "id": stable_id(who.user),
        "email": f"{who.user}@sandbox.invalid",
        "emailVerified": True,
        "canPay": False,
        "periodEnd": None,
        "orgs": [
            {**_organisation(name, org), "id": stable_id(name), "isEnterprise": False, "roleInOrg": "write"}
            for name, org in accounts.organisations_of(who.user).items()
        ],
        "auth": {"type": "access_token", "accessToken": _token(who)},
    }


def author(accounts: Accounts, name: str) -> dict[str, Any]:
    """`author`, or nothing at all where the account is gone: readers must do without."""
    if name not in accounts.users:
        return {}
    roles = dict.fromkeys(("isHf", "isHfAdmin", "isMod"), False)
    return {"author": {"_id": stable_id(name), **_person(accounts, name), **roles}}


def owner(accounts: Accounts, namespace: str) -> dict[str, Any]:
    """Whose repository it is: a user or an organisation, told apart by `type`."""
    name = accounts.namespace(namespace)
    if name in accounts.organisations:
        return _organisation(name, accounts.organisations[name])
    if name in accounts.users:
        return _person(accounts, name)
    return {"type": "user", "name": namespace, "fullname": namespace, "avatarUrl": "/avatars/user.svg"}


def _token(who: Token) -> dict[str, Any]:
    shown = {"displayName": who.label, "role": who.role, "createdAt": as_date(0)}
    if who.fine is None:
        return shown
    scoped = [
        {
            "entity": {"_id": stable_id(scope.name), "type": scope.type, "name": scope.name},
            "permissions": list(scope.permissions),
        }
        for scope in who.fine.scoped
    ]
    can_read_gated = who.fine.can_read_gated_repos
    fine = {"global": list(who.fine.everywhere), "scoped": scoped, "canReadGatedRepos": can_read_gated}
    return {**shown, "fineGrained": fine}


def _organisation(name: str, org: Organisation) -> dict[str, Any]:
    return {"type": "org", "name": name, "fullname": org.fullname, "avatarUrl": "/avatars/org.svg"}


def _person(accounts: Accounts, name: str) -> dict[str, Any]:
    return {
        "type": "user",
        "name": name,
        "fullname": accounts.users[name],
        "avatarUrl": "/avatars/user.svg",
        "isPro": False,
    }
