from __future__ import annotations

from typing import Any

import pytest

from evalbot.evaluate.jobs.read_token import why_it_can_write


def answer(role: object, fine: object = None) -> dict[str, Any]:
    token = {"displayName": "t", "role": role, **({} if fine is None else {"fineGrained": fine})}
    return {"name": "alice", "auth": {"type": "access_token", "accessToken": token}}


def fine(everywhere: object = (), *scoped: object) -> dict[str, Any]:
    listed = list(everywhere) if isinstance(everywhere, tuple) else everywhere
    scopes = [{"entity": {"type": "user", "name": "alice"}, "permissions": names} for names in scoped]
    return {"global": listed, "scoped": scopes, "canReadGatedRepos": True}


@pytest.mark.parametrize(
    "whoami",
    [
        pytest.param(answer("read"), id="role read"),
        pytest.param(answer("fineGrained", fine()), id="no permission at all"),
        pytest.param(answer("fineGrained", fine((), ["repo.content.read", "repo.access.read"])), id="reads a user's"),
        pytest.param(answer("fineGrained", fine(("collection.read",))), id="reads everywhere"),
        pytest.param(answer("fineGrained", fine((), ["inference.serverless.write"])), id="asks models"),
        pytest.param(answer("fineGrained", {"canReadGatedRepos": True}), id="gated repositories alone"),
    ],
)
def test_why_it_can_write__a_token_that_only_reads__is_nothing(whoami: dict[str, Any]) -> None:
    assert why_it_can_write(whoami) is None


@pytest.mark.parametrize(
    ("whoami", "reason"),
    [
        pytest.param(answer("write"), "its role is write", id="role write"),
        pytest.param(answer("god"), "its role is god", id="role god"),
        pytest.param(answer("contributor"), "its role is contributor", id="a role to come"),
        pytest.param(answer("READ"), "its role is READ", id="not the role we know"),
        pytest.param(answer(None), "does not say", id="no role"),
        pytest.param(answer(["read"]), "does not say", id="a role that is no text"),
        pytest.param({"name": "alice"}, "does not say", id="no token"),
        pytest.param({"name": "alice", "auth": {"type": "oauth"}}, "does not say", id="another kind of token"),
        pytest.param({}, "does not say", id="an empty answer"),
        pytest.param(answer("fineGrained"), "does not say", id="fine-grained without a word"),
        pytest.param(answer("fineGrained", "read"), "does not say", id="fine-grained, a text"),
        pytest.param(answer("fineGrained", fine(("discussion.write",))), "discussion.write", id="proposes anywhere"),
        pytest.param(answer("fineGrained", fine((), ["repo.content.read", "repo.write"])), "repo.write", id="pushes"),
        pytest.param(answer("fineGrained", fine((), ["repo.content.read"], ["job.write"])), "job.write", id="jobs"),
        pytest.param(answer("fineGrained", fine((), ["org.admin"])), "org.admin", id="a permission we do not know"),
        pytest.param(answer("fineGrained", fine("repo.write")), "repo.write", id="a list that is a text"),
        pytest.param(answer("fineGrained", {"global": [{"name": "x"}]}), "permission", id="a permission no text"),
        pytest.param(answer("fineGrained", fine((), ["user.webhooks.write"])), "user.webhooks.write", id="webhooks"),
    ],
)
def test_why_it_can_write__any_other_token__says_what_it_may_do(whoami: dict[str, Any], reason: str) -> None:
    assert reason in str(why_it_can_write(whoami))
