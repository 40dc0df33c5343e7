"""What a browser shows at the addresses the API hands out: pages to look at, rendered here, without any script.

    routes/web ── pages ── templates/*.html, style.css
                    ├── markdown      what people wrote, as HTML that can do nothing
                    ├── diff          a patch, by files and lines
                    └── scores        a card's model-index and .eval_results as rows of a table

A browser sends no token, so what it shows is what strangers may see.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from evalbot.sandbox.pages import diff as patches
from evalbot.sandbox.pages import markdown, scores
from evalbot.sandbox.records import as_date

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from evalbot.sandbox.discussions import Discussion
    from evalbot.sandbox.git_store import CommitRecord, Entry
    from evalbot.sandbox.repos import Repo

_MOST_LINES = 5000
"""Lines of a diff on one page; the whole of it is in the patch, which the page links to."""


def front(repos: Iterable[Repo]) -> str:
    return _page("front.html", repos=list(repos))


def repository(
    repo: Repo,
    commit: CommitRecord,
    files: Sequence[Entry],
    *,
    card: str | None,
    metadata: dict[str, Any],
    results: Sequence[dict[str, Any]],
) -> str:
    """`card` is README.md, None where there is none or it is not for the caller's eyes."""
    front_matter, body = ("", "") if card is None else scores.split(card)
    return _page(
        "repository.html",
        repo=repo,
        commit=commit,
        files=files,
        has_card=card is not None,
        front_matter=front_matter,
        body=body,
        published=scores.of_model_index(metadata.get("model-index")),
        results=scores.of_eval_results(results),
    )


def discussions(
    repo: Repo, users: Collection[str], everything: Sequence[Discussion], shown: Sequence[Discussion], status: str
) -> str:
    """The list of discussions and pull requests; `status` is the filter that made `shown` of `everything`."""
    opened = sum(each.is_open for each in everything)
    counts = {"all": len(everything), "open": opened, "closed": len(everything) - opened}
    return _page("discussions.html", repo=repo, users=users, discussions=shown, status=status, counts=counts)


def discussion(
    repo: Repo,
    about: Discussion,
    users: Collection[str],
    *,
    patch: str | None,
    commits: Sequence[CommitRecord] = (),
    conflicts: Sequence[str] = (),
) -> str:
    """`users` are the accounts there are: others are named as closed. `patch` is None where it may not be shown."""
    return _page(
        "discussion.html",
        repo=repo,
        about=about,
        users=users,
        commits=commits,
        conflicts=conflicts,
        changes=None if patch is None else patches.read(patch, most=_MOST_LINES),
    )


def commit(repo: Repo, record: CommitRecord, patch: str) -> str:
    return _page("commit.html", repo=repo, commit=record, changes=patches.read(patch, most=_MOST_LINES))


def file(repo: Repo, path: str, text: str) -> str:
    return _page("file.html", repo=repo, path=path, lines=text.splitlines())


def refusal(status: int, message: str) -> str:
    return _page("refusal.html", status=status, message=message)


def _page(template: str, **context: Any) -> str:
    return _templates().get_template(template).render(**context)


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evalbot.sandbox.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"markdown": markdown.render, "day": _day, "iso": as_date}
    environment.globals |= {
        "style": markdown.trusted(Path(__file__).with_name("style.css").read_text("utf-8")),
        "open_count": lambda repo: sum(each.is_open for each in list(repo.discussions.values())),
        "comments": lambda about: Counter(event.type for event in list(about.events))["comment"],
    }
    return environment


def _day(date: str) -> str:
    """`2026-11-23T06:00:00.000Z` as `2026-11-23 06:00`."""
    return date[:16].replace("T", " ")
