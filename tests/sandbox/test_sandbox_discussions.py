"""Discussions and pull requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import DiscussionComment, DiscussionStatusChange, DiscussionTitleChange
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

LIST = "/api/models/alice/tiny/discussions"


def _propose(raw: Raw, who: str, title: str, content: str, path: str = "new.txt") -> int:
    line = ("file", {"path": path, "content": content})
    answer = raw.commit(who, "main", line, query="?create_pr=1", summary=title)
    return int(answer.json()["pullRequestUrl"].rpartition("/")[2])


def test_create__discussion_is_open_pull_request_is_draft(tiny: str, api: Api) -> None:
    talk = api["bob"].create_discussion("alice/tiny", title="  A question ", description="How?")
    assert (talk.num, talk.title, talk.status, talk.is_pull_request) == (1, "A question", "open", False)
    (first,) = talk.events
    assert isinstance(first, DiscussionComment)
    assert (first.content, first.author) == ("How?", "bob")
    draft = api["bob"].create_pull_request("alice/tiny", title="A draft")
    assert (draft.num, draft.status, draft.git_reference) == (2, "draft", "refs/pr/2")
    assert api["bob"].list_repo_commits("alice/tiny", revision="refs/pr/2")[0].commit_id == tiny


@pytest.mark.parametrize("title", ["", "ab", "  ab ", "x" * 201, None, 3])
def test_create__title_of_3_to_200(tiny: str, raw: Raw, title: object) -> None:
    assert raw("POST", LIST, "bob", json={"title": title}).status_code == 400


def test_create__needs_a_user_who_may_write(tiny: str, raw: Raw) -> None:
    statuses = [raw("POST", LIST, who, json={"title": "Hello"}).status_code for who in (None, "carol-read", "carol")]
    assert statuses == [401, 403, 200]


def test_list__of_120_pull_requests_by_the_client(sandbox: SandboxHub, tiny: str, api: Api, raw: Raw) -> None:
    for number in range(120):
        _propose(raw, "bob", f"Change {number}", str(number))
    found = list(api["carol-read"].get_repo_discussions("alice/tiny", discussion_status="open"))
    assert [each.num for each in found] == list(range(120, 0, -1))
    assert found[0].created_at.tzinfo is not None
    pages = [record.query for record in sandbox.log if record.path == LIST]
    assert len(pages) == 12
    last = raw("GET", f"{LIST}?p=11&status=all").json()
    assert (last["count"], last["start"], len(last["discussions"])) == (120, 110, 10)
    assert raw("GET", f"{LIST}?p=12").json()["discussions"] == []


def test_list__filters(tiny: str, api: Api, raw: Raw) -> None:
    talk = api["carol"].create_discussion("alice/tiny", title="Talk")
    draft = api["bob"].create_pull_request("alice/tiny", title="Draft")
    merged = _propose(raw, "bob", "To be merged", "1", "1.txt")
    closed = _propose(raw, "carol", "To be closed", "2", "2.txt")
    api["alice"].merge_pull_request("alice/tiny", merged)
    api["alice"].change_discussion_status("alice/tiny", closed, "closed")

    def nums(query: str) -> list[int]:
        return [each["num"] for each in raw("GET", f"{LIST}?{query}").json()["discussions"]]

    assert nums("") == nums("status=all&type=all") == [closed, merged, draft.num, talk.num]
    assert nums("status=open") == [draft.num, talk.num]
    assert nums("status=closed") == [closed, merged]
    assert nums("type=pull_request") == [closed, merged, draft.num]
    assert nums("type=discussion&status=open") == [talk.num]
    assert nums("author=Bob") == [merged, draft.num]
    assert nums("search=TO%20BE") == [closed, merged]
    assert raw("GET", f"{LIST}?status=open").json()["numClosedDiscussions"] == 2
    statuses = {each.num: each.status for each in api["bob"].get_repo_discussions("alice/tiny")}
    assert statuses == {talk.num: "open", draft.num: "draft", merged: "merged", closed: "closed"}
    for query in ("status=merged", "type=planet", "sort=oldest", "p=-1", "p=x"):
        assert raw("GET", f"{LIST}?{query}").status_code == 400


def test_comment__edit_and_hide(tiny: str, api: Api) -> None:
    api["bob"].create_discussion("alice/tiny", title="Talk")
    made = api["carol"].comment_discussion("alice/tiny", 1, comment="Hello <b>")
    edited = api["carol"].edit_discussion_comment("alice/tiny", 1, made.id.upper(), new_content="Hello again")
    assert (edited.content, edited.edited, edited.number_of_edits) == ("Hello again", True, 1)
    with pytest.raises(HfHubHTTPError, match="403"):
        api["alice"].edit_discussion_comment("alice/tiny", 1, made.id, new_content="Not mine")
    with pytest.raises(HfHubHTTPError, match="403"), pytest.warns(UserWarning, match="irreversible"):
        api["bob"].hide_discussion_comment("alice/tiny", 1, made.id)
    with pytest.warns(UserWarning, match="irreversible"):
        hidden = api["alice"].hide_discussion_comment("alice/tiny", 1, made.id)
    assert (hidden.hidden, hidden.content) == (True, "")
    with pytest.raises(BadRequestError):
        api["carol"].comment_discussion("alice/tiny", 1, comment="  ")
    with pytest.raises(HfHubHTTPError, match="404"):
        api["carol"].edit_discussion_comment("alice/tiny", 1, "0" * 24, new_content="x")


def test_title_and_status__by_author_and_owner(tiny: str, api: Api) -> None:
    api["bob"].create_discussion("alice/tiny", title="Talk")
    renamed = api["alice"].rename_discussion("alice/tiny", 1, new_title="Better")
    assert isinstance(renamed, DiscussionTitleChange)
    assert (renamed.old_title, renamed.new_title) == ("Talk", "Better")
    changed = api["bob"].change_discussion_status("alice/tiny", 1, "closed", comment="Done")
    assert isinstance(changed, DiscussionStatusChange)
    assert changed.new_status == "closed"
    details = api["bob"].get_discussion_details("alice/tiny", 1)
    assert (details.status, details.title) == ("closed", "Better")
    assert [event.type for event in details.events] == ["comment", "title-change", "status-change", "comment"]
    with pytest.raises(HfHubHTTPError, match="403"):
        api["carol"].rename_discussion("alice/tiny", 1, new_title="Not mine")
    with pytest.raises(HfHubHTTPError, match="403"):
        api["carol"].change_discussion_status("alice/tiny", 1, "open")


def test_unknown_discussion__404(tiny: str, raw: Raw) -> None:
    assert raw("GET", f"{LIST}/7").status_code == 404
    assert raw("GET", f"{LIST}/x").status_code == 404


def test_merge__brings_the_change_and_keeps_the_diff(tiny: str, api: Api, raw: Raw) -> None:
    num = _propose(raw, "bob", "Add it", "new\n")
    api["alice"].upload_file(path_or_fileobj=b"other\n", path_in_repo="other.txt", repo_id="alice/tiny")
    with pytest.raises(HfHubHTTPError, match="403"):
        api["bob"].merge_pull_request("alice/tiny", num)
    api["alice"].merge_pull_request("alice/tiny", num, comment="Thanks")
    details = api["bob"].get_discussion_details("alice/tiny", num)
    assert (details.status, details.conflicting_files) == ("merged", [])
    assert details.merge_commit_oid == api["bob"].model_info("alice/tiny").sha
    assert details.diff is not None
    assert "+new" in details.diff
    assert {"new.txt", "other.txt"} <= set(api["bob"].list_repo_files("alice/tiny"))
    newest = api["bob"].list_repo_commits("alice/tiny")[0]
    assert newest.title == "Add it (#1)"
    for _ in range(2):
        with pytest.raises(BadRequestError, match="merged"):
            api["alice"].merge_pull_request("alice/tiny", num)
    with pytest.raises(BadRequestError, match="merged"):
        api["alice"].change_discussion_status("alice/tiny", num, "open")


def test_merge__draft_must_be_opened_first(tiny: str, api: Api) -> None:
    api["bob"].create_pull_request("alice/tiny", title="A draft")
    with pytest.raises(BadRequestError, match="draft"):
        api["alice"].merge_pull_request("alice/tiny", 1)
    api["bob"].upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="alice/tiny", revision="refs/pr/1")
    api["bob"].change_discussion_status("alice/tiny", 1, "open")
    api["alice"].merge_pull_request("alice/tiny", 1)
    assert api["alice"].file_exists("alice/tiny", "x.txt")


def test_merge__conflict_is_told_and_refused(tiny: str, api: Api, raw: Raw) -> None:
    num = _propose(raw, "bob", "Ours", "ours\n")
    api["alice"].upload_file(path_or_fileobj=b"theirs\n", path_in_repo="new.txt", repo_id="alice/tiny")
    details = api["bob"].get_discussion_details("alice/tiny", num)
    assert details.conflicting_files == ["new.txt"]
    with pytest.raises(HfHubHTTPError, match="conflicts"):
        api["alice"].merge_pull_request("alice/tiny", num)
    assert api["bob"].get_discussion_details("alice/tiny", num).status == "open"


def test_merge__a_discussion_is_refused(tiny: str, api: Api, raw: Raw) -> None:
    api["bob"].create_discussion("alice/tiny", title="Talk")
    assert raw("POST", f"{LIST}/1/merge", "alice").status_code == 400


def test_details__diff_only_when_asked(tiny: str, raw: Raw) -> None:
    _propose(raw, "bob", "Add it", "new\n")
    plain, full = (raw("GET", f"{LIST}/1{query}").json() for query in ("", "?diff=1"))
    assert "diff" not in plain
    assert plain == {key: value for key, value in full.items() if key != "diff"}
    assert json.dumps(full["changes"]) == '{"base": "refs/heads/main"}'


def test_deleted_user__leaves_words_without_an_author(sandbox: SandboxHub, tiny: str, api: Api, raw: Raw) -> None:
    _propose(raw, "bob", "Add it", "new\n")
    sandbox.delete_user("bob")
    assert "bob" not in sandbox.tokens
    assert raw("GET", LIST, headers={"Authorization": "Bearer hf_sandbox_bob"}).status_code == 401
    (listed,) = raw("GET", LIST).json()["discussions"]
    assert "author" not in listed
    (found,) = api["alice"].get_repo_discussions("alice/tiny")
    details = api["alice"].get_discussion_details("alice/tiny", 1)
    assert found.author == details.author == details.events[0].author == "deleted"
