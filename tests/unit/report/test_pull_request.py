"""What a maintainer reads: a verdict, a table, where each value stands, and what was left out."""

from __future__ import annotations

from evalbot.demo import REPO_ID, demo_card
from evalbot.proposal import Layout, Proposal, propose_from_tables
from evalbot.readme.extract import Wanted
from evalbot.report import pull_request

CARD_URL = "https://huggingface.co/alice/Aurora-7B-Instruct/blob/abc/README.md"


def proposal(card: bytes | None = None) -> Proposal:
    return propose_from_tables(card or demo_card(), Wanted(table=2), Layout(), repo_id=REPO_ID)


def test_description__names_each_value_and_its_place() -> None:
    text = pull_request.description(proposal(), account="bob", card_url=CARD_URL)
    assert text.startswith("This pull request adds 5 evaluation results of **Aurora 7B Instruct**")
    assert f"| MMLU | 64.80 | [table 2, row 1, column 3]({CARD_URL}#L31) |" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 5 + 2
    assert "on behalf of bob" in text
    assert text.rstrip().endswith("-->")


def test_description__what_is_left_out__is_said_with_its_reason() -> None:
    card = demo_card().replace(b"**64.80**", b">64")
    text = pull_request.description(proposal(card), account="bob", card_url=CARD_URL)
    assert "adds 4 evaluation results" in text
    assert "Left out:\n\n- MMLU: " in text


def test_description__another_value_under_another_dataset__is_pointed_out() -> None:
    index = (
        b"model-index: [{name: Aurora-7B-Instruct, results: [{task: {type: text-generation},"
        b" dataset: {type: cais/mmlu, name: MMLU}, metrics: [{type: acc, value: 54.0}]}]}]\n"
    )
    made = proposal(demo_card().replace(b"version: 1.10\n", b"version: 1.10\n" + index))
    text = pull_request.description(made, account="bob", card_url=CARD_URL)
    assert "\n- MMLU = 54.0 stands in the model-index for cais/mmlu; the table says 64.80\n" in text


def test_description__one_result__is_singular() -> None:
    card = demo_card()
    for value in (b"58.9", b"**40.2**", b"51.6 \xc2\xb1 0.4", b"7.84"):
        card = card.replace(b" %s |" % value, b" - |")
    text = pull_request.description(proposal(card), account="bob", card_url=CARD_URL)
    assert text.startswith("This pull request adds 1 evaluation result of")


def test_title__carries_the_mark_and_fits_the_hub() -> None:
    assert pull_request.title(proposal()) == "[evalbot] Add 5 evaluation results for Aurora 7B Instruct"
    long_name = b"Aurora 7B Instruct" + b" x" * 80
    card = demo_card().replace(b"Aurora 7B Instruct", long_name)
    made = propose_from_tables(card, Wanted(table=2, column_index=3), Layout(), repo_id="x")
    assert len(pull_request.title(made)) <= pull_request.MAX_TITLE
