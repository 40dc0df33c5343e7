"""Everything the Hub says no with: status, text and error code as docs/hub-api.md, Errors, lists them.

The clients tell the cases apart by `X-Error-Code`, `X-Error-Message` and the status, so these three are the
contract; the texts are the Hub's own where they are known.
"""

from __future__ import annotations

from typing import Any

NO_WRITE_RIGHT = "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request"


class Refusal(Exception):
    """An answer that is not 2xx: `{"error": message, **body}` with the headers that go with it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}
        self.body = body or {}


class Moved(Exception):
    """The repository has another id now: 307 to the same place there, relative, as the Hub answers."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def bad_token() -> Refusal:
    return Refusal(401, "Invalid credentials in Authorization header")


def sign_in_first() -> Refusal:
    """What the Hub tells strangers, for a missing repository and a private one alike, without a code.

    Over http:// the official client does not turn this into RepositoryNotFoundError (docs/hub-api.md, Errors);
    the sandbox stays with the Hub's answer, so that evalbot is tested against it.
    """
    return Refusal(401, "Invalid username or password.")


def repo_not_found() -> Refusal:
    return Refusal(404, "Repository not found", code="RepoNotFound")


def no_such_page() -> Refusal:
    return Refusal(404, "Sorry, we can't find the page you are looking for.")


def revision_not_found(revision: str) -> Refusal:
    return Refusal(404, f"Invalid rev id: {revision}", code="RevisionNotFound")


def entry_not_found(message: str = "Entry not found", *, commit: str | None = None) -> Refusal:
    """With the commit that was looked at: the client remembers "not there" for that commit."""
    headers = {"X-Repo-Commit": commit} if commit else {}
    return Refusal(404, message, code="EntryNotFound", headers=headers)


def gated(repo_id: str, *, signed_in: bool) -> Refusal:
    message = f"Access to {repo_id} is restricted and you are not in the authorized list."
    return Refusal(403 if signed_in else 401, message, code="GatedRepo")


def gated_for_token(repo_id: str) -> Refusal:
    message = (
        f"Access to {repo_id} is restricted. Please enable access to public gated repositories in your fine-grained "
        "token settings to view this repository."
    )
    return Refusal(403, message, code="GatedRepo")


def disabled() -> Refusal:
    """The client knows this one by its text."""
    return Refusal(403, "Access to this resource is disabled.")


def discussions_off() -> Refusal:
    """The Hub's status and text are not known; these are ours."""
    return Refusal(403, "Discussions are disabled for this repository")


def forbidden(message: str) -> Refusal:
    return Refusal(403, message)


def bad_request(message: str) -> Refusal:
    return Refusal(400, message)
