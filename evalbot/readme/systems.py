"""Other systems in a table: parts of a system, other people's numbers, blocks side by side, shifted group names."""

# ruff: noqa: SIM905 - words as running text are read and extended more easily than as quoted lists

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalbot.readme import words
from evalbot.readme.header import name_blocks
from evalbot.readme.labels import joint_names
from evalbot.readme.quantities import not_a_score
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.wording import core, fold, is_average, is_known_benchmark, is_metric, mentions_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalbot.readme.columns import Column
    from evalbot.readme.grid import Grid

_PARTS = frozenset(
    "encoder encoders decoder tower towers vt retriever reranker student teacher attacker judge "
    "verifier generator embedder tokenizer draft".split()
)
"""A system has these; a row's scores are the system's, whichever column names it."""
_MAYBE_PARTS = frozenset(
    "llm|llms|language model|language models|base llm|pretrained|pretrained model|pretrained checkpoint|pre trained|"
    "initialized checkpoint|initialised checkpoint|init|initialization".split("|")
)
"""Alone these head the models themselves; beside another column of names they are what a system is made of."""
_MODEL_OF_A_KIND = re.compile(
    r"(?:vision|visual|image|video|audio|speech|acoustic|text|language|embedding|foundation|generation|translation|"
    r"retrieval|reranking|ranking) models?"
)
_CHECKPOINTS = frozenset({"checkpoint", "checkpoints", "ckpt", "hf checkpoint"})

_OTHERS_AT_EDGES = frozenset("reported paper published sota baseline previous teacher prev".split())
"""These say so also beside a benchmark's name: `MMLU reported`; `Human Eval` and `Random Walks` are benchmarks."""
_PAPERS = re.compile(r"(?:exam|academic|research|news|scientific|white|test) papers?")
"""Kinds of documents, where `MMLU paper` is what a paper says."""
_GOALS = frozenset("target targets minimum required".split())
"""What was aimed at is nobody's score."""
_FILLERS = frozenset(
    "score scores result results performance value values number numbers level the in by from model models our as "
    "guess guessing best expert experts annotators state of art".split()
)
_PARENTHESISED = re.compile(r"[(\[]([^()\[\]]*)[)\]]")

_FRAMEWORKS = [[word] for word in "method methods framework detector segmentor approach algorithm".split()]
ANOTHER_SYSTEM = "a column of another system"


def naming_rank(column: Column) -> int:
    """How surely a column names the models of its rows: 0 for a model's head, 3 for a part of a system's."""
    head = core(column.head)
    if head.split()[-1:] and head.split()[-1] in _PARTS:
        return 3
    if head in _MAYBE_PARTS or _MODEL_OF_A_KIND.fullmatch(head):
        return 2
    return 1 if head in _CHECKPOINTS or is_backbone(column) else 0


def is_backbone(column: Column) -> bool:
    """In a model's own card a backbone goes by the model's name, whatever head was put on it."""
    return core(column.head).split()[-1:] in (["backbone"], ["backbones"])


def names_a_framework(column: Column) -> bool:
    return core(column.head).split()[-1:] in _FRAMEWORKS


def names_a_part(column: Column) -> bool:
    return naming_rank(column) > 2  # noqa: PLR2004 - the last rank


def of_another_system(column: Column) -> bool:
    """`MMLU (reported)`, `Previous SOTA`, `Human`: in a table of models these are not the row's own scores."""
    goals = bool({*fold(column.head).split()[-1:]} & _GOALS)
    return goals or any(says_another(text) for text in (column.head, column.group, *column.notes))


def names_a_system(note: str) -> bool:
    """Below a model's name: anything but a metric, shots, a split or a benchmark may be another system's column."""
    known = is_metric(note) or is_average(note) or is_known_benchmark(note) or len(joint_names(note)) > 1
    return not known and role_of(note).kind not in _MEASURES and not set(fold(note).split()) & words.SPLITS


_MEASURES = {Kind.METRIC, Kind.SCORE, Kind.SHOTS, Kind.AVERAGE, Kind.STDERR, Kind.NOT_A_SCORE, Kind.SUBSET}


def says_another(text: str) -> bool:
    inside = [found[1] for found in _PARENTHESISED.finditer(text[:200])]
    outside = _PARENTHESISED.sub(" ", text[:200])
    ends = [tokens for piece in (outside, *inside) if (tokens := fold(piece).split())]
    at_edges = any({tokens[0], tokens[-1]} & _OTHERS_AT_EDGES for tokens in ends) and not _PAPERS.fullmatch(fold(text))
    return at_edges or any(_is_only_another(piece) for piece in (outside, *inside))


