"""Why a task is not run: it would fail after the model was loaded, or its number would not be the model's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalbot.evaluate.tasks.catalogue import InspectEntry, LightevalEntry

LOCAL_CODE = frozenset({"humaneval"})
"""Tasks whose code needs nothing but Python: without their container the score is the same."""
_OWN_GRADER = frozenset({"agie_math", "air_bench"})
"""Tasks that ask the evaluated model whether its answers are right, or safe."""
_OTHER_GRADER = frozenset({"hle"})
"""Tasks whose grader is named in a settings file, so that their code does not show it."""


def lighteval_refusal(entry: LightevalEntry, *, allow_code: bool) -> str | None:
    """The end of the sentence `It is not run: …`, or None."""
    if entry.judge:
        return "its answers are graded by a second model, through a provider's API"
    if "perplexity" in entry.kinds:
        return "it measures perplexity over whole texts, which lighteval's backends do not compute rightly"
    if entry.answers > 1:
        return f"it draws {entry.answers} answers to each question, and evalbot runs greedily, with one"
    if entry.missing:
        return f"it needs packages that are not installed with lighteval ({', '.join(entry.missing)})"
    if entry.runs_code and not allow_code:
        return "it runs code that the model writes, and that needs --allow-code-execution"
    return None


def inspect_refusal(entry: InspectEntry, *, allow_code: bool) -> str | None:
    """The end of the sentence `It is not run: …`, or None."""
    if entry.maintenance:
        return "it tests the evaluation itself, not a model"
    if entry.sandbox:
        return _sandbox_refusal(entry, allow_code=allow_code)
    if entry.judge or entry.name in _OTHER_GRADER:
        return "a second model grades its answers or talks to the model, and evalbot runs one model"
    if entry.name in _OWN_GRADER:
        return "the model would grade its own answers"
    if entry.extra or entry.missing:
        needed = entry.extra or ", ".join(entry.missing)
        return f"it needs packages that are not installed with inspect_evals ({needed})"
    return None


def _sandbox_refusal(entry: InspectEntry, *, allow_code: bool) -> str | None:
    if entry.name not in LOCAL_CODE:
        return "it needs a Docker sandbox of its own"
    if not allow_code:
        return "it runs code that the model writes, and that needs --allow-code-execution"
    return None
