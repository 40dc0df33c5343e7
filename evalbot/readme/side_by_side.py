"""Tables that stand side by side in one: `Model | Acc | Model | Acc` is two lists of models, printed in two columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalbot.readme.roles import Kind, role_of
from evalbot.readme.wording import fold

if TYPE_CHECKING:
    from evalbot.readme.table import Table


def blocks_of(table: Table) -> tuple[Table, ...]:
    """The table's blocks from left to right; the table itself where it is one.

    Every block begins with a column of models, and the measures beside it are the same in all.
    """
    heads = [cell.text for cell in table.header]
    starts = [index for index, head in enumerate(heads) if role_of(head).kind is Kind.MODEL]
    if len(starts) < 2 or starts[0] != 0:  # noqa: PLR2004 - two make a pair
        return (table,)
    blocks = list(zip(starts, [*starts[1:], len(heads)], strict=True))
    measures = {tuple(fold(head) for head in heads[start + 1 : end]) for start, end in blocks}
    if len(measures) > 1 or not all(any(names) for names in measures):
        return (table,)
    return tuple(
        replace(table, rows=tuple(row[start:end] for row in table.rows), first_column=start) for start, end in blocks
    )
