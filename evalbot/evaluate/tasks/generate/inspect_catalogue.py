"""Writes what inspect_evals says of its tasks: names and facts. Runs in inspect's own environment.

python inspect_catalogue.py TARGET

Facts come from each evaluation's eval.yaml, from the signature of the task, from the code that the task can reach (does
it ask a second model, or a sandbox), and from building the task with a data set that is not there. Tasks download,
write files and start containers when they are built: an audit hook stops all of that.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import inspect
import json
import re
import sys
import textwrap
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

PACKAGE = "inspect_evals"
JUDGES = {"model_graded_qa", "model_graded_fact"}
OTHER_MODEL = {"role", "model", "default"}
"""Arguments by which get_model returns another model than the one that is evaluated."""
LONGEST = 60
"""Characters of a default that is kept: names, not instructions."""
FORBIDDEN = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.mkdir", "os.rename", "os.remove")
FORBIDDEN_TOO = ("socket.connect", "socket.getaddrinfo", "shutil.", "tempfile.", "urllib.Request")


class StoppedError(BaseException):
    """A task wanted more than to be looked at. No Exception, so that nobody retries."""


class Watch:
    """Keeps tasks from doing anything while they are built, and notes which data sets they ask for."""

    def __init__(self) -> None:
        self.on = False
        self.asked: list[dict[str, Any]] = []
        sys.addaudithook(self.audit)

    def audit(self, event: str, details: tuple[Any, ...]) -> None:
        if not self.on:
            return
        writes = event == "open" and bool(set(str(details[1] or "")) & set("wax+"))
        if writes or event.startswith(FORBIDDEN + FORBIDDEN_TOO):
            raise StoppedError(event)

    def dataset(self, *positional: Any, **named: Any) -> Any:
        """In place of hf_dataset: one made-up item, under a name by which its place in `asked` is found again."""
        self.note(positional, named)
        return self.items()

    def file(self, *_: Any, **__: Any) -> Any:
        """In place of what reads a file or an address: its rows are no data set of the Hub."""
        self.asked.append({})
        return self.items()

    def items(self) -> Any:
        from inspect_ai.dataset import MemoryDataset, Sample  # noqa: PLC0415

        item = Sample(id=1, input="x", target="A", choices=["A", "B", "C", "D"], metadata={})
        return MemoryDataset([item], name=f"#{len(self.asked) - 1}")

    def stop(self, *positional: Any, **named: Any) -> Any:
        """In place of what fetches rows or files."""
        self.note(positional, named)
        raise StoppedError("fetches data")

    def note(self, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
        path = named.get("path") or (positional[0] if positional else None)
        config = named.get("name") or named.get("data_dir")
        known = {"id": path, "config": config, "split": named.get("split"), "revision": named.get("revision")}
        self.asked.append({key: value for key, value in known.items() if isinstance(value, str)})


def prepare(watch: Watch) -> ModuleType:
    """The module that imports every task, with the loaders replaced first: tasks take them by name."""
    import inspect_ai.dataset  # noqa: PLC0415
    import inspect_ai.util  # noqa: PLC0415
    import inspect_evals.utils.huggingface  # noqa: PLC0415
    import inspect_evals.utils.load_dataset  # noqa: PLC0415

    loaders = inspect_evals.utils.huggingface
    loaders.hf_dataset = watch.dataset
    for name in ("load_dataset", "snapshot_download", "hf_hub_download"):
        setattr(loaders, name, watch.stop)
    inspect_ai.util.download = lambda *_, **__: None
    for module in (inspect_ai.dataset, inspect_evals.utils.load_dataset, inspect_evals.utils):
        for name in ("csv_dataset", "json_dataset", "load_csv_dataset", "load_json_dataset"):
            if hasattr(module, name):
                setattr(module, name, watch.file)
    import inspect_evals._registry  # noqa: PLC0415

    registry: ModuleType = inspect_evals._registry  # noqa: SLF001
    return registry


def reachable(task: Any) -> list[FunctionType]:
    """A task and all functions of its package that it names, however deep."""
    seen: dict[int, FunctionType] = {}
    waiting: list[Any] = [task]
    while waiting:
        function = inspect.unwrap(waiting.pop())
        if not isinstance(function, FunctionType) or id(function) in seen:
            continue
        seen[id(function)] = function
        names = {name for code in nested(function.__code__) for name in code.co_names}
        found = (function.__globals__.get(name) for name in names)
        waiting.extend(item for item in found if str(getattr(item, "__module__", "")).startswith(f"{PACKAGE}."))
    return list(seen.values())


def nested(code: CodeType) -> list[CodeType]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return [code, *(deeper for one in inner for deeper in nested(one))]


def calls(functions: list[FunctionType]) -> list[tuple[str, ast.Call]]:
    """Everything that is called by name in these functions."""
    trees = [ast.parse(textwrap.dedent(inspect.getsource(function))) for function in functions]
    found = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [getattr(call.func, "id", getattr(call.func, "attr", "")) for call in found]
    return list(zip(names, found, strict=True))


def asks_second_model(made: list[tuple[str, ast.Call]]) -> bool:
    """Whether answers are graded by, or given to, a model with a role of its own, or one that is named."""
    for name, call in made:
        if name in JUDGES:
            return True
        if name == "get_model" and (call.args or OTHER_MODEL & {keyword.arg for keyword in call.keywords}):
            return True
    return False


def missing_modules(functions: list[FunctionType]) -> list[str]:
    """What the code imports when it runs, and inspect's environment does not have."""
    trees = [ast.parse(textwrap.dedent(inspect.getsource(function))) for function in functions]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return sorted(
        {name for name in (full.partition(".")[0] for full in names) if importlib.util.find_spec(name) is None}
    )


