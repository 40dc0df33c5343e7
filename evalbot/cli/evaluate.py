"""evaluate: run evaluations on this machine or on HF Jobs, and publish what they measured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from evalbot.cli.publish import scores_options
from evalbot.cli.publishing import Publishing, publishing_of, publishing_options, tell
from evalbot.cli.session import json_option, start, timeout_option
from evalbot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalbot.console import Console
    from evalbot.evaluate.evaluation import JobChoices, LocalChoices
    from evalbot.evaluate.plan import Request
    from evalbot.evaluating import Evaluation, Publication

_BACKENDS = {"vllm": "vllm", "transformers": "transformers", "accelerate": "transformers", "hf": "transformers"}
"""lighteval and inspect-ai have their own names for Transformers."""
_WHAT = (
    click.option(
        "--repo-id", "--model", "model", metavar="OWNER/NAME", help="The model; for a local run also a folder."
    ),
    click.option(
        "--tasks",
        "--task",
        "tasks",
        multiple=True,
        metavar="NAMES",
        help='What to run, several by comma: "leaderboard|mmlu|5,gsm8k" (docs/evaluating.md).',
    ),
    click.option(
        "--engine",
        "--framework",
        "engine",
        type=click.Choice(["lighteval", "inspect", "both"]),
        help="Whose task is meant where both engines have one of this name [default: by the name].",
    ),
    click.option(
        "--backend",
        type=click.Choice(list(_BACKENDS)),
        default="vllm",
        show_default=True,
        help="What runs the model; accelerate and hf are the engines' names for transformers.",
    ),
    click.option("--revision", metavar="COMMIT", help="Of the model [default: what main is at now]."),
    click.option(
        "--limit",
        "--max-samples",
        "limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="Samples of each task; such a run is not published.",
    ),
    click.option(
        "--use-chat-template/--no-chat-template",
        "chat_template",
        default=None,
        help="Prompts through the model's chat template, or raw [default: where the model has one].",
    ),
    click.option("--trust-remote-code", is_flag=True, help="Run code of the model's repository; needs --revision."),
    click.option(
        "--allow-code-execution", is_flag=True, help="Run code that the model writes on the machine that evaluates."
    ),
    click.option(
        "--tensor-parallel-size", type=click.IntRange(min=1), metavar="N", help="GPUs to split the model over."
    ),
    click.option("--gpu-memory-utilization", type=float, metavar="SHARE", help="Of each GPU's memory [default: 0.9]."),
    click.option("--dtype", metavar="TYPE", help="Such as bfloat16 [default: what model and hardware allow]."),
    click.option("--max-model-len", type=click.IntRange(min=1), metavar="TOKENS", help="Prompt and answer together."),
    click.option("--seed", type=click.IntRange(min=0), metavar="N", help="For tasks that draw samples."),
    click.option("--concurrency", type=click.IntRange(min=1), metavar="N", help="Requests under way at once."),
    click.option(
        "--vllm-arg",
        "vllm_args",
        multiple=True,
        metavar="OPTION",
        help="A further option of `vllm serve`, as one word.",
    ),
)
_WHERE = (
    click.option(
        "--where",
        type=click.Choice(["local", "jobs"]),
        default="local",
        show_default=True,
        help="On this machine's GPUs, or on HF Jobs.",
    ),
    click.option("--base-url", metavar="URL", help="A vLLM server that already runs: this machine then needs no GPU."),
    click.option("--served-model-name", metavar="NAME", help="What that server calls the model."),
    click.option("--allow-cpu", is_flag=True, help="Run a small model without a GPU."),
    click.option(
        "--pass-env", "pass_on", multiple=True, metavar="NAME", help="A variable that the runner is to have as well."
    ),
    click.option(
        "--output-dir", type=click.Path(path_type=Path), metavar="DIR", help="Results and logs [default: new]."
    ),
    click.option("--hardware", "--flavor", "hardware", metavar="NAME", help="On HF Jobs [default: the cheapest fit]."),
    click.option("--run-timeout", metavar="TIME", help="Such as 90m or 4h [default: by the size of the run]."),
    click.option(
        "--start-timeout",
        type=click.IntRange(min=1),
        metavar="SECONDS",
        help="How long the server may take to load the model.",
    ),
    click.option("--max-cost", metavar="DOLLARS", help="Do not start a job that may cost more."),
    click.option("--namespace", metavar="NAME", help="Whose jobs: an organisation [default: the token's account]."),
    click.option("--bucket", metavar="OWNER/NAME", help="Where a job keeps its results [default: evalbot-results]."),
    click.option("--no-bucket", is_flag=True, help="Results come by the job's log alone."),
    click.option("--image", metavar="IMAGE", help="For the job; it needs uv [default: the Hub's own for uv]."),
    click.option("--again", is_flag=True, help="Start a new job even where one has done the same."),
    click.option("--detach", is_flag=True, help="Do not wait for the job; `evalbot jobs collect` fetches its results."),
    click.option(
        "--max-queue",
        type=click.IntRange(min=1),
        default=3600,
        show_default=True,
        metavar="SECONDS",
        help="How long a job may wait for its hardware.",
    ),
    click.option("--cancel-on-interrupt", is_flag=True, help="Cancel the job when this command is stopped."),
    click.option("--plan", "plan_alone", is_flag=True, help="Say what would run, where, and at what cost."),
    click.option("--list-tasks", metavar="WORDS", help="List the tasks whose name or data set has these words."),
    click.option("--explain", is_flag=True, help="Say of every score how it was measured, and what was left out."),
)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed((*_WHAT, *_WHERE)):
        command = option(command)
    return command


@click.command("evaluate", short_help="Run evaluations with lighteval and inspect-ai, and publish the scores.")
@_options
@scores_options
@publishing_options
@timeout_option
@json_option
def evaluate(
    *,
    plan_alone: bool,
    list_tasks: str | None,
    explain: bool,
    layout: Literal["grouped", "per-benchmark"],
    max_invalid: float,
    source_url: str | None,
    timeout: float,
    as_json: bool,
    **options: Any,
) -> int:
    """Evaluate a model: one vLLM server, both engines as its clients, and a results file whatever happens.

    Nothing is published without --apply or --create-pr, and then only tasks that ran on all their samples. The token
    that publishes never reaches the run: private and gated models need HF_READ_TOKEN, a token that can only read.

    \b
    evalbot evaluate --repo-id owner/name --tasks gsm8k,arc_challenge --plan
    evalbot evaluate --repo-id owner/name --tasks "leaderboard|gsm8k|5" --limit 20
    evalbot evaluate --repo-id owner/name --tasks gsm8k --where jobs --max-cost 2 --create-pr
    evalbot evaluate --repo-id owner/name --tasks mmlu --base-url http://127.0.0.1:8000/v1
    evalbot evaluate --list-tasks arc
    """
    from evalbot import evaluating
    from evalbot.report import plan as told

    console, connect = start(as_json=as_json, timeout=timeout)
    if list_tasks is not None:
        return _list(console, list_tasks)
    publishing = publishing_of(options)
    request = _request(options)
    if plan_alone:
        planned = evaluating.plan_only(request, connect)
        for line in told.lines(planned.plan):
            console.answer(line)
        console.result({"status": "planned", "plan": told.as_json(planned.plan)})
        return 0
    done = evaluating.evaluate(
        request,
        connect,
        _job_choices(options) if request.where == "jobs" else _local_choices(options),
        _publication(publishing, layout, max_invalid, source_url, timeout),
        read_token=_read_token(),
        notify=console.note,
    )
    return _tell(done, console, explain=explain)


def _list(console: Console, words: str) -> int:
    from evalbot.evaluate.tasks import listing
    from evalbot.report import plan as told

    rows = list(listing(words))
    for line in told.listed(iter(rows)):
        console.answer(line)
    if not rows:
        console.note(f"No task has {words!r} in its name.")
    console.result({"status": "ok", "tasks": [{"engine": row.engine, "name": row.name} for row in rows]})
    return 0


def _request(options: dict[str, Any]) -> Request:
    from evalbot.evaluate.hardware.cost import read_max_cost
    from evalbot.evaluate.plan import Request

    if not options["model"] or not options["tasks"]:
        missing = "--repo-id" if not options["model"] else "--tasks"
        raise UsageError(f"{missing} is missing.", hint="evalbot evaluate --repo-id owner/name --tasks gsm8k --plan")
    names = [name for name in Request.__slots__ if name not in {"backend", "timeout", "max_cost"}]
    return Request(
        backend=_BACKENDS[options["backend"]],  # type: ignore[arg-type]  # the values are the two backends
        timeout=_seconds(options["run_timeout"]),
        max_cost=None if options["max_cost"] is None else read_max_cost(options["max_cost"]),
        **{name: options[name] for name in names},
    )


def _seconds(text: str | None) -> int | None:
    """`90m`, `4h`, `1d`, `3600`: as `hf jobs --timeout` takes them. Raises UsageError for anything else."""
    if text is None:
        return None
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}.get(text[-1:].lower())
    number = text if unit is None else text[:-1]
    if not number.isdecimal() or len(number) > 7 or not int(number):  # noqa: PLR2004 - more is no time for a run
        raise UsageError(f"--run-timeout {text[:40]!r} is no time.", hint="Write it as 90m, 4h or in seconds.")
    return int(number) * (unit or 1)


def _local_choices(options: dict[str, Any]) -> LocalChoices:
    from evalbot.evaluate.evaluation import LocalChoices

    return LocalChoices(
        environ=dict(os.environ),
        output_dir=options["output_dir"],
        allow_cpu=options["allow_cpu"],
        pass_on=options["pass_on"],
    )


def _job_choices(options: dict[str, Any]) -> JobChoices:
    from evalbot.evaluate.evaluation import JobChoices
    from evalbot.evaluate.jobs import BucketChoice

    names = ("namespace", "image", "again", "detach", "max_queue", "cancel_on_interrupt", "output_dir")
    bucket = BucketChoice(name=options["bucket"], use=not options["no_bucket"])
    return JobChoices(bucket=bucket, **{name: options[name] for name in names})


def _publication(
    publishing: Publishing,
    layout: Literal["grouped", "per-benchmark"],
    max_invalid: float,
    source_url: str | None,
    seconds: float,
) -> Publication:
    from evalbot.evaluating import Publication
    from evalbot.reading import Layout

    return Publication(
        how=publishing.how,
        layout=Layout(kind=layout),
        choices=publishing.choices(),
        policy=publishing.policy,
        max_invalid=max_invalid,
        source_url=source_url,
        seconds=seconds,
    )


def _read_token() -> str | None:
    from evalbot.settings import Settings, read_dotenv

    return Settings.from_environ(os.environ, read_dotenv(Path())).hf_read_token


def _tell(done: Evaluation, console: Console, *, explain: bool) -> int:
    """What became of it; the failure of a run that did not do all is raised last, when everything is said."""
    from evalbot.report import answers

    evaluated = done.evaluated
    if done.unpublished is not None:
        console.note(done.unpublished.message)
        for reason in done.unpublished.candidates:
            console.note(f"  {reason}")
    if evaluated is not None and evaluated.failure is not None:
        failure = evaluated.failure
        failure.details.update(answers.evaluated(done))
        if done.outcome is not None:
            tell(done.outcome, console, explain=explain, is_whole=False)
        raise failure
    if done.outcome is not None:
        tell(done.outcome, console, explain=explain, is_whole=False)
    elif evaluated is not None and evaluated.job is not None and evaluated.results is None:
        console.answer(evaluated.job.id)
    console.result(answers.evaluated(done))
    return 0
