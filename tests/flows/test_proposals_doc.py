"""docs/proposals.md is true: its stories are played on a sandbox hub, one hub for each heading.

A ```markdown block that begins with `---` is the card as alice pushes it; any other one is what the description of the
newest pull request must be. A ```text block is what people type, with lines of what they are answered: `…` stands for
lines that are left out, and a command without an answer has to succeed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from huggingface_hub import HfApi

from evalbot import __version__, flows, proposer
from evalbot.errors import EvalbotError
from evalbot.hub import budget, retries, session
from evalbot.outcome import Status
from evalbot.sandbox import seed
from evalbot.sandbox.accounts import Organisation
from evalbot.sandbox.server import SandboxHub
from evalbot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.conftest import Evalbot

DOC = Path(__file__).parents[2] / "docs" / "proposals.md"
REPO_ID = "alice/Demo-7B"
PROPOSE = ("extract-readme", "--repo-id", REPO_ID, "--create-pr")
PUBLIC = "https://huggingface.co"
BENCHMARK = b"name: GSM8K\ndescription: Sums in words.\nevaluation_framework: inspect-ai\ntasks:\n- id: gsm8k\n"
RESULT = b"- dataset: {id: openai/gsm8k, task_id: gsm8k}\n  value: %s\n"
_SECTION = re.compile(r"^## (?P<title>.*)\n(?P<body>(?:(?!^## ).*\n)*)", re.MULTILINE)
_BLOCK = re.compile(r"^```(?P<kind>markdown|text)\n(?P<content>.*?)^```\n", re.MULTILINE | re.DOTALL)
_PROMPT = re.compile(r"(alice|bob|carol)\$ (.*)")


def sections() -> dict[str, list[tuple[str, str]]]:
    """(kind, content) of every block, by heading; only headings that have any."""
    text = DOC.read_text(encoding="utf-8")
    found = {part["title"]: [(b["kind"], b["content"]) for b in _BLOCK.finditer(part["body"])]
             for part in _SECTION.finditer(text)}  # fmt: skip
    return {title: blocks for title, blocks in found.items() if blocks}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SandboxHub]:
    """A hub with a model of alice's, and a benchmark that carol's models have results for."""
    folder = tmp_path / "hub"
    folder.mkdir()
    accounts = seed.accounts()
    accounts.organisations["openai"] = Organisation("OpenAI", ())
    accounts.save(folder / "accounts.json")
    with SandboxHub(folder) as running:
        running.create_repo("openai/gsm8k", files={"eval.yaml": BENCHMARK}, repo_type="dataset")
        for name, value in (("Old-1B", b"0.41"), ("Old-2B", b"0.47"), ("Old-3B", b"0.52")):
            running.create_repo(f"carol/{name}", files={".eval_results/gsm8k.yaml": RESULT % value})
        running.create_repo(REPO_ID, files={})
        yield running


@dataclass(frozen=True)
class Stage:
    """Where a story is played: a hub, and a folder that the people in it work in."""

    hub: SandboxHub
    evalbot: Evalbot
    folder: Path

    def play(self, kind: str, content: str) -> None:
        if kind == "text":
            for who, command, answer in commands(content):
                self.run(who, command, answer)
        elif content.startswith("---\n"):
            self.push(content)
        else:
            assert self.description() == content

    def push(self, card: str) -> None:
        (self.folder / "README.md").write_text(card, encoding="utf-8")
        self.api().upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=REPO_ID)

    def description(self) -> str:
        """The newest pull request's description without its hidden mark."""
        newest = max(pr.num for pr in self.api().get_repo_discussions(REPO_ID, discussion_type="pull_request"))
        first = self.api().get_discussion_details(REPO_ID, newest).events[0]
        visible, mark = str(first.content).split("\n<!-- ")  # type: ignore[attr-defined]
        assert mark.endswith(" -->\n")
        visible = visible.replace(self.hub.endpoint, PUBLIC).replace("\u200b", "").replace(__version__, "VERSION")
        return re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", visible)

    def run(self, who: str, command: str, answer: list[str]) -> None:
        program, *arguments = shlex.split(command)
        if program == "evalbot":
            done = self.evalbot(*arguments, user=who)
            code, lines = done.code, (done.err + done.out).splitlines()
        else:
            assert program == "hf", command
            code, lines = self.hf(who, arguments)
        if code:
            lines.append(f"(exit code {code})")
        said = [line.replace(self.hub.endpoint, PUBLIC) for line in lines]
        if answer:
            assert shortened(said, answer) == answer, "\n".join([command, *said])
        else:
            assert code == 0, "\n".join([command, *said])

    def hf(self, who: str, arguments: list[str]) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", "from huggingface_hub.cli.hf import main; main()", *arguments],
            env={**os.environ, "HF_ENDPOINT": self.hub.endpoint, "HF_TOKEN": self.hub.tokens[who], "NO_COLOR": "1"},
            capture_output=True,
            encoding="utf-8",
            cwd=self.folder,
            timeout=60,
            check=False,
        )
        return done.returncode, (done.stderr + done.stdout).splitlines()

    def api(self) -> HfApi:
        return HfApi(endpoint=self.hub.endpoint, token=self.hub.tokens["alice"])


