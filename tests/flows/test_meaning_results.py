"""Files in `.eval_results` say what the card says, of the right model, in the right scale, beside the model-index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evalbot.sandbox import seed
from evalbot.sandbox.accounts import Organisation
from evalbot.sandbox.server import SandboxHub
from tests.flows.tern import MODEL, NOTHING_OPEN, OURS, PAPER, Tern, card, index, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.conftest import Evalbot

SCORES = {"GSM8K (5-shot)": "58.9", "ARC-C": "55.5"}
TASKS = b"""\
name: GSM8K
description: Grade school mathematics.
evaluation_framework: inspect-ai
tasks:
  - id: gsm8k
    config: main
    split: test
"""
HEAD = "license: mit\n"
RESULTS = ("--format", "eval-results")
BOTH = ("--format", "both")
FILE = ".eval_results/gsm8k.yaml"


def entry(value: str, more: str = "", dataset: str = "openai/gsm8k", task: str = "gsm8k") -> str:
    return f"- dataset: {{id: {dataset}, task_id: {task}}}\n  value: {value}\n{more}"


FIVE_SHOT = "  notes: 5-shot\n"
THEIRS = f"{FIVE_SHOT}  source: {{url: '{PAPER}'}}\n"
OWN = f"{FIVE_SHOT}  source: {{url: '{OURS}'}}\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SandboxHub]:
    """A hub with one benchmark, whose leaderboard is empty."""
    folder = tmp_path / "hub"
    folder.mkdir()
    accounts = seed.accounts()
    accounts.organisations["openai"] = Organisation("openai", ())
    accounts.save(folder / "accounts.json")
    with SandboxHub(folder) as running:
        running.create_repo("openai/gsm8k", files={"eval.yaml": TASKS}, repo_type="dataset")
        yield running


@pytest.fixture
def tern(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> Tern:
    return Tern(evalbot, hub, tmp_path)


def values(tern: Tern, revision: str = "refs/pr/1", name: str = "gsm8k") -> list[str]:
    return [each["value"] for each in tern.result(name, revision)]


@pytest.mark.parametrize("label", ["Tern-7B", "**tern 7b**", "Tern-7B (ours)", MODEL, "Ours"])
@pytest.mark.parametrize(
    "pointed", [("--model-column-index", "2"), ("--model-name-override", "Heron-7B"), ("--model-name", "Heron-7B")]
)
def test_another_models_column__never_becomes_this_repositorys_result(
    tern: Tern, label: str, pointed: tuple[str, str]
) -> None:
    tern.has(card(table(SCORES, label)))
    done = tern.run(*pointed, *RESULTS)
    assert (done.code, f"{MODEL} alone" in done.err, tern.open()) == (3, True, NOTHING_OPEN)
    assert tern.proposes(*pointed, *BOTH) == (0, "proposed", 1)
    assert tern.result_names("refs/pr/1") == []
    assert tern.proposed(model="Heron-7B") == {"GSM8K (5-shot)": "30.1", "ARC-C": "30.2"}


def test_a_label_that_is_pointed_at__where_none_is_the_repositorys_name__is_this_model(tern: Tern) -> None:
    tern.has(card(table(SCORES, "Our model")))
    assert tern.proposes("--model-name-override", "Our model", *RESULTS) == (0, "proposed", 1)
    assert values(tern) == ["58.9"]


@pytest.mark.parametrize(
    ("standing", "printed", "said"),
    [
        (["91.2", "88.1", "77", "80", "81", "82", "83", "84", "85", "0.5"], "0.589", "58.9"),
        (["91.2", "88.1", "77", "0.5"], "0.589", None),
        (["91.2", "88.1", "77", "0.5"], "58.9", "58.9"),
        (["0.9"], "58.9", None),
        (["91.2", "88.1", "120"], "0.589", None),
        (["-0.5", "-0.2", "-0.1"], "58.9", "58.9"),
        (["0.8", "0.7", "0.6"], "58.9", "0.589"),
    ],
)
def test_scale__a_few_odd_values_on_the_leaderboard__do_not_turn_ours(
    tern: Tern, standing: list[str], printed: str, said: str | None
) -> None:
    for number, value in enumerate(standing):
        theirs = entry(value).encode()
        tern.hub.create_repo(f"acme/other-{number}", files={"README.md": b"# Other\n", FILE: theirs})
    text = table({"GSM8K (5-shot)": printed, "ARC-C": "0.555" if printed.startswith("0.") else "55.5"})
    tern.has(card(text.replace("| 30.", "| 0.30") if printed.startswith("0.") else text))
    assert tern.proposes(*RESULTS)[:2] == ((3, "nothing-found") if said is None else (0, "proposed"))
    assert said is None or values(tern) == [said]


@pytest.mark.parametrize(("standing", "own", "said"), [("0.7", "58.9", "0.599"), ("70.2", "0.589", "59.9")])
def test_scale__our_own_earlier_entry__is_no_evidence_for_itself(
    tern: Tern, standing: str, own: str, said: str
) -> None:
    for number in range(3):
        tern.hub.create_repo(f"acme/other-{number}", files={"README.md": b"# Other\n", FILE: entry(standing).encode()})
    tern.has(card(SCORES | {"GSM8K (5-shot)": "59.9"}), gsm8k=entry(own, OWN))
    assert tern.proposes(*RESULTS) == (0, "proposed", 1)
    assert values(tern) == [said]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("GSM8K (5-shot)", "GSM8K", ["60.1"]),
        ("GSM8K", "GSM8K (5-shot)", ["60.1"]),
        ("GSM8K", "gsm8k", ["60.1"]),
        ("GSM8K", "GSM-8K", ["60.1"]),
    ],
)
def test_two_tables__one_benchmark_in_other_words__the_first_value_keeps_its_notes(
    tern: Tern, first: str, second: str, kept: list[str]
) -> None:
    tern.has(card({first: "60.1"}, {second: "70.1"}))
    assert tern.proposes(*RESULTS) == (0, "proposed", 1)
    before = tern.result("gsm8k", "refs/pr/1")
    assert tern.proposes(*RESULTS, table="2")[:2] == (6, "conflict")
    assert tern.proposes(*RESULTS) == (0, "already-proposed", 1)
    assert (values(tern), tern.result("gsm8k", "refs/pr/1")) == (kept, before)


def test_two_tables__with_tools_and_without__are_two_entries(tern: Tern) -> None:
    tern.has(card({"GSM8K (w/ tools)": "60.1"}, {"GSM8K": "70.1"}))
    assert tern.proposes(*RESULTS) == (0, "proposed", 1)
    assert tern.proposes(*RESULTS, table="2") == (0, "updated", 1)
    assert (values(tern), values(tern, name="gsm8k_with_tools")) == (["70.1"], ["60.1"])


def test_somebodys_entry_on_the_base_of_ours__is_not_taken_over(tern: Tern) -> None:
    by_hand = entry("40.0", f"  notes: 8-shot, verified by hand\n  source: {{url: '{PAPER}'}}\n")
    tern.has(card({"ARC-C": "33.1"}), gsm8k=by_hand)
    assert tern.proposes() == (0, "proposed", 1)
    tern.api().delete_file(FILE, MODEL)
    tern.edit("| ARC-C |", "| GSM8K | 60.1 | 3 |\n| ARC-C |")
    assert tern.proposes(*BOTH)[:2] == (6, "conflict")
    assert tern.file(FILE, "refs/pr/1") == by_hand


@pytest.mark.parametrize("value", ["58.9", "61.9"])
def test_conflict_in_the_model_index__skip__leaves_the_score_out_of_both_formats(tern: Tern, value: str) -> None:
    forty = index("{name: GSM8K (5-shot), type: gsm8k, value: 40.0}")
    tern.has(card(SCORES, front=HEAD + forty))
    assert tern.proposes(*BOTH, "--on-conflict", "skip") == (0, "proposed", 1)
    tern.edit("| 58.9 |", f"| {value} |")
    assert tern.proposes(*BOTH, "--on-conflict", "skip") == (0, "already-proposed", 1)
    assert tern.proposed() == {"GSM8K (5-shot)": "40.0", "ARC-C": "55.5"}
    assert tern.result_names("refs/pr/1") == []


def test_ours_holds_both_formats__an_update_of_one_alone_is_refused(tern: Tern) -> None:
    tern.has(card(SCORES))
    assert tern.proposes(*BOTH) == (0, "proposed", 1)
    tern.edit("| 58.9 |", "| 61.9 |")
    done = tern.run()
    assert (done.code, "--format both" in done.err) == (2, True)
    assert (tern.proposed()["GSM8K (5-shot)"], values(tern)) == ("58.9", ["58.9"])
    assert tern.proposes(*BOTH) == (0, "updated", 1)
    assert (tern.proposed()["GSM8K (5-shot)"], values(tern)) == ("61.9", ["61.9"])


@pytest.mark.parametrize("value", ["61.0", "40.0"])
def test_conflict_in_eval_results__skip__leaves_the_score_out_of_both_formats(tern: Tern, value: str) -> None:
    tern.has(card(SCORES), gsm8k=entry(value, THEIRS))
    assert tern.proposes(*BOTH)[:2] == (6, "conflict")
    assert tern.proposes(*BOTH, "--on-conflict", "skip") == (0, "proposed", 1)
    assert (tern.proposed(), values(tern)) == ({"ARC-C": "55.5"}, [value])


def test_ours_is_replaced__a_file_that_it_alone_held_is_named(tern: Tern) -> None:
    tern.has(card({"GSM8K (5-shot)": "58.9"}, {"ARC-C": "55.5"}))
    assert tern.proposes(*RESULTS) == (0, "proposed", 1)
    tern.edit(HEAD, HEAD + "tags: [x]\n")
    done = tern.run(table="2")
    assert (done.code, done.json["status"], tern.open()) == (0, "proposed", {2: "bob"})
    assert any(FILE in warning for warning in done.json["warnings"]), done.json["warnings"]


def test_ours_holds_another_tables_score_in_both_formats__it_keeps_both(tern: Tern) -> None:
    tern.has(card({"ARC-C": "55.5"}, table({"GSM8K (5-shot)": "58.9"}, "Ours")))
    assert tern.proposes("--model-name-override", "Ours", *BOTH, table="2") == (0, "proposed", 1)
    assert tern.proposes(*BOTH) == (0, "updated", 1)
    assert (tern.proposed(), values(tern)) == (SCORES, ["58.9"])


@pytest.mark.parametrize("more", ["", THEIRS, f"{FIVE_SHOT}  verifyToken: abc\n", OWN])
def test_main_says_another_value_in_the_other_format__a_warning_names_both(tern: Tern, more: str) -> None:
    tern.has(card(SCORES), gsm8k=entry("40.0", more or FIVE_SHOT))
    done = tern.run()
    assert (done.code, done.json["status"]) == (0, "proposed")
    assert any("40.0" in warning and "58.9" in warning for warning in done.json["warnings"]), done.json["warnings"]
    assert values(tern) == ["40.0"]


@pytest.mark.parametrize("theirs", ["model-index", "eval-results"])
@pytest.mark.parametrize("ours", ["model-index", "eval-results", "both"])
def test_somebody_else_proposes_the_score_in_either_format__we_do_not_in_any(
    tern: Tern, theirs: str, ours: str
) -> None:
    tern.has(card(SCORES))
    assert tern.proposes("--format", theirs, user="carol") == (0, "proposed", 1)
    done = tern.run("--format", ours)
    assert done.code == 5
    assert "GSM8K (5-shot)" in done.json["duplicates"][0]["same"]


@pytest.mark.parametrize("first", ["model-index", "eval-results"])
def test_a_no_in_one_format__is_one_in_the_other(tern: Tern, first: str) -> None:
    tern.has(card({"GSM8K (5-shot)": "58.9"}))
    assert tern.proposes("--format", first) == (0, "proposed", 1)
    tern.closes(1)
    assert tern.proposes(*RESULTS)[:2] == (0, "declined")
    assert tern.proposes()[:2] == (0, "declined")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (entry("58.9", dataset="OpenAI/GSM8K"), 5),
        (entry("70.1", dataset="OpenAI/GSM8K"), 5),
        (entry("70.1", task="gsm8k_cot"), 0),
        (entry("70.1", "  notes: 8-shot\n"), 0),
        (entry("70.1", "  notes: With tools\n"), 0),
        ("# " + "x" * 5_000_000, 5),
    ],
    ids=["same", "another value", "another task", "other shots", "with tools", "a huge file"],
)
def test_somebody_elses_file__stops_us_only_for_our_benchmark(tern: Tern, text: str, code: int) -> None:
    tern.has(card(SCORES))
    tern.upload(text, ".eval_results/results.yaml", "carol", pr=True)
    done = tern.run(*RESULTS)
    assert done.code == code
    assert code == 0 or "/discussions/1 by carol" in done.err


@pytest.mark.parametrize(
    "text", ["", "# soon\n", "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n"]
)
def test_file_that_the_hub_does_not_accept__is_named_with_the_reason(tern: Tern, text: str) -> None:
    tern.has(card({"GSM8K (5-shot)": "58.9"}), gsm8k=text)
    done = tern.run(*RESULTS)
    assert done.code == 3
    assert f"{FILE} is not what the Hub accepts" in done.err
    assert tern.open() == NOTHING_OPEN


def test_local_files__where_one_cannot_be_written__the_card_is_not_either(tern: Tern) -> None:
    readme = tern.folder / "README.md"
    readme.write_text(card(SCORES), encoding="utf-8")
    (tern.folder / ".eval_results").write_text("a file, no folder", encoding="utf-8")
    arguments = ("--readme", str(readme), "--model-name", "Tern-7B", "--apply", "--json")
    done = tern.evalbot("extract-readme", *arguments, *BOTH, user=None)
    assert (done.code, ".eval_results" in done.err) == (2, True)
    assert readme.read_text(encoding="utf-8") == card(SCORES)
