"""huggingface.js, the Hub's JavaScript client, against the sandbox: what it sends and needs differs from Python's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.sandbox.server import SandboxHub

    Call = tuple[str, dict[str, Any]]
    Client = Callable[..., list[Any]]

HERE = Path(__file__).parent
PACKAGE = (HERE / "package.json").read_text(encoding="utf-8")
VERSION = json.loads(PACKAGE)["dependencies"]["@huggingface/hub"]
INSTALLED = Path(sys.prefix) / f"huggingface-js-{VERSION}"
INSTALL = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--cache", "cache")
LONGEST_INSTALL = 180  # seconds
LONGEST_RUN = 60  # seconds
TINY = {"repo": "alice/tiny"}


@pytest.fixture(scope="session")
def package(absent: Callable[[str], NoReturn]) -> Path:
    """The folder the client is installed in: once for this environment, however many processes ask."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        absent("node or npm is not installed")
    with FileLock(f"{INSTALLED}.lock"):
        if not (INSTALLED / "done").exists():
            INSTALLED.mkdir(exist_ok=True)
            (INSTALLED / "package.json").write_text(PACKAGE, encoding="utf-8")
            try:
                subprocess.run(INSTALL, cwd=INSTALLED, capture_output=True, timeout=LONGEST_INSTALL, check=True)
            except subprocess.SubprocessError as failed:
                absent(f"@huggingface/hub could not be installed ({failed})")
            (INSTALLED / "done").touch()
    return INSTALLED


@pytest.fixture
def js(hub: SandboxHub, package: Path) -> Client:
    """`js("bob", ("whoAmI", {}), ...)` gives the outcome of each call: its value, or {"status", "message", "data"}."""

    def run(who: str | None, *calls: Call) -> list[Any]:
        token = {"accessToken": hub.tokens.get(who, who)} if who else {}
        told = json.dumps([(name, {"hubUrl": hub.endpoint, **token, **given}) for name, given in calls])
        command = ["node", str(HERE / "call_hub.mjs"), str(package)]
        done = subprocess.run(
            command, input=told, capture_output=True, text=True, encoding="utf-8", timeout=LONGEST_RUN, check=False
        )
        assert done.returncode == 0, done.stderr
        return [outcome.get("error") or outcome["value"] for outcome in json.loads(done.stdout)]

    return run


def write(path: str, text: str) -> dict[str, Any]:
    """A commit without xet: the sandbox has none."""
    operation = {"operation": "addOrUpdate", "path": path, "content": {"text": text}}
    return {**TINY, "title": f"Write {path}", "operations": [operation], "useXet": False}


def paths(files: list[dict[str, Any]]) -> list[str]:
    return [file["path"] for file in files]


def test_js__whoami_and_access(js: Client) -> None:
    (me, _) = js("alice", ("whoAmI", {}), ("checkRepoAccess", TINY))
    assert (me["type"], me["name"], me["fullname"]) == ("user", "alice", "Alice")
    assert [org["name"] for org in me["orgs"]] == ["acme"]
    assert me["auth"]["accessToken"]["role"] == "write"


def test_js__model_info_reads_the_default_branch(hub: SandboxHub, js: Client) -> None:
    fields = {"name": "alice/tiny", "additionalFields": ["sha", "cardData", "author", "filePaths"]}
    info, named, exists, missing = js(
        "bob",
        ("modelInfo", fields),
        ("modelInfo", {**fields, "revision": "main"}),
        ("repoExists", TINY),
        ("repoExists", {"repo": "alice/none"}),
    )
    assert info == named
    assert (info["name"], info["author"], info["cardData"]) == ("alice/tiny", "alice", {"license": "mit"})
    assert info["filePaths"] == [".gitattributes", "README.md", "docs/notes.txt"]
    assert (exists, missing) == (True, False)


