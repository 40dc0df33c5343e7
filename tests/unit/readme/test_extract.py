"""One model's scores out of one table, by small tables of our own."""

from decimal import Decimal

from evalbot.readme.extract import Wanted, extract
from evalbot.score import cell_of

TABLE = """\
| Benchmark | Other-7B | My-Model-7B |
|---|---|---|
| MMLU | 70.0 | **71.5** |
| GSM8K (8-shot) | 50 | 61.25 |
"""


def test_extract__takes_the_named_column() -> None:
    found = extract(TABLE, Wanted(model_name="my model 7b"))
    assert [(s.label, s.value) for s in found.scores] == [
        ("MMLU", Decimal("71.5")),
        ("GSM8K (8-shot)", Decimal("61.25")),
    ]
    assert found.scores[0].evidence.cell == "**71.5**"
    assert cell_of(found.scores[0]).line == 3
    assert found.scores[1].shots == 8
