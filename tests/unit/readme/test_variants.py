"""A name that stands beside a variant is refused, and the label the refusal lists can be pasted as it is."""

from __future__ import annotations

import pytest

from evalbot.errors import NothingFound
from evalbot.readme.extract import Wanted, extract

BESIDE = (
    "| Model | Quantization | Licence | MMLU |\n|---|---|---|---|\n"
    "| Finch | INT4 | MIT | 70.1 |\n| Heron | FP16 | MIT | 72.1 |"
)
SECTION = "| Model | MMLU |\n|---|---|\n| **BF16** | |\n| Heron | 72.1 |\n| **INT4** | |\n| Finch | 70.1 |"
GROUP = (
    "<table><tr><th rowspan=2>Benchmark</th><th colspan=2>Base</th><th colspan=2>Instruct</th></tr>"
    "<tr><th>Wren</th><th>Heron</th><th>Finch</th><th>Robin</th></tr>"
    "<tr><td>MMLU</td><td>71.1</td><td>72.1</td><td>70.1</td><td>62.2</td></tr>"
    "<tr><td>GSM8K</td><td>71.1</td><td>61.1</td><td>52.2</td><td>62.2</td></tr></table>"
)


@pytest.mark.parametrize("readme", [BESIDE, SECTION, GROUP], ids=["column", "section", "group"])
def test_variant_beside_the_name__listed_label_is_accepted_as_override(readme: str) -> None:
    with pytest.raises(NothingFound, match="stands in the table only as") as refusal:
        extract(readme, Wanted(model_name="Finch"))
    (label,) = refusal.value.candidates
    found = extract(readme, Wanted(exact_label=label))
    assert str(found.scores[0].value) == "70.1"