def test_js__files_are_listed_and_read(hub: SandboxHub, js: Client) -> None:
    top, everything, card, none, known, unknown, info = js(
        "bob",
        ("listFiles", TINY),
        ("listFiles", {**TINY, "recursive": True, "expand": True}),
        ("downloadFile", {**TINY, "path": "README.md"}),
        ("downloadFile", {**TINY, "path": "none.md"}),
        ("fileExists", {**TINY, "path": "README.md"}),
        ("fileExists", {**TINY, "path": "none.md"}),
        ("pathsInfo", {**TINY, "paths": ["docs/notes.txt", "none.md"]}),
    )
    assert sorted((file["type"], file["path"]) for file in top) == [
        ("directory", "docs"),
        ("file", ".gitattributes"),
        ("file", "README.md"),
    ]
    assert "docs/notes.txt" in paths(everything)
    assert all(file["lastCommit"]["title"] for file in everything if file["type"] == "file")
    assert card == "---\nlicense: mit\n---\n# Tiny\n\nA model.\n"
    assert (none, known, unknown) == (None, True, False)
    assert [(file["path"], file["size"]) for file in info] == [("docs/notes.txt", 6)]


def test_js__pull_request_is_opened_and_continued(hub: SandboxHub, js: Client) -> None:
    (commits,) = js("bob", ("listCommits", TINY))
    made, more, files, text, own, main = js(
        "bob",
        ("commit", {**write("a.txt", "a"), "isPullRequest": True, "parentCommit": commits[0]["oid"]}),
        ("commit", {**write("b.txt", "b"), "branch": "refs/pr/1"}),
        ("listFiles", {**TINY, "revision": "refs/pr/1"}),
        ("downloadFile", {**TINY, "path": "b.txt", "revision": "refs/pr/1"}),
        ("listCommits", {**TINY, "revision": "refs/pr/1"}),
        ("listFiles", TINY),
    )
    assert made["pullRequestUrl"] == f"{hub.endpoint}/alice/tiny/discussions/1"
    assert "pullRequestUrl" not in more
    assert {"a.txt", "b.txt"} <= set(paths(files))
    assert text == "b"
    assert [commit["oid"] for commit in own[:2]] == [more["commit"]["oid"], made["commit"]["oid"]]
    assert own[2:] == commits
    assert {"a.txt", "b.txt"}.isdisjoint(paths(main))


def test_js__owner_writes_to_main(js: Client) -> None:
    note = {"path": "notes.txt", "content": {"text": "n"}}
    made, uploaded, deleted, files, count, branch, same_branch = js(
        "alice",
        ("commit", write("a.txt", "a")),
        ("uploadFile", {**TINY, "file": note, "useXet": False}),
        ("deleteFile", {**TINY, "path": "a.txt"}),
        ("listFiles", TINY),
        ("countCommits", TINY),
        ("createBranch", {**TINY, "branch": "side"}),
        ("createBranch", {**TINY, "branch": "side"}),
    )
    assert len({made["commit"]["oid"], uploaded["commit"]["oid"], deleted["commit"]["oid"]}) == 3
    assert "notes.txt" in paths(files)
    assert "a.txt" not in paths(files)
    assert count == 5
    assert branch is None
    assert same_branch["status"] == 409


def test_js__repository_is_made_and_deleted(hub: SandboxHub, js: Client) -> None:
    new: dict[str, Any] = {"repo": "alice/new"}
    files = [{"path": "README.md", "content": {"text": "# New\n"}}]
    made, again, card, _, gone, listing = js(
        "alice",
        ("createRepo", {**new, "files": files}),
        ("createRepo", new),
        ("downloadFile", {**new, "path": "README.md"}),
        ("deleteRepo", new),
        ("repoExists", new),
        ("listFiles", new),
    )
    assert made["repoUrl"] == f"{hub.endpoint}/alice/new"
    assert (again["status"], again["data"]["url"]) == (409, made["repoUrl"])
    assert card == "# New\n"
    assert gone is False
    assert listing["status"] == 404


FORBIDDEN = "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request"


