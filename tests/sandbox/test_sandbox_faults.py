"""Bad days on demand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError

from evalbot.sandbox.faults import OUT_OF_QUOTA

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

INFO = "/api/models/alice/tiny"


def test_fault__replaces_the_answer_as_often_as_asked(sandbox: SandboxHub, tiny: str, raw: Raw) -> None:
    sandbox.faults.add("GET", r"/api/models/alice/tiny$", status=503, body={"error": "Later"}, times=2)
    assert [raw("GET", INFO).status_code for _ in range(3)] == [503, 503, 200]
    assert raw("HEAD", "/alice/tiny/resolve/main/README.md").status_code == 200


def test_fault__body_headers_and_content_type(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.faults.add("*", "agent", status=502, body="<html>", content_type="text/html", headers={"Retry-After": "1"})
    answer = raw("GET", "/api/agent-harnesses")
    assert (answer.status_code, answer.text, answer.headers["content-type"][:9]) == (502, "<html>", "text/html")
    assert (answer.headers["retry-after"], "x-request-id" in answer.headers) == ("1", True)


def test_fault__matches_the_decoded_path(sandbox: SandboxHub, tiny: str, raw: Raw) -> None:
    sandbox.faults.add("GET", "/revision/refs/pr/1$", status=500, body=b"")
    assert raw("GET", f"{INFO}/revision/refs%2Fpr%2F1").status_code == 500


def test_fault__429_is_waited_out_by_the_client(sandbox: SandboxHub, tiny: str, api: Api) -> None:
    sandbox.faults.add("GET", "/tree/", status=429, headers={**OUT_OF_QUOTA, "RateLimit": '"api";r=0;t=0'})
    assert "README.md" in api["bob"].list_repo_files("alice/tiny")
    assert [record.status for record in sandbox.log if "/tree/" in record.path] == [429, 200]


def test_fault__landed_commit_whose_answer_is_lost(sandbox: SandboxHub, tiny: str, api: Api) -> None:
    """The case in which a blind second try would open a second pull request."""
    sandbox.faults.add("POST", "/commit/main", status=504, landed=True)
    with pytest.raises(HfHubHTTPError, match="504"):
        _propose(api)
    assert [each.title for each in api["bob"].get_repo_discussions("alice/tiny")] == ["Add"]


@pytest.mark.parametrize("landed", [False, True])
def test_fault__dropped_connection(sandbox: SandboxHub, tiny: str, api: Api, landed: bool) -> None:
    sandbox.faults.add("POST", "/commit/main", drop=True, landed=landed)
    with pytest.raises(httpx2.RemoteProtocolError):
        _propose(api)
    assert len(list(api["bob"].get_repo_discussions("alice/tiny"))) == int(landed)
    assert [record.status for record in sandbox.log if "/commit/" in record.path] == [0]


def test_fault__somebody_else_commits_in_between(sandbox: SandboxHub, tiny: str, api: Api) -> None:
    def interfere() -> None:
        api["alice"].upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="alice/tiny")

    sandbox.faults.add("POST", "/commit/main", before=interfere)
    with pytest.raises(HfHubHTTPError, match="412"):
        api["alice"].create_commit(
            "alice/tiny", [CommitOperationAdd("a.txt", b"a")], commit_message="Add", parent_commit=tiny
        )


def test_fault__delay(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.faults.add("GET", "agent", delay=0.2)
    start = time.monotonic()
    assert raw("GET", "/api/agent-harnesses").status_code == 200
    assert time.monotonic() - start >= 0.2


def test_clear__forgets_all(sandbox: SandboxHub, raw: Raw) -> None:
    sandbox.faults.add("*", "", status=500, times=100)
    sandbox.faults.clear()
    assert raw("GET", "/api/agent-harnesses").status_code == 200


def test_defect__is_500_json(sandbox: SandboxHub, tiny: str, raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("evalbot.sandbox.shapes.repo_info", broken)
    answer = raw("GET", INFO)
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal error of the sandbox: ZeroDivisionError"})


def _propose(api: Api) -> None:
    add = [CommitOperationAdd("a.txt", b"a")]
    api["bob"].create_commit("alice/tiny", add, commit_message="Add", create_pr=True)
