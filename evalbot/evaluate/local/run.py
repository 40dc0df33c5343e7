"""`evalbot evaluate --where local`: one run of the runner on this machine, from its checks to its results."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalbot.console import hide
from evalbot.errors import UsageError
from evalbot.evaluate.jobs.spec import LOOKS_LIKE_TOKEN
from evalbot.evaluate.local.child import Child, told_to_stop
from evalbot.evaluate.local.environment import LEAST_SECRET, runner_environment, secrets_in, withheld
from evalbot.evaluate.local.folder import LOG_NAME, claim, new_name
from evalbot.evaluate.local.outcome import LocalRunFailed, judge
from evalbot.evaluate.local.preflight import check_machine, check_system, find_uv, hub_home, with_model
from evalbot.evaluate.local.progress import Watch
from evalbot.evaluate.local.secrecy import others_with, shield, stored_tokens
from evalbot.report.evaluation import duration, progress_line, results_table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from evalbot.evaluate.command import RunnerCommand
    from evalbot.evaluate.hardware.fit import Choice
    from evalbot.evaluate.hardware.machine import Machine
    from evalbot.evaluate.local.outcome import Stopped
    from evalbot.evaluate.runners.parts.record import Results

SCRIPT = Path(__file__).parent.parent / "runners" / "evaluate_uv.py"
LOOK_SECONDS = 0.1
OWN_END_SECONDS = 10.0
"""The runner is given so much less time, a quarter at most: what it ends by itself leaves better results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the run has to do with secrets. Only the first two ever reach the runner."""

    read_token: str | None = None
    """For private and gated models: a token that can only read."""
    server_key: str | None = None
    """The key of the server that `base_url` names."""
    others: Collection[str] = ()
    """What must not be seen, beside what the environment's names tell: a stored token that can write."""
    pass_on: Collection[str] = ()
    """Names of variables that the user wants the runner to have, whatever they hold."""

    def __repr__(self) -> str:
        return "Secrets(...)"


def run_locally(
    command: RunnerCommand,
    *,
    environ: Mapping[str, str],
    notify: Callable[[str], None],
    timeout: float,
    output_dir: Path | None = None,
    secrets: Secrets | None = None,
    machine: Machine | None = None,
    choice: Choice | None = None,
    allow_cpu: bool = False,
    script: Path = SCRIPT,
) -> Results:
    """Run it and return the results of a run that did all it was to do; every score is then its task's own.

    `environ` is where evalbot's own settings come from, `notify` gets a line at a time for people, `timeout` is in
    seconds, None as `output_dir` makes a folder `evalbot-results/...`. `choice` is what was planned for the model.
    Raises UsageError before anything starts, LocalRunFailed (an EvaluationFailed) with what there is afterwards.
    From the first start on, secrets of this process are overwritten in what the system shows of it (secrecy.py).
    """
    secrets = secrets or Secrets()
    require_no_secret([*command.arguments(), str(output_dir or "")], _tokens(environ, secrets))
    check_system()
    uv = find_uv(environ)
    command = with_model(command)
    folder = output_dir if output_dir is not None else Path(new_name(command.model))
    check_machine(command, environ, machine=machine, choice=choice, allow_cpu=allow_cpu)
    folder = claim(folder)
    command = replace(command, output_dir=str(folder), timeout=command.timeout or _own_timeout(timeout))
    environment = runner_environment(
        environ, read_token=secrets.read_token, server_key=secrets.server_key, pass_on=secrets.pass_on
    )
    environment["PATH"] = _with_folder_of(uv, environment.get("PATH", os.defpath))
    for line in (*_hide(command, environ, secrets), f"Writing to {folder}."):
        notify(line)
    return _run(command.argv(str(script), uv), environment, folder, command, secrets, timeout=timeout, notify=notify)


