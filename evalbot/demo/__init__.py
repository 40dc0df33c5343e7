"""The journey evalbot is for, told on a sandbox hub: every step is the real command against a real server."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalbot.errors import PublishedConflict, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evalbot.sandbox.server import SandboxHub

REPO_ID = "alice/Aurora-7B-Instruct"
STEP_TIMEOUT = 120
"""Seconds one step may take; each takes about one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the story. `tool` is `evalbot` or the official `hf`."""

    title: str
    user: str
    tool: str
    arguments: tuple[str, ...]
    must_say: str
    """What its output has to contain for the story to be true."""
    code: int = 0
    """The exit code that the story is about."""


_PROPOSE = ("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--create-pr")

STORY = (
    Step(
        "Bob found a model of Alice's whose scores no leaderboard can read. Which tables does its card have?",
        "bob",
        "evalbot",
        ("inspect-tables", "--repo-id", REPO_ID),
        "Table 2",
    ),
    Step("Are there open pull requests already?", "bob", "evalbot", ("get-prs", "--repo-id", REPO_ID), "0 open"),
    Step(
        "A preview of this model's own column. Nothing is written.",
        "bob",
        "evalbot",
        ("extract-readme", "--repo-id", REPO_ID, "--table", "2"),
        "64.80",
    ),
    Step("The same, as a pull request.", "bob", "evalbot", _PROPOSE, "Opened pull request #1"),
    Step(
        "What Alice sees, by Hugging Face's own command line: the model-index, and no other line.",
        "alice",
        "hf",
        ("discussions", "diff", REPO_ID, "1"),
        "+model-index:",
    ),
    Step("Bob runs it again.", "bob", "evalbot", _PROPOSE, "Already proposed by your pull request #1"),
    Step(
        "Alice adds a row to the table of her card. She has not looked at the pull request yet.",
        "alice",
        "hf",
        ("upload", REPO_ID, "one-row-more.md", "README.md", "--commit-message", "Results on IFEval"),
        "",
    ),
    Step("Bob's next run brings his pull request up to date, in place.", "bob", "evalbot", _PROPOSE, "Updated your"),
    Step("Alice merges it.", "alice", "hf", ("discussions", "merge", REPO_ID, "1", "--yes"), ""),
    Step("Bob runs it a third time.", "bob", "evalbot", _PROPOSE, "Up to date"),
    Step("The card, as leaderboards read it now.", "bob", "evalbot", ("show", "--repo-id", REPO_ID), "IFEval = 70.2"),
    Step(
        "Alice's paper says 63.9 for MMLU. She writes it into the model-index by hand and leaves the table alone.",
        "alice",
        "hf",
        ("upload", REPO_ID, "from-the-paper.md", "README.md", "--commit-message", "MMLU as in the paper"),
        "",
    ),
    Step(
        "Which is right, a person has to say: Bob's run refuses and writes nothing.",
        "bob",
        "evalbot",
        _PROPOSE,
        "MMLU: 63.9 (model-index) → 64.80 (table)",
        PublishedConflict.exit_code,
    ),
)
_LAST_ROW = "| MT-Bench | 0 | - | 7.84 | 7.71 |\n"
_NEW_ROW = "| IFEval | 0 | 66.0 | **70.2** | 69.4 |\n"
_PAPER = """\
model-index:
  - name: Aurora 7B Instruct
    results:
      - task: {type: text-generation}
        dataset: {name: Benchmarks, type: benchmark}
        metrics: [{name: MMLU, type: mmlu, value: 63.9}]
        source: {name: Paper, url: "https://example.org/aurora"}
"""


def tell() -> int:
    """Tell the story in a temporary folder. Exit code 0 where every step did what the story says, else 1."""
    hub_class = _sandbox_class()
    with tempfile.TemporaryDirectory(prefix="evalbot-demo-") as folder, hub_class(Path(folder) / "hub") as hub:
        hub.create_repo(REPO_ID, files={"README.md": demo_card()})
        _write_later_cards(Path(folder))
        click.secho(f"A sandbox hub answers at {hub.endpoint}; nothing here leaves this machine.", bold=True)
        for number, step in enumerate(STORY, 1):
            if not _play(number, step, hub, Path(folder)):
                return 1
    click.secho(
        "\nOne pull request, kept up to date, merged once; nothing repeated, nothing overwritten."
        " Your own model: evalbot inspect-tables --repo-id …",
        bold=True,
    )
    return 0


def demo_card() -> bytes:
    """The card of the story's model, written for it."""
    return resources.files(__package__).joinpath("card.md").read_bytes()


