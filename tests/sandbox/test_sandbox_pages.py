"""What the pages show: words of strangers made harmless, patches by lines, scores as tables."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import CommitOperationAdd

from evalbot.sandbox.pages import diff, markdown, scores

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

EVIL = "<script>alert(1)</script>"
INDEX = b"""---
model-index:
- name: Tiny
  results:
  - task: {type: text-generation}
    dataset: {name: Words, type: acme/words, config: en, split: test}
    metrics:
    - {type: acc, value: 71.50, name: Accuracy}
    source: {url: "https://example.org/run"}
---
# Tiny

| a | b |
| - | - |
| c | d |
"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**a** `b`", "<p><strong>a</strong> <code>b</code></p>"),
        ("<!-- evalbot:marker -->", ""),
        ("<!-- one\n\ntwo -->\n\nafter", "<p>after</p>"),
        ("a <!-- b --> c", "<p>a  c</p>"),
        ("<!-- a --> b", " b"),
        ("before\n\n<!-- never closed\n\n**x**", "<p>before</p>"),
        ("`<!-- shown -->`", "<p><code>&lt;!-- shown --&gt;</code></p>"),
        (EVIL, '<span class="tag">&lt;script&gt;</span>alert(1)<span class="tag">&lt;/script&gt;</span>'),
        ("a <b onclick=x>b</b>", 'a <span class="tag">&lt;b onclick=x&gt;</span>b<span class="tag">&lt;/b&gt;</span>'),
        ("<details open>", '<span class="tag">&lt;details open&gt;</span>'),
        ("H<sub>2</sub>O", "<p>H<sub>2</sub>O</p>"),
        ("<DETAILS>\n<summary>A &amp; b</summary>\n", "<details>\n<summary>A &amp; b</summary>"),
        ("<div title='<!-- x -->'>", "title="),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>"),
        ("[a](https://x.org)", '<p><a href="https://x.org" rel="nofollow noopener noreferrer">a</a></p>'),
        ('[a](https://x.org/"onclick=")', "%22onclick"),
        ("![logo](https://x.org/a.png)", '<p><span class="picture">logo</span></p>'),
        ('![" onload="x](a)', '<span class="picture">&quot; onload=&quot;x</span>'),
        ("@everyone & <you>", "<p>@everyone &amp; "),
        ("&lt;script&gt;", "<p>&lt;script&gt;</p>"),
        ("", ""),
    ],
)
def test_markdown__is_shown_and_can_do_nothing(text: str, shown: str) -> None:
    html = str(markdown.render(text))
    assert shown.strip() in html if shown else html == ""
    assert not re.search(r"<(script|img|b|div|iframe|style)\b|<[^<>]*\son\w+=|<!--", html)


def test_markdown__tables_are_tables() -> None:
    html = str(markdown.render("| a | b |\n| - | -: |\n| 1 | x\\|y |\n"))
    assert html.startswith('<div class="scroll"><table>')
    assert '<td style="text-align:right">x|y</td>' in html


@pytest.mark.parametrize("opener", ["<details>\n\n", "<details><summary>", "```\n", "<kbd>"])
def test_markdown__what_is_never_closed_ends_with_its_box(
    sandbox: SandboxHub, tiny: str, api: Api, raw: Raw, opener: str
) -> None:
    api["bob"].create_discussion("alice/tiny", title="Open end", description=opener)
    api["bob"].comment_discussion("alice/tiny", 1, "The next one")
    page = raw("GET", "/alice/tiny/discussions/1").text
    boxes = re.findall(r'<article class="box".*?</article>', page, flags=re.DOTALL)
    assert ["The next one" in box for box in boxes] == [False, True]


PATCH = """diff --git a/a b.md b/a b.md
index 1..2 100644
--- a/a b.md
+++ b/a b.md
@@ -1,3 +1,4 @@ heading
 same
--- no header
+++ no header
+diff --git a/x b/x
 end\r
@@ -9 +10 @@
-old
\\ No newline at end of file
+new\x0bline
\\ No newline at end of file
diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-
diff --git a/x.bin b/x.bin
new file mode 100644
Binary files /dev/null and b/x.bin differ
"""


