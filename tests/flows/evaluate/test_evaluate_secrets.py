"""evalbot evaluate and tokens: what can write is never beside the model, and what cannot be read is said before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.flows.evaluate.conftest import MODEL, status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.evaluate.conftest import Evaluates, Machine

GATED = "acme/behind-a-gate"
CODE = {"auto_map": {"AutoModelForCausalLM": "modeling.Own"}}


@pytest.fixture
def gated(hub: SandboxHub, model_files: Mapping[str, bytes]) -> str:
    return hub.create_repo(GATED, files=model_files, gated="auto")


@pytest.fixture
def head(evaluates: Evaluates) -> str:
    found: str = evaluates("--plan").json["plan"]["revision"]
    return found


def test_runner__of_a_public_model__has_no_token(evaluates: Evaluates, machine: Machine) -> None:
    assert evaluates.here("--create-pr").code == 0
    environment = machine.runs[0]["environment"]
    assert "HF_TOKEN" not in environment
    assert evaluates.evalbot.hub.tokens["bob"] not in environment.values()


@pytest.mark.parametrize(
    ("label", "reason"),
    [("alice", "its role is write"), ("bob-fine", "it has the permission discussion.write")],
)
def test_read_token__that_can_write__is_refused(
    evaluates: Evaluates, machine: Machine, monkeypatch: pytest.MonkeyPatch, label: str, reason: str
) -> None:
    hub = evaluates.evalbot.hub
    monkeypatch.setenv("HF_READ_TOKEN", hub.tokens[label])
    for where in ("local", "jobs"):
        done = evaluates.at(where)
        assert status(done) == (7, "access-denied")
        assert reason in done.err
        assert "Set HF_READ_TOKEN to a token of role read" in done.err
        assert hub.tokens[label] not in done.err + done.out
    assert machine.runs == []
    assert hub.jobs.of("bob") == []


@pytest.mark.usefixtures("gated")
@pytest.mark.parametrize("where", ["local", "jobs"])
def test_gated_model__without_a_read_token__says_which_token_to_set(
    evaluates: Evaluates, machine: Machine, where: str
) -> None:
    done = evaluates.at(where, repo_id=GATED, user="alice")
    assert status(done) == (7, "access-denied")
    assert "The model is not public, and a run is given no token that can write" in done.err
    assert "Set HF_READ_TOKEN to a token of role read" in done.err
    assert machine.runs == []


@pytest.mark.usefixtures("gated")
def test_gated_model__of_somebody_without_access__says_where_to_get_it(evaluates: Evaluates, machine: Machine) -> None:
    done = evaluates.here(repo_id=GATED)
    assert status(done) == (7, "access-denied")
    assert GATED in done.err
    assert "conditions" in done.err or "access" in done.err
    assert machine.runs == []


@pytest.mark.usefixtures("gated")
def test_gated_model__here__runs_with_the_read_token_alone(
    evaluates: Evaluates, machine: Machine, hub: SandboxHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_READ_TOKEN", hub.tokens["alice-read"])
    done = evaluates.here(repo_id=GATED, user="alice")
    assert status(done) == (0, "evaluated"), done.err
    environment = machine.runs[0]["environment"]
    assert environment["HF_TOKEN"] == hub.tokens["alice-read"]
    assert hub.tokens["alice"] not in environment.values()
    assert hub.tokens["alice-read"] not in done.err + done.out


@pytest.mark.usefixtures("gated")
def test_read_token__in_the_env_file__is_found_and_its_file_hidden_from_the_run(
    evaluates: Evaluates, machine: Machine, hub: SandboxHub
) -> None:
    Path(".env").write_text(f"HF_READ_TOKEN={hub.tokens['alice-read']}\nHF_ENDPOINT=https://elsewhere.example\n")
    done = evaluates.here("--output-dir", "out", repo_id=GATED, user="alice")
    assert status(done) == (0, "evaluated"), done.err
    environment = machine.runs[0]["environment"]
    assert (environment["HF_TOKEN"], environment["HF_ENDPOINT"]) == (hub.tokens["alice-read"], hub.endpoint)
    assert Path("out/.env").read_text() == ""  # the first that inspect-ai finds on its way up


def test_pass_env__hands_on_what_is_named_but_no_token(
    evaluates: Evaluates, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "MY_SETTING", "NOT_NAMED"):
        monkeypatch.setenv(name, f"value of {name}")
    done = evaluates.here("--pass-env", "OPENAI_API_KEY", "--pass-env", "MY_SETTING", "--pass-env", "HF_TOKEN")
    assert done.code == 0, done.err
    environment = machine.runs[0]["environment"]
    assert (environment["OPENAI_API_KEY"], environment["MY_SETTING"]) == (
        "value of OPENAI_API_KEY",
        "value of MY_SETTING",
    )
    assert not {"NOT_NAMED", "HF_TOKEN"} & set(environment)


@pytest.mark.usefixtures("gated")
def test_gated_model__as_a_job__has_the_read_token_as_a_secret(
    evaluates: Evaluates, machine: Machine, hub: SandboxHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_READ_TOKEN", hub.tokens["alice-read"])
    done = evaluates.as_job(repo_id=GATED, user="alice")
    assert status(done) == (0, "evaluated"), done.err
    assert machine.runs[0]["environment"]["HF_TOKEN"] == hub.tokens["alice-read"]
    assert hub.tokens["alice"] not in machine.runs[0]["environment"].values()
    assert hub.tokens["alice-read"] not in done.err + done.out


def test_own_token__that_can_only_read__is_handed_on_where_it_is_needed(
    evaluates: Evaluates, machine: Machine, hub: SandboxHub, gated: str
) -> None:
    assert evaluates.here(repo_id=GATED, user="alice-read").code == 0
    assert machine.runs[0]["environment"]["HF_TOKEN"] == hub.tokens["alice-read"]
    assert machine.option("--revision") == gated


@pytest.mark.parametrize("tasks", ["gsm8k|5", "humaneval"])
def test_foreign_code__beside_a_token_that_can_write__is_refused(
    evaluates: Evaluates, machine: Machine, head: str, tasks: str
) -> None:
    option = ("--allow-code-execution",) if tasks == "humaneval" else ("--trust-remote-code", "--revision", head)
    for more in ((), ("--create-pr",)):
        done = evaluates.here(*option, *more, tasks=tasks)
        assert status(done) == (2, "usage-error")
        assert "Foreign code would run beside a token that can write: its role is write" in done.err
        assert "evalbot publish RESULTS --create-pr" in done.err
    assert machine.runs == []


@pytest.mark.parametrize("user", [None, "alice-read"])
def test_foreign_code__without_such_a_token__runs_and_is_published_afterwards(
    evaluates: Evaluates, machine: Machine, head: str, user: str | None
) -> None:
    done = evaluates.here("--trust-remote-code", "--revision", head, "--output-dir", "out", user=user)
    assert status(done) == (0, "evaluated"), done.err
    assert "--trust-remote-code" in machine.runs[0]["arguments"]
    code = evaluates.here("--allow-code-execution", tasks="humaneval", user=user)
    assert code.code == 0, code.err
    assert "--allow-code-execution" in machine.runs[1]["arguments"]
    later = evaluates.evalbot("publish", "out/results.json", "--create-pr", "--json")
    assert status(later) == (0, "proposed")


def test_foreign_code__in_a_job__runs_where_no_token_is(evaluates: Evaluates, machine: Machine, head: str) -> None:
    done = evaluates.as_job("--trust-remote-code", "--revision", head)
    assert status(done) == (0, "evaluated"), done.err
    assert "HF_TOKEN" not in machine.runs[0]["environment"]
    assert "--trust-remote-code" in machine.runs[0]["arguments"]


@pytest.mark.parametrize("where", ["local", "jobs"])
@pytest.mark.parametrize("revision", [(), ("--revision", "main")], ids=["none", "a branch"])
def test_foreign_code__without_the_commit_that_was_read__is_refused(
    evaluates: Evaluates, machine: Machine, where: str, revision: tuple[str, ...]
) -> None:
    user = "bob" if where == "jobs" else None
    done = evaluates.at(where, "--trust-remote-code", *revision, user=user)
    assert status(done) == (2, "usage-error")
    assert "add --revision COMMIT beside --trust-remote-code" in done.err
    assert machine.runs == []


def test_publishing__without_a_token_that_can_write__is_refused_before_anything_runs(
    evaluates: Evaluates, machine: Machine
) -> None:
    for user, says in ((None, "HF_TOKEN"), ("carol-read", "role")):
        done = evaluates.here("--create-pr", user=user)
        assert (done.code, says in done.err) == (7, True), done.err
    assert evaluates.here("--apply").code == 7  # the model is somebody else's
    assert machine.runs == []


def test_publishing__to_a_model_without_a_card__is_refused_before_anything_runs(
    evaluates: Evaluates, machine: Machine, hub: SandboxHub, model_files: Mapping[str, bytes]
) -> None:
    hub.create_repo("acme/no-card", files={name: data for name, data in model_files.items() if name != "README.md"})
    done = evaluates.here("--create-pr", repo_id="acme/no-card")
    assert status(done) == (3, "nothing-found")
    assert "README.md" in done.err
    assert machine.runs == []


def test_model_that_brings_code__with_transformers__says_what_to_add(
    evaluates: Evaluates, hub: SandboxHub, model_files: Mapping[str, bytes], machine: Machine
) -> None:
    config = json.dumps(json.loads(model_files["config.json"]) | CODE).encode()
    head = hub.create_repo("acme/own-code", files={**model_files, "config.json": config})
    done = evaluates.here("--backend", "transformers", repo_id="acme/own-code")
    assert status(done) == (2, "usage-error")
    assert "acme/own-code brings code of its own" in done.err
    assert f"--trust-remote-code --revision {head}" in done.err
    assert machine.runs == []


def test_chat_template__that_the_model_has_not__is_refused_before_anything_runs(
    evaluates: Evaluates, hub: SandboxHub, model_files: Mapping[str, bytes], machine: Machine
) -> None:
    base = {name: data for name, data in model_files.items() if name != "chat_template.jinja"}
    hub.create_repo("acme/base", files=base)
    for where in ("local", "jobs"):
        done = evaluates.at(where, "--use-chat-template", repo_id="acme/base")
        assert status(done) == (2, "usage-error")
        assert "acme/base has no chat template." in done.err
        assert "Only use --use-chat-template for instruction-tuned models that include a chat template." in done.err
    assert evaluates.here(repo_id="acme/base").code == 0
    assert MODEL not in machine.runs[0]["arguments"]