def _is_only_another(text: str) -> bool:
    tokens = fold(text).split()
    rest = [token for token in tokens if token not in words.OTHERS]
    return len(rest) < len(tokens) and all(token in _FILLERS or token.isdigit() or is_metric(token) for token in rest)


def why_no_rows(grid: Grid, primary: Column | None) -> str | None:
    """Why no row of a table of models can be told to be one model's."""
    if primary is not None and (parts := _only_parts(grid, primary)):
        return f"its names are of parts of a system ({parts})"
    return None


def why_not_at_all(grid: Grid, primary: Column | None) -> str | None:
    """Why no number of a table can be told to be one model's."""
    if (below := _second_header(grid)) is not None:
        return f"its row {below} begins another table below the first"
    if fold(grid.columns[0].head).split()[-1:] in (["against"], ["versus"], ["vs"]):
        return f"its numbers are against others ({grid.columns[0].head})"
    if (pair := _model_pair(grid)) is not None:
        return f"its rows are pairs of models ({pair})"
    if beside := _second_block(grid):
        return f"the column {beside.head!r} begins a second table beside the first"
    if paired := _paired(grid, primary):
        return f"{paired!r} names both a row and a column"
    return _why_no_heads(grid)


def _why_no_heads(grid: Grid) -> str | None:
    if variants := _variants_of_each(grid):
        return f"a model and {variants[0]!r} name its numbers only together"
    values = [column.index for column in grid.columns if column.content == "value"]
    if any(grid.table.rows[row][index].absent for row in grid.header_rows for index in values):
        return "a header row ends before the table does"
    if len(grid.header_rows) > 1 and not name_blocks(grid.table) and (_is_shifted(grid) or _breaks_period(grid)):
        return "its group names do not stand over the first column of their groups"
    if len(grid.header_rows) == 1 and (count := sum(map(_is_headless, grid.columns[1:]))):
        return f"{count} of its columns of numbers have no head"
    return None


def _second_header(grid: Grid) -> int | None:
    """A row without numbers that says again what the corner says, or is written as a header."""
    table = grid.table
    corner = fold(table.header[0].text)
    began = next(
        (row for row in grid.body if any(reading.is_number for reading in grid.readings[row])), len(table.rows)
    )
    for row in grid.body:
        if row < began:
            continue
        texts = {cell.text for cell in table.rows[row] if cell.text}
        plain_text = not any(reading.is_number for reading in grid.readings[row])
        again = corner and fold(table.rows[row][0].text) == corner
        if plain_text and len(texts) > 1 and (again or all(cell.is_header for cell in table.rows[row])):
            return row
    return None


def _model_pair(grid: Grid) -> str | None:
    """`Model A | Model B`, or `Model` named again below every group."""
    heads = [head for column in grid.label_columns if _LETTERED.fullmatch(head := fold(column.head))]
    if len(heads) > 1:
        return ", ".join(heads)
    noted = [column for column in grid.columns if _MODEL_HEADS & {fold(note) for note in column.notes}]
    return ", ".join(column.head for column in noted) if len(noted) > 1 else None


def _variants_of_each(grid: Grid) -> list[str]:
    """`Wiki2 PPL | FP16 | 4bit-GPTQ` over models: the corner is the benchmark, and each number is of one variant."""
    corner = grid.columns[0].head
    if not is_known_benchmark(corner) and not mentions_metric(corner):
        return []
    heads = [column.head for column in grid.value_columns]
    rows = [grid.text(row, 0) for row in grid.body]
    return next((axis for axis in (heads, rows) if len(axis) > 1 and all(map(_is_variant, axis))), [])


def _is_variant(label: str) -> bool:
    tokens = fold(label).split()
    named = words.PRECISIONS | words.VARIANTS
    return bool(tokens) and all(token in named or _BITS.fullmatch(token) for token in tokens)


_BITS = re.compile(r"[0-9]{1,2} ?bits?|[wa][0-9]{1,2}(?:[ag][0-9]{1,3})*|q[0-9](?: ?k)?(?: ?[sml])?")
_MODEL_HEADS = {"model", "models", "模型", "method", "methods"}
_LETTERED = re.compile(r"(?:model|system|method|opponent|candidate) (?:[a-z]|[0-9])")


def _is_headless(column: Column) -> bool:
    """Numbers below a blank head belong to a group beside them, and nothing says to which or as what."""
    return column.content == "value" and not column.head


