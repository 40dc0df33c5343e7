"""A result for each benchmark, over HTTP: one pull request, nothing twice, and the answer for programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from huggingface_hub import HfApi

from evalbot.demo import REPO_ID, demo_card

if TYPE_CHECKING:
    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot

READ = ("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--json")
PROPOSE = (*READ, "--layout", "per-benchmark", "--create-pr")


def api(hub: SandboxHub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.tokens["alice"])


def test_per_benchmark__one_pull_request__and_the_second_run_does_nothing(evalbot: Evalbot, hub: SandboxHub) -> None:
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"], done.json["layout"]) == (0, "proposed", "per-benchmark")
    text = Path(api(hub).hf_hub_download(REPO_ID, "README.md", revision="refs/pr/1")).read_text(encoding="utf-8")
    (entry,) = yaml.safe_load(text.split("---\n")[1])["model-index"]
    mt_bench = {"name": "MT-Bench", "args": {"num_few_shot": 0}}
    datasets = [result["dataset"] for result in entry["results"]]
    assert datasets == [
        {"name": "MMLU", "type": "cais/mmlu", "config": "all", "split": "test", "args": {"num_few_shot": 5}},
        {"name": "GSM8K", "type": "openai/gsm8k", "config": "main", "split": "test", "args": {"num_few_shot": 8}},
        {"name": "HumanEval", "type": "openai/openai_humaneval", "split": "test", "args": {"num_few_shot": 0}},
        {"type": "lighteval/mt-bench", "config": "default", "split": "train", **mt_bench},
        {"name": "Benchmarks", "type": "benchmark"},
    ]
    assert [metric["name"] for metric in entry["results"][-1]["metrics"]] == ["TruthfulQA"]
    description = api(hub).get_discussion_details(REPO_ID, 1).events[0].content  # type: ignore[attr-defined]
    assert "| Benchmark | Value | Dataset | Read from |\n| --- | ---: | --- | --- |\n" in description
    assert "| MMLU | 64.80 | cais/mmlu, all, test | [table 2, row 1, column 3](" in description
    assert evalbot(*PROPOSE).json["status"] == "already-proposed"
    api(hub).merge_pull_request(REPO_ID, 1)
    again = evalbot(*PROPOSE)
    assert (again.code, again.json["status"], len(again.json["unchanged"])) == (0, "up-to-date", 5)


def test_per_benchmark__the_same_scores_in_the_other_layout__are_noticed_everywhere(
    evalbot: Evalbot, hub: SandboxHub
) -> None:
    assert evalbot(*READ, "--create-pr", user="carol").code == 0
    stopped = evalbot(*PROPOSE)
    assert (stopped.code, len(stopped.json["duplicates"][0]["same"])) == (5, 5)
    api(hub).merge_pull_request(REPO_ID, 1)
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"], done.json["added"]) == (0, "up-to-date", [])
    assert [metric["name"] for metric in done.json["stands_elsewhere"]] == [
        "MMLU",
        "GSM8K",
        "HumanEval (pass@1)",
        "MT-Bench",
    ]
    assert done.json["stands_elsewhere"][0]["published_for"] == "benchmark"
    assert "there already: MMLU = 64.80 stands in the model-index for benchmark" in done.err


def test_json__each_score__says_what_the_registry_knows_of_it(evalbot: Evalbot) -> None:
    scores = {score["label"]: score for score in evalbot(*READ, user=None).json["scores"]}
    assert scores["MMLU"]["registry"] == {"key": "mmlu", "dataset": "cais/mmlu", "config": "all", "split": "test"}
    assert scores["MMLU"]["registry_note"] is None
    assert scores["TruthfulQA"]["registry"] is None
    assert scores["TruthfulQA"]["registry_note"].startswith("ambiguous: ")


def test_explain__prints_a_block_a_score_on_stderr_only(evalbot: Evalbot) -> None:
    plain, told = evalbot(*READ, user=None), evalbot(*READ, "--explain", user=None)
    assert told.out == plain.out
    assert "\nMMLU\n  read from   table 2, row 1, column 3, line 31\n  cell        **64.80**\n" in told.err


def test_include_averages__are_scores_only_when_asked_for(evalbot: Evalbot, hub: SandboxHub) -> None:
    card = demo_card().replace(b"| MT-Bench |", b"| Average | | 1 | 53.9 | 2 |\n| MT-Bench |")
    hub.create_repo("alice/Averaged-7B", files={"README.md": card})
    options = (
        "extract-readme",
        "--repo-id",
        "alice/Averaged-7B",
        "--table",
        "2",
        "--model-column-index",
        "3",
        "--json",
    )
    assert "Average" in {item["label"] for item in evalbot(*options).json["skipped"]}
    asked = evalbot(*options, "--include-averages", "--layout", "per-benchmark").json
    (average,) = [score for score in asked["scores"] if score["label"] == "Average"]
    assert (average["derived"], average["registry"], average["printed"]) == (True, None, "53.9")


HTML = """\
<table>
<tr><th>Benchmark</th><th>Demo-7B</th></tr>
<tr><td>MMLU</td><td>64.8</td></tr>
<tr><td>GSM8K</td><td>50.2</td></tr>
</table>
"""


def test_html_table__its_number_is_text_everywhere(evalbot: Evalbot) -> None:
    path = Path("a card.md")
    path.write_text(HTML, encoding="utf-8")
    shown = evalbot("inspect-tables", "--readme", str(path), "--json", user=None)
    assert shown.json["tables"][0]["number"] == "html:1"
    assert "next: evalbot extract-readme --readme 'a card.md' --table html:1" in shown.err
    done = evalbot("extract-readme", "--readme", str(path), "--table", "html:1", "--model-name", "Demo-7B", "--json")
    assert (done.code, done.json["table"], done.json["scores"][0]["evidence"]["table"]) == (0, "html:1", "html:1")
    assert evalbot("extract-readme", "--readme", str(path), "--table", "html:x").code == 2
