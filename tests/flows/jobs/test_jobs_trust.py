"""Who else can make us take another job, or other results, for ours: labels and run keys are no secret."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import Volume

from evalbot.errors import UsageError
from evalbot.evaluate.jobs import collect, find, spec, watch
from evalbot.hub.jobs import Mount

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.hub.jobs import Jobs
    from tests.flows.jobs.conftest import World

Change = dict[str, Any]
TEAM = "team"


@pytest.fixture
def team(world: World) -> Jobs:
    """The jobs of an organisation, as alice sees them; bob is a member too. None of them begins."""
    world.sandbox.add_organisation(TEAM, members=("alice", "bob"))
    world.sandbox.jobs.queue_seconds = math.inf
    return world.jobs(namespace=TEAM)


def start(world: World, who: str, change: Callable[[World, Change], Change]) -> str:
    """Somebody's job that says it does this evaluation; its id."""
    request = world.request("wait")
    at = Mount(f"{TEAM}/evalbot-results", f"{request.run_key}/theirs", spec.MOUNTED_AT)
    made = spec.build(request, submission="theirs", endpoint=world.sandbox.endpoint, mount=at)
    api = world.hub(who).api
    api.create_bucket(at.source, private=True, exist_ok=True)
    given = {
        "image": made.image,
        "command": list(made.command),
        "env": dict(made.environment),
        "labels": dict(made.labels),
        "flavor": made.flavor,
        "timeout": made.timeout,
        "volumes": [mounted(at.source, at.at)],
    }
    return str(api.run_job(namespace=TEAM, **{**given, **change(world, given)}).id)


def mounted(source: str, at: str) -> Volume:
    return Volume(type="bucket", source=source, mount_path=at)


def same(_world: World, _given: Change) -> Change:
    return {}


def without_bucket(_world: World, given: Change) -> Change:
    return {"volumes": None, "command": [*given["command"][:4], "", *given["command"][5:]]}


def other_time(_world: World, given: Change) -> Change:
    words = list(given["command"])
    words[words.index("--timeout") + 1] = "100"
    return {"command": words}


def other_shell(_world: World, given: Change) -> Change:
    return {"command": [*given["command"][:2], "cat forged", *given["command"][3:]]}


def other_arguments(_world: World, given: Change) -> Change:
    return {"command": [*given["command"], "--limit", "5"]}


def other_runner(_world: World, given: Change) -> Change:
    return {"env": {**given["env"], "EVALBOT_RUNNER": spec.pack("print()")}}


def other_packages(_world: World, given: Change) -> Change:
    return {"env": {**given["env"], "UV_INDEX": "http://127.0.0.1:1"}}


def other_image(_world: World, _given: Change) -> Change:
    return {"image": "bob/uv"}


def secret_packages(_world: World, _given: Change) -> Change:
    return {"secrets": {"UV_INDEX": "http://127.0.0.1:1"}}


def other_programs(_world: World, given: Change) -> Change:
    return {"volumes": [*given["volumes"], mounted(f"{TEAM}/evalbot-results", "/usr/local/bin")]}


def results_elsewhere(_world: World, given: Change) -> Change:
    words = [*given["command"][:4], "/root", *given["command"][5:]]
    return {"volumes": [mounted(f"{TEAM}/evalbot-results", "/root")], "command": words}


OTHERS = [
    *(other_shell, other_arguments, other_runner, other_packages, other_image),
    *(secret_packages, other_programs, results_elsewhere),
]


@pytest.mark.parametrize("change", OTHERS)
def test_submit__a_member_labels_another_job_as_this_evaluation__is_not_taken_for_it(
    world: World, team: Jobs, change: Callable[[World, Change], Change]
) -> None:
    theirs = start(world, "bob", change)
    ours = world.submit("wait", jobs=team)
    assert ours.found == "started"
    assert ours.job.id != theirs
    assert team.look(ours.job.id).stage == "SCHEDULING"  # and theirs, the older one, did not end it
    assert world.told(f"Job {theirs} of bob has the label of this evaluation, but is another one")


@pytest.mark.parametrize("change", [same, without_bucket, other_time])
def test_submit__a_member_does_the_very_same__is_waited_for(
    world: World, team: Jobs, change: Callable[[World, Change], Change]
) -> None:
    theirs = start(world, "bob", change)
    ours = world.submit("wait", jobs=team)
    assert (ours.found, ours.job.id) == ("attached", theirs)


def test_submit__our_own_job_of_another_version__is_waited_for(world: World, team: Jobs) -> None:
    mine = start(world, "alice", other_runner)
    assert world.submit("wait", jobs=team).job.id == mine


def test_find__by_run_key__not_what_a_member_only_labelled_so(world: World, team: Jobs) -> None:
    theirs = start(world, "bob", other_shell)
    run_key = world.request("wait").run_key
    with pytest.raises(UsageError, match="bob") as refused:
        find(team, run_key=run_key)
    assert theirs in str(refused.value.hint)
    mine = start(world, "alice", same)
    assert find(team, run_key=run_key).id == mine


def test_collect__somebody_changed_the_file_in_the_bucket__the_jobs_own_word_counts(world: World) -> None:
    jobs = world.jobs()
    finished = world.follow(world.submit(jobs=jobs), jobs=jobs)
    mount = finished.job.mount
    assert mount is not None
    genuine = collect(jobs, finished.job, log=finished.pieces)
    better = json.loads(json.dumps(genuine))
    better["tasks"][0]["scores"][0]["value"] = 0.99
    path = f"{mount.folder}/results.json"
    jobs.hub.api.batch_bucket_files(mount.source, add=[(json.dumps(better).encode(), path)])
    for log in (None, finished.pieces):
        assert collect(jobs, finished.job, log=log)["tasks"][0]["scores"][0]["value"] == 0.5


def test_follow__more_results_than_are_kept__keeps_the_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MAX_PIECES", 1)
    finished = world.follow(world.submit())
    place, total = finished.pieces[-1].split()[1].split("/")
    assert int(total) > 1
    assert place == total
