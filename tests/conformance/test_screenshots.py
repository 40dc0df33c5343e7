"""The sandbox's pages as a browser shows them, once evalbot has proposed scores: light, dark and on a narrow screen.

Pictures stay in the folder that EVALBOT_SCREENSHOTS names, for people to look at.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from huggingface_hub import HfApi
from selectolax.lexbor import LexborHTMLParser

from evalbot.cli import run
from evalbot.demo import REPO_ID, demo_card
from evalbot.sandbox.server import SandboxHub
from tests.conformance import png

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_LOOK = 60  # seconds; each takes about one
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
PROPOSE = ("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--create-pr")
SCORES = {"MMLU": "64.80", "GSM8K": "58.9", "HumanEval (pass@1)": "40.2", "TruthfulQA": "51.6", "MT-Bench": "7.84"}
ZERO_WIDTH_SPACE = "\u200b"  # what keeps `@1` from calling a person
PAGES = {"repository": "", "pull-requests": "/discussions", "pull-request": "/discussions/1"}


@dataclass(frozen=True)
class Screen:
    """Width and height in pixels, and whether the visitor likes it dark."""

    width: int
    height: int
    dark: bool = False


SCREENS = {"light": Screen(1000, 1400), "dark": Screen(1000, 1400, dark=True), "narrow": Screen(400, 1400)}


@dataclass(frozen=True)
class Browser:
    """Debian's Chromium without a window; every look has a fresh profile."""

    program: str
    folder: Path

    def picture(self, url: str, name: str, screen: Screen) -> png.Picture:
        shot = self.folder / f"{name}.png"
        dark = ["--force-dark-mode"] if screen.dark else []
        self._open(url, f"--screenshot={shot}", f"--window-size={screen.width},{screen.height}", *dark)
        if kept := os.environ.get("EVALBOT_SCREENSHOTS"):
            Path(kept).mkdir(parents=True, exist_ok=True)
            shutil.copy(shot, kept)
        return png.read(shot.read_bytes())

    def page(self, url: str) -> LexborHTMLParser:
        return LexborHTMLParser(self._open(url, "--dump-dom"))

    def _open(self, url: str, *options: str) -> str:
        profile = self.folder / "profile"
        command = [self.program, *FLAGS, f"--user-data-dir={profile}", *options, url]
        environment = {**os.environ, "HOME": str(self.folder), "XDG_CONFIG_HOME": str(profile)}
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", env=environment, timeout=LONGEST_LOOK, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


@pytest.fixture
def browser(tmp_path: Path, absent: Callable[[str], NoReturn]) -> Browser:
    return Browser(shutil.which("chromium") or absent("chromium is not installed"), tmp_path)


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHub]:
    """A sandbox with the demo's model and one pull request of Bob's, made by evalbot's own command."""
    folder = tmp_path_factory.mktemp("proposed")
    with SandboxHub(folder / "hub") as hub, pytest.MonkeyPatch.context() as patch:
        hub.create_repo(REPO_ID, files={"README.md": demo_card()})
        patch.chdir(folder)
        patch.setenv("HF_ENDPOINT", hub.endpoint)
        patch.setenv("HF_TOKEN", hub.tokens["bob"])
        assert run(PROPOSE) == 0
        yield hub


def said(page: LexborHTMLParser, selector: str) -> str:
    return " ".join(found.text(strip=True) for found in page.css(selector))


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("page", PAGES)
def test_page__shows_itself_on_every_screen(proposed: SandboxHub, browser: Browser, page: str, screen: str) -> None:
    asked, before = SCREENS[screen], len(proposed.log)
    seen = browser.picture(f"{proposed.endpoint}/{REPO_ID}{PAGES[page]}", f"{page}-{screen}", asked)
    assert {(record.method, record.status) for record in proposed.log[before:]} == {("GET", 200)}
    assert (seen.width, seen.height) == (asked.width, asked.height)
    assert len(seen.colours()) > 32, "letters have smooth edges, so a page with text has many colours"
    assert (sum(seen.pixel(0, -1)) < 3 * 64) == asked.dark, "the bottom left is the background"
    assert seen.column(-1) == seen.column(0), "only bars that begin at the left edge reach the right one"


def test_pull_request_page__has_title_scores_and_diff(proposed: SandboxHub, browser: Browser) -> None:
    details = HfApi(proposed.endpoint, token=False).get_discussion_details(REPO_ID, 1)
    page = browser.page(f"{proposed.endpoint}/{REPO_ID}/discussions/1")
    assert details.title in said(page, "h1, h2")
    rows = [[cell.text(strip=True) for cell in row.css("td")] for row in page.css("table:not(.diff) tr")]
    scores = {row[0].replace(ZERO_WIDTH_SPACE, ""): row[1] for row in rows if len(row) > 1}
    assert scores.items() >= SCORES.items()
    changes = [line for line in (details.diff or "").splitlines() if not line.startswith(("+++", "---"))]
    for mark, colour in (("+", "add"), ("-", "del")):
        shown = [cell.text() for cell in page.css(f"table.diff tr.{colour} td.text")]
        assert shown == [line[1:] for line in changes if line.startswith(mark)]
    assert len(page.css("table.diff tr.add")) > 20


def test_pull_request_list_page__leads_to_the_pull_request(proposed: SandboxHub, browser: Browser) -> None:
    details = HfApi(proposed.endpoint, token=False).get_discussion_details(REPO_ID, 1)
    page = browser.page(f"{proposed.endpoint}/{REPO_ID}/discussions")
    links = {link.attributes.get("href"): link.text(strip=True) for link in page.css("a")}
    assert details.title in links[f"/{REPO_ID}/discussions/1"]


def test_repository_page__shows_the_card_and_leads_to_its_pull_requests(proposed: SandboxHub, browser: Browser) -> None:
    page = browser.page(f"{proposed.endpoint}/{REPO_ID}")
    assert "64.80" in said(page, "table")
    assert f"/{REPO_ID}/discussions" in {link.attributes.get("href") for link in page.css("a")}
