"""Run huggingface_hub's own tests of the Hub against a sandbox, and count how they end.

    python tests/conformance/upstream.py CHECKOUT [NAME ...]

CHECKOUT is a folder with huggingface_hub's repository: its releases carry no tests, and none of them are kept here.
They are copied into a temporary folder, pointed at a sandbox, and run with the huggingface_hub that is installed.
NAMEs, such as TestCommitApi, choose among the targets. Needs pytest-mock beside what the tests of evalbot need.

The exit code is 0 when every test that ran passed, 1 when one did not, 2 when nothing could be run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.sandbox.accounts import Accounts, Organisation, Token
from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.conformance.upstream_plugin import Outcome

TARGETS = (
    *(
        f"test_hf_api.py::{name}"
        for name in (
            "TestHfApiDiscussions",
            "TestCommitApi",
            "TestHfApiRepoFileExists",
            "TestHfApiPrivate",
            "TestHfApiAuthCheck",
            "TestHfApiEndpoints",
            "TestHfApiListRepoTree",
            "TestHfApiDeleteFolder",
            "TestHfApiDeleteFiles",
            "TestListGitCommits",
            "TestListGitRefs",
            "TestHfApiBranchEndpoint",
            "TestHfApiTagEndpoint",
            "TestCommitInBackground",
            "TestHfApiUploadEmptyFile",
            "TestHfApiTokenAttribute",
        )
    ),
    "test_repocard.py",
    "test_repocard_data.py",
    "test_eval_results.py",
    "test_cli_discussions.py",
    "test_commit_api.py",
)
"""What they ask of a Hub is in docs/hub-api.md: repositories, files, commits, discussions and cards."""

_LONGEST_RUN = 900  # seconds, for all targets together
_STAGING = "https://hub-ci.huggingface.co"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="huggingface_hub's own tests against a sandbox hub.")
    parser.add_argument("checkout", type=Path, help="a checkout of huggingface_hub's repository")
    parser.add_argument("names", nargs="*", help="only the targets whose name contains one of these")
    asked = parser.parse_args(arguments)
    targets = [each for each in TARGETS if not asked.names or any(name in each for name in asked.names)]
    if not (asked.checkout / "tests" / "testing_constants.py").is_file():
        sys.stderr.write(f"{asked.checkout} holds no tests of huggingface_hub; give the folder of its git checkout\n")
        return 2
    if find_spec("pytest_mock") is None:
        sys.stderr.write("These tests need pytest-mock; type: pip install pytest-mock\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="evalbot-upstream-") as folder:
        outcomes = _run(asked.checkout.resolve(), Path(folder), targets)
    sys.stdout.write(_summary(outcomes))
    if not outcomes:
        return 2
    return int(any(each["outcome"] == "failed" for each in outcomes))


def _run(checkout: Path, folder: Path, targets: Sequence[str]) -> list[Outcome]:
    _accounts(checkout / "tests" / "testing_constants.py").save(_made(folder / "hub") / "accounts.json")
    with SandboxHub(folder / "hub") as hub:
        _prepare(checkout / "tests", folder / "suite" / "tests", hub.endpoint)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "upstream_plugin", "-p", "no:cacheprovider"]
        command += ["-m", "not production and not xet", "--tb=short", *(f"tests/{each}" for each in targets)]
        environment = _environment(folder, hub.endpoint)
        subprocess.run(command, cwd=folder / "suite", env=environment, timeout=_LONGEST_RUN, check=False)
    kept = folder / "outcomes.jsonl"
    return [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()] if kept.exists() else []


def _accounts(constants: Path) -> Accounts:
    """The people the tests sign in as, with the tokens their own file of constants says."""
    said = runpy.run_path(str(constants))
    people = [(said["USER"], said["TOKEN"]), (said["OTHER_USER"], said["OTHER_TOKEN"])]
    people.append((said["ENTERPRISE_USER"], said["ENTERPRISE_TOKEN"]))
    return Accounts(
        users={name: said["FULL_NAME"] if name == said["USER"] else name for name, _ in people},
        organisations={
            "valid_org_hub": Organisation(fullname="Dummy Hub Org", members=(said["USER"],)),
            said["ENTERPRISE_ORG"]: Organisation(fullname="Enterprise Org", members=(said["ENTERPRISE_USER"],)),
        },
        tokens={value: Token(value=value, label=name, user=name, role="write") for name, value in people},
    )


def _prepare(source: Path, tests: Path, endpoint: str) -> None:
    """A copy that speaks to `endpoint`, with the HTTP library that huggingface_hub 2 uses."""
    shutil.copytree(source, tests, ignore=shutil.ignore_patterns("cassettes", "__pycache__"))
    (tests.parent / "pytest.ini").write_text("[pytest]\naddopts = -p no:randomly\n", encoding="utf-8")
    for module in tests.glob("*.py"):
        text = module.read_text(encoding="utf-8").replace(_STAGING, endpoint)
        module.write_text(re.sub(r"\b(httpx|httpcore)\b", r"\g<1>2", text), encoding="utf-8")


def _environment(folder: Path, endpoint: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING", "PYTEST"))}
    inherited.pop("CI", None)
    return {
        **inherited,
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(_made(folder / "home")),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_XET": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "UPSTREAM_OUTCOMES": str(folder / "outcomes.jsonl"),
    }


def _summary(outcomes: Sequence[Outcome]) -> str:
    """Counts by target, then the reason of every test that did not pass."""
    counts: dict[str, Counter[str]] = {}
    for each in outcomes:
        counts.setdefault(_target(each), Counter())[each["outcome"]] += 1
    rows = [f"{_counts(count)}  {target}" for target, count in counts.items()]
    total = _counts(sum(counts.values(), Counter()))
    reasons = [f"{each['outcome']} {each['test']} ({each['when']}): {each['why']}" for each in _not_passed(outcomes)]
    return "\n".join(["", *rows, f"{total}  in all", "", *reasons, ""])


def _target(outcome: Outcome) -> str:
    module, *rest = outcome["test"].removeprefix("tests/").split("::")
    return f"{module}::{rest[0]}" if len(rest) > 1 else module


def _counts(count: Counter[str]) -> str:
    return f"{count['passed']:4} passed {count['failed']:3} failed {count['skipped']:3} skipped"


def _not_passed(outcomes: Sequence[Outcome]) -> Iterable[Outcome]:
    return (each for each in outcomes if each["outcome"] != "passed")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