def parameters_of(task: Any) -> tuple[dict[str, Any], list[str]]:
    """Defaults by name (None too where JSON has no word for it), and the parameters that have none."""
    signature = inspect.signature(task).parameters.values()
    required = [item.name for item in signature if item.default is item.empty and item.kind is not item.VAR_KEYWORD]
    defaults = {item.name: plain(item.default) for item in signature if item.default is not item.empty}
    return defaults, required


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        items = [plain(item) for item in value]
        return None if None in items else items
    if isinstance(value, str) and (len(value) > LONGEST or Path(value).is_absolute() or not value.isprintable()):
        return None
    return value if isinstance(value, bool | int | float | str) else None


def built(task: Any, parameters: dict[str, Any], watch: Watch) -> dict[str, Any]:
    """The data set and the metrics of a task, where it can be built without data. Examples are left out."""
    watch.asked.clear()
    watch.on = True
    try:
        made = task(**({"fewshot": 0} if isinstance(parameters.get("fewshot"), int) else {}))
    except (Exception, StoppedError, SystemExit):  # noqa: BLE001 (whatever a task without its data raises)
        return {}
    finally:
        watch.on = False
    place = re.fullmatch(r"#(\d+)", made.dataset.name or "")
    number = int(place[1]) if place else 0 if len(watch.asked) == 1 else None
    dataset = {} if number is None or "id" not in watch.asked[number] else {"dataset": watch.asked[number]}
    return {
        **dataset,
        "metrics": metrics_of(made.scorer or []),
        "scorers": [name_of(item) for item in made.scorer or []],
    }


def metrics_of(scorers: Any) -> list[str]:
    from inspect_ai._util.registry import registry_info  # noqa: PLC0415 (no public way to a scorer's metrics)

    metrics = [registry_info(scorer).metadata.get("metrics") for scorer in scorers]
    return sorted({name_of(metric) for metric in flat(metrics)})


def flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [item for part in value for item in flat(part)]
    return [] if value is None else [value]


def name_of(item: Any) -> str:
    from inspect_ai._util.registry import registry_info  # noqa: PLC0415

    return str(registry_info(item).name).rpartition("/")[2]


def facts(task: Any, listed: Any, evaluation: Any, watch: Watch) -> dict[str, Any]:
    """What is said of one task; what is empty is left out."""
    parameters, required = parameters_of(task)
    runtime = evaluation.runtime_metadata
    functions = reachable(task)
    made = built(task, parameters, watch)
    tags = {tag.lower() for tag in evaluation.tags or []}
    assets = [asset for asset in evaluation.external_assets if asset.type.value == "huggingface"]
    entry = {
        "eval": evaluation.id,
        "version": str(evaluation.version),
        "samples": listed.dataset_samples,
        "datasets": sorted({asset.source for asset in assets}),
        "parameters": parameters,
        "required": required,
        "sandbox": evaluation.is_sandboxed or any("sandbox" in function.__code__.co_names for function in functions),
        "judge": asks_second_model(calls(functions)) or not JUDGES.isdisjoint(made.pop("scorers", [])),
        "extra": evaluation.dependency or evaluation.dependency_group,
        "missing": missing_modules(functions),
        "agent": "agent" in tags,
        "multimodal": "multimodal" in tags or evaluation.group.value == "Multimodal",
        "internet": bool(runtime and runtime.requires and runtime.requires.internet),
        "gpu": evaluation.requires_gpu,
        "maintenance": listed.kind == "maintenance",
        **made,
    }
    return {key: value for key, value in entry.items() if value not in (None, False, [], {})}


def main(target: Path) -> None:
    watch = Watch()
    module = prepare(watch)
    from inspect_evals.metadata import load_listing  # noqa: PLC0415

    tasks = {}
    for evaluation in load_listing().evals:
        for listed in evaluation.tasks:
            task = getattr(module, listed.name, None)
            if task is not None:
                tasks[listed.name] = facts(task, listed, evaluation, watch)
    packages = {name: importlib.metadata.version(name) for name in ("inspect-ai", "inspect-evals")}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(tasks[name], sort_keys=True)}" for name in sorted(tasks))
    target.write_text(f'{{"packages": {json.dumps(packages)}, "tasks": {{\n{lines}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