def _write_later_cards(folder: Path) -> None:
    """What Alice uploads in the course of the story."""
    card = demo_card().decode().replace(_LAST_ROW, _LAST_ROW + _NEW_ROW)
    (folder / "one-row-more.md").write_text(card, encoding="utf-8")
    by_hand = card.replace("version: 1.10\n", f"version: 1.10\n{_PAPER}")
    (folder / "from-the-paper.md").write_text(by_hand, encoding="utf-8")


def _play(number: int, step: Step, hub: SandboxHub, folder: Path) -> bool:
    click.secho(f"\n{number}. {step.title}", fg="cyan", bold=True)
    click.secho(f"{step.user}$ {step.tool} {shlex.join(step.arguments)}", bold=True)
    sys.stdout.flush()
    done = subprocess.run(  # noqa: S603 - our own commands, listed above
        [*_program(step.tool), *step.arguments],
        env=_environment(hub, step.user, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        timeout=STEP_TIMEOUT,
        check=False,
        cwd=folder,
    )
    click.echo(done.stdout.rstrip())
    if done.returncode == step.code and step.must_say in done.stdout:
        return True
    wanted = f"expected {step.code} and {step.must_say!r}"
    click.secho(f"\nThe demo went wrong: exit code {done.returncode}, {wanted}.", fg="red", err=True)
    return False


def _program(tool: str) -> Sequence[str]:
    if tool == "evalbot":
        return [sys.executable, "-m", "evalbot"]
    return [sys.executable, "-c", "from huggingface_hub.cli.hf import main; main()"]


def _environment(hub: SandboxHub, user: str, folder: Path) -> dict[str, str]:
    """This process's environment without its Hugging Face settings, so that no real token is ever used here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    return {
        **kept,
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": hub.tokens[user],
        "HF_HOME": str(folder / "hf-home"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
    }


def _sandbox_class() -> type[SandboxHub]:
    try:
        from evalbot.sandbox.server import SandboxHub  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The sandbox hub needs the package {error.name}, which is not installed.",
            hint="In a clone of evalbot: pip install '.[sandbox]'",
        ) from None
    return SandboxHub


def serve_sandbox(
    folder: Path, port: int, faults: Path | None = None, *, job_environment: Mapping[str, str] | None = None
) -> None:
    """Serve the sandbox hub until interrupted; `faults` is a file of rules, as JSON or YAML.

    Jobs run only with a `job_environment`, which is what their processes get beside their own. Raises UsageError where
    the port, the folder or a rule cannot be used.
    """
    _sandbox_class()
    from evalbot.sandbox.fault_rules import BadRuleError, load  # noqa: PLC0415 - an optional extra
    from evalbot.sandbox.server import serve  # noqa: PLC0415 - likewise

    try:
        rules = load(faults) if faults else []
        serve(folder, port, announce=_announce, faults=rules, job_environment=job_environment)
    except BadRuleError as error:
        raise UsageError(
            f"Could not use the faults of {faults}: {error}.", hint="evalbot sandbox serve --help shows rules."
        ) from None
    except OSError as error:
        raise UsageError(
            f"Could not serve {folder} on port {port}: {error.strerror}.", hint="Try --port 0 or another --dir."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{folder} holds files that are no sandbox hub's.", hint="Give an empty --dir.") from None


def _announce(hub: SandboxHub) -> None:
    click.echo(f"endpoint {hub.endpoint}")
    for label, token in hub.tokens.items():
        click.echo(f"token {label:16} {token}")
    click.echo("to work as alice, in another terminal:")
    click.echo(f"  export HF_ENDPOINT={hub.endpoint} HF_TOKEN={hub.tokens['alice']}")
    click.echo("  hf repos create alice/my-model && hf upload alice/my-model README.md")
    click.echo("  evalbot inspect-tables --repo-id alice/my-model")
    click.echo(f"pages to look at: {hub.endpoint}/")
    click.echo("Control-C ends it; the data folder stays.")
