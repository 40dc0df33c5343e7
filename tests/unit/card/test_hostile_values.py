"""Published values in odd notations, and in odd places: replaced or removed to the byte, or refused with the reason."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from evalbot.card.document import parse_card
from evalbot.card.edit import apply_merge
from evalbot.card.merge import plan_merge
from evalbot.card.results import Metric, Result
from evalbot.errors import InvalidCard
from evalbot.score import Source

if TYPE_CHECKING:
    from evalbot.card.merge import Merge, OnConflict

HEAD = """\
---
license: mit # kept
model-index:
- name: Demo-7B
  results:
  - task: {type: text-generation}
    dataset: {name: Benchmarks, type: benchmark}
    source: {name: Model card, url: 'https://huggingface.co/alice/Demo-7B'}
    metrics:"""
TAIL = "tags: [a]   # kept\n---\n# Body\n"
_CHANGED = re.compile(r"«([^»]*)→([^»]*)»")


def before_and_after(marked: str) -> tuple[str, str]:
    """`«80→85.20»` is 80 before the edit and 85.20 after it."""
    whole = HEAD + marked + TAIL
    return _CHANGED.sub(r"\1", whole), _CHANGED.sub(r"\2", whole)


def edited(card: str, *, prune: bool = False) -> str:
    """The card after our source said that MMLU is 85.20."""
    return apply_merge(card, planned(card, prune=prune))


def planned(card: str, *, prune: bool = False, on_conflict: OnConflict = "fail") -> Merge:
    result = Result(
        task_type="text-generation",
        dataset_name="Benchmarks",
        dataset_type="benchmark",
        metrics=(Metric(name="MMLU", type="mmlu", value=Decimal("85.20")),),
        source=Source(name="Model card", url="https://huggingface.co/alice/Demo-7B"),
    )
    return plan_merge(parse_card(card), "Demo-7B", [result], prune=prune, on_conflict=on_conflict)


BLOCK = "\n    - name: MMLU # kept\n      type: mmlu\n      value: {}\n"
REPLACED = {
    "a number": BLOCK.format("«80→85.20»"),
    "in quotes": BLOCK.format("«'80'→85.20»"),
    "in double quotes over two lines": BLOCK.format('«"8\\\n        0"→85.20»'),
    "with a tag": BLOCK.format("«!!float 80→85.20»"),
    "with an anchor that nothing names": BLOCK.format("«&mmlu 80→85.20»"),
    "on a line of its own": BLOCK.format("\n        «80→85.20»"),
    "null": BLOCK.format("«~→85.20»"),
    "nothing": "\n    - name: MMLU\n      type: mmlu\n      value:«→ 85.20»\n",
    "a percentage": BLOCK.format("«80%→85.20»"),
    "underscores": BLOCK.format("«8_0→85.20»"),
    "hexadecimal": BLOCK.format("«0x50→85.20»"),
    "not a number": BLOCK.format("«.nan→85.20»"),
    "as a complex key": "\n    - name: MMLU\n      type: mmlu\n      ? value\n      : «80→85.20»\n",
    "in flow style": "\n    - {name: MMLU, type: mmlu, value: «80→85.20»}\n",
    "in flow style like JSON": ' [{"name":"MMLU","type":"mmlu","value":«80→85.20»}]\n',
    "first of its metric": "\n    - value: «80→85.20»\n      name: MMLU\n      type: mmlu\n",
    "with Windows line ends inside": BLOCK.format("«80→85.20»").replace("\n", "\r\n"),
}


@pytest.mark.parametrize("marked", REPLACED.values(), ids=REPLACED.keys())
def test_value_that_changed_at_its_source__is_replaced_to_the_byte(marked: str) -> None:
    before, after = before_and_after(marked)
    assert edited(before) == after
    assert edited(after) == after


REMARKED = {
    "a comment": BLOCK.format("80.10   # rerun, the table is old"),
    "an error": BLOCK.format("80") + "      stderr: 0.4\n",
    "a key of a flow mapping": "\n    - {name: MMLU, type: mmlu, value: 80, confidence: 0.9}\n",
    "a token": BLOCK.format("80") + "      verifyToken: t\n",
    "verified in capitals": BLOCK.format("80") + "      verified: TRUE\n",
}


@pytest.mark.parametrize("metrics", REMARKED.values(), ids=REMARKED.keys())
@pytest.mark.parametrize("on_conflict", ["fail", "skip", "update"])
def test_value_that_somebody_has_worked_on__is_a_conflict_whatever_is_asked_for(
    metrics: str, on_conflict: OnConflict
) -> None:
    merge = planned(HEAD + metrics + TAIL, on_conflict=on_conflict)
    assert (len(merge.conflicts), merge.updated) == (1, ())
    assert merge.conflicts[0].obstacle


METRIC = "{name: MMLU, type: mmlu, value: 85.20}"
GONE = "{name: GSM8K, type: gsm8k, value: 50.5}"
REMOVED = {
    "after ours": f"\n    - {METRIC} # ours\n«    - {GONE}\n→»    # last\n",
    "before ours": f"\n    # first\n«    - {GONE}\n→»    - {METRIC} # ours\n",
    "on several lines": f"\n    - {METRIC}\n«    - name: GSM8K\n      type: gsm8k\n      # so\n      value: 50.5\n→»\n",
    "with more beside it, so it stays": (
        f"\n    - {METRIC}\n    - name: GSM8K\n      type: gsm8k\n      value: 1\n      n: |\n        a\n\n        b\n"
    ),
    "in a flow list": f" [«{GONE}, →»{METRIC}]\n",
    "last in a flow list": f" [{METRIC}«, {GONE}→»]\n",
    "with the result it was alone in": (
        f"\n    - {METRIC}\n«  - task: {{type: text-generation}}\n    dataset: {{name: Other, type: other}}\n"
        f"    source: {{url: 'https://huggingface.co/alice/Demo-7B'}}\n    metrics: [{GONE}]\n→»"
        "- name: Z\n  results: []\n"
    ),
    "from another source, so it stays": (
        f"\n    - {METRIC}\n  - task: {{type: text-generation}}\n    source: {{url: 'https://example.org'}}\n"
        f"    metrics: [{GONE}]\n"
    ),
    "verified, so it stays": f"\n    - {METRIC}\n    - {GONE[:-1]}, verified: true, verifyToken: t}}\n",
    "of another model, so it stays": (
        f"\n    - {METRIC}\n- name: Z\n  results:\n  - task: {{type: text-generation}}\n"
        f"    source: {{url: 'https://huggingface.co/alice/Demo-7B'}}\n    metrics: [{GONE}]\n"
    ),
}


@pytest.mark.parametrize("marked", REMOVED.values(), ids=REMOVED.keys())
def test_metric_that_its_source_says_no_longer__is_removed_to_the_byte_where_that_is_asked_for(marked: str) -> None:
    before, after = before_and_after(marked)
    assert edited(before) == before
    assert edited(before, prune=True) == after
    assert edited(after, prune=True) == after


REFUSED = {
    "in a literal block": BLOCK.format("|-\n        80"),
    "a list": BLOCK.format("[80]"),
    "a mapping": BLOCK.format("{mean: 80}"),
    "an alias of another's value": (
        "\n    - {name: F1, type: f1, value: &v 80}\n    - {name: MMLU, type: mmlu, value: *v}\n"
    ),
    "named by another metric": (
        "\n    - {name: MMLU, type: mmlu, value: &v 80}\n    - {name: F1, type: f1, value: *v}\n"
    ),
    "in a result that another model shares": (
        "\n    - {name: MMLU, type: mmlu, value: 80}\n- name: Z\n  results: [*r]\n"
    ),
}


@pytest.mark.parametrize("metrics", REFUSED.values(), ids=REFUSED.keys())
def test_value_that_cannot_be_replaced_alone__is_refused_with_a_way_out(metrics: str) -> None:
    card = HEAD.replace("- task", "- &r\n    task") + metrics + TAIL if "*r" in metrics else HEAD + metrics + TAIL
    with pytest.raises(InvalidCard, match="model-index") as refusal:
        edited(card)
    assert "by hand" in str(refusal.value.hint) or "Write the entries out" in str(refusal.value.hint)


def test_removed_metric__a_comment_between_the_items_of_a_flow_list__is_nobodys_to_take_along() -> None:
    before, after = before_and_after(f" [\n      {METRIC}«,\n      {GONE}→»\n    ]\n")
    assert edited(before, prune=True) == after
    with pytest.raises(InvalidCard, match="comments between its items") as refusal:
        edited(before.replace("85.20},", "85.20}, # ours"), prune=True)
    assert refusal.value.hint
