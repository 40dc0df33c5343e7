"""What a maintainer reads: a verdict, a table, where each value stands, what was replaced, and what was left out."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from evalbot.card.document import CARD_PATH
from evalbot.card.eval_results.benchmark_dataset import BenchmarkDataset, Leaderboards, LeaderboardScale, Task
from evalbot.card.merge import Merge, Pair, Part
from evalbot.card.results import Result
from evalbot.changes import Planned
from evalbot.demo import demo_card
from evalbot.origin import TableOrigin
from evalbot.reading import Choices
from evalbot.report.pull_request import (
    description,
    step_title,
    summary,
)
from evalbot.report.told import Row
from tests.unit.report.pages import CARD_URL, metric, page, proposal, published, read, score, told_everywhere

if TYPE_CHECKING:
    from evalbot.proposal import Proposal

OTHER = b"https://example.org/paper"
GSM8K = "openai/gsm8k"
BOARDS = Leaderboards(
    registered={GSM8K: BenchmarkDataset(GSM8K, (Task("gsm8k"),))},
    scales={GSM8K: LeaderboardScale("fraction", "9 of 9 values on the leaderboard are at most 1: fraction")},
    date="2026-01-31",
)


def merged(card: bytes | None = None) -> bytes:
    """A card after our pull request was merged."""
    return proposal(card).files[CARD_PATH]


def changed(card: bytes) -> bytes:
    """The card whose table has another value, one more, and one less."""
    card = without_gsm8k(card.replace(b"**64.80**", b"**65.1**"))
    return card.replace(b"| MT-Bench", b"| DROP | 3 | 1.0 | 71.4 | 2.0 |\n| MT-Bench")


def without_gsm8k(card: bytes) -> bytes:
    return re.sub(rb"\| GSM8K .*\n", b"", card)


def moved(card: bytes) -> bytes:
    """The card with one of its scores in another table than the one that is read."""
    return without_gsm8k(card) + b"\n## Sums\n\n| Benchmark | Aurora 7B Instruct |\n| --- | ---: |\n| GSM8K | 58.9 |\n"


def held() -> dict[str, bytes]:
    return {CARD_PATH: merged()}


# The description


def test_description__new_scores__are_counted_in_the_first_sentence_and_stand_in_a_table() -> None:
    seen = read(description(page(proposal())))
    assert seen.verdict == "Adds 5 evaluation results of Aurora 7B Instruct to this card's model-index."
    assert seen.header == ["Benchmark", "Value", "Read from"]
    assert seen.rows[0] == ["MMLU", "64.80", "table 2, row 1, column 3"]
    assert [row[0] for row in seen.rows] == ["MMLU", "GSM8K", "HumanEval (pass@1)", "TruthfulQA", "MT-Bench"]
    assert seen.items == []
    assert "on behalf of bob" in seen.text
    assert "Close this pull request: bob does not propose the same scores again." in seen.text


def test_description__each_value__links_to_its_line_of_the_card_at_its_commit() -> None:
    text = description(page(proposal()))
    assert f"| MMLU | 64.80 | [table 2, row 1, column 3]({CARD_URL}?code=true#L31) |" in text
    assert "| --- | ---: | --- |" in text


def test_description__one_new_score__is_singular() -> None:
    card = demo_card()
    for value in (b"58.9", b"**40.2**", b"51.6 \xc2\xb1 0.4", b"7.84"):
        card = card.replace(b" %s |" % value, b" - |")
    verdict = read(description(page(proposal(card)))).verdict
    assert verdict == "Adds 1 evaluation result of Aurora 7B Instruct to this card's model-index."


def test_description__a_changed_value__is_shown_old_to_new_with_its_delta() -> None:
    seen = read(description(page(proposal(changed(merged())))))
    assert seen.verdict == (
        "Adds 1 evaluation result of Aurora 7B Instruct to this card's model-index; MMLU changes 64.80 → 65.1."
    )
    assert seen.header == ["Benchmark", "Before", "Value", "Change", "Read from"]
    assert [row[:4] for row in seen.rows] == [["DROP", "", "71.4", "new"], ["MMLU", "64.80", "65.1", "+0.30"]]
    assert "3 more values are published already and stay as they are." in seen.text


def test_description__only_a_change__says_so_first() -> None:
    seen = read(description(page(proposal(merged().replace(b"**64.80**", b"60")))))
    assert seen.verdict == (
        "Changes 1 evaluation result of Aurora 7B Instruct in this card's model-index: MMLU 64.80 → 60."
    )
    assert seen.rows[0][3] == "-4.80"


@pytest.mark.parametrize(
    ("old", "new", "delta"),
    [
        ("64.8", "65.1", "+0.3"),
        ("65.1", "64.8", "-0.3"),
        ("0.1", "0.3", "+0.2"),
        ("1", "1.00000000000000000000000000000000001", "+0.00000000000000000000000000000000001"),
        ("-1", "1", "+2"),
        ("85.2%", "85.3", None),
        ("(empty)", "1", None),
        ("1e400", "1", None),
        (".nan", "1", None),
        ("9" * 41, "1", None),
        ("١٢", "1", None),
        (None, "1", None),
    ],
)
def test_row__delta__is_exact_or_absent(old: str | None, new: str, delta: str | None) -> None:
    assert Row(name="x", value=new, old=old, dataset="", place="").delta == delta


def test_description__datasets__have_a_column_where_there_are_any() -> None:
    seen = read(description(page(proposal(layout="per-benchmark"))))
    assert seen.header == ["Benchmark", "Value", "Dataset", "Read from"]
    assert seen.rows[0] == ["MMLU", "64.80", "cais/mmlu, all, test", "table 2, row 1, column 3"]


def test_description__what_is_left_out__is_said_once_for_each_reason() -> None:
    card = demo_card().replace(b"**64.80**", b">64").replace(b" 58.9 ", b" >58 ")
    seen = read(description(page(proposal(card))))
    assert seen.verdict.startswith("Adds 3 evaluation results")
    assert seen.items == ["MMLU, GSM8K: a bound, not a value"]


def test_description__declined_scores__are_among_what_is_left_out() -> None:
    made = proposal()
    seen = read(description(page(made.without(made.written[:2]))))
    assert seen.items == ["MMLU, GSM8K: proposed before, and that pull request was closed without being merged"]


def test_description__many_labels_of_one_reason__are_counted() -> None:
    made = told_everywhere([f"Label {number}" for number in range(8)]).proposal
    assert isinstance(made.origin, TableOrigin)
    skipped = tuple(replace(each, reason="too odd") for each in made.origin.skipped)
    made = replace(made, origin=replace(made.origin, extraction=replace(made.origin.extraction, skipped=skipped)))
    items = read(description(page(made))).items
    assert "Label 0, Label 1, Label 2, Label 3, Label 4 and 3 more: too odd" in items


@pytest.mark.parametrize(
    ("value", "heading", "item"),
    [
        ("54.0", "Please look", "MMLU: 54.0, for cais/mmlu; the table says 64.80"),
        ("0.648", "Published already for another dataset or task", "MMLU: 0.648, for cais/mmlu"),
    ],
)
def test_description__a_value_under_another_dataset__is_pointed_out(value: str, heading: str, item: str) -> None:
    index = (
        "model-index: [{name: Aurora-7B-Instruct, results: [{task: {type: text-generation},"
        f" dataset: {{type: cais/mmlu, name: MMLU}}, metrics: [{{type: acc, value: {value}}}]}}]}}]\n"
    )
    seen = read(description(page(proposal(demo_card().replace(b"version: 1.10\n", index.encode())))))
    assert seen.items == [item]
    assert heading in seen.text


def by_another_source() -> bytes:
    return changed(merged()).replace(b"url: https://huggingface.co/alice/Aurora-7B-Instruct", b"url: " + OTHER)


def test_description__a_conflict_that_is_skipped__stays_with_its_source() -> None:
    seen = read(description(page(proposal(by_another_source(), Choices(on_conflict="skip")))))
    assert seen.verdict.startswith("Adds 1 evaluation result of")
    assert seen.items == ["MMLU: 64.80, from https://example.org/paper; the table says 65.1"]
    assert [row[0] for row in seen.rows] == ["DROP"]


def test_description__another_sources_value_that_is_replaced__is_named() -> None:
    seen = read(description(page(proposal(by_another_source(), Choices(on_conflict="update")))))
    assert seen.items == ["MMLU: 64.80, from https://example.org/paper"]
    assert ["MMLU", "64.80", "65.1", "+0.30"] in [row[:4] for row in seen.rows]


def test_description__our_own_value_that_is_replaced__is_nobody_elses() -> None:
    assert read(description(page(proposal(changed(merged()))))).items == []


def test_description__a_deletion__is_named_in_the_verdict_and_with_its_value() -> None:
    seen = read(description(page(proposal(changed(merged()), Choices(prune=True)))))
    assert seen.verdict.endswith("; MMLU changes 64.80 → 65.1; 1 result removed.")
    assert seen.items == ["GSM8K: 58.9"]
    only = proposal(without_gsm8k(merged()), Choices(prune=True))
    assert read(description(page(only))).verdict == (
        "Removes 1 evaluation result of Aurora 7B Instruct from this card's model-index."
    )


def test_description__what_earlier_runs_proposed__is_said_to_be_there_still() -> None:
    seen = read(description(page(proposal(moved(demo_card())), held())))
    assert seen.verdict.endswith("to this card's model-index; 1 more from earlier runs.")
    assert seen.items == ["GSM8K: 58.9 (table 4, row 1, column 1)"]


def test_description__what_earlier_runs_proposed_and_the_card_says_no_more__is_gone() -> None:
    told = page(proposal(changed(demo_card())), held())
    assert read(description(told)).items == []
    assert "GSM8K: 58.9 (removed)" in read(summary(told)).items


def test_description__only_earlier_runs_propose_anything__says_so_first() -> None:
    seen = read(description(page(proposal(moved(merged(without_gsm8k(demo_card())))), held())))
    assert seen.verdict == "Adds 1 evaluation result that earlier runs of evalbot read."
    assert (seen.rows, seen.items) == ([], ["GSM8K: 58.9 (table 4, row 1, column 1)"])
    assert "4 values are published already and stay as they are." in seen.text


def test_description__nothing_is_left_to_propose__says_so() -> None:
    seen = read(description(page(proposal(merged()), held())))
    assert seen.verdict == "Changes no evaluation result of Aurora 7B Instruct."
    assert "The card itself does not change." in seen.text


def test_description__another_models_scores_from_earlier__are_said_to_be_its() -> None:
    other = proposal(column_index=2).files[CARD_PATH]
    seen = read(description(page(proposal(), {CARD_PATH: other})))
    assert seen.items == [f"{name} of Polaris-7B-Chat: {value}" for name, value in (
        ("MMLU", "61.30"), ("GSM8K", "52.4"), ("HumanEval (pass@1)", "31.7"), ("TruthfulQA", "45.1"),
    )]  # fmt: skip


def test_description__a_value_main_has_changed_since__is_not_taken_for_a_proposal() -> None:
    index = (
        "model-index: [{name: Borealis, results: [{task: {type: t}, dataset: {type: d, name: D},"
        " metrics: [{type: acc, name: ARC, value: %s}]}]}]\n"
    )
    then, now = (
        demo_card().replace(b"version: 1.10\n", b"version: 1.10\n" + (index % value).encode()) for value in (50, 51)
    )
    seen = read(description(page(proposal(moved(now)), {CARD_PATH: merged(then)})))
    assert seen.items == ["GSM8K: 58.9 (table 4, row 1, column 1)"]


def with_boards(format_: str, card: bytes | None = None, results: dict[str, bytes] | None = None) -> Proposal:
    return proposal(card, Choices(format=format_)).with_leaderboards(BOARDS, results or {})  # type: ignore[arg-type]


def test_description__both_formats__show_a_score_once_and_its_other_scale_in_words() -> None:
    seen = read(description(page(with_boards("both"))))
    assert seen.verdict == (
        "Adds 5 evaluation results of Aurora 7B Instruct to this card's model-index (1 also to .eval_results)."
    )
    assert [row[1] for row in seen.rows if row[0] == "GSM8K"] == ["58.9"]
    (file,) = [item for item in seen.items if item.startswith(".eval_results/")]
    assert re.fullmatch(r"\.eval_results/gsm8k\S*: GSM8K 0\.589; 9 of 9 values .* is 0\.589 there", file)
    assert len(seen.rows) == 5


def test_description__both_formats__say_what_only_the_card_can_have() -> None:
    told = page(with_boards("both"))
    only = [item for item in read(description(told)).items if not item.startswith(".eval_results/")]
    assert only[0] == "MMLU: cais/mmlu is not a registered benchmark on the Hub"
    assert "\nIn the model-index only:\n" in read(description(told)).text
    assert "Left out" not in read(description(told)).text
    assert "left out" not in read(summary(told)).text


def test_description__both_formats__a_score_that_neither_can_have_is_left_out_once() -> None:
    card = demo_card().replace(b"| MMLU | 5 |", b"| MMLU | 5 | 1 | 63.0 | 2 |\n| MMLU | 5 |")
    items = read(description(page(with_boards("both", card)))).items
    assert [item for item in items if "MMLU" in item] == ["MMLU, MMLU: the label 'MMLU' stands for 2 different values"]


def test_description__formats_that_would_disagree__are_pointed_out() -> None:
    theirs = b"- dataset: {id: openai/gsm8k, task_id: gsm8k}\n  value: 0.7\n  notes: 8-shot\n"
    made = with_boards("both", changed(merged()), {".eval_results/gsm8k.yaml": theirs})
    items = read(description(page(made))).items
    assert "openai/gsm8k (gsm8k): 0.7 in .eval_results/gsm8k.yaml, 58.9 in the model-index (GSM8K)" in items


def test_description__only_eval_results__leaves_the_card_alone() -> None:
    seen = read(description(page(with_boards("eval-results"))))
    assert seen.verdict == "Adds 1 evaluation result of Aurora 7B Instruct to .eval_results."
    assert "The card itself does not change." in seen.text
    (row,) = seen.rows
    assert row[:2] == ["GSM8K", "0.589"]
    assert row[2].startswith("openai/gsm8k, gsm8k")
    assert "MMLU: not in .eval_results: cais/mmlu is not a registered benchmark on the Hub" in seen.items


def test_description__entries_of_earlier_runs__are_said_to_be_there_still() -> None:
    made = with_boards("eval-results")
    files = {**made.before, ".eval_results/mmlu.yaml": b"- dataset: {id: cais/mmlu, task_id: mmlu}\n  value: 64.8\n"}
    assert "cais/mmlu, mmlu: 64.8" in read(description(page(made, files))).items


def test_description__a_card_of_the_pull_request_that_cannot_be_read__does_not_stop_the_text() -> None:
    made = with_boards("eval-results")
    seen = read(description(page(made, {CARD_PATH: b"---\nmodel-index: 1\n---\n"})))
    assert seen.verdict == "Adds 1 evaluation result of Aurora 7B Instruct to .eval_results."


# The comment


def test_summary__of_a_new_pull_request__counts_and_points_to_the_description() -> None:
    seen = read(summary(page(proposal(demo_card().replace(b"**64.80**", b">64")))))
    assert seen.verdict.startswith(
        "Evaluation results of Aurora 7B Instruct: 4 new, 1 left out. The description above has the details."
    )
    assert seen.items == []


def test_summary__of_a_pull_request_that_only_removes__says_so() -> None:
    made = proposal(without_gsm8k(merged()), Choices(prune=True))
    assert read(summary(page(made))).verdict.startswith("Evaluation results of Aurora 7B Instruct: 1 removed. The")


def test_summary__of_an_update__lists_what_this_run_changed() -> None:
    made = proposal(changed(demo_card()), Choices(prune=True))
    seen = read(summary(page(made, held())))
    assert seen.verdict == (
        "Evaluation results of Aurora 7B Instruct, brought up to date with the card: 1 added, 1 changed, 1 removed."
    )
    assert seen.items == ["MMLU: 64.80 → 65.1 (+0.30)", "DROP: 71.4 (new)", "GSM8K: 58.9 (removed)"]
    assert "The description above shows all that this pull request proposes." in seen.text


def test_summary__of_an_update_that_changes_no_score__says_so() -> None:
    seen = read(summary(page(proposal(), held())))
    assert seen.verdict == (
        "Evaluation results of Aurora 7B Instruct, brought up to date with the card: no score changed."
    )


@pytest.mark.parametrize("tell", [description, summary])
def test_texts__the_same_input__gives_the_same_text(tell: object) -> None:
    made = [page(proposal(changed(demo_card())), held()) for _ in range(2)]
    assert callable(tell)
    assert tell(made[0]) == tell(made[1])


# Commits


def step(added: int, updated: int, removed: int) -> Planned:
    part = Part(
        result=Result(task_type="t", dataset_name="d", dataset_type="d"),
        added=tuple(metric(score(f"A{number}")) for number in range(added)),
        updated=tuple(Pair(metric(score(f"U{number}")), published("x", "1")) for number in range(updated)),
        unchanged=(),
        conflicts=(),
        stands_elsewhere=(),
        elsewhere=(),
    )
    gone = tuple(published(f"R{number}") for number in range(removed))
    return Planned(merge=Merge(model="m", parts=(part,), other_models=(), pruned=gone), entries=None, files={})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1, 0, 0), "Add 1 evaluation result"),
        ((0, 1, 0), "Update 1 evaluation result"),
        ((0, 0, 1), "Remove 1 evaluation result"),
        ((2, 0, 0), "Add 2 evaluation results"),
        ((1, 1, 0), "Add 1, update 1 evaluation results"),
        ((1, 0, 1), "Add 1, remove 1 evaluation results"),
        ((0, 2, 1), "Update 2, remove 1 evaluation results"),
        ((3, 2, 1), "Add 3, update 2, remove 1 evaluation results"),
        ((0, 0, 0), "Update evaluation results"),
    ],
)
def test_step_title__says_what_the_commit_does(counts: tuple[int, int, int], expected: str) -> None:
    assert step_title(step(*counts)) == expected


def test_step_title__nothing_planned__is_no_empty_text() -> None:
    assert step_title(Planned(merge=None, entries=None, files={})) == "Update evaluation results"


def test_step_title__a_score_in_both_formats__is_one() -> None:
    planned = with_boards("both").planned()
    assert planned.entries is not None
    assert [entry.value for entry in planned.entries.added] == [Decimal("0.589")]
    assert step_title(planned) == "Add 5 evaluation results"
