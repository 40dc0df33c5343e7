"""The journey of an evaluation: planned, carried out here or as a job, and published like every other score."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalbot import flows
from evalbot.card_source import CardSource
from evalbot.errors import EvalbotError, UsageError
from evalbot.evaluate.evaluation import (
    JobChoices,
    evaluate_as_job,
    evaluate_here,
    token_to_hand_on,
    why_own_token_can_write,
)
from evalbot.evaluate.hardware.machine import this_machine
from evalbot.evaluate.plan import make_plan, repo_of, repository
from evalbot.evaluate.served import model_served, served_at, why_unpublishable
from evalbot.evaluate.workflow import run_url
from evalbot.report import plan as told
from evalbot.report.evaluation import results_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.evaluate.evaluation import Evaluated, LocalChoices
    from evalbot.evaluate.plan import Plan, Request
    from evalbot.hub.client import Hub
    from evalbot.outcome import Outcome, Publish
    from evalbot.policy import Policy
    from evalbot.reading import Choices, Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """How what was measured is published."""

    how: Publish
    layout: Layout
    choices: Choices
    policy: Policy
    max_invalid: float
    source_url: str | None = None
    seconds: float = 300.0
    """That the Hub may take for it: the run before it has taken its own time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What became of it. `evaluated` is None for a plan alone, `outcome` where nothing was to be published."""

    plan: Plan
    evaluated: Evaluated | None = None
    outcome: Outcome | None = None
    unpublished: EvalbotError | None = None
    """Why nothing was published, or a preview shows no score."""
    is_refused: bool = False
    """Whether it was to be published, so that `unpublished` is what the command fails with."""


def plan_only(request: Request, connect: Callable[[], Hub]) -> Evaluation:
    """What would run, where, and at what cost; nothing is started."""
    machine = this_machine() if request.where == "local" and request.base_url is None else None
    return Evaluation(plan=make_plan(request, connect, machine=machine))


def evaluate(
    request: Request,
    connect: Callable[[], Hub],
    choices: LocalChoices | JobChoices,
    publication: Publication,
    *,
    read_token: str | None,
    notify: Callable[[str], None],
) -> Evaluation:
    """Plan, run, and publish what was measured.

    Who may not publish, or only what is not on main, is told before anything runs. A run that did not do all it was to
    do is published as far as it got, and its failure is in the result. Raises the errors of each step.
    """
    _refuse_code_beside_token(request, connect)
    if publication.how != "preview":
        _refuse_limit(request)
        flows.require_publishable(CardSource(repo_id=repository(request)), connect, publication.how)
    plan = plan_only(request, connect).plan
    for line in told.lines(plan):
        notify(line)
    if publication.how != "preview" and request.revision is not None and plan.facts is not None:
        flows.require_weights(plan.facts.repo_id, connect, plan.facts.commit or request.revision)
    _look_at_server(plan, publication, notify)
    evaluated = _carried_out(plan, connect, choices, read_token, notify)
    connect().budget.allow(publication.seconds)
    if evaluated.results is None:
        return Evaluation(plan=plan, evaluated=evaluated)
    if evaluated.failure is None or evaluated.job is not None:  # a local run that failed has shown them already
        for line in results_table(evaluated.results):
            notify(line)
    notify(f"Results: {evaluated.path}")
    if plan.facts is None and publication.how == "preview":
        return Evaluation(plan=plan, evaluated=evaluated)
    try:
        outcome = _published(plan, evaluated, publication, connect)
    except EvalbotError as reason:
        is_refused = publication.how != "preview" and evaluated.failure is None
        return Evaluation(plan=plan, evaluated=evaluated, unpublished=reason, is_refused=is_refused)
    return Evaluation(plan=plan, evaluated=evaluated, outcome=outcome)


def _refuse_code_beside_token(request: Request, connect: Callable[[], Hub]) -> None:
    """Code that the model brings or writes never runs beside a token that can write: not even well hidden."""
    foreign = request.trust_remote_code or request.allow_code_execution
    if request.where == "jobs" or not foreign or connect().token is None:
        return
    if (reason := why_own_token_can_write(connect())) is not None:
        raise UsageError(
            f"Foreign code would run beside a token that can write: {reason}.",
            hint="Run it without HF_TOKEN (and without a stored login), then publish what it measured:"
            " evalbot publish RESULTS --create-pr. Or use --where jobs, where the token does not go.",
        )


def _refuse_limit(request: Request) -> None:
    if request.limit is not None:
        raise UsageError(
            "A run with --limit is not published: it says nothing of the whole benchmark.",
            hint="Drop --limit, or drop --create-pr and --apply for a try.",
        )


def _look_at_server(plan: Plan, publication: Publication, notify: Callable[[str], None]) -> None:
    """What answers has to be the model that is asked for, and to say so where the scores are to be published."""
    command = plan.command
    if command.base_url is None:
        return
    found = served_at(command.base_url, os.environ.get("VLLM_API_KEY"))
    served = model_served(found, command.model, command.served_model_name)
    reason = why_unpublishable(served, command.model)
    if reason is not None and publication.how != "preview":
        raise UsageError(
            f"These scores could not be published: {reason}.",
            hint=f"Start it with `vllm serve {command.model}`, or drop --create-pr and --apply.",
        )
    if reason is not None:
        notify(f"Note: the scores will not be publishable: {reason}.")


def _carried_out(
    plan: Plan,
    connect: Callable[[], Hub],
    choices: LocalChoices | JobChoices,
    read_token: str | None,
    notify: Callable[[str], None],
) -> Evaluated:
    needed = plan.facts is not None and (plan.facts.private or plan.facts.gated) and plan.command.base_url is None
    token = token_to_hand_on(read_token, connect, needed=needed)
    if isinstance(choices, JobChoices):
        return evaluate_as_job(plan, choices, token, connect(), notify)
    return evaluate_here(plan, choices, token, notify)


def _published(plan: Plan, evaluated: Evaluated, publication: Publication, connect: Callable[[], Hub]) -> Outcome:
    if evaluated.results is None:
        raise AssertionError("only what was measured is published")
    return flows.publish_run(
        CardSource(repo_id=repo_of(plan)),
        evaluated.results,
        publication.layout,
        connect,
        choices=publication.choices,
        publish=publication.how,
        policy=publication.policy,
        max_invalid=publication.max_invalid,
        source_url=publication.source_url or evaluated.results["run"]["log_url"] or run_url(),
    )
