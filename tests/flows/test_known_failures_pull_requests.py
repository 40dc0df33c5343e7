"""What another tool of this kind does wrong with pull requests, its command line and secrets; one test a row.

Rows with a file of their own: every page is read, and a list that cannot be had opens nothing (test_journey); private
and gated repositories are read with the token (test_repository_states); two runs at once (test_race). That no run
prints its token or a traceback, every run of the `evalbot` fixture asserts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evalbot.demo import REPO_ID
from tests.flows.tern import MODEL, Tern, card, table

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

PROPOSE = ("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--create-pr")


@pytest.fixture
def tern(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Tern:
    return Tern(evalbot, hub, tmp_path)


def test_create_pr_never_calls_the_check__here_the_list_comes_before_the_commit(
    evalbot: Evalbot, hub: SandboxHub
) -> None:
    assert evalbot(*PROPOSE).code == 0
    asked = [f"{record.method} {record.path}" for record in hub.log]
    commit = next(i for i, request in enumerate(asked) if "/commit/" in request)
    assert any(request.endswith("/discussions") for request in asked[:commit])


@pytest.mark.parametrize("fault", [{"status": 401}, {"status": 404}, {"status": 429}, {"delay": 3.0}])
def test_the_check_fails_open__here_it_opens_nothing(
    evalbot: Evalbot, hub: SandboxHub, fault: dict[str, float]
) -> None:
    hub.faults.add("GET", "/discussions$", times=20, **fault)  # type: ignore[arg-type]
    assert evalbot(*PROPOSE, "--timeout", "2").code in (3, 7, 8)
    assert not any("/commit/" in record.path for record in hub.log)


def test_closed_and_open_are_mixed__here_only_open_ones_are_listed(tern: Tern, evalbot: Evalbot) -> None:
    tern.has(card(table({"MMLU": "60.1"})))
    tern.proposes()
    tern.closes(1)
    listed = evalbot("get-prs", "--repo-id", MODEL, "--json")
    assert (listed.code, listed.json["pull_requests"]) == (0, [])


def test_only_titles_are_looked_at__here_what_it_changes_decides(tern: Tern) -> None:
    tern.has(card(table({"MMLU": "60.1"})))
    tern.edit("# ", "# A ", user="carol", pr=True)
    titled = tern.api("carol")
    titled.rename_discussion(MODEL, 1, "Add evaluation results: MMLU 60.1")
    assert tern.proposes() == (0, "proposed", 2)


def test_ci_cannot_tell_success_from_failure__here_code_status_and_address_say_it(evalbot: Evalbot) -> None:
    done = evalbot(*PROPOSE, "--json")
    assert (done.code, done.json["status"], done.json["pr"]["number"]) == (0, "proposed", 1)
    assert done.json["pr"]["url"].endswith("/discussions/1")
    refused = evalbot("extract-readme", "--repo-id", "alice/nothing-here", "--json")
    assert (refused.code, refused.json["status"]) == (3, "nothing-found")
    assert json.loads(refused.out)["error"]["message"] in refused.err


def test_a_repository_id_that_is_a_local_path__is_read_from_the_hub_all_the_same(
    evalbot: Evalbot, hub: SandboxHub
) -> None:
    folder = Path(REPO_ID)  # the working directory of a run is a temporary folder
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("# Another card\n", encoding="utf-8")
    done = evalbot("inspect-tables", "--repo-id", REPO_ID, "--json")
    assert (done.code, len(done.json["tables"])) == (0, 3)


@pytest.mark.parametrize("option", [("--table", "0"), ("--model-column-index", "0")])
def test_zero_is_ignored__here_it_is_a_number_like_others(evalbot: Evalbot, option: tuple[str, str]) -> None:
    table_two = () if option[0] == "--table" else ("--table", "2")
    assert evalbot("extract-readme", "--repo-id", REPO_ID, *table_two, *option).code in (2, 3)
