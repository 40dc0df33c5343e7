"""Whose a table without models is: the card's own, unless a column, a section or the heading says another's."""

# ruff: noqa: SIM905, E501 - words as running text are read and extended more easily than as quoted lists

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.errors import NothingFound
from evalbot.readme import words
from evalbot.readme.labelling import primary_label, scored_rows
from evalbot.readme.names import closest_first, refers_to
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.titles import SIZE, is_anothers, is_benchmark, titles_of
from evalbot.readme.wording import core, fold, is_known_benchmark, is_sized_or_owned, looks_like_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.readme.columns import Column
    from evalbot.readme.grid import Grid
    from evalbot.readme.survey import TableReport

_ARTEFACTS = frozenset(
    "link links url urls download downloads ckpt ckpts checkpoint checkpoints weights log logs huggingface hf hub "
    "wandb repo repository file files artifact artifacts".split()
)
"""Columns with a thing of its own for every row: the rows are runs or models, not benchmarks of one model."""
_SETTINGS = frozenset("config configs configuration yaml hyperparams hyperparameters recipe script".split())
"""These may be the configuration of a data set; only a file or a link in them is a run's."""
_MODEL_PAGE = re.compile(
    r"huggingface\.co/(?!datasets/|spaces/|docs/|papers/|blog/|collections/)[\w.-]+/[\w.-]+", re.IGNORECASE
)
_FILE = re.compile(r"\]\(|https?://|<a |\.(?:ya?ml|json|py|toml|cfg|sh)\b", re.IGNORECASE)
_TRAINED_ON = re.compile(
    r"(?:pre ?|fine ?)?(?:train|tun)\w* (?:\w+ )?(?:data|dataset|datasets|corpus|corpora|set|sets)"
    r"|(?:pre|fine)?(?: ?trained| ?tuned) on\b.*|(?:pre ?)?train(?:ing|ed)?"
)

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9.]*(?:-[A-Za-z0-9.]+){2,}(?<=.{12})")
"""`FS-distilroberta-fine-tuned` is no language, whatever heads its column."""
_NOBODYS = frozenset("random majority chance human humans baseline baselines sota".split())
_NOBODYS_FELLOWS = frozenset(
    "class classifier guess guessing performance level score scores average avg expert experts previous published".split()
)


def own_section(report: TableReport, grid: Grid, name: str | None) -> str | None:
    """The section that is the wanted model's, if sections are models. Raises NothingFound where it is another's."""
    _refuse_named_rows(report, grid, name)
    _refuse_runs(report, grid)
    _refuse_differing_rows(report, grid)
    sections = list(dict.fromkeys(section for section in grid.sections.values() if section))
    own = [section for section in sections if name and refers_to(section, name)]
    if len(own) == 1:
        return own[0]
    others = [section for section in sections if looks_like_model(section) or (name and is_anothers(section, name))]
    if others:
        raise NothingFound(
            f"{name!r} is none of the models in the sections of table {report.table.number}", candidates=others
        )
    _refuse_like_sections(report, grid, sections)
    above = next((text for text, applies in titles_of(report) if name and applies(text, name)), None)
    if above is not None:
        raise NothingFound(f"Table {report.table.number} stands under {above!r}, which is not {name!r}")
    return None


def _refuse_differing_rows(report: TableReport, grid: Grid) -> None:
    """The same row twice, told apart by words of no subset or setting: each may be another system's."""
    kinds = {Kind.BENCHMARK, Kind.METRIC_COLUMN, Kind.SUBSET, Kind.SHOTS, Kind.VERSION}
    naming = [column for column in grid.label_columns if column.role.kind in kinds]
    primary = primary_label(grid)
    naming = naming if primary is None or primary in naming else [*naming, primary]
    for column in grid.label_columns:
        told = column.role.kind in {Kind.EMPTY, Kind.UNKNOWN} or fold(column.head) in _KINDS_OF_ROWS
        if column in naming or not told:
            continue
        said: dict[tuple[str, ...], set[str]] = {}
        for row in scored_rows(grid):
            key = (grid.sections[row], *(grid.text(row, other.index) for other in naming))
            said.setdefault(key, set()).add(grid.text(row, column.index))
        twice = next((texts for texts in said.values() if len(texts - {""}) > 1), None)
        if twice is not None:
            raise NothingFound(
                f"Table {report.table.number} has the same row more than once, by {column.head or 'another column'}",
                candidates=sorted(twice),
            )


_KINDS_OF_ROWS = frozenset("stage type source mode trainer system reported by ours".split())


def _refuse_like_sections(report: TableReport, grid: Grid, sections: Sequence[str]) -> None:
    """The same rows twice under titles that are no split, subset or metric: each may be another model's."""
    label = primary_label(grid)
    unclear = [section for section in sections if not _says_what_was_measured(section)]
    if label is None or len(unclear) < 2:  # noqa: PLR2004 - one title repeats nothing
        return
    rows = [(grid.text(row, label.index), section) for row, section in grid.sections.items() if section in unclear]
    names = [name for name, _ in set(rows) if name]
    if len(set(names)) < len(names):
        raise NothingFound(
            f"Sections of table {report.table.number} hold the same rows, so each may be another model's",
            hint='If one of these titles is this model: add --model-name-override "TITLE" with the title as listed',
            candidates=unclear,
        )


def _says_what_was_measured(section: str) -> bool:
    told = {Kind.METRIC, Kind.SHOTS, Kind.SUBSET, Kind.CATEGORY, Kind.BENCHMARK, Kind.SCORE}
    splits = bool(set(fold(section).split()) & words.SPLITS)
    return splits or role_of(section).kind in told or is_known_benchmark(section)


