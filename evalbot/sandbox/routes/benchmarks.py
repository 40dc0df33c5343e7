"""What makes a dataset a benchmark: docs/hub-api.md, Benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from evalbot.sandbox import benchmarks, leaderboard
from evalbot.sandbox.refusals import Refusal
from evalbot.sandbox.repos import DATASET

if TYPE_CHECKING:
    from evalbot.sandbox.call import Call


def board(call: Call) -> Response:
    """404 without an error code where the dataset is no benchmark; the client's answer to that is HfHubHTTPError."""
    dataset = call.repo(DATASET)
    store = call.store(dataset)
    if benchmarks.at(store, store.resolve("main")) is None:
        raise Refusal(404, f"This dataset has no leaderboard: it has no valid {benchmarks.FILE}")
    only_base = call.query.get("base_model", "true").lower() not in {"0", "false"}
    return JSONResponse(leaderboard.rows(call, dataset, task=call.query.get("task_id"), base_models_only=only_base))


ROUTES = [("GET", "/api/datasets/{namespace}/{name}/leaderboard", board)]