def commands(session: str) -> Iterator[tuple[str, str, list[str]]]:
    """(who, command, lines of the answer) for each command of a session."""
    lines = session.splitlines()
    starts = [index for index, line in enumerate(lines) if _PROMPT.fullmatch(line)]
    assert starts[:1] == [0], session
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        found = _PROMPT.fullmatch(lines[start])
        assert found
        yield found[1], found[2], [line for line in lines[start + 1 : end] if line]


def shortened(said: list[str], answer: list[str]) -> list[str]:
    """What was said with `…` for the lines between those that the answer shows; whole where it shows all."""
    marked = [line if line in answer else "…" for line in said]
    return [line for line, same in groupby(marked) for line in ([line] if line == "…" else list(same))]


@pytest.mark.parametrize("heading", sections())
def test_story__goes_as_it_is_told(heading: str, hub: SandboxHub, evalbot: Evalbot) -> None:
    stage = Stage(hub, evalbot, Path.cwd())
    for kind, content in sections()[heading]:
        stage.play(kind, content)


def test_every_block__is_played() -> None:
    fences = len(re.findall(r"^```", DOC.read_text(encoding="utf-8"), re.MULTILINE))
    assert fences == 2 * sum(len(blocks) for blocks in sections().values())


def table_under(head: str) -> dict[str, str]:
    """First and second cell of each row of the table with this header."""
    text = DOC.read_text(encoding="utf-8")
    rows = text.split(f"| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return {first.strip(): second.strip() for _, first, second, *_ in (row.split("|") for row in rows)}


def test_requests__are_no_more_than_promised(hub: SandboxHub, evalbot: Evalbot) -> None:
    promised = {title: int(count) for title, count in table_under("a run that | requests, at most").items()}
    stage = Stage(hub, evalbot, Path.cwd())
    cards = [content for kind, content in sections()["One pull request"] if kind == "markdown" and "---\n" in content]
    counted: dict[str, int] = {}

    def count(title: str, card: str | None) -> None:
        if card is not None:
            stage.push(card)
        before = len(hub.log)
        assert evalbot(*PROPOSE).code == 0
        counted[title] = len(hub.log) - before

    count("opens a pull request", cards[0])
    count("updates ours", cards[0].replace("64.8", "70.1"))
    count("finds that ours has it all", None)
    stage.api().merge_pull_request(REPO_ID, 1)
    count("finds that the card has it all", None)
    assert set(counted) == set(promised)
    assert {title: number for title, number in counted.items() if number > promised[title]} == {}


def test_exit_codes__are_those_of_the_errors() -> None:
    codes = {int(code) for code in table_under("exit code | meaning")}
    known = {error.exit_code for error in all_errors(EvalbotError)}
    assert codes - {0} <= known
    assert {5, 6, 7, 8, 10} <= codes


def test_bounds__are_those_of_the_code() -> None:
    text = DOC.read_text(encoding="utf-8")
    timeout = next(field.default for field in fields(Settings) if field.name == "timeout")
    for said in (
        f"up to {retries.ATTEMPTS} times within {retries.LONGEST_RETRYING:.0f} seconds",
        f"up to {budget.LONGEST_WAIT:.0f} seconds",
        f"compares again, up to {flows.ATTEMPTS_WHEN_STALE} times",
        f"more than\n{proposer.MAX_CLOSED} of them",
        f"more than {session.MAX_ANSWER // 2**20} MB",
        f"`--timeout` ({timeout:.0f} seconds)",
    ):
        assert said in text


def test_json_page__names_every_status_and_every_member_of_both_formats(hub: SandboxHub, evalbot: Evalbot) -> None:
    page = (DOC.parent / "json.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z_-]+)`", page))
    assert set(get_args(Status)) <= documented
    stage = Stage(hub, evalbot, Path.cwd())
    stage.push(next(content for kind, content in sections()["Two formats"] if kind == "markdown"))
    answer = evalbot(*PROPOSE, "--format", "both", "--json").json
    assert answer["eval_results"]["added"], "no entry, so its members are not seen"
    assert set(members({**answer, "eval_results": {**answer["eval_results"], "files": {}}})) <= documented


def members(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from members(item)


def all_errors(error: type[EvalbotError]) -> Iterator[type[EvalbotError]]:
    yield error
    for child in error.__subclasses__():
        yield from all_errors(child)