def test_diff__files_lines_and_numbers() -> None:
    changes = diff.read(PATCH, most=100)
    assert [(file.path, file.notes, file.added, file.removed) for file in changes.files] == [
        ("a b.md", [], 3, 2),
        ("gone", ["deleted"], 0, 1),
        ("x.bin", ["new file", "binary"], 0, 0),
    ]
    assert (changes.added, changes.removed, changes.left_out) == (3, 3, 0)
    assert [(line.mark, line.text, line.old, line.new) for line in changes.files[0].lines] == [
        ("@", "@@ -1,3 +1,4 @@ heading", None, None),
        (" ", "same", 1, 1),
        ("-", "-- no header", 2, None),
        ("+", "++ no header", None, 2),
        ("+", "diff --git a/x b/x", None, 3),
        (" ", "end␍", 3, 4),
        ("@", "@@ -9 +10 @@", None, None),
        ("-", "old", 9, None),
        (" ", "\\ No newline at end of file", None, None),
        ("+", "new\x0bline", None, 10),
        (" ", "\\ No newline at end of file", None, None),
    ]


def test_diff__of_nothing_and_of_too_much() -> None:
    assert diff.read("", most=10).files == []
    changes = diff.read(PATCH, most=8)
    assert (changes.left_out, changes.added) == (len(PATCH.split("\n")) - 1 - 8, 1)


@pytest.mark.parametrize(
    "index",
    [None, "text", [None, 1], [{}], [{"results": 1}], [{"results": [{"metrics": {}}]}], [{"results": ["x"]}], {"a": 1}],
)
def test_scores__of_an_odd_model_index_are_none(index: object) -> None:
    assert scores.of_model_index(index) == []


def test_repository__shows_what_is_published_and_proposed(sandbox: SandboxHub, api: Api, raw: Raw) -> None:
    result = b"- dataset: {id: a/b, task_id: t}\n  value: 12.50\n  notes: no tools\n"
    files = {"README.md": INDEX, ".eval_results/r.yaml": result, ".eval_results/bad.yaml": b"[]]"}
    sandbox.create_repo("alice/tiny", files=files)
    add = [CommitOperationAdd(".eval_results/new.yaml", result.replace(b"12.50", b"99"))]
    api["bob"].create_commit("alice/tiny", add, commit_message="Results", create_pr=True)
    page = raw("GET", "/alice/tiny").text
    for text in (
        "<td>Words<small>type acme/words, config en, split test</small></td><td>Accuracy</td>",
        '<td class="value">71.5</td>',
        '<a href="https://example.org/run" rel="nofollow noopener noreferrer">',
        '<td class="value">12.5</td>',
        "no tools",
        '<td class="value">99</td>',
        'proposed in <a href="/alice/tiny/discussions/1">#1</a>',
        'class="wrong">Invalid YAML',
        "<td>c</td>",
        "- name: Tiny",
        ".gitattributes",
    ):
        assert text in page


def test_repository__of_a_card_that_cannot_be_read(sandbox: SandboxHub, raw: Raw) -> None:
    for name, card in (("a", b"---\nmodel-index: [\n---\n# Words\n"), ("b", b"\xff\xfe"), ("c", b""), ("d", None)):
        sandbox.create_repo(f"alice/{name}", files={} if card is None else {"README.md": card})
        assert raw("GET", f"/alice/{name}").status_code == 200
    assert "<h1>Words</h1>" in raw("GET", "/alice/a").text


@pytest.fixture
def busy(tiny: str, api: Api) -> None:
    """A merged, a closed, an open and a draft pull request, and a discussion by an account that is gone."""
    for number, name in enumerate(("merged", "closed", "open"), 1):
        add = [CommitOperationAdd(f"{name}.txt", b"+new\n")]
        api["bob"].create_commit("alice/tiny", add, commit_message=f"Is {name}", create_pr=True)
        assert api["alice"].get_discussion_details("alice/tiny", number).title == f"Is {name}"
    api["alice"].merge_pull_request("alice/tiny", 1)
    api["alice"].change_discussion_status("alice/tiny", 2, "closed")
    api["bob"].create_pull_request("alice/tiny", title="Is draft")
    api["carol"].create_discussion("alice/tiny", title=f"Is a question {EVIL}", description="Why?")


def rows(page: str) -> list[tuple[str, ...]]:
    """Badge, title, kind, author and comments of every line of the list."""
    pattern = (
        r'<li><span class="badge \w+">(\w+)</span>.*?<a class="name"[^>]*>(.*?)</a>.*?#\d+ ([a-z ]+) by <b>(.*?)</b>'
        r".*?(\d+ comments?)</span>"
    )
    return [tuple(map(unescape, found)) for found in re.findall(pattern, " ".join(page.split()))]


