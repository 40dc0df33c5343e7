"""Whatever is wrong, a command ends with its exit code and a message that says what to do; nothing is changed."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi

from evalbot.demo import REPO_ID, demo_card

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

LOOKS = ("inspect-tables", "extract-readme", "show", "validate")
ALL = (*LOOKS, "get-prs")
TABLE = "| Benchmark | Score |\n| --- | --- |\n| MMLU | 85.2 |\n| GSM8K | 50.1 |\n"


def heads(hub: SandboxHub, repo_id: str) -> dict[str, str]:
    refs = HfApi(endpoint=hub.endpoint, token=hub.tokens["alice"]).list_repo_refs(repo_id, include_pull_requests=True)
    return {ref.ref: ref.target_commit for ref in [*refs.branches, *(refs.pull_requests or [])]}


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize(
    ("user", "code", "says"),
    [("bob", 3, "no model bob/nothing"), (None, 7, "HF_TOKEN"), ("hf_wrong", 7, "does not know this token")],
)
def test_unknown_repository(evalbot: Evalbot, command: str, user: str | None, code: int, says: str) -> None:
    done = evalbot(command, "--repo-id", "bob/nothing", "--json", user=user)
    assert (done.code, says in done.err) == (code, True), done.err
    assert done.json["error"]["hint"]


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize(("user", "code"), [("bob", 3), (None, 7), ("alice", 0), ("alice-read", 0)])
def test_private_repository(evalbot: Evalbot, hub: SandboxHub, command: str, user: str | None, code: int) -> None:
    hub.create_repo("alice/secret", files={"README.md": TABLE.encode()}, private=True)
    assert evalbot(command, "--repo-id", "alice/secret", user=user).code == code


@pytest.mark.parametrize("command", LOOKS)
@pytest.mark.parametrize("user", ["bob", None])
def test_gated_repository(evalbot: Evalbot, hub: SandboxHub, command: str, user: str | None) -> None:
    hub.create_repo("alice/gated", files={"README.md": TABLE.encode()}, gated=True)
    done = evalbot(command, "--repo-id", "alice/gated", user=user)
    assert done.code == 7
    assert "gated" in done.err
    assert "accept its conditions" in done.err


@pytest.mark.parametrize("how", ["--apply", "--create-pr"])
@pytest.mark.parametrize(
    ("user", "says"),
    [(None, "HF_TOKEN is not set"), ("hf_wrong", "does not know this token"), ("carol-read", "role is read")],
)
def test_write_without_a_right_to_it(evalbot: Evalbot, hub: SandboxHub, how: str, user: str | None, says: str) -> None:
    before = heads(hub, REPO_ID)
    done = evalbot("extract-readme", "--repo-id", REPO_ID, "--table", "2", how, user=user)
    assert done.code == 7
    assert says in done.err
    assert heads(hub, REPO_ID) == before


def test_push_to_a_strangers_repository__advises_a_pull_request(evalbot: Evalbot, hub: SandboxHub) -> None:
    before = heads(hub, REPO_ID)
    done = evalbot("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--apply")
    assert done.code == 7
    assert "--create-pr" in done.err
    assert heads(hub, REPO_ID) == before


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--table", "9"), 2, "1 to 3"),
        (("--table", "0"), 2, "1 to 3"),
        (("--table", "-1"), 2, "1 to 3"),
        (("--table", "two"), 2, "--table takes a number"),
        (("--table", "html:1"), 2, "Markdown tables 1 to 3"),
        (("--table", "1"), 3, "Table 1"),
        ((), 4, "--table"),
        (("--table", "2", "--model-column-index", "9"), 2, "column"),
        (("--table", "2", "--model-column-index", "-1"), 2, "column"),
        (("--table", "2", "--model-column-index", "0"), 2, "column"),
        (("--table", "2", "--model-column-index", "1"), 2, "column"),
        (("--table", "2", "--model-column-index", "x"), 2, "integer"),
        (("--table", "2", "--model-name", "Aurora-7B"), 3, "Aurora 7B Instruct"),
        (("--table", "2", "--model-name-override", "aurora 7b instruct"), 3, "Aurora 7B Instruct"),
        (("--table", "2", "--apply", "--create-pr"), 2, "one of them"),
        (("--table", "2", "--task-type", ""), 2, "task type"),
        (("--table", "2", "--dataset-name", "\u202e"), 2, "dataset name"),
        (("--readme", "README.md"), 2, "either"),
        (("--wrong",), 2, "--wrong"),
    ],
)
def test_extract__options_that_do_not_fit(
    evalbot: Evalbot, hub: SandboxHub, options: tuple[str, ...], code: int, says: str
) -> None:
    before = heads(hub, REPO_ID)
    done = evalbot("extract-readme", "--repo-id", REPO_ID, "--json", *options)
    assert (done.code, says in done.err) == (code, True), done.err
    assert done.json["scores"] == []
    assert heads(hub, REPO_ID) == before


CARDS = {
    "empty": (b"", {"inspect-tables": 3, "extract-readme": 3, "show": 0, "validate": 0}),
    "no table": (b"# T\n\nwords\n", {"inspect-tables": 3, "extract-readme": 3, "show": 0, "validate": 0}),
    "binary": (b"\x89PNG\r\n\0\0", dict.fromkeys(LOOKS, 10)),
    "not UTF-8": (b"# T\n" + TABLE.encode() + b"\xff\xfe\xfa", dict.fromkeys(LOOKS, 10)),
    "UTF-16": (TABLE.encode("utf-16"), dict.fromkeys(LOOKS, 10)),
    "broken YAML": (
        b"---\nlicense: [mit\n---\n" + TABLE.encode(),
        {"inspect-tables": 0, "extract-readme": 0, "show": 10, "validate": 10},
    ),
    "unterminated YAML": (
        b"---\nlicense: mit\n\n" + TABLE.encode(),
        {"inspect-tables": 0, "extract-readme": 0, "show": 10, "validate": 10},
    ),
    "model-index is text": (
        b"---\nmodel-index: none\n---\n" + TABLE.encode(),
        {"inspect-tables": 0, "extract-readme": 0, "show": 10, "validate": 10},
    ),
    "model-index is a mapping": (
        b"---\nmodel-index: {name: a}\n---\n" + TABLE.encode(),
        {"inspect-tables": 0, "extract-readme": 0, "show": 10, "validate": 10},
    ),
}


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("command", LOOKS)
def test_card_that_is_no_good_card__from_the_hub_and_from_a_file(
    evalbot: Evalbot, hub: SandboxHub, tmp_path: Path, name: str, command: str
) -> None:
    data, codes = CARDS[name]
    hub.create_repo("alice/odd", files={"README.md": data})
    (tmp_path / "card.md").write_bytes(data)
    model = ("--model-name", "odd") if command == "extract-readme" else ()
    for place in (("--repo-id", "alice/odd"), ("--readme", str(tmp_path / "card.md"))):
        done = evalbot(command, *place, *model)
        assert done.code == codes[command], done.err


@pytest.mark.parametrize("name", [name for name in CARDS if name not in ("empty", "no table")])
@pytest.mark.parametrize("how", ["--apply", "--create-pr"])
def test_card_that_is_no_good_card__is_never_written(evalbot: Evalbot, hub: SandboxHub, name: str, how: str) -> None:
    hub.create_repo("alice/odd", files={"README.md": CARDS[name][0]})
    before = heads(hub, "alice/odd")
    done = evalbot("extract-readme", "--repo-id", "alice/odd", how, user="alice")
    assert done.code == 10, done.err
    assert heads(hub, "alice/odd") == before


def test_repository_without_a_card(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.create_repo("alice/bare", files={"config.json": b"{}"})
    for command in LOOKS:
        done = evalbot(command, "--repo-id", "alice/bare")
        assert (done.code, "no README.md" in done.err) == (3, True)


@pytest.mark.parametrize("command", LOOKS)
@pytest.mark.parametrize("path", ["missing.md", "."])
def test_file_that_is_not_there(evalbot: Evalbot, command: str, path: str) -> None:
    done = evalbot(command, "--readme", path)
    assert (done.code, "is not a file" in done.err) == (2, True)


@pytest.mark.parametrize(
    "repo_id",
    [
        "../x",
        "http://[x",
        "a/b/c",
        "a--b/c",
        "a/b.git",
        "-a/b",
        "a/b?x",
        "a/b#c",
        "a/b%2f..",
        "",
        "a",
        "a/" + "b" * 97,
        "a b/c",
    ],
)
@pytest.mark.parametrize("command", ALL)
def test_repository_ids_that_are_none(evalbot: Evalbot, hub: SandboxHub, command: str, repo_id: str) -> None:
    done = evalbot(command, "--repo-id", repo_id)
    assert done.code == 2
    assert hub.log == []


def test_repository_id__a_pasted_address__is_answered_with_the_id(evalbot: Evalbot) -> None:
    done = evalbot("show", "--repo-id", "https://huggingface.co/alice/model/tree/main")
    assert (done.code, "--repo-id alice/model" in done.err) == (2, True)


@pytest.mark.parametrize("command", ALL)
def test_server_down(evalbot: Evalbot, command: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    done = evalbot(command, "--repo-id", REPO_ID, endpoint=f"http://127.0.0.1:{port}")
    assert (done.code, "HF_ENDPOINT" in done.err) == (8, True), done.err


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_server_answers_html(evalbot: Evalbot, hub: SandboxHub, command: str, status: int) -> None:
    page = "<!doctype html><title>Proxy login</title>"
    hub.faults.add("*", "/", status=status, body=page, content_type="text/html", times=99)
    done = evalbot(command, "--repo-id", REPO_ID)
    assert done.code == (3 if status == 404 else 8), done.err
    assert "<title>" not in done.err


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.org",
        "file:///etc",
        "https://user:pw@example.org",
        "https://example.org/path",
        "ftp://x",
        "nope",
        "https://[",
        "https://127.0.0.1:99999",
        "https://127.0.0.1:abc",
        "https://ex\u00e4mple.org",
        "http://127.0.0.1.example.org",
    ],
)
def test_endpoint_that_must_not_get_a_token(evalbot: Evalbot, endpoint: str) -> None:
    done = evalbot("show", "--repo-id", REPO_ID, endpoint=endpoint)
    assert (done.code, "HF_ENDPOINT" in done.err) == (2, True)


def test_redirect_to_another_host__is_refused(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.faults.add("GET", "/resolve/", status=302, headers={"Location": "http://localhost:9/x"}, times=9)
    done = evalbot("show", "--repo-id", REPO_ID)
    assert (done.code, "another host" in done.err) == (8, True)


def test_redirect_to_the_hubs_own_cache__is_followed(evalbot: Evalbot, hub: SandboxHub) -> None:
    """As huggingface.co does for every file in git, and for the old names of what has moved."""
    commit = evalbot("show", "--repo-id", REPO_ID, "--json").json["commit"]
    cached = f"/api/resolve-cache/models/{REPO_ID}/{commit}/README.md?etag=x"
    hub.faults.add("GET", f"^/{REPO_ID}/resolve/main", status=307, headers={"Location": cached}, times=9)
    done = evalbot("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--create-pr", "--json")
    assert (done.code, done.json["repo_id"], done.json["commit"]) == (0, REPO_ID, commit)


def test_moved_repository__goes_by_its_new_name(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.move_repo(REPO_ID, "alice/Aurora-7B-Instruct-v2")
    done = evalbot(
        "extract-readme", "--repo-id", REPO_ID, "--table", "2", "--model-column-index", "3", "--create-pr", "--json"
    )
    assert (done.code, done.json["repo_id"]) == (0, "alice/Aurora-7B-Instruct-v2")
    assert f"{REPO_ID} has moved to alice/Aurora-7B-Instruct-v2" in done.err
    assert "url: https://huggingface.co/alice/Aurora-7B-Instruct-v2" in done.json["yaml"]


@pytest.mark.parametrize("token", ["hf_sand box", "hf_\x1b[31m", "hf_ключ"])
def test_token_that_is_none__is_refused_without_repeating_it(evalbot: Evalbot, token: str) -> None:
    done = evalbot("show", "--repo-id", REPO_ID, user=token)
    assert (done.code, "HF_TOKEN is not a token" in done.err) == (2, True)


def test_waits_of_an_hour__end_the_command_with_the_reason(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.faults.add("POST", "/commit/", status=429, headers={"Retry-After": "3600"}, times=9)
    done = evalbot("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--create-pr")
    assert (done.code, "asks to wait 3,600 seconds" in done.err) == (8, True)
    assert "may have been opened" not in done.err


def test_answers_without_end__are_not_read_to_the_end(
    evalbot: Evalbot, hub: SandboxHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.faults.add("GET", "/discussions$", status=200, body=b"[" + b" " * 5_000_000)
    done = evalbot("get-prs", "--repo-id", REPO_ID)
    assert (done.code, "longer than 4,194,304 bytes" in done.err) == (8, True)
    monkeypatch.setattr("evalbot.hub.session.LONGEST_ANSWER", 1e-6)
    done = evalbot("show", "--repo-id", REPO_ID)
    assert (done.code, "took longer" in done.err) == (8, True)


def test_offline_mode__is_named(evalbot: Evalbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    done = evalbot("show", "--repo-id", REPO_ID)
    assert (done.code, "HF_HUB_OFFLINE" in done.err) == (2, True)


def test_proxy_of_the_environment__is_not_handed_what_is_for_this_machine(
    evalbot: Evalbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert evalbot("show", "--repo-id", REPO_ID).code == 0


def test_stored_token__is_hidden_like_any_other(
    evalbot: Evalbot, hub: SandboxHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalbot.hub.session.DEFAULT_ENDPOINT", hub.endpoint)
    monkeypatch.setattr("evalbot.hub.session.get_token", lambda: "hf_stored_secret")
    hub.faults.add("GET", "/resolve/", status=403, headers={"X-Error-Message": "no hf_stored_secret here"}, times=9)
    done = evalbot("show", "--repo-id", REPO_ID, user=None)
    assert (done.code, "no *** here" in done.err) == (7, True)


def test_server_text__cannot_steer_the_terminal_or_begin_a_line(evalbot: Evalbot, hub: SandboxHub) -> None:
    evil = {"error": "a\n::error::b\x1b]0;title\x07\u202e"}
    hub.faults.add("GET", "/discussions$", status=403, body=evil, times=9)
    done = evalbot("get-prs", "--repo-id", REPO_ID)
    assert done.code == 7
    assert not {"\x1b", "\x07", "\u202e"} & set(done.err)
    assert not any(line.startswith("::") for line in done.err.splitlines())


def test_card_text__cannot_forge_lines(evalbot: Evalbot, tmp_path: Path) -> None:
    forged = (
        '---\nmodel-index: [{name: "A\\n::error::x", results: [{metrics: [{type: t, value: "1\\nB: b = 2"}]}]}]\n---\n'
    )
    (tmp_path / "README.md").write_text(forged)
    done = evalbot("show", "--readme", str(tmp_path / "README.md"))
    assert (done.code, len(done.out.splitlines())) == (0, 1)


@pytest.mark.parametrize(
    "value", ['!!bool "maybe"', '!!timestamp "x"', "9" * 400, "9" * 5000, '!!python/name:os.system ""']
)
@pytest.mark.parametrize("command", LOOKS)
def test_odd_scalars__are_no_bug(evalbot: Evalbot, tmp_path: Path, command: str, value: str) -> None:
    index = f"[{{name: a, results: [{{dataset: {{args: {{a: {value}}}}}, metrics: [{{type: t, value: {value}}}]}}]}}]"
    (tmp_path / "README.md").write_text(f"---\nmodel-index: {index}\n---\n{TABLE}")
    model = ("--model-name", "a") if command == "extract-readme" else ()
    done = evalbot(command, "--readme", str(tmp_path / "README.md"), *model, "--json")
    assert done.code in (0, 10), done.err
    assert done.json["status"]


def test_bug__is_confessed_with_code_70_and_no_traceback(evalbot: Evalbot, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret hf_sandbox_bob in here")

    monkeypatch.setattr("evalbot.flows.show", broken)
    done = evalbot("show", "--repo-id", REPO_ID)
    assert done.code == 70
    assert "evalbot has a bug: ZeroDivisionError: secret *** in here" in done.err
    assert evalbot("show", "--repo-id", REPO_ID, "--json").json["status"] == "bug"


def test_local_file__apply_writes_it_and_create_pr_is_refused(evalbot: Evalbot, tmp_path: Path) -> None:
    card, link = tmp_path / "README.md", tmp_path / "link.md"
    card.write_bytes(demo_card())
    card.chmod(0o640)
    link.symlink_to(card)
    options = ("extract-readme", "--readme", str(link), "--table", "2", "--model-name", "aurora_7b-instruct")
    assert evalbot(*options, "--create-pr").code == 2
    assert card.read_bytes() == demo_card()
    assert evalbot(*options, "--apply").code == 0
    assert b"value: 64.80" in card.read_bytes()
    assert (card.stat().st_mode & 0o777, link.is_symlink()) == (0o640, True)
    assert list(tmp_path.glob(".evalbot-*")) == []
    assert "Up to date" in evalbot(*options, "--apply").out


def test_local_file__somebody_elses_change__is_kept(
    evalbot: Evalbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "README.md"
    card.write_bytes(demo_card())

    def meanwhile(*_: object, **__: object) -> None:
        if b"Meanwhile" not in card.read_bytes():
            card.write_bytes(demo_card() + b"\nMeanwhile.\n")

    monkeypatch.setattr("evalbot.local_file._copy_rights", meanwhile)
    done = evalbot("extract-readme", "--readme", str(card), "--table", "2", "--model-column-index", "3", "--apply")
    assert done.code == 0
    assert card.read_bytes().endswith(b"\nMeanwhile.\n")
    assert b"value: 64.80" in card.read_bytes()


def test_local_file__read_only__is_left_alone(
    evalbot: Evalbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "README.md"
    card.write_bytes(demo_card())
    card.chmod(0o444)
    if os.geteuid() == 0:  # root may write every file, so there the system is made to say what it says to others
        monkeypatch.setattr("evalbot.local_file.os.access", lambda *_: False)
    done = evalbot("extract-readme", "--readme", str(card), "--table", "2", "--model-column-index", "3", "--apply")
    assert (done.code, card.read_bytes()) == (2, demo_card())


def test_local_file__larger_than_any_card__is_refused_without_reading_it(evalbot: Evalbot, tmp_path: Path) -> None:
    with (tmp_path / "README.md").open("wb") as file:
        file.truncate(40 * 1024**3)
    done = evalbot("show", "--readme", str(tmp_path / "README.md"))
    assert (done.code, "too large" in done.err) == (10, True)


def test_local_file__needs_no_settings_at_all(evalbot: Evalbot, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(demo_card())
    assert evalbot("inspect-tables", "--readme", str(tmp_path / "README.md"), endpoint="https://[").code == 0


def test_local_file__metadata_the_hub_refuses__is_mended_first(evalbot: Evalbot, tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    for metadata in ("license: mit\nlicense: mit\n", "model-index: [{name: a, results: [{task: x, metrics: 5}]}]\n"):
        card.write_text(f"---\n{metadata}---\n{TABLE}")
        before = card.read_bytes()
        assert evalbot("validate", "--readme", str(card)).code == 10
        assert evalbot("extract-readme", "--readme", str(card), "--model-name", "a", "--apply").code == 10
        assert card.read_bytes() == before


def test_local_file__without_any_model_name__asks_for_one(evalbot: Evalbot, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(TABLE)
    done = evalbot("extract-readme", "--readme", str(tmp_path / "README.md"))
    assert (done.code, "--model-name" in done.err) == (2, True)


def test_card_with_terminal_escapes__is_printed_without_them(evalbot: Evalbot, tmp_path: Path) -> None:
    text = TABLE.replace("MMLU", "MM\x1b[31mLU\u202e").replace("# T", "# \x07")
    (tmp_path / "README.md").write_text(text)
    for command in ("inspect-tables", "extract-readme"):
        model = ("--model-name", "m") if command == "extract-readme" else ()
        done = evalbot(command, "--readme", str(tmp_path / "README.md"), *model)
        assert done.code == 0
        assert not {"\x1b", "\x07", "\u202e"} & set(done.out + done.err)


def test_dotenv__gives_the_token_but_never_the_endpoint(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> None:
    dotenv = tmp_path / "work" / ".env"
    dotenv.write_text("HF_TOKEN=hf_sandbox_alice\nHF_ENDPOINT=http://127.0.0.1:9\n")
    hub.create_repo("alice/secret", files={"README.md": TABLE.encode()}, private=True)
    assert evalbot("show", "--repo-id", "alice/secret", user=None).code == 0


@pytest.mark.parametrize(("owner", "code"), [("alice", 0), ("bob", 3)])
def test_extract__a_label_with_an_owner__is_only_the_repositorys_own(
    evalbot: Evalbot, hub: SandboxHub, owner: str, code: int
) -> None:
    table = f"| Benchmark | {owner}/Named-7B | other/Big-9B |\n| --- | --- | --- |\n| MMLU | 60.5 | 70.5 |\n"
    hub.create_repo("alice/Named-7B", files={"README.md": table.encode()})
    assert evalbot("extract-readme", "--repo-id", "alice/Named-7B", "--json").code == code
