"""What evaluation engines read: datasets at pinned commits, weights of any size, and what a model's files are."""

from __future__ import annotations

import json
import math
import struct
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RevisionNotFoundError

from evalbot.sandbox.file_content import LARGE
from evalbot.sandbox.git_store import GitStore

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.sandbox.conftest import Api, Raw

PINNED = "0123456789abcdef0123456789abcdef01234567"
UNKNOWN = "f" * 40
CARD = b"---\nconfigs:\n- {config_name: main, data_files: [{split: test, path: main/test.jsonl}]}\n---\n# Sums\n"
ROWS = b'{"question": "2 + 2", "answer": "4"}\n'


@pytest.fixture
def sums(sandbox: SandboxHub) -> str:
    """The head of quanta/sums, a dataset whose readers pin a commit of the real one."""
    sandbox.add_organisation("quanta")
    files = {"README.md": CARD, "main/test.jsonl": ROWS}
    return sandbox.create_repo("quanta/sums", files=files, repo_type="dataset", revisions=[PINNED])


def test_dataset__info_tree_and_paths(sums: str, api: Api) -> None:
    client = api["nobody"]
    info = client.dataset_info("quanta/sums")
    assert info.card_data is not None
    assert (info.sha, info.card_data["configs"][0]["config_name"]) == (sums, "main")
    tree = [item.path for item in client.list_repo_tree("quanta/sums", repo_type="dataset", recursive=True)]
    assert tree == [".gitattributes", "README.md", "main", "main/test.jsonl"]
    with pytest.raises(EntryNotFoundError):
        list(client.list_repo_tree("quanta/sums", "other", repo_type="dataset"))
    (found,) = client.get_paths_info("quanta/sums", ["main/test.jsonl", "main/none.jsonl"], repo_type="dataset")
    assert found.path == "main/test.jsonl"


@pytest.mark.parametrize("revision", [None, "main", PINNED])
def test_dataset__file_by_branch_and_pinned_commit(sums: str, api: Api, tmp_path: Path, revision: str | None) -> None:
    path = api["nobody"].hf_hub_download(
        "quanta/sums", "main/test.jsonl", repo_type="dataset", revision=revision, cache_dir=tmp_path / "cache"
    )
    assert Path(path).read_bytes() == ROWS
    assert sums in Path(path).parts  # the cache has it under the commit that was really read


def test_dataset__commit_that_nobody_named__is_not_found(sums: str, api: Api, raw: Raw) -> None:
    with pytest.raises(RevisionNotFoundError):
        api["nobody"].dataset_info("quanta/sums", revision=UNKNOWN)
    answer = raw("GET", f"/datasets/quanta/sums/resolve/{UNKNOWN}/README.md")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RevisionNotFound")
    answer = raw("HEAD", f"/datasets/quanta/sums/resolve/{PINNED}/none.jsonl")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "EntryNotFound")


def test_dataset__pinned_commit__stays_when_main_moves(sums: str, api: Api) -> None:
    api["alice"].upload_file(
        path_or_fileobj=b"", path_in_repo="new.txt", repo_id="quanta/sums", repo_type="dataset", commit_message="More"
    )
    assert api["nobody"].dataset_info("quanta/sums", revision=PINNED).sha == sums
    assert api["nobody"].dataset_info("quanta/sums").sha != sums


def test_organisation__name_that_is_taken(sandbox: SandboxHub) -> None:
    with pytest.raises(ValueError, match="Alice is taken"):
        sandbox.add_organisation("Alice")


# Large files

