"""Names of tasks, as people and the engines write them, and the engine tasks they stand for.

    lighteval.json, inspect.json ─► catalogue ─► resolve ─► EngineTask
    (made by generate)                       └─► listing, closest

A wrong name fails here, with the names that are close, and not on a GPU. Nothing here asks the network or an engine.
"""

from evalbot.evaluate.tasks.engine_task import EngineTask
from evalbot.evaluate.tasks.listing import ListedTask, listing
from evalbot.evaluate.tasks.resolution import Choice, resolve
from evalbot.evaluate.tasks.suggestions import closest

__all__ = ["Choice", "EngineTask", "ListedTask", "closest", "listing", "resolve"]
