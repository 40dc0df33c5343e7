"""The pages in a browser: Debian's Chromium, where it is installed; CI has it. Pictures: tests/conformance."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import escape, unescape
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import CommitOperationAdd

from evalbot.demo import REPO_ID, demo_card

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = (400, 1280)
PAGES = ("", REPO_ID, f"{REPO_ID}/discussions", f"{REPO_ID}/discussions/1")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="chromium is not installed (apt-get install chromium)"
)

WORDS = """<!-- a marker -->
**Two scores of this model's own column, and nothing else.**

| Benchmark | Value | Read in the card at |
| :-- | --: | :-- |
| MMLU (5-shot) | 64.80 | table 2, row 1, column "Aurora 7B Instruct" |
| GSM8K (8-shot) | 58.9 | table 2, row 2, column "Aurora 7B Instruct" |

A `long_name_without_any_place_to_break_it_that_goes_on_and_on_and_on_until_it_is_wider_than_a_phone`.
"""
INDEX = b"""model-index:
- name: Aurora-7B-Instruct
  results:
  - task: {type: text-generation}
    dataset: {name: Benchmarks, type: benchmark}
    metrics:
    - {type: mmlu, value: 64.80, name: MMLU (5-shot)}
    source: {url: "https://huggingface.co/alice/Aurora-7B-Instruct/blob/0123456789012345678901234567890123456789/README"}
"""


def browse(*arguments: str, profile: Path) -> bytes:
    assert CHROMIUM, "CI must have chromium"
    # The sandbox of the browser itself does not work as root; what is opened here are our own pages.
    common = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
    command = [CHROMIUM, *common, "--virtual-time-budget=5000", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout


@pytest.fixture
def proposed(sandbox: SandboxHub, api: Api) -> None:
    """The demo's model with one value published, and a pull request that was talked about."""
    start, rest = demo_card().split(b"\n---\n", 1)
    published = start + b"\n" + INDEX + b"---\n" + rest
    sandbox.create_repo(REPO_ID, files={"README.md": published})
    sandbox.create_repo("acme/words", files={}, repo_type="dataset")
    more = published.replace(b"    source:", b"    - {type: gsm8k, value: 58.9, name: GSM8K (8-shot)}\n    source:")
    result = CommitOperationAdd(".eval_results/words.yaml", b"- dataset: {id: a/b, task_id: t}\n  value: 1\n")
    api["bob"].create_commit(
        REPO_ID,
        [CommitOperationAdd("README.md", more), result],
        commit_message="Add evaluation results",
        commit_description=WORDS,
        create_pr=True,
    )
    comment = api["alice"].comment_discussion(REPO_ID, 1, "Is this at temperature *zero*?")
    api["alice"].edit_discussion_comment(REPO_ID, 1, comment.id, new_content="Is this at temperature *one*?")
    for title in (
        "A draft",
        "Another one, with a title that is about as long as titles of pull requests get to be",
    ):
        api["carol"].create_pull_request(REPO_ID, title=title)
    api["carol"].change_discussion_status(REPO_ID, 2, "closed")


@pytest.mark.usefixtures("proposed")
def test_pages__fit_a_phone_and_a_desk(raw: Raw, tmp_path: Path) -> None:
    """Frames of both widths around every page; each page says how wide it would like to be."""
    frames = [
        f'<iframe width="{width}" height="900" srcdoc="{escape(raw("GET", f"/{page}").text)}"></iframe>'
        for page in PAGES
        for width in WIDTHS
    ]
    script = (
        "onload = () => document.title = JSON.stringify([...document.querySelectorAll('iframe')].map("
        "each => [each.clientWidth, each.contentDocument.documentElement.scrollWidth]))"
    )
    file = tmp_path / "frames.html"
    file.write_text(f"<!doctype html><meta charset=utf-8>{''.join(frames)}<script>{script}</script>", "utf-8")
    shown = browse("--dump-dom", file.as_uri(), profile=tmp_path / "profile").decode()
    title = re.search(r"<title>(.*?)</title>", shown)
    assert title
    measured = json.loads(unescape(title[1]))
    assert measured == [[width, width] for _ in PAGES for width in WIDTHS]
