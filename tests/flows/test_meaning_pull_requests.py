"""Pull requests and what they mean: ours hold what the card says, other people's stop us where they say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.tern import MODEL, NOTHING_OPEN, OURS, PAPER, Tern, card, index, table

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

FIRST = {"MMLU": "60.1", "GSM8K": "41.2"}
HEAD = "license: mit\n"
PER_BENCHMARK = ("--layout", "per-benchmark")
FORTY = index("{name: MMLU, type: mmlu, value: 40.0}")
BY_HAND = index("{name: MMLU, type: mmlu, value: 60.1}", "{name: GSM8K, type: gsm8k, value: 41.2}", source=OURS)


@pytest.fixture
def tern(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Tern:
    return Tern(evalbot, hub, tmp_path)


@pytest.mark.parametrize(
    ("other", "read"),
    [
        (table({"ARC-C": "33.1", "BBH": "22.2"}, "Ours"), ("--model-name-override", "Ours")),
        (table({"ARC-C": "33.1", "BBH": "22.2"}, "Tern-7B", "Tern 7B"), ("--model-column-index", "1")),
        (table({"ARC-C": "33.1", "BBH": "22.2"}, "Tern-7B", "Score"), ("--model-column-index", "1")),
    ],
    ids=["called ours", "two candidates", "a column without a model"],
)
@pytest.mark.parametrize("prune", [(), ("--prune-own",)], ids=["plain", "prune-own"])
def test_ours_holds_a_table_that_takes_a_choice_to_read__it_keeps_its_scores(
    tern: Tern, other: str, read: tuple[str, ...], prune: tuple[str, ...]
) -> None:
    tern.has(card(FIRST, other))
    assert tern.proposes(*read, table="2") == (0, "proposed", 1)
    assert tern.proposes(*prune) == (0, "updated", 1)
    assert tern.proposed() == FIRST | {"ARC-C": "33.1", "BBH": "22.2"}


@pytest.mark.parametrize("printed", ["1,234", "1,234.5", "1 234", "-5.2", "\u22125.2", ".512", "51.2%", "`51.2`"])
def test_ours_holds_another_tables_number__it_stays_however_it_is_printed(tern: Tern, printed: str) -> None:
    tern.has(card(FIRST, table({"Arena": printed, "BBH": "22.2"}, "Ours")))
    assert tern.proposes("--model-name-override", "Ours", table="2") == (0, "proposed", 1)
    before = tern.proposed()
    assert set(before) == {"Arena", "BBH"}
    assert tern.proposes() == (0, "updated", 1)
    assert tern.proposed() == FIRST | before


@pytest.mark.parametrize(
    ("scores", "read", "old", "new"),
    [
        (FIRST | {"Average": "50.65"}, ("--include-averages",), "# Tern-7B", "# Tern 7B"),
        (FIRST | {"BBH": "22.2"}, (), "| 22.2 |", "| 22.2†‡ ? |"),
    ],
    ids=["an average", "a cell that is hard to read now"],
)
def test_ours_holds_what_the_table_still_prints__it_stays(
    tern: Tern, scores: dict[str, str], read: tuple[str, ...], old: str, new: str
) -> None:
    tern.has(card(scores))
    assert tern.proposes(*read) == (0, "proposed", 1)
    tern.edit(old, new)
    assert tern.proposes() == (0, "already-proposed", 1)
    assert tern.proposed() == scores


def test_ours_holds_a_row_that_is_gone__the_row_goes_without_being_asked(tern: Tern) -> None:
    tern.has(card(FIRST))
    assert tern.proposes() == (0, "proposed", 1)
    tern.edit("| MMLU | 60.1 | 30.1 |\n", "")
    assert tern.proposes() == (0, "updated", 1)
    assert tern.proposed() == {"GSM8K": "41.2"}


def test_ours_holds_a_label_that_was_renamed__only_the_new_one_stays(tern: Tern) -> None:
    tern.has(card(FIRST))
    assert tern.proposes() == (0, "proposed", 1)
    tern.edit("| GSM8K |", "| GSM8K (8-shot) |")
    assert tern.proposes() == (0, "updated", 1)
    assert tern.proposed() == {"MMLU": "60.1", "GSM8K (8-shot)": "41.2"}


def test_ours_only_deletes__a_plain_run_leaves_it_open(tern: Tern) -> None:
    tern.has(card(FIRST))
    tern.has_merged()
    tern.edit("| MMLU | 60.1 | 30.1 |\n", "")
    assert tern.proposes("--prune-own") == (0, "proposed", 2)
    assert tern.proposes()[:2] == (0, "up-to-date")
    assert tern.open() == {2: "bob"}
    assert tern.proposed(2) == {"GSM8K": "41.2"}


@pytest.mark.parametrize("place", ["{index}license: mit\n", "license: mit\n{index}"], ids=["above", "in its place"])
def test_main_moves_on_under_ours__which_holds_another_tables_scores__says_so_and_loses_none(
    tern: Tern, place: str
) -> None:
    tern.has(card(FIRST, {"ARC-C": "55.5"}))
    assert tern.proposes(table="2") == (0, "proposed", 1)
    tern.edit(HEAD, place.format(index=BY_HAND))
    done = tern.run()
    assert (done.code, done.json["status"], tern.open()) == (0, "up-to-date", {1: "bob"})
    assert any("#1" in warning for warning in done.json["warnings"])
    assert tern.proposed() == {"ARC-C": "55.5"}
    assert tern.proposes(table="2") == (0, "proposed", 2)
    tern.api().merge_pull_request(MODEL, 2)
    assert (tern.open(), tern.scores()) == (NOTHING_OPEN, FIRST | {"ARC-C": "55.5"})
    assert tern.is_valid()


def test_ours_is_replaced__what_it_alone_held_is_named(tern: Tern) -> None:
    tern.has(card(FIRST, {"ARC-C": "55.5"}))
    assert tern.proposes() == (0, "proposed", 1)
    assert tern.proposes(table="2") == (0, "updated", 1)
    tern.edit(HEAD, HEAD + "tags: [x]\n" + index("{name: BBH, type: bbh, value: 1.5}", model="Tern-1B"))
    tern.edit("| ARC-C | 55.5", "| ARC-C | 56.5")
    done = tern.run(table="2")
    assert (done.code, done.json["status"], tern.open()) == (0, "proposed", {2: "bob"})
    left = " ".join(done.json["warnings"])
    assert all(label in left for label in FIRST), left
    assert tern.proposes() == (0, "updated", 2)
    assert tern.proposed(2) == FIRST | {"ARC-C": "56.5"}


def test_ours_has_conflicts_with_main__it_is_replaced_though_the_table_is_the_same(tern: Tern) -> None:
    tern.has(card(FIRST))
    assert tern.proposes() == (0, "proposed", 1)
    tern.edit(HEAD, HEAD + index("{name: BBH, type: bbh, value: 1.5}", model="Tern-1B"))
    assert tern.proposes() == (0, "proposed", 2)
    assert (tern.open(), tern.proposed(2)) == ({2: "bob"}, FIRST)


@pytest.mark.parametrize("place", ["{index}license: mit\n", "license: mit\n{index}"], ids=["above", "in its place"])
def test_main_publishes_another_value_meanwhile__skip__takes_it_out_of_ours(tern: Tern, place: str) -> None:
    tern.has(card(FIRST))
    assert tern.proposes() == (0, "proposed", 1)
    tern.edit(HEAD, place.format(index=FORTY))
    assert tern.proposes() == (6, "conflict", None)
    assert tern.proposes("--on-conflict", "skip") == (0, "proposed", 2)
    tern.api().merge_pull_request(MODEL, 2)
    assert (tern.open(), tern.scores()) == (NOTHING_OPEN, {"MMLU": "40.0", "GSM8K": "41.2"})


def test_ours_stands_on_a_base_with_somebodys_old_value__it_does_not_come_back(tern: Tern) -> None:
    tern.has(card({"MMLU": "60.1"}, front=HEAD + index("{name: GSM8K, type: gsm8k, value: 40.0}")))
    assert tern.proposes() == (0, "proposed", 1)
    tern.upload(card(FIRST))
    assert tern.proposes() == (0, "proposed", 2)
    assert (tern.open(), tern.proposed(2)) == ({2: "bob"}, FIRST)


@pytest.mark.parametrize("user", ["bob", "alice"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("            value: 41.2\n", "            value: 40.2\n"),
        ("          - name: MMLU\n", "          - {name: Elo, type: elo, value: 1200}\n          - name: MMLU\n"),
    ],
    ids=["a value", "a metric"],
)
def test_somebody_works_on_ours__also_the_accounts_own_person__it_is_left_alone(
    tern: Tern, user: str, old: str, new: str
) -> None:
    tern.has(card(FIRST))
    assert tern.proposes() == (0, "proposed", 1)
    tern.edit(old, new, user, "refs/pr/1")
    tern.edit("| MMLU | 60.1", "| MMLU | 61.1")
    before = tern.file("README.md", "refs/pr/1")
    assert tern.proposes()[:2] == (5, "duplicate")
    assert tern.file("README.md", "refs/pr/1") == before


def test_ours_is_retitled__it_is_ours_all_the_same_and_its_closing_is_a_no(tern: Tern) -> None:
    tern.has(card(FIRST))
    assert tern.proposes() == (0, "proposed", 1)
    tern.api().rename_discussion(MODEL, 1, "Add the results of our table")
    assert tern.proposes() == (0, "already-proposed", 1)
    tern.edit("| MMLU | 60.1", "| MMLU | 61.1")
    assert tern.proposes() == (0, "updated", 1)
    assert tern.proposed() == FIRST | {"MMLU": "61.1"}
    tern.closes(1)
    assert tern.proposes()[:2] == (0, "declined")


def test_seven_noes__none_is_forgotten(tern: Tern) -> None:
    names = ["GSM8K", "ARC-C", "MMLU", "HellaSwag", "Winogrande", "BBH", "MATH"]
    scores = {name: f"5{number}.5" for number, name in enumerate(names)}
    tern.has(card({"GSM8K": "50.5"}))
    for number in range(1, len(names) + 1):
        tern.upload(card(dict(list(scores.items())[:number])))
        assert tern.proposes() == (0, "proposed", number)
        tern.closes(number)
    assert tern.proposes()[:2] == (0, "declined")


def test_a_no__is_none_to_what_only_stood_on_its_base(tern: Tern) -> None:
    tern.has(card({"GSM8K": "41.2"}, front=HEAD + index("{name: ARC-C, type: arc_c, value: 55.5}")))
    assert tern.proposes() == (0, "proposed", 1)
    tern.closes(1)
    tern.upload(card({"GSM8K": "41.2", "ARC-C": "55.5"}))
    assert tern.proposes() == (0, "proposed", 2)
    assert tern.proposed(2) == {"ARC-C": "55.5"}


def test_another_accounts_no__binds_that_account_only(tern: Tern) -> None:
    tern.has(card(FIRST))
    assert tern.proposes(user="carol") == (0, "proposed", 1)
    tern.closes(1)
    assert tern.proposes(user="carol")[:2] == (0, "declined")
    assert tern.proposes() == (0, "proposed", 2)


def test_somebody_elses_pull_request_on_an_old_base__that_touches_no_score__is_no_obstacle(tern: Tern) -> None:
    tern.has(card(FIRST))
    tern.has_merged()
    tern.edit("## Table", "## Results, table", "carol", pr=True)
    for number, (old, new) in enumerate([("60.1", "65.1"), ("65.1", "66.1")], 3):
        tern.edit(f"| MMLU | {old}", f"| MMLU | {new}")
        assert tern.proposes() == (0, "proposed", number)
        tern.api().merge_pull_request(MODEL, number)
    assert tern.scores() == FIRST | {"MMLU": "66.1"}


def test_somebody_elses_pull_request_for_the_other_model__is_no_obstacle(tern: Tern) -> None:
    tern.has(card(FIRST))
    assert tern.proposes("--model-name-override", "Heron-7B", user="carol") == (0, "proposed", 1)
    assert tern.proposes() == (0, "proposed", 2)
    assert tern.proposed(2) == FIRST


OPEN_LLM = "{name: GSM8k (5-shot), type: gsm8k, config: main, split: test, args: {num_few_shot: 5}}"


@pytest.mark.parametrize(
    ("dataset", "metric", "model"),
    [
        ("{name: GSM8K, type: openai/gsm8k}", "{type: accuracy, value: 58.9}", "Tern-7B"),
        (OPEN_LLM, "{type: acc, name: accuracy, value: 58.9}", "Tern-7B"),
        ("{name: gsm8k, type: gsm8k}", "{type: exact_match, name: 'exact_match,strict-match', value: 0.589}", "out"),
    ],
    ids=["accuracy", "a leaderboard's", "a harness's"],
)
@pytest.mark.parametrize("options", [(), PER_BENCHMARK], ids=["grouped", "per-benchmark"])
def test_somebody_else_proposes_the_same_score_in_other_words__we_do_not(
    tern: Tern, dataset: str, metric: str, model: str, options: tuple[str, ...]
) -> None:
    tern.has(card({"GSM8K (5-shot)": "58.9", "ARC-C": "55.5"}))
    tern.edit(HEAD, HEAD + index(metric, source=PAPER, model=model, dataset=dataset), "carol", pr=True)
    done = tern.run(*options)
    assert done.code == 5
    assert [each["same"] for each in done.json["duplicates"]] == [["GSM8K (5-shot)"]]


def test_somebody_elses_pull_request_with_a_huge_card__is_named(tern: Tern) -> None:
    tern.has(card(FIRST))
    tern.upload(card(FIRST) + "x" * 5_000_000, user="carol", pr=True)
    done = tern.run()
    assert (done.code, "/discussions/1 by carol" in done.err) == (5, True)
    assert [each["unreadable"] for each in done.json["duplicates"]] == [True]
    assert tern.proposes("--allow-duplicate")[:2] == (0, "proposed")
