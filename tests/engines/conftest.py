"""What the engine tests stand on: environments from uv, a tiny model, small datasets on a sandbox, a real server.

Everything here is made once a session, and one worker of xdist has all tests of this folder (ground/schedule.py), so
there is one server. Modules that need an engine say so by `pytestmark = ENGINES`, from tests.engines.ground.marks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import pytest

from evalbot.evaluate.runners.parts import requirements
from evalbot.sandbox.server import SandboxHub
from tests.engines.ground import data, model, server, wheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.engines.ground.server import Starting, VllmServer

_LONGEST_INSTALL = 600  # seconds


def absent(reason: str) -> NoReturn:
    """A test whose tool is missing is skipped, but a CI machine has to have the tool."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI is to run this test")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def uv_environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Environment variables for children that call uv: `vllm==0.32.0` resolves to the CPU's. No token is in it."""
    torch = wheels.torch_folder()
    if torch is None:
        absent("torch for the CPU was not found where pip's find-links or EVALBOT_TORCH_WHEELS says")
    environment = wheels.uv_environment(torch, wheels.write_shims(tmp_path_factory.mktemp("shims")))
    if shutil.which("uv", path=environment["PATH"]) is None:
        absent("uv is not installed")
    _must_resolve(environment)
    return environment


def _must_resolve(environment: Mapping[str, str]) -> None:
    """Installs what the server needs, so that no later time limit has to hold an installation."""
    command = [*wheels.run_with(requirements.VLLM), "python", "-c", ""]
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, timeout=_LONGEST_INSTALL, check=False
    )
    if done.returncode:
        absent(f"uv cannot install vLLM for the CPU here: {done.stderr.strip()[-300:]}")


@dataclass(frozen=True)
class TinyModels:
    """Folders to load from; on the engine hub they are acme/tiny-llama and acme/tiny-base."""

    chat: Path
    base: Path


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    root = tmp_path_factory.mktemp("models")
    return TinyModels(_written(root / "tiny-llama", chat=True), _written(root / "tiny-base", chat=False))


def _written(folder: Path, *, chat: bool) -> Path:
    folder.mkdir()
    for name, content in model.files(chat=chat).items():
        (folder / name).write_bytes(content)
    return folder


@dataclass(frozen=True)
class EngineHub:
    """A sandbox that has the datasets of the tasks and the tiny models. `commits` has the head of each by its id."""

    hub: SandboxHub
    commits: Mapping[str, str]

    def environment(self, home: Path) -> dict[str, str]:
        """For children: this Hub, no token, and a Hub cache of their own at `home`."""
        return {"HF_ENDPOINT": self.hub.endpoint, "HF_HOME": str(home)}


@pytest.fixture(scope="session")
def engine_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineHub]:
    with SandboxHub(tmp_path_factory.mktemp("engine-hub")) as hub:
        yield EngineHub(hub, furnish(hub))


def furnish(hub: SandboxHub) -> dict[str, str]:
    """Put the tiny models and all datasets on a sandbox; the head of each by its id.

    Datasets stand under their owners' names, and are known by the commits that inspect_evals pins.
    """
    models = {model.ID: model.files(), model.BASE_ID: model.files(chat=False)}
    commits = {name: hub.create_repo(name, files=files) for name, files in models.items()}
    for owner in sorted({dataset.owner for dataset in data.datasets()}):
        hub.add_organisation(owner)
    for dataset in data.datasets():
        pinned = [dataset.pinned] if dataset.pinned else []
        head = hub.create_repo(dataset.id, files=dataset.files(), repo_type="dataset", revisions=pinned)
        commits[dataset.id] = head
    return commits


@pytest.fixture(scope="session")
def vllm_starting(
    tmp_path_factory: pytest.TempPathFactory, uv_environment: Mapping[str, str], tiny_models: TinyModels
) -> Iterator[Starting]:
    """For tests that do not need the server and run before those that do: it loads in the meantime."""
    environment = {**uv_environment, "HF_HUB_OFFLINE": "1"}
    with server.starting(tmp_path_factory.mktemp("vllm"), tiny_models.chat, "tiny-llama", environment) as begun:
        yield begun


@pytest.fixture(scope="session")
def vllm_server(vllm_starting: Starting) -> VllmServer:
    """A real vLLM of the tiny model with the chat template, healthy. It takes a minute or two to start."""
    return vllm_starting.healthy()