def _run(
    argv: list[str],
    environment: Mapping[str, str],
    folder: Path,
    command: RunnerCommand,
    secrets: Secrets,
    *,
    timeout: float,
    notify: Callable[[str], None],
) -> Results:
    hidden = _long_enough((secrets.read_token, secrets.server_key, *secrets.others))
    started = time.monotonic()
    with told_to_stop() as is_told:
        child = Child(argv, environment, folder / LOG_NAME, hidden)
        try:
            stopped = _watch(child, started + timeout, is_told, notify)
        finally:
            child.stop()
    tail = child.close()
    seconds = time.monotonic() - started
    try:
        results = judge(folder, model=command.model, code=child.exit_code, stopped=stopped, seconds=seconds, tail=tail)
    except LocalRunFailed as failure:
        for line in () if failure.results is None else results_table(failure.results):
            notify(line)
        raise
    count = len(results["tasks"])
    notify(f"{'The task was' if count == 1 else f'All {count} tasks were'} done in {duration(seconds)}.")
    return results


def _watch(child: Child, end: float, is_told: Callable[[], bool], notify: Callable[[str], None]) -> Stopped | None:
    """Wait for the end, telling how far it is. None where it ended by itself."""
    watch = Watch()
    while not child.has_ended(LOOK_SECONDS):
        now = time.monotonic()
        for progress in child.news():
            pace = watch.news(progress, now)
            if pace is not None:
                notify(progress_line(progress, pace))
        if is_told():
            notify("Stopping; this takes ten seconds at most.")
            return "cancelled"
        if now >= end:
            notify("The time is up; stopping.")
            return "timeout"
    return None


def _hide(command: RunnerCommand, environ: Mapping[str, str], secrets: Secrets) -> Iterator[str]:
    """Put secrets out of reach; yields what remains for people to know."""
    known = {*secrets_in(environ), *_long_enough((*secrets.others, secrets.read_token, secrets.server_key))}
    for secret in known:
        hide(secret)
    is_hidden = shield(known)
    for name in withheld(environ, secrets.pass_on):
        yield f"{name} is not handed to the run: there is a secret in it."
    if command.runs_foreign_code:
        yield from exposures(environ, known - {secrets.read_token or ""}, is_hidden=is_hidden)


def _tokens(environ: Mapping[str, str], secrets: Secrets) -> list[str]:
    """What nobody wants in an argument; not every value of a variable that is called like a secret."""
    named = (environ.get(name) for name in ("HF_TOKEN", "HF_READ_TOKEN", "VLLM_API_KEY", "AA_API_KEY"))
    return _long_enough((*named, *secrets.others, secrets.read_token, secrets.server_key))


def _long_enough(secrets: Iterable[str | None]) -> list[str]:
    """Without those that would be found in any text: a key such as `none` is no secret, and hiding it hides words."""
    stripped = ((secret or "").strip() for secret in secrets)
    return [secret for secret in stripped if len(secret) >= LEAST_SECRET]


def require_no_secret(arguments: Sequence[str], tokens: Collection[str]) -> None:
    """Raise UsageError for a token among arguments, which everybody on the machine sees, and the results repeat."""
    for argument in arguments:
        if LOOKS_LIKE_TOKEN.search(argument) or any(token in argument for token in tokens):
            raise UsageError(
                "A token stands in the arguments of the run.", hint="Tokens are read from the environment only."
            )


def exposures(environ: Mapping[str, str], secrets: Collection[str], *, is_hidden: bool) -> Iterator[str]:
    """Where code that is not evalbot's could still find one of `secrets`, a sentence each."""
    advice = "use --where jobs, or run evalbot as a user who has no other token"
    if not is_hidden:
        yield f"warning: the system still shows foreign code the secrets evalbot was started with; {advice}."
    for process in others_with(secrets):
        yield f"warning: {process} was started with a secret that foreign code can read there; {advice}."
    for path in stored_tokens(secrets, Path.cwd(), hub_home(environ)):
        yield f"warning: foreign code can read the token in {path}; {advice}."
    if secrets and hasattr(os, "geteuid") and os.geteuid() == 0:
        yield f"warning: evalbot runs as root, so foreign code can read all memory, tokens included; {advice}."


def _own_timeout(timeout: float) -> int:
    return max(1, int(timeout - min(OWN_END_SECONDS, timeout / 4)))


def _with_folder_of(uv: str, path: str) -> str:
    """PATH with uv's folder in it: the runner starts the engines by uv, too."""
    folder = str(Path(uv).parent)
    return path if folder in path.split(os.pathsep) else os.pathsep.join((path, folder))
