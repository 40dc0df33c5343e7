"""Cards of an invented model, and a person who proposes their scores: every test writes the card that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.utils._http import default_client_factory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalbot.sandbox.server import SandboxHub
    from tests.flows.conftest import Evalbot, Run

MODEL = "alice/Tern-7B"
OURS = f"https://huggingface.co/{MODEL}"
PAPER = "https://example.org/paper"
BENCHMARKS = "{name: Benchmarks, type: benchmark}"
NOTHING_OPEN: dict[int, str] = {}


def table(scores: Mapping[str, str], model: str = "Tern-7B", other: str = "Heron-7B") -> str:
    """A table of two models; the second one's values are 30.1, 30.2 and so on."""
    rows = (f"| {label} | {value} | 30.{row} |\n" for row, (label, value) in enumerate(scores.items(), 1))
    return f"| Benchmark | {model} | {other} |\n| --- | ---: | ---: |\n{''.join(rows)}"


def card(*tables: str | Mapping[str, str], front: str = "license: mit\n") -> str:
    """A card that holds these tables, each under its own heading."""
    texts = (each if isinstance(each, str) else table(each) for each in tables)
    sections = "".join(f"\n## Table {number}\n\n{text}" for number, text in enumerate(texts, 1))
    return f"---\n{front}---\n# Tern-7B\n{sections}"


def index(*metrics: str, source: str | None = PAPER, model: str = "Tern-7B", dataset: str = BENCHMARKS) -> str:
    """A model-index with one result; each metric is a line of YAML."""
    lines = "".join(f"          - {metric}\n" for metric in metrics)
    said = "" if source is None else f"        source: {{url: '{source}'}}\n"
    return (
        f"model-index:\n  - name: {model}\n    results:\n      - task: {{type: text-generation}}\n"
        f"        dataset: {dataset}\n        metrics:\n{lines}{said}"
    )


@dataclass(frozen=True)
class Tern:
    """The model's repository, alice's, and bob, who proposes its scores."""

    evalbot: Evalbot
    hub: SandboxHub
    folder: Path

    def api(self, user: str = "alice") -> HfApi:
        """huggingface_hub as it comes: without the bounds that evalbot's last run has set on its client."""
        set_client_factory(default_client_factory)
        return HfApi(endpoint=self.hub.endpoint, token=self.hub.tokens[user])

    def has(self, text: str, **files: str) -> None:
        """Make the repository; `files` are those of `.eval_results`, by name without the suffix."""
        results = {f".eval_results/{name}.yaml": data.encode() for name, data in files.items()}
        self.hub.create_repo(MODEL, files={"README.md": text.encode(), **results})

    def run(self, *options: str, table: str = "1", user: str = "bob") -> Run:
        arguments = ("--repo-id", MODEL, "--table", table, "--create-pr", "--json")
        return self.evalbot("extract-readme", *arguments, *options, user=user)

    def proposes(self, *options: str, table: str = "1", user: str = "bob") -> tuple[int, str, int | None]:
        """Exit code, status, and the number of the pull request that it is about."""
        done = self.run(*options, table=table, user=user)
        return done.code, done.json["status"], (done.json.get("pr") or {}).get("number")

    def has_merged(self, *options: str, table: str = "1") -> None:
        """Propose for the first time, and have it merged."""
        assert self.proposes(*options, table=table) == (0, "proposed", 1)
        self.api().merge_pull_request(MODEL, 1)

    def upload(
        self, text: str, path: str = "README.md", user: str = "alice", revision: str = "main", *, pr: bool = False
    ) -> None:
        self.api(user).upload_file(
            path_or_fileobj=text.encode(),
            path_in_repo=path,
            repo_id=MODEL,
            revision=revision,
            create_pr=pr,
            commit_message="By hand",
        )

    def edit(self, old: str, new: str, user: str = "alice", revision: str = "main", *, pr: bool = False) -> None:
        """A change to the card as it stands at a revision, by somebody's hand."""
        before = self.file("README.md", revision)
        assert old in before
        self.upload(before.replace(old, new), user=user, revision=revision, pr=pr)

    def closes(self, number: int) -> None:
        self.api().change_discussion_status(MODEL, number, "closed")

    def file(self, path: str, revision: str = "main") -> str:
        found = self.api().hf_hub_download(MODEL, path, revision=revision, cache_dir=self.folder / "cache")
        return Path(found).read_text(encoding="utf-8")

    def front(self, revision: str = "main") -> dict[str, Any]:
        """The card's metadata, all values as texts; a key that stands twice fails."""
        text = self.file("README.md", revision).split("---\n")[1]
        assert text.count("model-index:") <= 1
        found: dict[str, Any] = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - nothing is constructed
        return found

    def models(self, revision: str = "main") -> list[str]:
        return [entry["name"] for entry in self.front(revision).get("model-index", [])]

    def scores(self, revision: str = "main", model: str = "Tern-7B") -> dict[str, str]:
        """What the card publishes of a model as name → value; a name that stands twice fails."""
        metrics = [
            (metric["name"], metric["value"])
            for entry in self.front(revision).get("model-index", [])
            if entry["name"] == model
            for result in entry["results"]
            for metric in result["metrics"]
        ]
        assert len(dict(metrics)) == len(metrics), metrics
        return dict(metrics)

    def proposed(self, number: int = 1, model: str = "Tern-7B") -> dict[str, str]:
        """What the card publishes of a model at the head of a pull request."""
        return self.scores(f"refs/pr/{number}", model)

    def result(self, name: str, revision: str = "main") -> list[dict[str, Any]]:
        """The entries of one file of `.eval_results`, all values as texts."""
        text = self.file(f".eval_results/{name}.yaml", revision)
        found: list[dict[str, Any]] = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - nothing is constructed
        return found

    def result_names(self, revision: str = "main") -> list[str]:
        files = self.api().list_repo_files(MODEL, revision=revision)
        return [Path(each).stem for each in files if each.startswith(".eval_results/")]

    def open(self) -> dict[int, str]:
        """Numbers and authors of the open pull requests."""
        found = self.api().get_repo_discussions(MODEL, discussion_type="pull_request")
        return {each.num: each.author for each in found if each.status in ("open", "draft")}

    def is_valid(self) -> bool:
        return self.evalbot("validate", "--repo-id", MODEL, user=None).code == 0
