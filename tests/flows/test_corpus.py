"""Real model cards, as people wrote them: the pull request holds the hand-labelled values and nothing else changes.

The cards and their labels stand beside this repository, in shared/corpus; they are third-party text and no part of it.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi

from evalbot.card.document import parse_card
from evalbot.card.model_index import published
from evalbot.proposal import propose_from_tables
from evalbot.reading import Layout
from evalbot.readme.extract import Wanted

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
GOLD = CORPUS / "gold.jsonl"


def cases() -> list[dict[str, Any]]:
    """Of every fourth card the first case whose model is named exactly and whose labels are all different."""
    if not GOLD.exists():
        return []
    chosen: dict[str, dict[str, Any]] = {}
    for line in GOLD.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        labels = [score["label"] for score in case["expected"]]
        plain = all("component" not in score and "optional" not in score for score in case["expected"])
        if case["match"] == "exact" and labels and plain and len(set(labels)) == len(labels):
            chosen.setdefault(case["file"], case)
    return list(chosen.values())[::4]


@pytest.mark.skipif(not GOLD.exists(), reason="the corpus of real cards is not beside this checkout")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_corpus__a_real_card__gets_exactly_the_gold_values(
    evalbot: Evalbot, hub: SandboxHub, tmp_path: Path, case: dict[str, Any]
) -> None:
    data = (CORPUS / case["file"]).read_bytes()
    hub.create_repo("alice/real-card", files={"README.md": data})
    options = ("--table", str(case["table_index"]), "--model-name", case["model_name"])
    done = evalbot("extract-readme", "--repo-id", "alice/real-card", *options, "--create-pr", "--json")
    assert (done.code, done.json["status"]) == (0, "proposed"), done.err

    path = HfApi(endpoint=hub.endpoint, token=hub.tokens["bob"]).hf_hub_download(
        "alice/real-card", "README.md", revision="refs/pr/1", cache_dir=tmp_path / "cache"
    )
    after = Path(path).read_bytes()
    already = len(published(parse_card(data.decode())))
    proposed = published(parse_card(after.decode()))[already:]
    assert [Decimal(metric.value) for metric in proposed] == [
        Decimal(str(score["value"])) for score in case["expected"]
    ]
    assert_one_insertion(data, after)


@pytest.mark.skipif(not GOLD.exists(), reason="the corpus of real cards is not beside this checkout")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_corpus__per_benchmark__publishes_the_same_values_once(case: dict[str, Any]) -> None:
    data = (CORPUS / case["file"]).read_bytes()
    wanted = Wanted(table=case["table_index"], model_name=case["model_name"])
    grouped = propose_from_tables(data, wanted, Layout())
    single = propose_from_tables(data, wanted, Layout(kind="per-benchmark"))
    values = [Counter(m.value for r in made.results for m in r.metrics) for made in (grouped, single)]
    assert values[0] == values[1] + Counter(item.score.value for item in single.left_out)
    after = single.files["README.md"]
    for layout in (Layout(kind="per-benchmark"), Layout()):
        again = propose_from_tables(after, wanted, layout)
        assert (again.written, again.conflicts, again.files) == ((), (), {})


def assert_one_insertion(before: bytes, after: bytes) -> None:
    """`after` is `before` with one run of bytes put in between."""
    length = len(after) - len(before)
    start = next((i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(before))
    # A run that begins as the text after it goes on can be found up to its own length later than it was put in.
    assert any(after[:at] + after[at + length :] == before for at in range(max(0, start - length), start + 1))