def _only_parts(grid: Grid, primary: Column) -> str | None:
    names = [column for column in grid.label_columns if column.role.kind in {Kind.MODEL, Kind.UNKNOWN}]
    unsure = [column for column in names if naming_rank(column) >= 2]  # noqa: PLR2004 - the two ranks of parts
    beside_a_part = primary.role.kind is Kind.UNKNOWN and any(column != primary for column in unsure)
    if names_a_part(primary) or (primary in unsure and len(unsure) > 1) or beside_a_part:
        return ", ".join(dict.fromkeys(column.head for column in (primary, *unsure)))
    named = _named_beside(grid, primary) if naming_rank(primary) else None
    return f"{primary.head} of {named}" if named else None


def _named_beside(grid: Grid, primary: Column) -> str | None:
    """`(blank) | LLM`, `LLM | Framework`: what stands under no telling head beside a part may be the system's name."""
    parts = naming_rank(primary) >= 2  # noqa: PLR2004 - the two ranks of parts
    for column in grid.label_columns:
        texts = [text for row in grid.body if (text := grid.text(row, column.index))]
        untold = column.role.kind in {Kind.UNKNOWN, Kind.EMPTY} and column != primary
        distinct = column.role.kind is Kind.EMPTY and len(set(texts)) == len(grid.body) > 1
        before = column.index < primary.index and (distinct or any(map(looks_like_a_name, texts)))
        if untold and texts and (before or (parts and _mostly_names(grid, column))):
            return texts[0]
    return None


def looks_like_a_name(text: str) -> bool:
    """`Foo-VL`, `GPT-4`, `Llama 2`: a word with a hyphen, a digit or capitals inside, and no benchmark's."""
    named = any(re.search(r"[A-Za-z](?:-|[a-z]*[0-9A-Z])", word) for word in text[:200].split())
    return named and not is_known_benchmark(text) and not is_metric(text)


def _paired(grid: Grid, primary: Column | None) -> str | None:
    """Row models against column models: a win rate of one over the other is a score of neither."""
    if primary is None:
        return None
    rows = {fold(grid.text(row, primary.index)) for row in grid.body} - {""}
    heads = [column.head for column in grid.value_columns if fold(column.head) in rows]
    return next(
        (head for head in heads if not is_average(head) and not is_metric(head) and not not_a_score(head)), None
    )


def _second_block(grid: Grid) -> Column | None:
    """`Model | Acc | Model | Acc`: names right of values, with values of their own."""
    values = [column.index for column in grid.value_columns]
    for column in grid.label_columns[1:]:
        before = [other for other in grid.label_columns if other.index < column.index]
        first = before[0]
        names = column.role.kind is first.role.kind is Kind.MODEL or fold(column.head) == fold(first.head) != ""
        names = names or _mostly_names(grid, column)
        if names and any(first.index < index < column.index for index in values) and values[-1] > column.index:
            return column
    return None


def _mostly_names(grid: Grid, column: Column) -> bool:
    texts = [text for row in grid.body if (text := grid.text(row, column.index))]
    told = column.role.kind in {Kind.UNKNOWN, Kind.EMPTY, Kind.MODEL}
    return told and 2 * sum(map(looks_like_a_name, texts)) > len(texts)


def _is_shifted(grid: Grid) -> bool:
    """`Server | (blank) | A | (blank)` over a row of measures: A stands in the middle of its columns, or nowhere."""
    if isinstance(grid.table.number, str):  # HTML says how far a name reaches
        return False
    heads = [cell.text for cell in grid.table.header]
    below: Sequence[str] = [cell.text for cell in grid.table.rows[grid.table.head + 1]]
    first = next((column.index for column in grid.columns if column.content == "value" and column.index > 0), None)
    return first is not None and not heads[first] and bool(below[first]) and any(heads[first + 1 :])


def _breaks_period(grid: Grid) -> bool:
    """Where the measures below repeat, every name must stand where they begin anew."""
    if not grid.value_columns:
        return False
    start = grid.value_columns[0].index
    heads = [cell.text for cell in grid.table.header][start:]
    below = [cell.text for cell in grid.table.rows[grid.table.head + 1]][start:]
    lengths = (size for size in range(2, len(below) // 2 + 1) if below == below[:size] * (len(below) // size))
    period = next(lengths, 0)
    begins = [place for place, head in enumerate(heads) if head and (place == 0 or head != heads[place - 1])]
    return bool(period) and not all(heads) and any(place % period for place in begins)