BIG = b"\0" + sha256(b"big").digest() * (3 * LARGE // 32)
BIG_FILE = "/alice/big/resolve/main/model.safetensors"


@pytest.fixture
def big(sandbox: SandboxHub, tmp_path: Path) -> Path:
    """A model with weights of 12 MiB, given as a file on disk; the folder of its repository."""
    source = tmp_path / "weights"
    source.write_bytes(BIG)
    sandbox.create_repo("alice/big", files={"model.safetensors": source})
    return tmp_path / "hub" / "repos" / "models" / "alice" / "big.git"


def test_large_file__arrives_whole_through_the_client(big: Path, api: Api, tmp_path: Path) -> None:
    path = api["nobody"].hf_hub_download("alice/big", "model.safetensors", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == BIG


def test_large_file__head_tells_its_size_and_is_short(big: Path, raw: Raw) -> None:
    answer = raw("HEAD", BIG_FILE)
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(len(BIG)), b"")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_large_file__is_no_page_for_a_browser(big: Path, raw: Raw) -> None:
    answer = raw("GET", BIG_FILE.replace("resolve", "blob"))
    assert (answer.status_code, answer.headers["location"]) == (307, BIG_FILE)


def test_large_file__many_readers_of_ranges_unpack_it_once(
    big: Path, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[str] = []
    unpack = GitStore.unpack

    def counted(store: GitStore, oid: str, target: Path) -> None:
        unpacked.append(oid)
        unpack(store, oid, target)

    monkeypatch.setattr(GitStore, "unpack", counted)
    starts = [0, 1, LARGE - 1, LARGE, 2 * LARGE + 7, len(BIG) - 1_200_000, len(BIG) - 3, 5_000_000]

    def part(start: int) -> bytes:
        return bytes(raw("GET", BIG_FILE, headers={"Range": f"bytes={start}-{start + 1_199_999}"}).content)

    with ThreadPoolExecutor(len(starts)) as readers:
        parts = list(readers.map(part, starts))
    assert parts == [BIG[start : start + 1_200_000] for start in starts]
    assert len(unpacked) == 1


def test_large_file__download_that_was_cut__is_resumed(
    big: Path, sandbox: SandboxHub, api: Api, tmp_path: Path
) -> None:
    sandbox.faults.add(
        "GET", "model.safetensors", truncate=11_000_000
    )  # the client keeps what it has in pieces of 10 MiB
    path = api["nobody"].hf_hub_download("alice/big", "model.safetensors", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == BIG
    assert [each.status for each in sandbox.log if each.method == "GET" and "resolve" in each.path] == [200, 206]


def test_large_file__what_was_unpacked_goes_with_the_repository(big: Path, raw: Raw, api: Api) -> None:
    raw("GET", BIG_FILE, headers={"Range": "bytes=0-0"})
    assert [file.stat().st_size for file in (big / "unpacked").iterdir()] == [len(BIG)]
    api["alice"].delete_repo("alice/big")
    assert not big.exists()


# What a model's files are


def _weights(**tensors: tuple[str, list[int]]) -> bytes:
    """A safetensors file of zeros."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        start, end = end, end + math.prod(shape) * {"F32": 4, "BF16": 2, "I8": 1}[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


ONE_FILE = {"model.safetensors": _weights(a=("BF16", [10, 3]), b=("BF16", [5]), c=("F32", []))}
TWO_FILES = {
    "model-1.safetensors": _weights(a=("BF16", [10, 3])),
    "model-2.safetensors": _weights(b=("I8", [2, 2])),
    "model.safetensors.index.json": b'{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}',
}


@pytest.mark.parametrize(
    ("files", "parameters"),
    [
        (ONE_FILE, {"BF16": 35, "F32": 1}),
        (TWO_FILES, {"BF16": 30, "I8": 4}),
        ({"model.safetensors": _weights(a=("F32", [3_000_000]))}, {"F32": 3_000_000}),
        ({"README.md": b"# No weights\n"}, None),
        ({"model.safetensors": b""}, None),
        ({"model.safetensors": b"\xff" * 64}, None),
        ({"model.safetensors": struct.pack("<Q", 2) + b"[]"}, None),
        ({"model.safetensors": struct.pack("<Q", 8) + b'{"a": 1}'}, None),
        ({"model.safetensors.index.json": b'{"weight_map": {"a": "none.safetensors"}}'}, None),
    ],
)
def test_model_info__counts_parameters_by_the_headers_of_the_weights(
    sandbox: SandboxHub, api: Api, files: dict[str, bytes], parameters: dict[str, int] | None
) -> None:
    sandbox.create_repo("alice/model", files=files)
    plain = api["nobody"].model_info("alice/model").safetensors
    expanded = api["nobody"].model_info("alice/model", expand=["safetensors"]).safetensors
    for told in (plain, expanded):
        if parameters is None:
            assert told is None
        else:
            assert told is not None
            assert (told.parameters, told.total) == (parameters, sum(parameters.values()))


def test_model_info__agrees_with_what_the_client_reads_by_ranges(sandbox: SandboxHub, api: Api) -> None:
    sandbox.create_repo("alice/model", files=ONE_FILE)
    assert api["nobody"].get_safetensors_metadata("alice/model").parameter_count == {"BF16": 35, "F32": 1}


def test_model_info__config_is_a_part_of_the_files(sandbox: SandboxHub, api: Api) -> None:
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64}
    quantised = {"quantization_config": {"quant_method": "gptq", "bits": 4, "desc_act": False}}
    files = {
        "config.json": json.dumps(config | quantised).encode(),
        "tokenizer_config.json": b'{"eos_token": "</s>", "model_max_length": 2048}',
        "chat_template.jinja": b"{{ messages }}",
    }
    sandbox.create_repo("alice/model", files=files)
    assert api["nobody"].model_info("alice/model", expand=["config"]).config == {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "quantization_config": {"bits": 4, "quant_method": "gptq"},
        "tokenizer_config": {"eos_token": "</s>"},
        "chat_template_jinja": "{{ messages }}",
    }


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"quantization_config": 1}'])
def test_model_info__config_that_says_nothing__is_left_out(sandbox: SandboxHub, api: Api, content: bytes) -> None:
    sandbox.create_repo("alice/model", files={"config.json": content})
    assert api["nobody"].model_info("alice/model").config is None


@pytest.mark.parametrize(("repo_type", "page"), [("model", ""), ("dataset", "datasets/")])
def test_gated__facts_are_open_and_bytes_are_not(
    sandbox: SandboxHub, api: Api, raw: Raw, repo_type: str, page: str
) -> None:
    sandbox.create_repo("alice/gate", files=ONE_FILE, repo_type=repo_type, gated="manual")
    assert raw("GET", f"/api/{repo_type}s/alice/gate").json()["gated"] == "manual"
    for who, status in ((None, 401), ("bob", 403), ("alice-read", 200)):
        for method in ("GET", "HEAD"):
            answer = raw(method, f"/{page}alice/gate/resolve/main/model.safetensors", who)
            assert answer.status_code == status
            assert answer.headers.get("x-error-code") == (None if status == 200 else "GatedRepo")
    with pytest.raises(GatedRepoError):
        api["bob"].hf_hub_download("alice/gate", "model.safetensors", repo_type=repo_type)


def test_gated_model__its_size_is_known_before_access_is_given(sandbox: SandboxHub, api: Api) -> None:
    sandbox.create_repo("alice/gate", files=ONE_FILE, gated="manual")
    told = api["nobody"].model_info("alice/gate", expand=["safetensors"]).safetensors
    assert told is not None
    assert told.total == 36
