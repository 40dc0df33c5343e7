"""What a run costs: the time to a first answer, and the requests a Hub sees. Run by `make bench`.

Times are medians over alternating runs and given as ratios to a bare Python start on the same machine; a number of
milliseconds alone says little elsewhere. Requests are counted by the sandbox hub, where every one of them arrives.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evalbot.demo import REPO_ID, demo_card
from evalbot.sandbox.server import SandboxHub

RUNS = 15
PROPOSE = ("extract-readme", "--repo-id", REPO_ID, "--table", "2", "--create-pr")


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def time_to_help() -> None:
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import click": [sys.executable, "-c", "import click"],
        "evalbot --help": [sys.executable, "-m", "evalbot", "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            times[name].append(seconds(command))
    bare = statistics.median(times["python -c pass"])
    print(f"{'start':22} {'median':>10} {'ratio':>7}   ({RUNS} alternating runs)")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"{name:22} {median * 1000:7.1f} ms {median / bare:7.2f}")


def requests_of(hub: SandboxHub, folder: Path, user: str) -> list[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": hub.tokens[user],
        "HF_HOME": str(folder / "hf-home"),
    }
    before = len(hub.log)
    subprocess.run(
        [sys.executable, "-m", "evalbot", *PROPOSE], env=environment, cwd=folder, check=True, capture_output=True
    )
    return [f"{record.method} {record.path}" for record in hub.log[before:]]


def requests_per_run() -> None:
    with tempfile.TemporaryDirectory() as folder, SandboxHub(Path(folder) / "hub") as hub:
        hub.create_repo(REPO_ID, files={"README.md": demo_card()})
        new = requests_of(hub, Path(folder), "bob")
        repeated = requests_of(hub, Path(folder), "bob")
        from huggingface_hub import HfApi  # noqa: PLC0415 - after evalbot has set up its environment

        alice = HfApi(endpoint=hub.endpoint, token=hub.tokens["alice"])
        alice.upload_file(
            path_or_fileobj=demo_card().replace(b"64.80", b"65.10"), path_in_repo="README.md", repo_id=REPO_ID
        )
        update = requests_of(hub, Path(folder), "bob")
        alice.merge_pull_request(REPO_ID, 1)
        no_op = requests_of(hub, Path(folder), "bob")
    runs = {
        "new pull request": (new, 9),
        "already proposed": (repeated, 4),
        "update of our own pull request": (update, 9),
        "no-op, up to date": (no_op, 4),
    }
    for title, (requests, most) in runs.items():
        print(f"\n{title}: {len(requests)} requests (at most {most})")
        for request in requests:
            print(f"  {request}")


if __name__ == "__main__":
    time_to_help()
    requests_per_run()
