"""Makes inspect tasks, with their datasets, ready to run; and says why one cannot be."""

from __future__ import annotations

import contextvars
import difflib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .failures import Failure, classify, shorten
from .inspect_datasets import LoadWatch, dataset_of_samples, watched_loads
from .inspect_specs import InspectSpec, shots_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .record import Dataset

LOAD_SECONDS = 900.0
"""How long a dataset may take to come. A Hub that does not answer at all is noticed before."""
_PACKAGE = "inspect_evals/"


@dataclass
class LoadedTask:
    """A task that can run. `total` is in samples, each counted as often as the task repeats it (`epochs`)."""

    spec: InspectSpec
    task: Any
    version: str | None
    dataset: Dataset | None
    shots: int | None
    epochs: int
    total: int
    runs_code: bool
    notes: dict[str, Any] = field(default_factory=dict)
    """For the record's `generation`: what was decided about the task."""


def load_inspect_task(spec: InspectSpec, seed: int, *, allow_code: bool) -> LoadedTask:
    """Make a task, given its registered name.

    Raises `Failure`: unknown-task, dataset-unreachable, code-execution-needed, unsupported-task, engine-error.
    """
    _check_arguments(spec)
    with watched_loads(seed) as watch:
        task = _in_time(lambda: _create(spec), spec.name)
        return _described(spec, task, watch, allow_code=allow_code)


def registered_name(name: str) -> str:
    """The name with its package. Raises `Failure` (unknown-task) with the names that look like it."""
    from inspect_ai._util.registry import registry_find, registry_lookup

    for each in (name, _PACKAGE + name.rpartition("/")[2]) if "/" not in name else (name,):
        if registry_lookup("task", each) is not None:
            return each
    known = sorted(found.__registry_info__.name for found in registry_find(lambda info: info.type == "task"))
    like = difflib.get_close_matches(name.rpartition("/")[2], [each.rpartition("/")[2] for each in known], n=3)
    hint = f" Did you mean {' or '.join(_PACKAGE + each for each in like)}?" if like else ""
    raise Failure("unknown-task", f"The task {name} is not found in inspect_evals.{hint}")


def _check_arguments(spec: InspectSpec) -> None:
    """inspect-ai only warns of an argument that a task does not take, and runs another task than was meant."""
    from inspect_ai._util.registry import registry_info, registry_lookup

    takes: list[str] = registry_info(registry_lookup("task", spec.name)).metadata["params"]
    for name in spec.arguments:
        if name not in takes:
            raise Failure(
                "unknown-task",
                f"{spec.name} takes no argument {name!r}; it takes {', '.join(takes) if takes else 'none'}.",
            )


def _create(spec: InspectSpec) -> Any:
    from inspect_ai._eval.registry import task_create

    return task_create(spec.name, **spec.arguments)


def _in_time(create: Callable[[], Any], name: str) -> Any:
    """Call it in a thread that can be left behind: the Hub's client may wait for a dead connection without end."""
    outcome: dict[str, Any] = {}
    context = contextvars.copy_context()

    def work() -> None:
        try:
            outcome["task"] = context.run(create)
        except BaseException as error:  # noqa: BLE001 - of any eval's own code, SystemExit too; told to the caller
            outcome["error"] = error

    thread = threading.Thread(target=work, name=f"load {name}", daemon=True)
    thread.start()
    thread.join(LOAD_SECONDS)
    if thread.is_alive():
        raise Failure("dataset-unreachable", f"The dataset of {name} did not come within {LOAD_SECONDS:.0f} seconds.")
    if "error" in outcome:
        raise _load_failure(name, outcome["error"])
    return outcome["task"]


def _load_failure(name: str, error: BaseException) -> Failure:
    words = f"{type(error).__name__}: {error}"
    kind = classify(words)
    if kind in {"gated-model", "missing-model"} or (kind == "engine-error" and _of_the_hub(error)):
        kind = "dataset-unreachable"  # no model is loaded here
    return Failure(kind, f"{name} could not be set up: {shorten(words)}")


def _of_the_hub(error: BaseException) -> bool:
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    return isinstance(error, (HfHubHTTPError, OfflineModeIsEnabled, ConnectionError, TimeoutError))


def _described(spec: InspectSpec, task: Any, watch: LoadWatch, *, allow_code: bool) -> LoadedTask:
    arguments = {**_defaults(task), **spec.arguments}
    version = (task.metadata or {}).get("full_task_version", task.version)
    epochs = int(task.epochs or 1)
    return LoadedTask(
        spec=spec,
        task=task,
        version=str(version) if version else None,
        dataset=dataset_of_samples(task.dataset, watch),
        shots=shots_of(spec.name, arguments),
        epochs=epochs,
        total=len(task.dataset) * epochs,
        runs_code=_settle_sandbox(spec.name, task, allow_code=allow_code),
    )


def _defaults(task: Any) -> dict[str, Any]:
    from inspect_ai._eval.task.constants import TASK_ALL_PARAMS_ATTR

    return dict(getattr(task, TASK_ALL_PARAMS_ATTR, {}))


def _settle_sandbox(name: str, task: Any, *, allow_code: bool) -> bool:
    """Whether the task runs code of the model's. Where that is allowed, it does so on this machine."""
    from inspect_ai.util import SandboxEnvironmentSpec

    wanted = [task.sandbox, *(sample.sandbox for sample in task.dataset)]
    wanted = [each for each in wanted if each is not None]
    if not wanted:
        return False
    if not allow_code:
        raise Failure("code-execution-needed", f"{name} runs code that the model writes (in {wanted[0].type}).")
    if any(each.config is not None for each in wanted):
        raise Failure("unsupported-task", f"{name} brings container images of its own, and cannot run without them.")
    task.sandbox = SandboxEnvironmentSpec("local")
    for sample in task.dataset:
        sample.sandbox = None
    return True
