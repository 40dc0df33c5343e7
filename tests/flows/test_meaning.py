"""What is proposed is what the card says: nothing wrong stays open, nothing is lost, nobody is argued with.

Each case is a card and what people did to it; the truth is read by huggingface_hub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.tern import MODEL, NOTHING_OPEN, OURS, PAPER, Tern, card, index, table

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

FIRST = {"MMLU": "60.1", "GSM8K": "41.2"}
SECOND = {"ARC-C": "55.5", "HellaSwag": "71.5"}
HEAD = "license: mit\n"
UPDATE = ("--on-conflict", "update")
PER_BENCHMARK = ("--layout", "per-benchmark")
MMLU_BY_HAND = "{name: MMLU, type: mmlu, value: 60.1}"
GSM8K_BY_HAND = "{name: GSM8K, type: gsm8k, value: 41.2}"
AS_WE_WRITE = f"{OURS}', name: 'Model card"


@pytest.fixture
def tern(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Tern:
    return Tern(evalbot, hub, tmp_path)


@pytest.mark.parametrize("options", [(), ("--prune-own",)])
@pytest.mark.parametrize(
    ("wrong", "right"),
    [("| MMLU | 99.1 ", "| MMLU | 60.1 "), ("| ARC-C | 71.5 | 72.5 |\n", "")],
    ids=["a typo", "a row too many"],
)
def test_table_corrected_back_to_what_main_says__our_pull_request_is_closed(
    tern: Tern, wrong: str, right: str, options: tuple[str, ...]
) -> None:
    tern.has(card(FIRST))
    tern.has_merged()
    tern.edit(right or "| MMLU | 60.1 ", wrong + ("" if right else "| MMLU | 60.1 "))
    assert tern.proposes() == (0, "proposed", 2)
    tern.edit(wrong, right)
    assert tern.proposes(*options)[:2] == (0, "up-to-date")
    assert tern.open() == NOTHING_OPEN
    assert tern.scores() == FIRST


def test_table_corrected_back__all_of_our_pull_requests_are_closed(tern: Tern) -> None:
    tern.has(card(FIRST))
    tern.has_merged()
    tern.edit("| MMLU | 60.1 ", "| MMLU | 99.1 ")
    assert tern.proposes() == (0, "proposed", 2)
    assert tern.proposes("--allow-duplicate") == (0, "proposed", 3)
    tern.edit("| MMLU | 99.1 ", "| MMLU | 60.1 ")
    assert tern.proposes()[1] == "up-to-date"
    assert tern.open() == NOTHING_OPEN


def test_prune_own__what_another_table_says_stays(tern: Tern) -> None:
    tern.has(card(FIRST, SECOND))
    assert tern.proposes() == (0, "proposed", 1)
    assert tern.proposes(table="2") == (0, "updated", 1)
    assert tern.proposes("--prune-own", table="2") == (0, "already-proposed", 1)
    assert tern.proposed() == FIRST | SECOND
    tern.api().merge_pull_request(MODEL, 1)
    assert tern.proposes("--prune-own", table="2")[1] == "up-to-date"
    assert tern.scores() == FIRST | SECOND


@pytest.mark.parametrize(
    ("one", "other", "options"),
    [("MMLU", "MMLU", ()), ("MMLU", "mmlu", ()), ("HellaSwag", "Hella-Swag", PER_BENCHMARK)],
)
def test_two_tables_contradict_each_other__neither_replaces_the_other(
    tern: Tern, one: str, other: str, options: tuple[str, ...]
) -> None:
    tern.has(card({one: "60.1"}, {other: "70.5"}))
    assert tern.proposes(*options) == (0, "proposed", 1)
    done = tern.run(*options, table="2")
    assert (done.code, "another table of the same card" in done.err) == (6, True)
    assert tern.proposes(*options)[1] == "already-proposed"
    assert tern.proposed() == {one: "60.1"}


@pytest.mark.parametrize("grown", [False, True], ids=["as it was", "with a new row"])
@pytest.mark.parametrize("place", ["{index}license: mit\n", "license: mit\n{index}tags: [tern]\n"])
def test_main_gains_the_scores_by_hand__merging_what_is_open_says_nothing_twice(
    tern: Tern, place: str, *, grown: bool
) -> None:
    tern.has(card(FIRST))
    assert tern.proposes() == (0, "proposed", 1)
    tern.edit(HEAD, place.format(index=index(MMLU_BY_HAND, GSM8K_BY_HAND, source=AS_WE_WRITE)))
    if grown:
        tern.edit("| MMLU |", "| ARC-C | 55.5 | 1.0 |\n| MMLU |")
    assert tern.proposes() == ((0, "proposed", 2) if grown else (0, "up-to-date", None))
    for number in tern.open():
        tern.api().merge_pull_request(MODEL, number)
    assert tern.scores() == (FIRST | {"ARC-C": "55.5"} if grown else FIRST)
    assert tern.is_valid()


def test_main_gains_one_of_ours_at_another_place__it_is_not_there_twice(tern: Tern) -> None:
    tern.has(card(FIRST, front=HEAD + index(MMLU_BY_HAND, source=AS_WE_WRITE)))
    assert tern.proposes() == (0, "proposed", 1)
    tern.edit(f"          - {MMLU_BY_HAND}", f"          - {GSM8K_BY_HAND}\n          - {MMLU_BY_HAND}")
    assert tern.proposes()[1] == "up-to-date"
    assert (tern.open(), tern.scores()) == (NOTHING_OPEN, FIRST)


@pytest.mark.parametrize("source", [None, PAPER, OURS, AS_WE_WRITE], ids=["none", "a paper", "ours, unnamed", "ours"])
def test_main_gains_the_scores_by_hand__from_whatever_source__our_pull_request_is_closed(
    tern: Tern, source: str | None
) -> None:
    tern.has(card(FIRST))
    assert tern.proposes() == (0, "proposed", 1)
    tern.edit(HEAD, index(MMLU_BY_HAND, GSM8K_BY_HAND, source=source) + HEAD)
    assert tern.proposes()[:2] == (0, "up-to-date")
    assert (tern.open(), tern.scores()) == (NOTHING_OPEN, FIRST)


ELSEWHERE = [
    PER_BENCHMARK,
    ("--dataset-type", "evals", "--dataset-name", "Evals"),
    ("--task-type", "question-answering"),
]


@pytest.mark.parametrize("options", ELSEWHERE, ids=["layout", "dataset", "task"])
@pytest.mark.parametrize("turned", [False, True])
def test_same_scores_in_another_place__none_is_lost(tern: Tern, options: tuple[str, ...], *, turned: bool) -> None:
    first, then = ((), options) if not turned else (options, ())
    tern.has(card(FIRST))
    assert tern.proposes(*first) == (0, "proposed", 1)
    assert tern.proposes(*then)[0] == 0
    assert tern.proposed() == FIRST
    tern.api().merge_pull_request(MODEL, 1)
    assert tern.proposes(*then, "--prune-own")[0] == 0
    assert [tern.proposed(number) for number in tern.open()] in ([], [FIRST])


def test_two_tables__one_value_under_two_labels__both_stay(tern: Tern) -> None:
    one, other = {"MMLU": "61.0", "BBH": "1.5"}, {"MMLU (5-shot)": "61.0", "ARC-C": "3.5"}
    tern.has(card(one, other))
    assert tern.proposes() == (0, "proposed", 1)
    assert tern.proposes(table="2") == (0, "updated", 1)
    assert tern.proposes() == (0, "already-proposed", 1)
    assert tern.proposed() == one | other
    tern.api().merge_pull_request(MODEL, 1)
    assert tern.proposes("--prune-own", table="2") == (0, "up-to-date", None)
    assert tern.scores() == one | other


@pytest.mark.parametrize(
    ("metric", "source"),
    [
        *[(f"{{name: MMLU, type: mmlu, value: 58.0, verified: {said}}}", PAPER) for said in ("true", "True", "TRUE")],
        ("{name: MMLU, type: mmlu, value: 58.0, verified: 'true', verifyToken: abc}", PAPER),
        ("{name: MMLU, type: mmlu, value: 58.0, verifyToken: abc}", OURS),
        ("{name: MMLU, type: mmlu, value: 58.0, stderr: 0.4}", None),
        ("{name: MMLU, type: mmlu, value: 58.0, confidence: 0.9}", PAPER),
        ("{name: MMLU, type: mmlu, value: 58.0, stderr: 0.4}", OURS),
        ("{name: MMLU, type: mmlu, value: 57.7}  # rerun, the table is old", OURS),
        ("name: MMLU\n            type: mmlu\n            value: 58.0 # paper, table 3", PAPER),
    ],
)
@pytest.mark.parametrize("options", [(), UPDATE], ids=["fail", "update"])
def test_value_that_was_verified_or_remarked_on__is_never_replaced(
    tern: Tern, metric: str, source: str | None, options: tuple[str, ...]
) -> None:
    tern.has(card(FIRST, front=HEAD + index(metric, source=source)))
    assert tern.proposes(*options)[:2] == (6, "conflict")
    assert tern.open() == NOTHING_OPEN


@pytest.mark.parametrize("dataset", ["{name: MMLU, type: cais/mmlu}", "{name: Benchmarks, type: benchmark}"])
@pytest.mark.parametrize("options", [(), PER_BENCHMARK], ids=["grouped", "per-benchmark"])
def test_our_own_old_value__in_either_layout__is_corrected_and_stands_once(
    tern: Tern, dataset: str, options: tuple[str, ...]
) -> None:
    own = index("{name: MMLU, type: acc, value: 58.0}", source=OURS, dataset=dataset)
    tern.has(card({"MMLU": "60.1"}, front=HEAD + own))
    assert tern.proposes(*options) == (0, "proposed", 1)
    assert tern.proposed() == {"MMLU": "60.1"}


@pytest.mark.parametrize("dataset", ["{name: MMLU, type: cais/mmlu}", "{name: Benchmarks, type: benchmark}"])
def test_same_value_in_the_other_scale__is_no_conflict_and_not_added(tern: Tern, dataset: str) -> None:
    tern.has(card({"MMLU": "60.1"}, front=HEAD + index("{name: MMLU, type: mmlu, value: 0.601}", dataset=dataset)))
    assert tern.proposes() == (0, "up-to-date", None)


@pytest.mark.parametrize(
    "source",
    [
        "http://huggingface.co/alice/Tern-7B",
        "https://huggingface.co/alice/Tern-7B/",
        "https://huggingface.co/Alice/tern-7b",
        "https://huggingface.co/alice/Tern-7B/blob/main/README.md",
        "https://huggingface.co/alice/Tern-7B/tree/main",
        "https://huggingface.co/alice/Tern-7B#results",
        "https://hf.co/alice/Tern-7B",
        "https://www.huggingface.co/alice/Tern-7B",
    ],
)
def test_our_own_source__in_any_spelling__may_be_corrected(tern: Tern, source: str) -> None:
    tern.has(card({"MMLU": "60.1"}, front=HEAD + index("{name: MMLU, type: mmlu, value: 58.0}", source=source)))
    assert tern.proposes() == (0, "proposed", 1)
    assert tern.proposed() == {"MMLU": "60.1"}


@pytest.mark.parametrize("source", ["https://huggingface.co/alice/Tern-70B", "https://huggingface.co/carol/Tern-7B"])
def test_another_repository__is_another_source(tern: Tern, source: str) -> None:
    tern.has(card({"MMLU": "60.1"}, front=HEAD + index("{name: MMLU, type: mmlu, value: 58.0}", source=source)))
    assert tern.proposes()[:2] == (6, "conflict")


@pytest.mark.parametrize("name", ["alice/Tern-7B", "tern_7b", "Tern-7B (ours)", "Tern\u20117B"])
@pytest.mark.parametrize(("value", "said"), [("60.1", (0, "up-to-date")), ("40.0", (6, "conflict"))])
def test_entry_under_another_of_the_models_names__is_this_model(
    tern: Tern, name: str, value: str, said: tuple[int, str]
) -> None:
    front = HEAD + index(f"{{name: MMLU, type: mmlu, value: {value}}}", model=name)
    tern.has(card({"MMLU": "60.1"}, front=front))
    assert tern.proposes()[:2] == said


def test_prune_own__what_a_person_added_to_our_result__stays(tern: Tern) -> None:
    tern.has(card(FIRST))
    tern.has_merged()
    added = "          - name: Human preference\n            type: elo\n            value: 1200\n"
    tern.edit("          - name: MMLU\n", f"{added}          - name: MMLU\n")
    assert tern.proposes("--prune-own") == (0, "up-to-date", None)
    assert tern.scores() == FIRST | {"Human preference": "1200"}


def test_prune_own__an_average_that_the_table_still_prints__stays(tern: Tern) -> None:
    scores = FIRST | {"Average": "50.65"}
    tern.has(card(scores))
    tern.has_merged("--include-averages")
    assert tern.proposes("--prune-own") == (0, "up-to-date", None)
    assert tern.scores() == scores


def test_label_that_gained_its_shots__moves_to_its_new_name(tern: Tern) -> None:
    tern.has(card({"GSM8K": "58.9", "ARC-C": "3.3"}))
    tern.has_merged()
    tern.edit("| GSM8K | 58.9", "| GSM8K (8-shot) | 65.5")
    assert tern.proposes(*PER_BENCHMARK) == (0, "proposed", 2)
    assert tern.proposed(2) == {"ARC-C": "3.3", "GSM8K (8-shot)": "65.5"}


def test_hint__after_update_was_asked_for__does_not_offer_it_again(tern: Tern) -> None:
    verified = "{name: MMLU, type: mmlu, value: 58.0, verified: true}"
    tern.has(card(FIRST, front=HEAD + index(verified)))
    hint = tern.run(*UPDATE).json["error"]["hint"]
    assert "only a person" in hint
    assert "update" not in hint


def test_two_columns__each_model_is_asked_for_by_its_label(tern: Tern) -> None:
    tern.has(card(table(FIRST)))
    assert tern.proposes("--model-name-override", "Heron-7B") == (0, "proposed", 1)
    assert tern.proposed(model="Heron-7B") == {"MMLU": "30.1", "GSM8K": "30.2"}
    assert tern.proposed() == {}
