"""The options of `evaluate`, in the sections of its help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalbot.cli.publish import scores_options
from evalbot.cli.publishing import publishing_options
from evalbot.cli.session import json_option, timeout_option

if TYPE_CHECKING:
    from collections.abc import Callable

BACKENDS = {"vllm": "vllm", "transformers": "transformers", "accelerate": "transformers", "hf": "transformers"}
"""lighteval and inspect-ai have their own names for Transformers."""
_WHAT = (
    click.option(
        "--repo-id",
        "--model",
        "model",
        metavar="OWNER/NAME",
        help="The model; on this machine also a folder, of which nothing is published.",
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
        help="Whose task is meant where both have one of this name [default: inspect's].",
    ),
    click.option("--list-tasks", metavar="WORDS", help="List the tasks whose name or data set has these words."),
    click.option("--plan", "plan_alone", is_flag=True, help="Say what would run, where, and at what cost; no more."),
    click.option(
        "--limit",
        "--max-samples",
        "limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="Only so many samples of each task: a try, never published.",
    ),
    click.option("--revision", metavar="COMMIT", help="Of the model [default: what main is at now]."),
    click.option(
        "--where",
        type=click.Choice(["local", "jobs"]),
        default="local",
        show_default=True,
        help="On this machine's GPUs, or on HF Jobs.",
    ),
    click.option(
        "--run-timeout",
        metavar="TIME",
        help="For the whole run, such as 90m or 4h [default: 24h here; of a job by its size].",
    ),
    click.option(
        "--output-dir",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Results and logs [default: a new one in evalbot-results].",
    ),
)
_MODEL = (
    click.option(
        "--backend",
        type=click.Choice(list(BACKENDS)),
        default="vllm",
        show_default=True,
        help="accelerate and hf are the engines' names for transformers, which is much slower.",
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
        "--tensor-parallel-size",
        type=click.IntRange(min=1),
        metavar="N",
        help="GPUs to split the model over [default: as many as it needs].",
    ),
    click.option("--gpu-memory-utilization", type=float, metavar="SHARE", help="Of each GPU's memory [default: 0.9]."),
    click.option("--dtype", metavar="TYPE", help="Such as bfloat16 [default: what model and hardware allow]."),
    click.option(
        "--max-model-len",
        type=click.IntRange(min=1),
        metavar="TOKENS",
        help="Prompt and answer together [default: what fits].",
    ),
    click.option("--seed", type=click.IntRange(min=0), metavar="N", help="For tasks that draw samples."),
    click.option(
        "--concurrency", type=click.IntRange(min=1), metavar="N", help="Requests under way at once [default: 32]."
    ),
    click.option(
        "--start-timeout",
        type=click.IntRange(min=1),
        metavar="SECONDS",
        help="How long the server may take to load the model [default: 3600].",
    ),
    click.option(
        "--vllm-arg",
        "vllm_args",
        multiple=True,
        metavar="OPTION",
        help="One more option of `vllm serve`: --vllm-arg=--enforce-eager. Can be repeated.",
    ),
)
_HERE = (
    click.option("--base-url", metavar="URL", help="A vLLM server that already runs: this machine then needs no GPU."),
    click.option("--served-model-name", metavar="NAME", help="What that server calls the model."),
    click.option("--allow-cpu", is_flag=True, help="Run a small model without a GPU."),
    click.option(
        "--pass-env",
        "pass_on",
        multiple=True,
        metavar="NAME",
        help="A variable of this environment that the run is to have too. Can be repeated.",
    ),
)
_JOBS = (
    click.option("--hardware", "--flavor", "hardware", metavar="NAME", help="[default: by the model's size]"),
    click.option("--max-cost", metavar="DOLLARS", help="Do not start a job that may cost more."),
    click.option("--detach", is_flag=True, help="Do not wait for the job; `evalbot jobs collect` fetches its results."),
    click.option("--again", is_flag=True, help="Start a new job even where one has done the same."),
    click.option("--cancel-on-interrupt", is_flag=True, help="Cancel the job when this command is stopped."),
    click.option(
        "--max-queue",
        type=click.IntRange(min=1),
        default=3600,
        show_default=True,
        metavar="SECONDS",
        help="How long a job may wait for its hardware.",
    ),
    click.option("--namespace", metavar="NAME", help="Whose jobs: an organisation [default: the token's account]."),
    click.option(
        "--bucket", metavar="OWNER/NAME", help="Where a job keeps its results [default: the account's evalbot-results]."
    ),
    click.option("--no-bucket", is_flag=True, help="Results come by the job's log alone."),
    click.option("--image", metavar="IMAGE", help="For the job; it needs uv [default: the Hub's own for uv]."),
)
_EXPLAIN = click.option(
    "--explain", is_flag=True, help="Say of every score how it was measured, and what was left out."
)
SECTIONS = {
    "model": "What to run",
    "backend": "How the model is run",
    "base_url": "With --where local",
    "hardware": "With --where jobs",
    "apply_": "Publishing",
    "timeout": "Other",
}
"""The parameter that each section of the help begins with, and its title."""


class Sectioned(click.Command):
    """A command whose help lists its options in `SECTIONS`, in the order they were declared."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        title = ""
        for parameter in self.get_params(ctx):
            title = SECTIONS.get(parameter.name or "", title)
            if (record := parameter.get_help_record(ctx)) is not None:
                sections.setdefault(title, []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)


def evaluate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """All options of `evaluate`, in the order of its help."""
    command = timeout_option(json_option(command))
    command = publishing_options(scores_options(_EXPLAIN(command)))
    for option in reversed((*_WHAT, *_MODEL, *_HERE, *_JOBS)):
        command = option(command)
    return command
