"""The token with write access stays here; a job gets one that can only read, or none."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evalbot.errors import AccessDenied, UsageError
from evalbot.evaluate.jobs import collect, spec
from evalbot.sandbox.jobs import process

if TYPE_CHECKING:
    from tests.flows.jobs.conftest import World


def shown_by(pid: int) -> bytes:
    """What everybody of this user can read of a process."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="there is no /proc to look at")
def test_submit__the_write_token__is_nowhere_where_the_job_is(world: World) -> None:
    write, read = world.sandbox.tokens["alice"], world.sandbox.tokens["carol-read"]
    jobs = world.jobs()
    request = world.request("wait", read_token=read)
    assert read not in repr(request)
    seen: list[bytes] = []

    def look(line: str) -> None:
        if line == "still at it, 5":
            seen.extend(shown_by(pid) for pid in process.pids(submitted.job.id))
            world.gate.touch()

    submitted = world.submit("wait", jobs=jobs, read_token=read)
    finished = world.follow(submitted, jobs=jobs, on_line=look)
    results = collect(jobs, finished.job)
    assert results["hardware"]["saw_token"] == hashlib.sha256(read.encode()).hexdigest()
    assert len(seen) >= 2  # the shell and the runner at least
    assert not any(write.encode() in each for each in seen)
    assert any(read.encode() + b"\0" in each for each in seen)

    info = jobs.hub.api.inspect_job(job_id=finished.job.id, namespace="alice")
    assert list(info.secrets or ()) == ["HF_TOKEN"]
    assert not any(token in repr((info, finished, submitted, world.said)) for token in (write, read))
    kept = files_below(world.folder / "hub" / "jobs") | files_below(world.folder / "hub" / "buckets")
    kept["requests"] = (world.folder / "hub" / "requests.jsonl").read_bytes()
    assert len(kept) > 3
    assert [name for name, data in kept.items() if read.encode() in data or write.encode() in data] == []


def test_submit__without_a_read_token__the_job_has_none(world: World) -> None:
    jobs = world.jobs()
    results = collect(jobs, world.follow(world.submit(jobs=jobs), jobs=jobs).job)
    assert results["hardware"]["saw_token"] == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("label", "reason"),
    [("alice", "its role is write"), ("bob-fine", "it has the permission discussion.write")],
)
def test_submit__a_token_for_the_job_that_can_write__is_refused(world: World, label: str, reason: str) -> None:
    with pytest.raises(AccessDenied, match=reason) as refused:
        world.submit(read_token=world.sandbox.tokens[label])
    assert world.sandbox.tokens[label] not in refused.value.message + str(refused.value.hint)
    assert "HF_READ_TOKEN" in str(refused.value.hint)
    assert world.sandbox.jobs.of("alice") == []


def test_submit__a_token_for_the_job_that_nobody_knows__is_refused(world: World) -> None:
    with pytest.raises(AccessDenied):
        world.submit(read_token="hf_unknown")
    assert world.sandbox.jobs.of("alice") == []


def test_submit__a_token_among_what_everybody_sees__is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="token stands in the job's arguments"):
        world.submit(environment={"NOTE": f"my {world.sandbox.tokens['alice']}"})
    assert world.sandbox.jobs.of("alice") == []


def test_build__the_spec_as_it_is_shown__holds_no_secret_and_no_script(world: World) -> None:
    request = world.request(read_token="hf_read_secret")
    made = spec.build(request, submission="s", endpoint=world.sandbox.endpoint, mount=None)
    assert made.secrets == {"HF_TOKEN": "hf_read_secret"}
    assert "hf_read_secret" not in repr(made)
    assert spec.pack(request.script) not in repr(made)
