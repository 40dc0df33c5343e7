"""Runs in lighteval's environment: what its details say of every item. python lighteval_answers.py FOLDER TARGET"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet

NAME = re.compile(r"details_(.+)\|\d+_.*\.parquet")


def main() -> None:
    folder, target = map(Path, sys.argv[1:])
    found = {}
    for path in folder.glob("**/details_*.parquet"):
        named = NAME.fullmatch(path.name)
        if named:
            found[named[1]] = _task(pyarrow.parquet.read_table(path).to_pylist())
    target.write_text(json.dumps(found), encoding="utf-8")


def _task(items: list[dict[str, Any]]) -> dict[str, Any]:
    values = defaultdict(list)
    for item in items:
        for metric, value in item["metric"].items():
            values[metric].append(value)
    return {
        "scores": {metric: sum(found) / len(found) for metric, found in values.items()},
        "items": {item["doc"]["query"]: _answer(item["model_response"]) for item in items},
    }


def _answer(response: dict[str, Any]) -> dict[str, Any]:
    return {"text": response["text"] or None, "logprobs": response["logprobs"] or None}


if __name__ == "__main__":
    main()
