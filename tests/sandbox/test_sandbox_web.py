"""The pages behind the URLs that commits and pull requests are answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

EVIL = "<script>alert(1)</script>"


def test_pages__are_where_the_api_says(tiny: str, api: Api, raw: Raw, sandbox: SandboxHub) -> None:
    made = api["bob"].upload_file(
        path_or_fileobj=b"more\n", path_in_repo="more.md", repo_id="alice/tiny", create_pr=True, commit_message=EVIL
    )
    assert made.pr_url is not None
    for url, holds in (
        (made.pr_url, ">more<"),
        (made.commit_url, ">more<"),
        (f"{sandbox.endpoint}/alice/tiny", "<h1>Tiny</h1>"),
    ):
        answer = raw("GET", url)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert holds in answer.text, url
        assert EVIL not in answer.text
    api["alice"].merge_pull_request("alice/tiny", 1)
    assert ">more<" in raw("GET", made.pr_url).text
    patch = raw("GET", raw("GET", "/api/models/alice/tiny/discussions/1").json()["diffUrl"])
    assert patch.headers["content-type"] == "text/plain; charset=utf-8"
    assert patch.text.startswith("diff --git a/more.md b/more.md")


def test_pages__front_lists_public_repositories(sandbox: SandboxHub, tiny: str, raw: Raw) -> None:
    sandbox.create_repo("alice/secret", files={}, private=True)
    sandbox.create_repo("alice/words", files={}, repo_type="dataset")
    front = raw("GET", "/").text
    assert 'href="/alice/tiny"' in front
    assert 'href="/datasets/alice/words"' in front
    assert "secret" not in front


@pytest.mark.parametrize("path", ["alice/none", "alice/secret", "datasets/alice/tiny", "alice/tiny/discussions/9"])
def test_pages__unknown_and_private(sandbox: SandboxHub, tiny: str, raw: Raw, path: str) -> None:
    sandbox.create_repo("alice/secret", files={}, private=True)
    assert raw("GET", f"/{path}").status_code in {401, 404}


def test_pages__gated_files_are_not_shown(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    head = sandbox.create_repo("alice/gated", files={"README.md": b"hidden words\n"}, gated=True)
    api["bob"].create_discussion("alice/gated", title="Let me in", description="Please")
    assert "hidden words" not in raw("GET", "/alice/gated").text
    assert "hidden words" in raw("GET", "/alice/gated", "alice").text
    assert raw("GET", f"/alice/gated/commit/{head}", "bob").status_code == 403
    assert "Please" in raw("GET", "/alice/gated/discussions/1").text