@pytest.mark.usefixtures("busy")
def test_list__newest_first_with_state_author_and_comments(sandbox: SandboxHub, raw: Raw, api: Api) -> None:
    api["alice"].comment_discussion("alice/tiny", 3, "Hello")
    sandbox.delete_user("carol")
    assert rows(raw("GET", "/alice/tiny/discussions").text) == [
        ("Open", f"Is a question {EVIL}", "discussion", "(account deleted)", "1 comment"),
        ("Draft", "Is draft", "pull request", "bob", "1 comment"),
        ("Open", "Is open", "pull request", "bob", "2 comments"),
        ("Closed", "Is closed", "pull request", "bob", "1 comment"),
        ("Merged", "Is merged", "pull request", "bob", "1 comment"),
    ]


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(("status", "count"), [("all", 5), ("open", 3), ("closed", 2)])
def test_list__by_state(raw: Raw, status: str, count: int) -> None:
    assert len(rows(raw("GET", f"/models/alice/tiny/discussions?status={status}").text)) == count
    assert raw("GET", "/alice/tiny/discussions?status=odd").status_code == 400


def test_list__of_nothing(tiny: str, raw: Raw) -> None:
    assert "Nothing here." in raw("GET", "/alice/tiny/discussions").text


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(("num", "badge"), [(1, "merged"), (2, "closed"), (3, "open"), (4, "draft"), (5, "talk")])
def test_discussion__shows_its_state(raw: Raw, num: int, badge: str) -> None:
    page = raw("GET", f"/alice/tiny/discussions/{num}").text
    assert f'<span class="badge {badge}">' in page
    assert ("<h2>Changes</h2>" in page) is (num != 5)
    assert (">+new<" in page) is (num in {1, 2, 3})
    assert EVIL not in page


def test_pull_request__tells_what_happened(tiny: str, api: Api, raw: Raw) -> None:
    text = "<!-- evalbot -->\n| Benchmark | Value |\n| - | - |\n| MMLU | 64.80 |\n"
    add = [CommitOperationAdd("README.md", b"---\nlicense: mit\n---\n# Tiny\n")]
    api["bob"].create_commit("alice/tiny", add, commit_message="First", commit_description=text, create_pr=True)
    comment = api["alice"].comment_discussion("alice/tiny", 1, "Old words")
    for words in ("Newer", "Newest words"):
        api["alice"].edit_discussion_comment("alice/tiny", 1, comment.id, new_content=words)
    secret = api["bob"].comment_discussion("alice/tiny", 1, "Better unsaid")
    raw("POST", f"/api/models/alice/tiny/discussions/1/comment/{secret.id}/hide", "bob")
    api["bob"].rename_discussion("alice/tiny", 1, new_title="Second")
    page = raw("GET", "/alice/tiny/discussions/1").text
    for shown in (
        "<td>MMLU</td>",
        "Newest words",
        "edited 2 times",
        "This comment is hidden.",
        "changed the title from “First” to “Second”",
        '<span class="path">README.md</span>',
        '<td class="mark">-</td><td class="text">language: no</td>',
        "proposes 1 commit\n",
        'href="/alice/tiny/discussions/1.diff"',
    ):
        assert shown in page
    for hidden in ("evalbot --", "Old words", "Better unsaid"):
        assert hidden not in page
    api["alice"].create_commit(
        "alice/tiny", [CommitOperationAdd("README.md", b"---\nlicense: mit\n---\n# Other\n")], commit_message="Clash"
    )
    assert "no longer fits its base branch: README.md" in raw("GET", "/alice/tiny/discussions/1").text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/alice/none", 401, "Invalid username or password."),
        ("/alice/off", 403, "Access to this resource is disabled."),
        ("/nothing", 404, "find the page"),
        ("/alice/tiny/discussions/9", 404, "Discussion not found"),
    ],
)
@pytest.mark.usefixtures("tiny")
def test_refusal__is_a_page_for_browsers_and_json_for_clients(
    sandbox: SandboxHub, raw: Raw, path: str, status: int, words: str
) -> None:
    sandbox.create_repo("alice/off", files={}, disabled=True)
    page = raw("GET", path, headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in unescape(page.text)
    answer = raw("GET", path)
    assert (answer.status_code, words in answer.json()["error"]) == (status, True)
    assert answer.headers["x-error-message"] == page.headers["x-error-message"]


@pytest.mark.usefixtures("busy")
def test_pages__hold_no_script_and_fetch_nothing(raw: Raw) -> None:
    for path in ("", "alice/tiny", "alice/tiny/discussions", "alice/tiny/discussions/1", "alice/tiny/discussions/5"):
        answer = raw("GET", f"/{path}")
        assert not re.search(r"<(script|img|link|iframe|object|form)\b|url\(|@import", answer.text)
        assert "script-src" not in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
