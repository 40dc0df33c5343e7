"""What is read of a model before anything of it is downloaded, and in how few requests."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from evalbot.errors import AccessDenied, NothingFound, ServiceFailure
from evalbot.evaluate.hardware.size import measure
from evalbot.hub.client import Hub
from evalbot.hub.model_facts import read_model_facts
from evalbot.sandbox.server import SandboxHub
from evalbot.settings import Settings
from tests.unit.evaluate.hardware.models import LLAMA_8B

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = "acme/Tern-8B"
COMMIT = "c" * 40
INFO: dict[str, Any] = {
    "id": MODEL,
    "sha": COMMIT,
    "private": False,
    "gated": False,
    "safetensors": {"parameters": {"BF16": 8_030_261_248}, "total": 8_030_261_248},
    "config": {"architectures": ["LlamaForCausalLM"], "tokenizer_config": {"chat_template": "{{ x }}"}},
}
SHARDS = {f"model-0000{n}-of-00002.safetensors": 8_000_000_000 for n in (1, 2)}
USUAL = {**SHARDS, "config.json": 800, "tokenizer.json": 9_000_000, "tokenizer_config.json": 50_000}


class _Server(ThreadingHTTPServer):
    """A Hub with one model, made of `info`, the sizes of its files and the files that can be read."""

    daemon_threads = True
    info: Any
    files: dict[str, bytes]
    refusal: tuple[int, dict[str, str]] | None
    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(path)
        if path.startswith("/api/models/"):
            info = self.server.info
            return self._answer(200, info if isinstance(info, bytes) else json.dumps(info).encode(), {})
        if self.server.refusal is not None:
            return self._answer(self.server.refusal[0], b"{}", self.server.refusal[1])
        body = self.server.files.get(path.partition(f"/resolve/{COMMIT}/")[2])
        if body is None:
            return self._answer(404, b"Entry not found", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        return self._answer(200, body, {"X-Repo-Commit": COMMIT})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it is called by
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as running:
        running.asked, running.refusal = [], None
        has(running)
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def has(
    server: _Server, sizes: dict[str, int | None] | None = None, files: dict[str, Any] | None = None, **info: Any
) -> None:
    """Give the model these files, by size, some of them with their content."""
    siblings: list[dict[str, Any]] = [
        {"rfilename": path} if size is None else {"rfilename": path, "size": size}
        for path, size in (USUAL if sizes is None else sizes).items()
    ]
    server.info = {**INFO, "siblings": siblings, **info}
    content = {"config.json": LLAMA_8B} if files is None else files
    server.files = {
        path: data if isinstance(data, bytes) else json.dumps(data).encode() for path, data in content.items()
    }


def hub_at(server: _Server) -> Hub:
    return Hub(Settings(endpoint=f"http://127.0.0.1:{server.server_address[1]}", timeout=20))


def test_read_model_facts__a_usual_model__takes_two_requests(server: _Server) -> None:
    facts = read_model_facts(hub_at(server), MODEL)
    assert server.asked == [f"/api/models/{MODEL}/revision/main", f"/{MODEL}/resolve/{COMMIT}/config.json"]
    assert (facts.repo_id, facts.commit, facts.gated, facts.private) == (MODEL, COMMIT, False, False)
    assert facts.parameters == {"BF16": 8_030_261_248}
    assert facts.weight_bytes == 16_000_000_000
    assert (facts.weight_format, facts.chat_template, facts.tokenizer) == ("safetensors", True, True)
    assert facts.shape is not None
    assert (facts.shape.layers, facts.needs_remote_code) == (32, False)


def test_read_model_facts__a_revision__is_asked_for_and_pinned(server: _Server) -> None:
    read_model_facts(hub_at(server), MODEL, "refs/pr/7")
    assert server.asked[0] == f"/api/models/{MODEL}/revision/refs/pr/7"


def test_read_model_facts__moved__goes_on_under_the_new_name(server: _Server) -> None:
    has(server, id="acme/New-Name")
    assert read_model_facts(hub_at(server), MODEL).repo_id == "acme/New-Name"
    assert server.asked[1].startswith("/acme/New-Name/")


def test_read_model_facts__code_of_its_own__is_told(server: _Server) -> None:
    has(
        server, files={"config.json": {**LLAMA_8B, "auto_map": {"AutoModelForCausalLM": "modeling.Tern"}}}, gated="auto"
    )
    facts = read_model_facts(hub_at(server), MODEL)
    assert (facts.needs_remote_code, facts.gated) == (True, True)


WEIGHTS: list[tuple[dict[str, int | None], str, int | None]] = [
    ({"model.safetensors": 5, "pytorch_model.bin": 7}, "safetensors", 5),
    ({"model.safetensors": 5, "model.fp16.safetensors": 3, "consolidated.safetensors": 5}, "safetensors", 5),
    ({"original/consolidated.00.pth": 9, "pytorch_model-00001-of-00001.bin": 7, "optimizer.bin": 90}, "bin", 7),
    ({"weights-1.safetensors": 2, "weights-2.safetensors": 2, "onnx/model.safetensors": 9}, "safetensors", 4),
    ({"model.safetensors": None}, "safetensors", None),
]


@pytest.mark.parametrize(("sizes", "kind", "weight_bytes"), WEIGHTS)
def test_read_model_facts__weights__are_the_files_that_are_loaded(
    server: _Server, sizes: dict[str, int | None], kind: str, weight_bytes: int | None
) -> None:
    has(server, {**sizes, "config.json": 800})
    facts = read_model_facts(hub_at(server), MODEL)
    assert (facts.weight_format, facts.weight_bytes) == (kind, weight_bytes)


def test_read_model_facts__kept_outside_git__the_size_is_not_the_pointers(server: _Server) -> None:
    has(server)
    server.info["siblings"] = [{"rfilename": "model.safetensors", "size": 134, "lfs": {"size": 16_000, "sha256": "0"}}]
    assert read_model_facts(hub_at(server), MODEL).weight_bytes == 16_000


@pytest.mark.parametrize(
    ("index", "weight_bytes"),
    [
        ({"metadata": {"total_size": 16_060_522_496}, "weight_map": {}}, 16_060_522_496),
        ({"metadata": {"total_size": "16060522496"}}, None),
        ({"metadata": {"total_size": -1}}, None),
        ({"metadata": [1]}, None),
        (b"{", None),
    ],
)
def test_read_model_facts__the_hub_says_no_sizes__the_index_does(
    server: _Server, index: object, weight_bytes: int | None
) -> None:
    sizes: dict[str, int | None] = dict.fromkeys([*USUAL, "model.safetensors.index.json"])
    has(server, sizes, {"config.json": LLAMA_8B, "model.safetensors.index.json": index}, safetensors=None)
    facts = read_model_facts(hub_at(server), MODEL)
    assert facts.weight_bytes == weight_bytes
    found = measure(facts)
    assert found is not None
    assert found.source == "config"


TEMPLATES: list[tuple[dict[str, Any], dict[str, Any], bool | None, int]] = [
    ({"config": {"tokenizer_config": {"chat_template": "{{ x }}"}}}, {}, True, 2),
    ({"config": {"tokenizer_config": {"chat_template": [{"name": "default", "template": "x"}]}}}, {}, True, 2),
    ({"config": {"tokenizer_config": {"eos_token": "</s>"}}}, {}, False, 2),
    ({"config": {"chat_template_jinja": "{{ x }}", "tokenizer_config": {}}}, {}, True, 2),
    ({"config": None}, {"tokenizer_config.json": {"chat_template": "{{ x }}"}}, True, 3),
    ({"config": None}, {"tokenizer_config.json": {"eos_token": "</s>"}}, False, 3),
    ({"config": None}, {"tokenizer_config.json": b"not json"}, None, 3),
    ({"config": "odd"}, {}, None, 3),
]


@pytest.mark.parametrize(("info", "files", "has_one", "requests"), TEMPLATES)
def test_read_model_facts__chat_template__is_asked_for_only_where_the_hub_did_not_read_it(
    server: _Server, info: dict[str, Any], files: dict[str, Any], has_one: bool | None, requests: int
) -> None:
    has(server, files={"config.json": LLAMA_8B, **files}, **info)
    assert read_model_facts(hub_at(server), MODEL).chat_template is has_one
    assert len(server.asked) == requests


def test_read_model_facts__chat_template_in_a_file_or_no_tokenizer_at_all(server: _Server) -> None:
    has(server, {**USUAL, "chat_template.jinja": 90}, config={"tokenizer_config": {}})
    assert read_model_facts(hub_at(server), MODEL).chat_template is True
    has(server, {"model.safetensors": 5, "config.json": 800}, config=None)
    facts = read_model_facts(hub_at(server), MODEL)
    assert (facts.chat_template, facts.tokenizer) == (False, False)


NO_MODEL: list[tuple[dict[str, int | None], dict[str, Any], str, str]] = [
    ({"README.md": 9, "config.json": 800}, {}, "holds no weights", "another branch"),
    ({"tern-Q4_K_M.gguf": 9}, {"cardData": {"base_model": "acme/Tern"}}, "GGUF files only", "Name acme/Tern"),
    ({"tern-Q4_K_M.gguf": 9, "config.json": 8}, {}, "GGUF files only", "the model that it was made from"),
    ({"adapter_config.json": 9, "adapter_model.safetensors": 9}, {"cardData": {"base_model": ["acme/Tern", "x"]}},
     "holds an adapter (LoRA)", "Name acme/Tern"),
    ({"model.safetensors": 9}, {}, "has no config.json", "Add the model's config.json"),
    ({"consolidated.safetensors": 9, "params.json": 9}, {}, "holds no weights", ""),
    ({"model.safetensors": 9}, {"cardData": {"base_model": {"a": 1}}}, "has no config.json", ""),
]  # fmt: skip


@pytest.mark.parametrize(("sizes", "info", "message", "hint"), NO_MODEL)
def test_read_model_facts__nothing_that_engines_load__is_refused_with_the_reason(
    server: _Server, sizes: dict[str, int | None], info: dict[str, Any], message: str, hint: str
) -> None:
    has(server, sizes, {}, **info)
    with pytest.raises(NothingFound) as caught:
        read_model_facts(hub_at(server), MODEL)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "config", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 90_000, b'{"a": ' + b"9" * 9000 + b"}", b"x" * 3_000_000]
)
def test_read_model_facts__config_json_is_none__is_refused(server: _Server, config: bytes) -> None:
    has(server, files={"config.json": config})
    with pytest.raises(NothingFound, match=r"has no config\.json that can be read"):
        read_model_facts(hub_at(server), MODEL)


@pytest.mark.parametrize(
    "parameters",
    [{"BF16": "8e9"}, {"BF16": -5}, {"BF16": True}, {"BF16": 10**30}, {"BF16": None}, [8], "many", None, {"BF16": 8e9}],
)
def test_read_model_facts__hostile_counts__are_not_taken(server: _Server, parameters: object) -> None:
    has(server, safetensors={"parameters": parameters, "total": 5})
    facts = read_model_facts(hub_at(server), MODEL)
    assert facts.parameters == {}
    found = measure(facts)
    assert found is not None
    assert found.source == "config"


def test_read_model_facts__numbers_that_json_does_not_have__are_not_taken(server: _Server) -> None:
    has(server)
    odd = json.dumps(server.info).replace("8030261248", "NaN").replace("8000000000", "1e400")
    server.info = odd.encode()
    facts = read_model_facts(hub_at(server), MODEL)
    assert (facts.parameters, facts.weight_bytes) == ({}, None)


@pytest.mark.parametrize(
    "info",
    [
        b"<html>",
        b"[]",
        b"5",
        b"{}",
        b'{"siblings": null, "sha": "x"}',
        b'{"siblings": [], "sha": "main"}',
        b"[" * 90_000,
    ],
)
def test_read_model_facts__not_the_hub__is_a_service_failure(server: _Server, info: bytes) -> None:
    server.info = info
    with pytest.raises(ServiceFailure, match=f"Could not read what the Hub knows of {MODEL}"):
        read_model_facts(hub_at(server), MODEL)


def test_read_model_facts__gated_and_not_let_in__says_what_to_do(server: _Server) -> None:
    server.refusal = (403, {"X-Error-Code": "GatedRepo"})
    with pytest.raises(AccessDenied, match="is gated and this account has not been let in") as caught:
        read_model_facts(hub_at(server), MODEL)
    assert "accept its conditions" in (caught.value.hint or "")


def test_read_model_facts__from_the_sandbox__is_read_too(tmp_path: Path) -> None:
    with SandboxHub(tmp_path) as running:
        files = {"config.json": json.dumps(LLAMA_8B).encode(), "tokenizer_config.json": b"{}", "tokenizer.json": b"{}"}
        running.create_repo(MODEL, files={**files, "model.safetensors": b"\x02\x00\x00\x00\x00\x00\x00\x00{}"})
        hub = Hub(Settings(endpoint=running.endpoint))
        facts = read_model_facts(hub, MODEL)
        assert facts.commit is not None
        assert len(facts.commit) == 40
        assert facts.weight_bytes is not None
        found = measure(facts)
        assert found is not None
        assert found.told == "8.0B parameters (computed from config.json)"
        with pytest.raises((NothingFound, AccessDenied), match="acme/nobody"):
            read_model_facts(hub, "acme/nobody")
        with pytest.raises(NothingFound, match="no such revision"):
            read_model_facts(hub, MODEL, "no-such-branch")
