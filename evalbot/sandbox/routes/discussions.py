"""Discussions and pull requests: docs/hub-api.md, Discussions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from evalbot.sandbox import access, git_merge, shapes
from evalbot.sandbox.discussions import Discussion, Filter, checked_text, checked_title
from evalbot.sandbox.git_store import MAIN
from evalbot.sandbox.refusals import Refusal, bad_request, forbidden
from evalbot.sandbox.repos import REPO_PATH

if TYPE_CHECKING:
    from evalbot.sandbox.call import Call
    from evalbot.sandbox.discussions import Event
    from evalbot.sandbox.git_store import GitStore
    from evalbot.sandbox.repos import Repo

_PATH = f"{REPO_PATH}/discussions"
_ONE = f"{_PATH}/{{num:int}}"
_COMMENT = f"{_ONE}/comment/{{comment_id}}"


def listing(call: Call) -> Response:
    """Newest first; `count` is of all that fit the filter, so a reader knows when the pages end."""
    repo, query = _open_to_talk(call), call.query
    wanted = Filter(
        status=query.get("status", "all"),
        type=query.get("type", "all"),
        author=query.get("author"),
        search=query.get("search", ""),
        sort=query.get("sort", "recently-created"),
    )
    everything = sorted(call.discussions(repo), key=lambda each: -each.num)
    found = [each for each in everything if wanted.takes(each)]
    closed = sum(not each.is_open for each in everything if wanted.takes_any_state(each))
    size = call.hub.discussions_per_page
    start = call.number("p", 0) * size
    page = [shapes.discussion_summary(call.hub, repo, each) for each in found[start : start + size]]
    answer = {"discussions": page, "count": len(found), "start": start, "numClosedDiscussions": closed}
    return JSONResponse(answer)


def details(call: Call) -> Response:
    repo = _open_to_talk(call)
    discussion = call.discussion(repo)
    diff = call.flag("diff") and access.reads_files(call.hub.accounts, repo, call.who)
    return JSONResponse(shapes.discussion_details(call, repo, discussion, diff=diff))


def create(call: Call) -> Response:
    """A discussion, or an empty pull request: a draft at the head of main, for its author to push to."""
    repo = _open_to_talk(call)
    who = access.must_take_part(repo, call.who)
    asked = call.json()
    title, text = checked_title(asked.get("title")), str(asked.get("description") or "")
    is_pull_request = asked.get("pullRequest") is True
    with repo.alone() as store:
        if is_pull_request:
            started = repo.discuss(title=title, author=who.user, text=text, status="draft", base=MAIN)
            store.point(started.ref, store.resolve(MAIN))
        else:
            started = repo.discuss(title=title, author=who.user, text=text, status="open")
    url = f"/{repo.page}/discussions/{started.num}"
    return JSONResponse({"num": started.num, "pullRequest": is_pull_request, "url": url})


def comment(call: Call) -> Response:
    repo, discussion = _asked(call)
    who = access.must_take_part(repo, call.who)
    text = checked_text(call.json().get("comment"), "comment")
    with repo.alone():
        made = discussion.comment(who.user, text)
    return JSONResponse({"newMessage": shapes.event(call.hub.accounts, made)})


def edit(call: Call) -> Response:
    repo, discussion = _asked(call)
    found = discussion.find_comment(call.param("comment_id"))
    if access.must_take_part(repo, call.who).user != found.author:
        raise forbidden("Forbidden: only its author may edit a comment")
    text = checked_text(call.json().get("content"), "content")
    with repo.alone():
        discussion.edit(found, text)
    return _updated(call, found)


def hide(call: Call) -> Response:
    repo, discussion = _asked(call)
    found = discussion.find_comment(call.param("comment_id"))
    if access.must_take_part(repo, call.who).user != found.author:
        access.must_write(call.hub.accounts, repo, call.who)
    with repo.alone():
        discussion.hide(found)
    return _updated(call, found)


def _updated(call: Call, found: Event) -> Response:
    return JSONResponse({"updatedComment": shapes.event(call.hub.accounts, found)})


def status(call: Call) -> Response:
    repo, discussion = _asked(call)
    who = access.must_moderate(call.hub.accounts, repo, call.who, discussion)
    asked = call.json()
    wanted = asked.get("status")
    if wanted not in ("open", "closed"):  # a tuple: what was sent may be unhashable
        raise bad_request('"status" must be one of [open, closed]')
    with repo.alone():
        discussion.turn(who.user, "open" if wanted == "open" else "closed")
        _add_comment(discussion, who.user, asked.get("comment"))
    return JSONResponse({"newStatus": _latest(call, discussion, "status-change")})


def title(call: Call) -> Response:
    repo, discussion = _asked(call)
    who = access.must_moderate(call.hub.accounts, repo, call.who, discussion)
    wanted = checked_title(call.json().get("title"))
    with repo.alone():
        discussion.retitle(who.user, wanted)
    return JSONResponse({"newTitle": _latest(call, discussion, "title-change")})


def _latest(call: Call, discussion: Discussion, kind: str) -> object:
    """The last event of a kind; None where a status was asked for that was there already."""
    found = [event for event in discussion.events if event.type == kind]
    return shapes.event(call.hub.accounts, found[-1]) if found else None


def merge(call: Call) -> Response:
    repo, discussion = _asked(call)
    who = access.must_write(call.hub.accounts, repo, call.who)
    asked = call.json()
    with repo.alone() as store:
        commit = _merged(store, discussion, who.user)
        store.point(discussion.base, commit)
        discussion.merged(who.user, commit)
        _add_comment(discussion, who.user, asked.get("comment"))
    return JSONResponse({"success": True})


def _merged(store: GitStore, discussion: Discussion, author: str) -> str:
    if not discussion.is_pull_request:
        raise bad_request("This is not a pull request")
    if discussion.status != "open":
        raise bad_request(f"Cannot merge a pull request that is {discussion.status}")
    base, head = store.resolve(discussion.base), store.resolve(discussion.ref)
    subject = f"{discussion.title} (#{discussion.num})"
    made = git_merge.squash(store, base, head, title=subject, author=author)
    if made is None:
        raise Refusal(409, "This pull request has conflicts with its base branch")
    return made


def _add_comment(discussion: Discussion, author: str, text: object) -> None:
    if isinstance(text, str) and text.strip():
        discussion.comment(author, text)


def _open_to_talk(call: Call) -> Repo:
    repo = call.repo()
    access.must_discuss(repo)
    return repo


def _asked(call: Call) -> tuple[Repo, Discussion]:
    repo = _open_to_talk(call)
    return repo, repo.discussion(int(call.request.path_params["num"]))


ROUTES = [
    ("GET", _PATH, listing),
    ("POST", _PATH, create),
    ("GET", _ONE, details),
    ("POST", f"{_ONE}/comment", comment),
    ("POST", f"{_COMMENT}/edit", edit),
    ("POST", f"{_COMMENT}/hide", hide),
    ("POST", f"{_ONE}/status", status),
    ("POST", f"{_ONE}/title", title),
    ("POST", f"{_ONE}/merge", merge),
]
