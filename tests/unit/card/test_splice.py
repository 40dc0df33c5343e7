"""Edits touch the lines of model-index and nothing else, whatever the rest of the card looks like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evalbot.card.document import parse_card
from evalbot.card.edit import apply_merge
from evalbot.card.merge import plan_merge
from evalbot.card.model_index import published
from evalbot.card.results import Metric, Result
from evalbot.errors import InvalidCard
from evalbot.score import Source

NAME = "Demo-7B"
RESULT = Result(
    task_type="text-generation",
    dataset_name="Benchmarks",
    dataset_type="benchmark",
    metrics=(
        Metric(name="MMLU", type="mmlu", value=Decimal("85.20")),
        Metric(name="no", type="no", value=Decimal(12)),
    ),
    source=Source(name="Model card", url="https://huggingface.co/alice/Demo-7B"),
)
ENTRY = """\
  - name: Demo-7B
    results:
      - task:
          type: text-generation
        dataset:
          name: Benchmarks
          type: benchmark
        metrics:
          - name: MMLU
            type: mmlu
            value: 85.20
          - name: 'no'
            type: 'no'
            value: 12
        source:
          name: Model card
          url: https://huggingface.co/alice/Demo-7B
"""


OWN_DATASETS = (
    Result(
        task_type="text-generation",
        dataset_name="DROP",
        dataset_type="EleutherAI/drop",
        split="validation",
        shots=3,
        benchmark="drop",
        metrics=(
            Metric(name="DROP (F1)", type="f1", value=Decimal("50.10")),
            Metric(name="DROP (EM)", type="exact_match", value=Decimal(44)),
        ),
    ),
    Result(
        task_type="text-generation",
        dataset_name="PIQA",
        dataset_type="ybisk/piqa",
        benchmark="piqa",
        metrics=(Metric(name="PIQA", type="accuracy", value=Decimal("0.80")),),
    ),
)
LAYOUTS = ((RESULT,), (*OWN_DATASETS, RESULT), (RESULT, *OWN_DATASETS))


def spliced(card: str, *results: Result) -> str:
    return apply_merge(card, plan_merge(parse_card(card), NAME, results or [RESULT]))


CASES = {
    "no front matter": ("# Hello\n", f"---\nmodel-index:\n{ENTRY}---\n# Hello\n"),
    "empty card": ("", f"---\nmodel-index:\n{ENTRY}---\n"),
    "byte-order mark, no front matter": ("\ufeff# Hi\n", f"\ufeff---\nmodel-index:\n{ENTRY}---\n# Hi\n"),
    "blank front matter": ("---\n\n---\nx", f"---\nmodel-index:\n{ENTRY}\n---\nx"),
    "comment only": ("---\n# mine\n---\n", f"---\n# mine\nmodel-index:\n{ENTRY}---\n"),
    "no model-index": (
        "---\nlicense: mit # c\ntags: [a,\n  b]\n---\nx\n",
        f"---\nlicense: mit # c\ntags: [a,\n  b]\nmodel-index:\n{ENTRY}---\nx\n",
    ),
    "trailing comment and blank lines": (
        "---\na: 1\n\n# end\n\n---\n",
        f"---\na: 1\nmodel-index:\n{ENTRY}\n# end\n\n---\n",
    ),
    "open literal at the end": (
        "---\na: 1\n# gate\nprompt: |\n  Please\n---\n",
        f"---\na: 1\nmodel-index:\n{ENTRY}# gate\nprompt: |\n  Please\n---\n",
    ),
    "end-of-document marker": ("---\na: 1\n...\n---\n", f"---\na: 1\nmodel-index:\n{ENTRY}...\n---\n"),
    "indented root": (
        "---\n  license: mit\n---\n",
        "---\n  license: mit\n" + "".join(f"  {line}\n" for line in f"model-index:\n{ENTRY}".splitlines()) + "---\n",
    ),
    "comment before an empty list": (
        "---\nmodel-index: # ask Ann\n  []\n---\n",
        f"---\nmodel-index: # ask Ann\n\n{ENTRY}---\n",
    ),
    "comments before null": (
        "---\nmodel-index:\n# keep me\n  ~ # and me\n---\n",
        f"---\nmodel-index:\n# keep me\n # and me\n{ENTRY}---\n",
    ),
    "null model-index": ("---\nmodel-index:\nx: y\n---\n", f"---\nmodel-index:\n{ENTRY}x: y\n---\n"),
    "tilde model-index": ("---\nmodel-index: ~ # none\n---\n", f"---\nmodel-index: # none\n{ENTRY}---\n"),
    "empty list": ("---\nmodel-index: []\nx: y\n---\n", f"---\nmodel-index:\n{ENTRY}x: y\n---\n"),
    "another model": (
        "---\nmodel-index:\n  # keep\n  - name: Z\n    results: [] # z\n# tail\n---\n",
        f"---\nmodel-index:\n  # keep\n  - name: Z\n    results: [] # z\n{ENTRY}# tail\n---\n",
    ),
    "literal block at the end": (
        "---\na: |+\n  text\n\n\n---\n",
        f"---\na: |+\n  text\n\nmodel-index:\n{ENTRY}\n---\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_splice__adds_an_entry_and_nothing_else(before: str, after: str) -> None:
    assert spliced(before) == after


@pytest.mark.parametrize("before", [before for before, _ in CASES.values()], ids=CASES.keys())
@pytest.mark.parametrize("results", LAYOUTS[1:])
def test_splice__several_results__are_added_together_and_once(before: str, results: tuple[Result, ...]) -> None:
    after = spliced(before, *results)
    names = [metric.name for result in results for metric in result.metrics]
    assert [p.name for p in published(parse_card(after)) if p.model == NAME] == names
    assert spliced(after, *results) == after


def test_splice__several_results__join_what_the_card_has_of_them() -> None:
    first = spliced("---\nlicense: mit\n---\n", replace(OWN_DATASETS[0], metrics=OWN_DATASETS[0].metrics[:1]), RESULT)
    more = replace(RESULT, metrics=(*RESULT.metrics, Metric(name="GSM8K", type="gsm8k", value=Decimal("0.5"))))
    after = spliced(first, *OWN_DATASETS, more)
    results = yaml.safe_load(after.split("---\n")[1])["model-index"][0]["results"]
    assert [[metric["name"] for metric in result["metrics"]] for result in results] == [
        ["DROP (F1)", "DROP (EM)"],
        ["MMLU", "no", "GSM8K"],
        ["PIQA"],
    ]
    assert results[0]["dataset"]["args"] == {"num_few_shot": 3}


def test_splice__windows_line_ends__are_used_for_new_lines() -> None:
    after = spliced("\ufeff---\r\nlicense: mit\r\n---\r\nbody\r\n")
    assert after == f"\ufeff---\nlicense: mit\nmodel-index:\n{ENTRY}---\nbody\n".replace("\n", "\r\n")


def test_splice__results_of_a_training_script__are_filled_in() -> None:
    before = "---\nmodel-index:\n- name: demo 7b\n  results: []\nlicense: mit\n---\n"
    after = spliced(before)
    assert after.startswith("---\nmodel-index:\n- name: demo 7b\n  results:\n    - task:\n")
    assert after.endswith("\nlicense: mit\n---\n")
    assert [(p.model, p.name, p.value) for p in published(parse_card(after))] == [
        ("demo 7b", "MMLU", "85.20"),
        ("demo 7b", "no", "12"),
    ]


@pytest.mark.parametrize(
    "index",
    [
        "model-index: [{name: Demo-7B, results: []}]",
        "model-index: [{name: Demo-7B}]",
        "model-index: [{name: Other, results: []}, ]",
        "model-index: [\n  {name: Other, results: []}, # c\n]",
        "model-index: []",
    ],
)
def test_splice__flow_style__stays_flow_style(index: str) -> None:
    after = spliced(f"---\na: b\n{index}\nc: d\n---\n")
    assert after.startswith("---\na: b\nmodel-index:")
    assert after.endswith("\nc: d\n---\n")
    assert [(p.name, p.value) for p in published(parse_card(after))] == [("MMLU", "85.20"), ("no", "12")]


def test_splice__flow_style_root__is_edited_in_place() -> None:
    after = spliced("---\n{license: mit}\n---\nbody")
    assert after.startswith("---\n{license: mit, model-index: [{name: Demo-7B")
    assert after.endswith("}]}\n---\nbody")


def test_splice__new_metrics_of_the_same_result__join_its_list() -> None:
    first = spliced("---\nlicense: mit\n---\n")
    more = Result(
        task_type=RESULT.task_type,
        dataset_name=RESULT.dataset_name,
        dataset_type=RESULT.dataset_type,
        metrics=(*RESULT.metrics, Metric(name="GSM8K", type="gsm8k", value=Decimal("0.5"))),
        source=RESULT.source,
    )
    second = spliced(first, more)
    added = "          - name: GSM8K\n            type: gsm8k\n            value: 0.5\n"
    assert second == first.replace("            value: 12\n", "            value: 12\n" + added)


@pytest.mark.parametrize(
    "card",
    [
        "---\nmodel-index: &x\n- name: Z\n  results: &r\n  - task: {type: t}\n---\n",
        "---\nmodel-index: !!seq\n- name: Z\n  results: []\n---\n",
        "---\na: &a []\nmodel-index: *a\n---\n",
        "---\nmodel-index: [{name: Z, results: &r [{task: {type: t}, metrics: []}]},\n"
        "  {name: Demo-7B, results: *r}]\n---\n",
        "---\nmodel-index:\n- name: Demo-7B\n  results:\n  - &r\n    task: {type: text-generation}\n"
        "    dataset: {name: Benchmarks, type: benchmark}\n    metrics:\n    - {type: a, value: 1}\n"
        "    source: {name: Model card, url: 'https://huggingface.co/alice/Demo-7B'}\n"
        "- name: Z\n  results: [*r]\n---\n",
    ],
)
def test_splice__what_it_cannot_edit_safely__is_refused(card: str) -> None:
    with pytest.raises(InvalidCard) as refusal:
        spliced(card)
    assert refusal.value.hint


# --- any front matter ---------------------------------------------------------------------------------------------

SCALARS = st.sampled_from(
    [
        "mit",
        "'it''s'",
        '"a: b # c"',
        "1.10",
        "no",
        "012",
        "12:30",
        "2024-01-01",
        "~",
        "é😀",
        "!!str 5",
        "'- x'",
        "a b\n  c",
    ]
)
FLOWS = st.sampled_from(["[a, b]", "{x: 1, y: [z]}", "[]", "{}", "[a,\n  b # c\n  ]", '["no", on]'])
BLOCKS = st.sampled_from(
    ["\n  - a\n  - b # c", "\n- a\n- b", "\n  x: 1\n  y:\n    - z", "\n  - - 1\n    - 2", "", "\n  # lone\n  k: v"]
)
LITERALS = st.sampled_from(
    ["|\n  one\n  # two\n  model-index:", ">-\n  folded\n  text", "|2\n    lead", "|-\n  x\n\n  y"]
)
GAPS = st.sampled_from(["", "", "", "\n", "# note\n", "# model-index: no\n", "   \n", "  # indented\n"])
INDEXES = st.sampled_from(
    [
        "",
        "model-index:\n",
        "model-index: null # soon\n",
        "model-index: []\n",
        "model-index:\n- name: Demo 7B\n  results: []\n",
        "model-index:\n- name: Demo-7B\n",
        "model-index: [{name: Z, results: [{task: {type: t}, metrics: [{type: a, value: 1}]}]}]\n",
        "model-index:\n  - name: Z\n    # why\n    results:\n      - task: {type: t}\n        metrics:\n"
        "          - {type: a, value: no, x: 1.10}   # odd\n",
        "model-index:\n-   name: demo_7b\n    results:\n    -   task:\n            type: text-generation\n"
        "        dataset: {name: Benchmarks, type: benchmark}\n        metrics:\n        -   type: mmlu\n"
        "            value: 85.2\n            name: MMLU\n        source: {name: Model card, "
        "url: 'https://huggingface.co/alice/Demo-7B'}\n",
        "model-index:\n- name: Demo-7B\n  results:\n  - task: {type: text-generation}\n    dataset:\n      name: DROP\n"
        "      type: EleutherAI/drop\n      split: validation\n      args: {num_few_shot: 3}   # as usual\n"
        "    metrics:\n    - {name: DROP (F1), type: f1, value: 50.1}\n",
    ]
)


@dataclass
class GeneratedCard:
    """A card in three pieces: what stands before the model-index, its lines, and what stands after."""

    before: str
    index: str
    after: str

    @property
    def text(self) -> str:
        return self.before + self.index + self.after


@st.composite
def cards(draw: st.DrawFn) -> GeneratedCard:
    count = draw(st.integers(0, 5))
    entries = [
        draw(GAPS) + f"key{i}: {draw(st.one_of(SCALARS, FLOWS, BLOCKS, LITERALS))}\n".replace(": \n", ":\n")
        for i in range(count)
    ]
    place = draw(st.integers(0, count))
    mark, line_end = draw(st.sampled_from(["", "\ufeff"])), draw(st.sampled_from(["\n", "\r\n"]))
    body = draw(st.sampled_from(["# T\n", "", "| a |\n| - |\n| 1 |\n", "---\nx\n---\n"]))
    pieces = (
        mark + "---\n" + "".join(entries[:place]),
        draw(INDEXES),
        "".join(entries[place:]) + draw(GAPS) + f"\n---\n{body}".removeprefix("\n" if count or place else ""),
    )
    return GeneratedCard(*(piece.replace("\n", line_end) for piece in pieces))


@settings(max_examples=600, deadline=None)
@given(cards(), st.sampled_from(LAYOUTS))
def test_splice__any_front_matter__changes_only_model_index_and_only_once(
    card: GeneratedCard, results: tuple[Result, ...]
) -> None:
    before = published(parse_card(card.text))
    after = spliced(card.text, *results)  # none of these cards may be refused: then this would show nothing
    if card.index:
        assert after.startswith(card.before)
        assert after.endswith(card.after)
    else:
        whole = card.before + card.after
        length = len(after) - len(whole)
        assert any(after[:i] + after[i + length :] == whole for i in range(len(whole) + 1)), (
            "the card is not the old one with one piece inserted"
        )
    assert spliced(after, *results) == after
    now = published(parse_card(after))
    assert [p for p in now if p in before] == list(before)
    ours = {p.name: p.value for p in now if p.model != "Z"}
    wanted = {metric.name: metric.value for result in results for metric in result.metrics}
    assert wanted.items() <= {name: Decimal(value) for name, value in ours.items()}.items()
    assert len(now) == len({*before, *now})
