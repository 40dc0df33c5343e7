"""What a browser shows at the addresses the API hands out: plain pages to look at, nothing to click wrong."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalbot.sandbox.discussions import Discussion, Event
    from evalbot.sandbox.git_store import CommitRecord
    from evalbot.sandbox.repos import Repo

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328}"
    "pre{background:#f6f8fa;padding:1rem;overflow:auto;white-space:pre-wrap}"
    "ins{background:#dafbe1;text-decoration:none}del{background:#ffebe9;text-decoration:none}"
    "small{color:#59636e}@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}"
    "pre{background:#161b22}ins{background:#12361f}del{background:#4a1d1f}a{color:#4493f8}}"
)


def front(repos: list[Repo]) -> str:
    items = [f"{_link(repo.page)} <small>{repo.kind.name}</small>" for repo in repos]
    return _page("evalbot sandbox hub", _list(items) or "<p>No repositories yet.</p>")


def repository(repo: Repo, commit: str, card: str | None) -> str:
    newest = sorted(repo.discussions.values(), key=lambda each: -each.num)
    items = [f"{_link(f'{repo.page}/discussions/{each.num}')} {_headline(each)}" for each in newest]
    shown = f"<pre>{escape(card)}</pre>" if card is not None else "<p>No README.md, or not for your eyes.</p>"
    title = f"<p><small>{repo.kind.name} at {_link(f'{repo.page}/commit/{commit}', commit[:12])}</small></p>"
    return _page(repo.id, f"{title}<h2>README.md</h2>{shown}<h2>Community</h2>{_list(items) or '<p>Nothing yet.</p>'}")


def discussion(repo: Repo, about: Discussion, diff: str) -> str:
    events = "".join(_event(event) for event in about.events)
    changes = f"<h2>Changes</h2>{_diff(diff)}" if about.is_pull_request else ""
    back = f"<p>{_link(repo.page)} · {_headline(about)} · by {escape(about.author)}</p>"
    return _page(f"{about.title} #{about.num}", back + events + changes)


def commit(repo: Repo, record: CommitRecord, diff: str) -> str:
    details = f"<pre>{escape(record.details)}</pre>" if record.details else ""
    back = f"<p>{_link(repo.page)} · {record.oid} · by {escape(record.author)}</p>"
    return _page(record.title, back + details + _diff(diff))


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    )


def _headline(about: Discussion) -> str:
    kind = "pull request" if about.is_pull_request else "discussion"
    return f"{escape(about.title)} <small>{kind}, {about.status}</small>"


def _event(event: Event) -> str:
    who = f"<small>{escape(event.author)}, {event.created_at}</small>"
    if event.type != "comment":
        facts = ", ".join(f"{name} {value}" for name, value in event.data.items())
        return f"<p>{who} {event.type}: {escape(facts)}</p>"
    text = "(hidden)" if event.data["hidden"] else event.data["versions"][-1]["raw"] or "(no words)"
    return f"<p>{who}</p><pre>{escape(text)}</pre>"


def _diff(text: str) -> str:
    marks = {"+": "ins", "-": "del"}
    lines = []
    for line in text.splitlines():
        mark = marks.get(line[:1])
        lines.append(f"<{mark}>{escape(line)}</{mark}>" if mark else escape(line))
    return f"<pre>{chr(10).join(lines)}</pre>"


def _list(items: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""


def _link(path: str, text: str | None = None) -> str:
    return f'<a href="/{escape(path)}">{escape(text or path)}</a>'