def is_nobodys(label: str) -> bool:
    """`Random`, `Majority class`, `Human performance`: a row to compare with, not a benchmark."""
    tokens = fold(label).split()
    if fold(label) == "most frequent class":
        return True
    return any(token in _NOBODYS for token in tokens) and all(t in _NOBODYS | _NOBODYS_FELLOWS for t in tokens)


def model_columns(grid: Grid) -> Sequence[Column]:
    return [column for column in grid.columns if column.role.kind is Kind.MODEL and column.content == "label"]


def _refuse_named_rows(report: TableReport, grid: Grid, name: str | None) -> None:
    """A column of models with one name in it is a column of models still."""
    labels = [
        text for column in model_columns(grid) for row in scored_rows(grid) if (text := grid.text(row, column.index))
    ]
    labels += _row_models(grid)
    others = [label for label in labels if not (name and refers_to(label, name))]
    if others:
        raise NothingFound(
            f"The rows of table {report.table.number} are of models that are not {name!r}"
            if name
            else f"The rows of table {report.table.number} name the models they are of; say which to take",
            hint='If that label is this model: add --model-name-override "LABEL" with the label as listed',
            candidates=closest_first(others, name),
        )


def _row_models(grid: Grid) -> list[str]:
    """Row labels that are models whatever heads them: linked to a model's page, called one, or two with sizes."""
    primary = primary_label(grid)
    if primary is None or primary.role.kind is Kind.MODEL:
        return []
    if primary.role.kind is Kind.SUBSET:
        return [text for row in scored_rows(grid) if _IDENTIFIER.fullmatch(text := grid.text(row, primary.index))]
    cells = [grid.table.rows[row][primary.index] for row in scored_rows(grid)]
    surely = [cell.text for cell in cells if _MODEL_PAGE.search(cell.raw) or _is_system(cell.text)]
    sized = [cell.text for cell in cells if is_sized_or_owned(cell.text) and not is_benchmark(cell.text.lower())]
    return surely + (sized if len(sized) > 1 else []) + _like_but_for_size([cell.text for cell in cells])


def _like_but_for_size(labels: Sequence[str]) -> list[str]:
    """`MNLI large | MNLI xlarge`: one task by models of several sizes."""
    sizes: dict[tuple[str, ...], list[str]] = {}
    for label in labels:
        tokens = fold(label).split()
        if any(token in words.MODEL_SIZES for token in tokens):
            rest = tuple(token for token in tokens if token not in words.MODEL_SIZES and not _VERSION.fullmatch(token))
            sizes.setdefault(rest, []).append(label)
    return next((alike for rest, alike in sizes.items() if rest and len(set(alike)) > 1), [])


_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+)?")


def _is_system(label: str) -> bool:
    """A model by its word, or a state of one: `Fine-tuned`, `w/o pretraining`, `INT8`, `ONNX`."""
    folded = fold(label)
    states = words.PRECISIONS | words.RUNTIME_NAMES
    named = role_of(label).kind is Kind.MODEL or bool(words.STATES.fullmatch(folded))
    return named or bool(states & set(folded.split()))


def _refuse_runs(report: TableReport, grid: Grid) -> None:
    system = next(
        (
            text
            for column in _beside(grid)
            for row in scored_rows(grid)
            if _is_system(text := grid.text(row, column.index))
        ),
        None,
    )
    if system is not None:
        raise NothingFound(f"Table {report.table.number} has rows of more than one system ({system})")
    varied = next((column for column in grid.columns if _is_of_runs(grid, column)), None)
    trained = next((column.head for column in grid.columns if _is_of_training(grid, column)), None)
    if varied is not None:
        what = f"another {varied.head!r} for every row, so its rows are not one model's"
    elif trained is not None:
        what = f"rows by {trained!r}, so every row is another model's"
    else:
        return
    raise NothingFound(f"Table {report.table.number} has {what}")


def _beside(grid: Grid) -> list[Column]:
    """Further columns of words that differ between the rows and are no benchmark's, metric's or subset's."""
    primary = primary_label(grid)
    told = {Kind.BENCHMARK, Kind.METRIC_COLUMN, Kind.SUBSET, Kind.CATEGORY, Kind.SHOTS, Kind.VERSION}
    columns = [c for c in grid.columns if c.content == "label" and c != primary and c.role.kind not in told]
    return [c for c in columns if len({grid.text(row, c.index) for row in scored_rows(grid)}) > 1]


def _is_of_training(grid: Grid, column: Column) -> bool:
    """`Training data` names the rows, or differs between them; so do sizes written as models' (`7B`)."""
    texts = {text for row in scored_rows(grid) if (text := grid.text(row, column.index))}
    if column.role.reason in {"a size", "a parameter count"} and len(texts) > 1:
        return all(SIZE.fullmatch(text.lower()) for text in texts)
    said = column.content == "label" and bool(_TRAINED_ON.fullmatch(fold(column.head)))
    return said and (column.index == 0 or len(texts) > 1)


def _is_of_runs(grid: Grid, column: Column) -> bool:
    """Link texts may be equal where their targets are not, so cells are compared as they stand in the file."""
    head = core(column.head).split()[-1:]
    raws = {raw for row in scored_rows(grid) if (raw := grid.table.rows[row][column.index].raw.strip())}
    if len(raws) < 2 or not head or column in grid.value_columns:  # noqa: PLR2004 - one target is one model's
        return False
    words = set(fold(column.head).split())
    return head[0] in _ARTEFACTS or (bool(words & _SETTINGS) and any(_FILE.search(raw) for raw in raws))