@pytest.mark.parametrize(
    ("who", "call", "status", "says"),
    [
        (None, ("whoAmI", {}), 401, "Invalid "),
        ("hf_nobody", ("whoAmI", {}), 401, "Invalid credentials in Authorization header"),
        ("hf_nobody", ("listFiles", TINY), 401, "Invalid credentials in Authorization header"),
        (None, ("commit", {**write("a.txt", "a"), "isPullRequest": True}), 401, "Invalid username or password"),
        (None, ("listFiles", {"repo": "alice/none"}), 401, "Invalid username or password"),
        ("bob", ("listFiles", {"repo": "alice/none"}), 404, "Repository not found"),
        ("bob", ("listFiles", {**TINY, "revision": "refs/pr/9"}), 404, "Invalid rev id"),
        ("bob", ("modelInfo", {"name": "alice/none"}), 404, "Repository not found"),
        ("bob", ("commit", write("a.txt", "a")), 403, FORBIDDEN),
        ("bob", ("deleteRepo", TINY), 403, "Forbidden"),
        ("alice-read", ("commit", write("a.txt", "a")), 403, "Forbidden"),
        ("alice", ("createRepo", {"repo": "bob/mine"}), 403, ""),
        ("alice", ("deleteFile", {**TINY, "path": "none.md"}), 404, "A file with this name doesn't exist"),
    ],
)
def test_js__refusals_have_the_hubs_status_and_words(
    js: Client, who: str | None, call: Call, status: int, says: str
) -> None:
    (refused,) = js(who, call)
    assert refused["status"] == status
    assert says in refused["message"]


def test_js__stale_parent_is_refused_on_main_and_welcome_in_a_pull_request(js: Client) -> None:
    (commits,) = js("alice", ("listCommits", TINY))
    old = {"parentCommit": commits[-1]["oid"]}
    stale, proposed = js(
        "alice",
        ("commit", {**write("a.txt", "a"), **old}),
        ("commit", {**write("a.txt", "a"), **old, "isPullRequest": True}),
    )
    assert stale["status"] == 412
    assert "The branch was updated since you opened this page" in stale["message"]
    assert proposed["pullRequestUrl"].endswith("/alice/tiny/discussions/1")


def test_js__gated_files_are_for_its_members(hub: SandboxHub, js: Client) -> None:
    hub.create_repo("alice/gated", files={"README.md": b"hidden\n"}, gated=True)
    wanted = {"repo": "alice/gated", "path": "README.md"}
    (for_alice,) = js("alice", ("downloadFile", wanted))
    info, for_bob = js("bob", ("modelInfo", {"name": "alice/gated"}), ("downloadFile", wanted))
    assert (for_alice, info["gated"], for_bob["status"]) == ("hidden\n", "auto", 403)


def test_js__moved_repository_answers_under_its_old_name(hub: SandboxHub, js: Client) -> None:
    hub.move_repo("alice/tiny", "acme/small")
    info, card, made = js(
        "bob",
        ("modelInfo", {"name": "alice/tiny"}),
        ("downloadFile", {**TINY, "path": "README.md"}),
        ("commit", {**write("a.txt", "a"), "isPullRequest": True}),
    )
    assert info["name"] == "acme/small"
    assert card.startswith("---")
    assert made["pullRequestUrl"] == f"{hub.endpoint}/acme/small/discussions/1"


def test_js__closed_repositories_refuse(hub: SandboxHub, js: Client) -> None:
    proposal = ("commit", {**write("a.txt", "a"), "isPullRequest": True})
    hub.change_repo("alice/tiny", discussions=False)
    (without_discussions,) = js("bob", proposal)
    hub.change_repo("alice/tiny", disabled=True)
    closed = js("bob", ("modelInfo", {"name": "alice/tiny"}), ("listFiles", TINY), proposal)
    assert without_discussions["status"] == 403
    assert {(refused["status"], refused["data"]["error"]) for refused in closed} == {
        (403, "Access to this resource is disabled.")
    }


def test_js__fine_grained_token_may_what_it_says(js: Client) -> None:
    proposal = ("commit", {**write("a.txt", "a"), "isPullRequest": True})
    me, made = js("bob-fine", ("whoAmI", {}), proposal)
    (refused,) = js("alice-fine-read", proposal)
    assert me["auth"]["accessToken"]["fineGrained"]["global"] == ["discussion.write"]
    assert made["pullRequestUrl"].endswith("/discussions/1")
    assert refused["status"] == 403
