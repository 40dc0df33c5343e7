"""What strangers write into results and answers, and what is typed into the wrong place: nothing of it gets far."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from evalbot.errors import EvalbotError, ServiceFailure, UsageError
from evalbot.evaluate import served
from evalbot.evaluate.command import RunnerCommand
from evalbot.evaluate.jobs import spec
from evalbot.evaluate.local.environment import runner_environment, withheld
from evalbot.evaluate.local.run import Secrets, require_no_secret, run_locally
from evalbot.evaluate.results_file import parse_results
from evalbot.hub.jobs import Job, JobSpec
from evalbot.report import jobs as told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "the-key-of-the-server"
TOKEN = "hf_" + "Write0123456789" * 2 + "abcd"


@contextlib.contextmanager
def answering(send: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that sends what it likes to the first who asks; its address, up to /v1."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    send(connection)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        listening.close()
        thread.join(10)


def head(*more: str) -> bytes:
    lines = ("HTTP/1.1 200 OK", "Content-Type: application/json", "Connection: close", *more, "", "")
    return "\r\n".join(lines).encode()


def without_end(connection: socket.socket) -> None:
    connection.sendall(head())
    for _ in range(1000):
        connection.sendall(b" " * 65536)


def by_drops(connection: socket.socket) -> None:
    connection.sendall(head())
    for _ in range(200):
        connection.sendall(b" ")
        time.sleep(0.02)


def packed(connection: socket.socket) -> None:
    connection.sendall(head("Content-Encoding: gzip") + b"\x1f\x8b")


def deep(connection: socket.socket) -> None:
    connection.sendall(head() + b"[" * 200_000)


def no_models(connection: socket.socket) -> None:
    connection.sendall(head() + json.dumps({"data": [["x"]]}).encode())


@pytest.mark.parametrize("send", [without_end, by_drops, packed, deep, no_models])
def test_served_at__an_answer_that_is_no_list_of_models__is_given_up_soon(
    send: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "_LONGEST", 0.5)
    began = time.monotonic()
    with answering(send) as address, pytest.raises(ServiceFailure):
        served.served_at(address, KEY)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("key", [f"{KEY}\x01", f"{KEY}\nX: y", f"{KEY}é"])
def test_served_at__a_key_that_cannot_be_sent__is_not_repeated(key: str) -> None:
    with pytest.raises(UsageError, match="VLLM_API_KEY is not a key") as refused:
        served.served_at("http://127.0.0.1:9/v1", key)
    assert KEY not in f"{refused.value.message} {refused.value.hint}"


def test_served_at__a_key_with_a_line_end__is_sent_without() -> None:
    def send(connection: socket.socket) -> None:
        connection.sendall(head() + b'{"data": [{"id": "m", "root": "a/b"}]}')

    with answering(send) as address:
        assert served.served_at(address, f" {KEY}\n") == (served.Served("m", "a/b"),)


@pytest.mark.parametrize(
    "address",
    [
        "http://bob:hunter22@host:99999/v1",
        "http://bob:hunter22@[::1/v1",
        "http://host/v1?key=hunter22",
        "ftp://bob:hunter22@host/v1",
        "bob:hunter22@host",
        "hunter22@host",
    ],
)
def test_base_url__that_holds_a_password__is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        RunnerCommand(model="a/b", lighteval_tasks=("gsm8k|5",), output_dir="out", base_url=address)
    assert "hunter22" not in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nothing but errors", b'{"schema": "evalbot-results/1", "tasks": [' + b"0," * 500_000 + b"0]}"),
        (
            "unknown members",
            b'{"schema": "evalbot-results/1"' + b"".join(b', "k%d": 0' % n for n in range(100_000)) + b"}",
        ),
    ],
)
def test_parse_results__a_file_made_to_be_slow__is_refused_soon(name: str, data: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(UsageError, match="is not a results file"):
        parse_results(data, origin=name)
    assert time.monotonic() - began < 5  # minutes, where every error of the first is looked at


@pytest.mark.parametrize("name", ["MY_TOKEN", "hf_token", "GIT_CONFIG", "HF_TOKEN"])
def test_pass_env__does_not_hand_on_the_token_that_publishes_by_another_name(name: str) -> None:
    environ = {"HF_TOKEN": TOKEN, name: TOKEN if name == "HF_TOKEN" else f"bearer {TOKEN}", "MINE": "whatever-else"}
    given = runner_environment(environ, read_token=None, pass_on=(name, "MINE"))
    assert TOKEN not in str(given)
    assert given["MINE"] == "whatever-else"
    assert withheld(environ, (name, "MINE")) == (name,)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": f"acme/{TOKEN}"},
        {"revision": TOKEN},
        {"base_url": "http://127.0.0.1:1/v1", "served_model_name": KEY},
        {"vllm_args": (f"--hf-token={TOKEN}",)},
        {"inspect_tasks": (f"inspect_evals/gsm8k?token={TOKEN}",)},
    ],
    ids=str,
)
def test_run_locally__a_token_among_the_arguments__starts_nothing(changes: dict[str, str]) -> None:
    given = {"model": "acme/Demo-7B", "lighteval_tasks": ("gsm8k|5",), "output_dir": "out", **changes}
    said: list[str] = []
    with pytest.raises(UsageError, match="token stands in the arguments") as refused:
        run_locally(
            RunnerCommand(**given),  # type: ignore[arg-type]  # the values are those of the parameters above
            environ={"VLLM_API_KEY": KEY},
            notify=said.append,
            timeout=60,
            secrets=Secrets(server_key=KEY),
        )
    assert TOKEN not in refused.value.message
    assert said == []


def test_run_locally__a_token_as_the_folder__makes_none(tmp_path: Path) -> None:
    command = RunnerCommand(model="acme/Demo-7B", lighteval_tasks=("gsm8k|5",), output_dir="out")
    folder = tmp_path / TOKEN
    with pytest.raises(UsageError, match="token stands in the arguments"):
        run_locally(command, environ={"HF_TOKEN": TOKEN}, notify=print, timeout=60, output_dir=folder)
    assert not folder.exists()


def test_require_no_secret__a_key_that_is_a_common_word__is_none() -> None:
    require_no_secret(["--model", "acme/none"], [])


@pytest.mark.parametrize("member", ["image", "flavor", "command", "environment", "labels"])
def test_job__a_token_in_any_part_that_everybody_sees__is_refused(member: str) -> None:
    value = {"command": (TOKEN,), "environment": {"NOTE": TOKEN}, "labels": {"note": TOKEN}}.get(member, TOKEN)
    given = {"image": "i", "command": (), "environment": {}, "flavor": "f", "timeout": 60, "labels": {}}
    with pytest.raises(EvalbotError, match="token stands in the job's arguments"):
        spec.require_no_secret(JobSpec(**{**given, member: value}), None)  # type: ignore[arg-type]  # as above


def test_report__a_hub_that_answers_with_line_ends__begins_no_line_of_ours() -> None:
    odd = "RUNNING\n::set-output name=a::b\x1b[2J"
    job = Job(
        id=f"a{odd}",
        namespace="alice",
        url=f"http://h/{odd}",
        stage=odd,
        message=odd,
        created_at=None,
        started_at=None,
        finished_at=None,
        running_seconds=None,
        flavor=odd,
        labels={"evalbot-model": odd, "evalbot-run": odd},
        command=(),
        mount=None,
    )
    now = datetime(2026, 11, 23, tzinfo=UTC)
    lines = [told.stage(job), told.running(job, now, 1.0), told.ended(job, now, 1.0), *told.listing([job], now, {})]
    assert [line for line in lines if "\n" in line or "\x1b" in line] == []
