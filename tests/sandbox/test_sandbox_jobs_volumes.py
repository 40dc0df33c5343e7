"""What a job finds at its mount paths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import HfHubHTTPError

from evalbot.sandbox.jobs.volumes import Renaming
from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import JobInfo

    from tests.sandbox.conftest import Api


@pytest.fixture(autouse=True)
def _ended(sandbox: SandboxHub) -> Iterator[None]:
    """No job outlives its test."""
    yield
    sandbox.jobs.close()


@pytest.fixture
def alice(api: Api) -> HfApi:
    return api["alice"]


def start(api: HfApi, *command: str, **options: Any) -> JobInfo:
    return api.run_job(image="python:3.12", command=list(command), namespace="alice", **options)


def finish(api: HfApi, job: JobInfo) -> JobInfo:
    return api.wait_for_job(job_id=job.id, namespace="alice", poll_interval=0.02, timeout=20)


def said(api: HfApi, job: JobInfo) -> list[str]:
    finish(api, job)
    return list(api.fetch_job_logs(job_id=job.id, namespace="alice"))


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("/data", "/real"),
        ("/data/a.py", "/real/a.py"),
        ("--out=/data/x", "--out=/real/x"),
        ("cat '/data'; ls /data/*", "cat '/real'; ls /real/*"),
        ("/a:/data:/b", "/a:/real:/b"),
        ("/data/deep/x", "/other/x"),
        ("hf://data/x", "hf://data/x"),
        ("https://a.b/data/x", "https://a.b/data/x"),
        ("./data/x ../data a/data", "./data/x ../data a/data"),
        ("/data2 /data-x /data.json /data_x", "/data2 /data-x /data.json /data_x"),
        ("aGk+/data/b/data==", "aGk+/data/b/data=="),
    ],
)
def test_mount_path__becomes_the_real_folder_where_it_is_a_path(text: str, becomes: str) -> None:
    assert Renaming({"/data": "/real", "/data/deep": "/other"}).text(text) == becomes
    assert Renaming({}).text(text) == text


def test_volumes__a_bucket_a_copy_of_one_and_a_model(sandbox: SandboxHub, alice: HfApi, tiny: str) -> None:
    alice.create_bucket("alice/b", private=True)
    alice.batch_bucket_files("alice/b", add=[(b"kept", "in/a.txt"), (b"other", "b.txt")])
    volumes = [
        Volume(type="bucket", source="alice/b", mount_path="/data", path="in"),
        Volume(type="bucket", source="alice/b", mount_path="/ro", read_only=True),
        Volume(type="model", source="alice/tiny", mount_path="/model", revision=tiny),
    ]
    script = (
        'cat "$IN" /ro/b.txt; head -2 /model/README.md; rm /ro/b.txt; echo new > /data/c.txt; echo "$SANDBOX_VOLUMES"'
    )
    lines = said(alice, start(alice, "sh", "-c", script, env={"IN": "/data/a.txt"}, volumes=volumes))
    assert lines[:2] == ["keptother---", "license: mit"]
    assert set(json.loads(lines[2])) == {"/data", "/ro", "/model"}
    assert [item.path for item in alice.list_bucket_tree("alice/b", recursive=True)] == [
        "b.txt",
        "in/a.txt",
        "in/c.txt",
    ]


@pytest.mark.parametrize(
    ("volume", "why"),
    [
        (
            Volume(type="bucket", source="alice/b", mount_path="/d", path="none"),
            "no folder 'none' in the bucket alice/b",
        ),
        (
            Volume(type="model", source="alice/tiny", mount_path="/d", revision="none"),
            "alice/tiny has no revision 'none'",
        ),
        (Volume(type="model", source="alice/tiny", mount_path="/d", path="none"), "no folder 'none' in alice/tiny"),
    ],
)
def test_volume__that_is_not_there_fails_the_job(alice: HfApi, tiny: str, volume: Volume, why: str) -> None:
    alice.create_bucket("alice/b")
    found = finish(alice, start(alice, "true", volumes=[volume]))
    assert (found.status.stage, why in (found.status.message or "")) == ("ERROR", True)


@pytest.mark.parametrize("source", ["bob/secret", "alice/none"])
@pytest.mark.parametrize("kind", ["bucket", "model"])
def test_volume__that_the_caller_may_not_see_is_refused(sandbox: SandboxHub, api: Api, kind: str, source: str) -> None:
    api["bob"].create_bucket("bob/secret", private=True)
    sandbox.create_repo("bob/secret", files={}, private=True)
    with pytest.raises(HfHubHTTPError) as caught:
        start(api["alice"], "true", volumes=[Volume(type=kind, source=source, mount_path="/d")])
    assert caught.value.response.status_code == 404


def test_volume__of_others_is_for_reading(api: Api) -> None:
    api["bob"].create_bucket("bob/open", private=False)
    with pytest.raises(HfHubHTTPError, match="do not have write access to the bucket bob/open"):
        start(api["alice"], "true", volumes=[Volume(type="bucket", source="bob/open", mount_path="/d")])
    volume = Volume(type="bucket", source="bob/open", mount_path="/d", read_only=True)
    assert finish(api["alice"], start(api["alice"], "ls", "/d", volumes=[volume])).status.stage == "COMPLETED"


def test_volumes__the_data_folder_is_named_as_seen_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with SandboxHub(Path("hub")) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.tokens["alice"])
        api.create_bucket("alice/b")
        volumes = [Volume(type="bucket", source="alice/b", mount_path="/data")]
        assert said(api, start(api, "sh", "-c", "echo x > /data/a.txt && cat /data/a.txt", volumes=volumes)) == ["x"]
