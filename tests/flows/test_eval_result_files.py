"""The Hub's second format, end to end: files in `.eval_results`, beside or instead of the model-index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi

from evalbot.sandbox import seed
from evalbot.sandbox.accounts import Organisation
from evalbot.sandbox.server import SandboxHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.conftest import Evalbot

MODEL = "alice/Tern-7B"
CARD = b"""\
---
license: mit
---
# Tern-7B

| Benchmark | Tern-7B | Heron-7B |
| --- | ---: | ---: |
| GSM8K (5-shot) | 58.9 | 51.0 |
| GPQA Diamond | 31.3 | 30.1 |
| TruthfulQA | 51.6 | 50.2 |
"""
GSM8K_TASKS = b"""\
name: GSM8K
description: Grade school mathematics.
evaluation_framework: inspect-ai
tasks:
  - id: gsm8k
    config: main
    split: test
"""
GPQA_TASKS = b"""\
name: GPQA
description: Hard questions.
evaluation_framework: inspect-ai
tasks:
  - id: diamond
    config: gpqa_diamond
    split: train
"""
PERCENT = "- dataset: {{id: openai/gsm8k, task_id: gsm8k}}\n  value: {}\n"
FRACTION = "- dataset: {{id: Idavidrein/gpqa, task_id: diamond}}\n  value: {}\n"
EXTRACT = ("extract-readme", "--repo-id", MODEL, "--table", "1", "--json")
PROPOSE = (*EXTRACT, "--create-pr", "--format", "eval-results")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SandboxHub]:
    """A hub with two benchmarks, whose leaderboards write values as a percentage and as a fraction."""
    folder = tmp_path / "hub"
    folder.mkdir()
    accounts = seed.accounts()
    for name in ("openai", "Idavidrein"):
        accounts.organisations[name] = Organisation(name, ())
    accounts.save(folder / "accounts.json")
    with SandboxHub(folder) as running:
        running.create_repo("openai/gsm8k", files={"eval.yaml": GSM8K_TASKS}, repo_type="dataset")
        running.create_repo("Idavidrein/gpqa", files={"eval.yaml": GPQA_TASKS}, repo_type="dataset")
        for number, (percent, fraction) in enumerate([(91.2, 0.452), (88.1, 0.391), (77, 0.287)]):
            results = {"gsm8k": PERCENT.format(percent).encode(), "gpqa": FRACTION.format(fraction).encode()}
            files = {f".eval_results/{name}.yaml": data for name, data in results.items()}
            running.create_repo(f"acme/other-{number}", files={"README.md": b"# Other\n", **files})
        running.create_repo(MODEL, files={"README.md": CARD})
        yield running


def api(hub: SandboxHub, user: str = "alice") -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.tokens[user])


def file_at(hub: SandboxHub, path: str, revision: str, tmp_path: Path) -> str:
    found = api(hub).hf_hub_download(MODEL, path, revision=revision, cache_dir=tmp_path / revision.replace("/", "-"))
    with open(found, encoding="utf-8") as file:  # noqa: PTH123 - the library answers with text
        return file.read()


def upload(hub: SandboxHub, path: str, data: bytes, user: str = "alice", *, create_pr: bool = False) -> None:
    api(hub, user).upload_file(path_or_fileobj=data, path_in_repo=path, repo_id=MODEL, create_pr=create_pr)


def test_preview__shows_each_file_with_the_evidence_for_its_scale(evalbot: Evalbot, hub: SandboxHub) -> None:
    done = evalbot(*EXTRACT, "--format", "eval-results", user=None)
    assert (done.code, done.json["status"]) == (0, "preview")
    plan = done.json["eval_results"]
    assert {(entry["path"], entry["task_id"], entry["value"]) for entry in plan["added"]} == {
        (".eval_results/gsm8k.yaml", "gsm8k", 58.9),
        (".eval_results/gpqa_diamond.yaml", "diamond", 0.313),
    }
    assert all("leaderboard" in entry["evidence"] for entry in plan["added"])
    left_out = {item["label"]: item["reason"] for item in done.json["skipped"]}
    assert left_out["TruthfulQA"].startswith("not in .eval_results: ")
    assert {record.method for record in hub.log} == {"GET"}


def test_create_pr__writes_files_and_no_line_of_the_card(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> None:
    done = evalbot(*PROPOSE)
    assert (done.code, done.json["status"]) == (0, "proposed")
    assert file_at(hub, "README.md", "refs/pr/1", tmp_path).encode() == CARD
    text = file_at(hub, ".eval_results/gpqa_diamond.yaml", "refs/pr/1", tmp_path)
    assert "id: Idavidrein/gpqa" in text
    assert "value: 0.313\n" in text
    info = api(hub).model_info(MODEL, expand=["evalResults"])
    shown = {entry.dataset_id: entry.value for entry in info.eval_results or []}
    assert shown == {"openai/gsm8k": 58.9, "Idavidrein/gpqa": 0.313}
    assert evalbot(*PROPOSE).json["status"] == "already-proposed"


def test_create_pr__both_formats__are_one_pull_request_that_agrees_with_itself(
    evalbot: Evalbot, hub: SandboxHub, tmp_path: Path
) -> None:
    done = evalbot(*EXTRACT, "--create-pr", "--format", "both", "--layout", "per-benchmark")
    assert (done.code, done.json["status"], done.json["warnings"]) == (0, "proposed", [])
    assert "value: 31.3" in file_at(hub, "README.md", "refs/pr/1", tmp_path)
    api(hub).merge_pull_request(MODEL, 1)
    assert evalbot(*EXTRACT, "--create-pr", "--format", "both").json["status"] == "up-to-date"
    assert evalbot("validate", "--repo-id", MODEL, "--json").json["status"] == "valid"


def test_create_pr__ours_in_the_other_format__is_added_to_the_same_pull_request(
    evalbot: Evalbot, hub: SandboxHub, tmp_path: Path
) -> None:
    assert evalbot(*EXTRACT, "--create-pr").json["status"] == "proposed"
    done = evalbot(*PROPOSE)
    assert (done.json["status"], done.json["pr"]["number"]) == ("updated", 1)
    assert "value: 58.9" in file_at(hub, "README.md", "refs/pr/1", tmp_path)
    assert "value: 58.9" in file_at(hub, ".eval_results/gsm8k.yaml", "refs/pr/1", tmp_path)


@pytest.mark.parametrize("theirs", [("58.9", 5, "same"), ("0.589", 5, "same"), ("60.2", 5, "other_value")])
@pytest.mark.parametrize("ours", ["model-index", "eval-results"])
def test_create_pr__somebody_elses_eval_results__stop_us_in_either_format(
    evalbot: Evalbot, hub: SandboxHub, theirs: tuple[str, int, str], ours: str
) -> None:
    value, code, kind = theirs
    entry = f"- dataset: {{id: openai/gsm8k, task_id: gsm8k}}\n  value: {value}\n  notes: 5-shot\n"
    upload(hub, ".eval_results/gsm8k.yaml", entry.encode(), "carol", create_pr=True)
    done = evalbot(*EXTRACT, "--create-pr", "--format", ours)
    assert done.code == code
    assert done.json["duplicates"][0][kind] == ["GSM8K (5-shot)"]


def test_create_pr__somebody_elses_other_benchmark__is_no_obstacle(evalbot: Evalbot, hub: SandboxHub) -> None:
    entry = b"- dataset: {id: openai/gsm8k, task_id: gsm8k}\n  value: 12.5\n  notes: 8-shot\n"
    upload(hub, ".eval_results/gsm8k.yaml", entry, "carol", create_pr=True)
    assert evalbot(*EXTRACT, "--create-pr").json["status"] == "proposed"


def test_conflict__another_source__stops_us_or_is_skipped(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> None:
    entry = (
        b"# by hand\n- dataset: {id: openai/gsm8k, task_id: gsm8k}\n  value: 61.0\n  notes: 5-shot\n"
        b"  source: {url: 'https://example.org/paper'}\n"
    )
    upload(hub, ".eval_results/gsm8k.yaml", entry)
    refused = evalbot(*PROPOSE)
    assert (refused.code, "61.0" in refused.err) == (6, True)
    skipped = evalbot(*PROPOSE, "--on-conflict", "skip")
    assert (skipped.code, skipped.json["status"]) == (0, "proposed")
    assert file_at(hub, ".eval_results/gsm8k.yaml", "refs/pr/1", tmp_path).encode() == entry
    updated = evalbot(*PROPOSE, "--on-conflict", "update")
    assert (updated.code, updated.json["status"]) == (0, "updated")
    text = file_at(hub, ".eval_results/gsm8k.yaml", "refs/pr/1", tmp_path)
    assert text.startswith("# by hand\n")
    assert "value: 58.9" in text
    assert "example.org" not in text


def test_update__the_same_source__is_shown_old_to_new(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> None:
    assert evalbot(*PROPOSE).code == 0
    upload(hub, "README.md", CARD.replace(b"58.9", b"59.4"))
    done = evalbot(*PROPOSE)
    assert (done.json["status"], done.json["pr"]["number"]) == ("updated", 1)
    assert "value: 59.4" in file_at(hub, ".eval_results/gsm8k.yaml", "refs/pr/1", tmp_path)


def test_no_benchmark_of_the_hub__is_refused_with_the_reason(evalbot: Evalbot, hub: SandboxHub) -> None:
    upload(
        hub,
        "README.md",
        b"---\nlicense: mit\n---\n# Tern-7B\n\n| Benchmark | Tern-7B |\n| --- | --- |\n| TruthfulQA | 51.6 |\n",
    )
    done = evalbot(*PROPOSE)
    assert done.code == 3


def test_local_file__gets_its_results_beside_it(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_bytes(CARD)
    arguments = ("extract-readme", "--readme", str(card), "--model-name", "Tern-7B", "--format", "eval-results")
    done = evalbot(*arguments, "--apply", "--json", user=None)
    assert (done.code, done.json["status"]) == (0, "written")
    assert card.read_bytes() == CARD
    assert "value: 58.9" in (tmp_path / ".eval_results" / "gsm8k.yaml").read_text(encoding="utf-8")
    assert evalbot(*arguments, "--apply", "--json", user=None).json["status"] == "up-to-date"


def test_apply__pushes_the_files_in_one_commit(evalbot: Evalbot, hub: SandboxHub, tmp_path: Path) -> None:
    done = evalbot(*EXTRACT, "--apply", "--format", "both", user="alice")
    assert (done.code, done.json["status"]) == (0, "pushed")
    assert sum("/commit/" in record.path for record in hub.log) == 1
    assert "value: 58.9" in file_at(hub, ".eval_results/gsm8k.yaml", "main", tmp_path)


def test_validate__broken_results_and_disagreement__are_told(evalbot: Evalbot, hub: SandboxHub) -> None:
    assert evalbot(*EXTRACT, "--apply", "--layout", "per-benchmark", user="alice").code == 0
    other = b"- dataset: {id: openai/gsm8k, task_id: gsm8k}\n  value: 71.0\n  notes: 5-shot\n"
    upload(hub, ".eval_results/gsm8k.yaml", other)
    doubted = evalbot("validate", "--repo-id", MODEL, "--json")
    assert doubted.code == 0
    assert any("71.0" in problem["message"] and "58.9" in problem["message"] for problem in doubted.json["problems"])
    upload(hub, ".eval_results/gsm8k.yaml", b"- dataset: {id: openai/gsm8k}\n  value: 71.0\n")
    broken = evalbot("validate", "--repo-id", MODEL, "--json")
    assert (broken.code, broken.json["status"]) == (10, "invalid")
    assert '".eval_results/gsm8k.yaml[0].dataset.task_id" is required' in broken.out.replace("\\", "")


def test_validate__with_a_token__asks_the_hub_too(evalbot: Evalbot, hub: SandboxHub) -> None:
    evalbot("validate", "--repo-id", MODEL, user=None)
    assert not any("validate-yaml" in record.path for record in hub.log)
    hub.faults.add("POST", "/api/validate-yaml", status=400, body={"errors": [{"message": "no"}], "warnings": []})
    done = evalbot("validate", "--repo-id", MODEL, "--json")
    assert (done.code, {"level": "error", "message": "no"} in done.json["problems"]) == (10, True)


def test_leaderboard_that_does_not_answer__stops_the_run(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.faults.add("GET", "/leaderboard", status=500, times=9)
    assert evalbot(*PROPOSE).code == 8
    assert not any("/commit/" in record.path for record in hub.log)


def test_leaderboard_that_may_not_be_read__its_scores_are_left_out(evalbot: Evalbot, hub: SandboxHub) -> None:
    hub.faults.add("GET", "openai/gsm8k/leaderboard", status=403, times=9)
    done = evalbot(*PROPOSE)
    assert (done.code, [entry["label"] for entry in done.json["eval_results"]["added"]]) == (0, ["GPQA Diamond"])
    assert any("its leaderboard cannot be read" in item["reason"] for item in done.json["skipped"])
