"""Makes the runner scripts from their parts: `python -m evalbot.evaluate.runners.bundle`.

A script has to be one file, because a job is given one file. The parts are put one after another, in an order in which
each finds what it needs; their imports stand together at the top. Names of two parts that are the same would shadow
one another, and are refused.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalbot.evaluate.runners.parts.requirements import INSPECT, LIGHTEVAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RUNNERS: Final = Path(__file__).parent
PARTS: Final = RUNNERS / "parts"


@dataclass(frozen=True)
class Script:
    """A script: the part it begins with, the function there that it calls, and what its header asks for."""

    file: str
    part: str
    main: str
    dependencies: tuple[str, ...] = ()


SCRIPTS: Final = (
    Script("evaluate_uv.py", "evaluate_main", "evaluate_main"),
    Script("lighteval_vllm_uv.py", "lighteval_main", "lighteval_main", LIGHTEVAL),
    Script("inspect_vllm_uv.py", "inspect_main", "inspect_main", INSPECT),
    Script("inspect_eval_uv.py", "provider_main", "provider_main", INSPECT),
)


class CannotBundle(Exception):
    """The parts cannot be put into one file; the message says which and why."""


@dataclass
class Part:
    """One part, taken apart. `imports` are lines; `needs` the parts that must stand before it, `knows` all it names."""

    name: str
    doc: str
    body: str
    needs: set[str] = field(default_factory=set)
    knows: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    typing_imports: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def read_part(name: str) -> Part:
    """Take a part apart. Raises CannotBundle for what one file cannot say."""
    source = (PARTS / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    part = Part(name, (ast.get_docstring(tree) or "").strip(), "")
    dropped: set[int] = set()
    for statement in tree.body:
        if _take(part, statement):
            dropped.update(_lines(statement))
        else:
            part.names |= _defined(statement)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and not dropped.issuperset(_lines(node)):
            _relative(part, node, part.knows)
            dropped.update(_lines(node))
    kept = [line for number, line in enumerate(source.splitlines(), 1) if number not in dropped]
    part.body = "\n".join(kept).strip()
    return part


def bundle(script: Script) -> str:
    """The text of a script."""
    parts = _in_order(script.part)
    _refuse_conflicts(parts)
    first = next(part for part in parts if part.name == script.part)
    typing_imports = {line for part in parts for line in part.typing_imports}
    imports = {line for part in parts for line in part.imports}
    return "\n".join(
        [
            "# Made from evalbot/evaluate/runners/parts by `make runners`. Edit the parts, not this file.",
            *_header(script.dependencies),
            f'"""{first.doc}\n"""',
            "",
            "from __future__ import annotations",
            "",
            *sorted(imports, key=_import_order),
            "",
            *(["if TYPE_CHECKING:"] if typing_imports - imports else []),
            *(f"    {line}" for line in sorted(typing_imports - imports, key=_import_order)),
            *(line for part in parts for line in _section(part, first)),
            "",
            "",
            'if __name__ == "__main__":',
            f"    sys.exit({script.main}(sys.argv[1:]))",
            "",
        ]
    )


def write_all() -> None:
    for script in SCRIPTS:
        (RUNNERS / script.file).write_text(bundle(script), encoding="utf-8")


def _take(part: Part, statement: ast.stmt) -> bool:
    """Whether a statement of a part goes elsewhere or nowhere: docstring, imports, the guard at its end."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return statement.lineno == 1
    if isinstance(statement, ast.Import | ast.ImportFrom):
        _import(part, statement, part.imports, part.needs)
        return True
    if not isinstance(statement, ast.If):
        return False
    test = ast.unparse(statement.test)
    if test == "TYPE_CHECKING":
        for each in statement.body:
            if not isinstance(each, ast.Import | ast.ImportFrom):
                raise CannotBundle(f"{part.name}: only imports can stand under TYPE_CHECKING")
            _import(part, each, part.typing_imports, part.knows)
        return True
    return test.startswith("__name__ ==")


def _import(part: Part, statement: ast.Import | ast.ImportFrom, lines: set[str], parts: set[str]) -> None:
    if isinstance(statement, ast.ImportFrom) and statement.level:
        _relative(part, statement, parts)
    elif not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
        for name in statement.names:
            alone = ast.ImportFrom(statement.module, [name], 0) if isinstance(statement, ast.ImportFrom) else None
            lines.add(ast.unparse(alone or ast.Import([name])))


def _relative(part: Part, statement: ast.ImportFrom, parts: set[str]) -> None:
    if statement.module is None or statement.level != 1 or any(name.asname for name in statement.names):
        raise CannotBundle(f"{part.name}, line {statement.lineno}: write it as `from .part import name`")
    parts.add(statement.module)


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)}


def _in_order(first: str) -> list[Part]:
    """All parts that `first` reaches, each after those it needs."""
    parts: dict[str, Part] = {}
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name not in parts:
            parts[name] = read_part(name)
            waiting += parts[name].needs | parts[name].knows
    order: list[Part] = []
    while len(order) < len(parts):
        placed = {part.name for part in order}
        free = sorted(name for name, part in parts.items() if name not in placed and part.needs <= placed)
        if not free:
            raise CannotBundle(f"These parts need one another: {', '.join(sorted(set(parts) - placed))}")
        order.append(parts[free[0]])
    return order


def _refuse_conflicts(parts: Sequence[Part]) -> None:
    owners: dict[str, set[str]] = {}
    for part in parts:
        for name in part.names:
            owners.setdefault(name, set()).add(part.name)
        for name in (bound for line in part.imports for bound in _bound(line)):
            owners.setdefault(name, set()).add("an import")
    twice = [f"{name} of {' and '.join(sorted(those))}" for name, those in sorted(owners.items()) if len(those) > 1]
    if twice:
        raise CannotBundle(f"Rename one of each: {'; '.join(twice)}")


def _bound(line: str) -> Iterator[str]:
    statement = ast.parse(line).body[0]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for name in statement.names:
            yield (name.asname or name.name).partition(".")[0]


def _header(dependencies: Sequence[str]) -> list[str]:
    """Inline script metadata (PEP 723)."""
    listed = [f'#   "{each}",' for each in dependencies]
    return [
        "#",
        "# /// script",
        '# requires-python = ">=3.11"',
        *(["# dependencies = [", *listed, "# ]"] if listed else ["# dependencies = []"]),
        "# ///",
    ]


def _section(part: Part, first: Part) -> list[str]:
    doc = [] if part is first else [f"# {line}".rstrip() for line in part.doc.splitlines()]
    return ["", "", f"# ---- {part.name} ".ljust(120, "-"), *doc, "", "", part.body]


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


if __name__ == "__main__":
    write_all()
    sys.exit(0)
