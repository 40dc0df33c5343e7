"""One job: what was asked, what has become of it, and both as the JSON of the Hub."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from evalbot.sandbox import people
from evalbot.sandbox.jobs.hardware import FLAVORS
from evalbot.sandbox.jobs.spec import Spec, Volume
from evalbot.sandbox.records import as_date, read_json, stable_id, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from evalbot.sandbox.accounts import Accounts

Stage = Literal["SCHEDULING", "RUNNING", "COMPLETED", "ERROR", "CANCELED"]
STAGES = ("SCHEDULING", "RUNNING", "COMPLETED", "ERROR", "CANCELED", "DELETED")
"""The Hub's; nothing is DELETED here."""

_SECONDS_A_MINUTE = 60


@dataclass(slots=True, kw_only=True)
class Job:
    """Times are seconds since 1970. `user` started it; `copied_from` is the job it is a duplicate of.

    Stage, message and times change together, by `start` and `finish` only; the first end of a job is its end.
    """

    id: str
    namespace: str
    user: str
    folder: Path
    spec: Spec
    labels: dict[str, str]
    created: float
    copied_from: str | None = None
    started: float | None = None
    finished: float | None = None
    stage: Stage = "SCHEDULING"
    message: str | None = None
    failures: int = 0
    changes: list[tuple[Stage, float]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set to end it early: then its processes are stopped."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ended(self) -> bool:
        return self.finished is not None

    def start(self) -> bool:
        """SCHEDULING to RUNNING; False where it was ended meanwhile."""
        with self._lock:
            if self.ended:
                return False
            self.started = time.time()
            self._become("RUNNING", None)
            return True

    def finish(self, stage: Stage, message: str | None = None) -> bool:
        """To its last stage; False where it has one already."""
        with self._lock:
            if self.ended:
                return False
            self.finished = time.time()
            self._become(stage, message)
            return True

    def _become(self, stage: Stage, message: str | None) -> None:
        self.stage, self.message = stage, message
        self.changes.append((stage, time.time()))
        self._save()

    def label(self, labels: dict[str, str]) -> None:
        """Other labels in place of these; its name stays where no other is given (a guess)."""
        with self._lock:
            self.labels = {"name": self.labels["name"], **labels}
            self._save()

    def save(self) -> None:
        with self._lock:
            self._save()

    def _save(self) -> None:
        """Everything but the values of its secrets, of which the names are kept."""
        spec = {**asdict(replace(self.spec, secrets={})), "secret_names": sorted(self.spec.secrets)}
        kept = ("id", "namespace", "user", "labels", "created", "copied_from", "started", "finished", "stage")
        record = {name: getattr(self, name) for name in (*kept, "message", "failures", "changes")}
        write_json(self.folder / "job.json", {**record, "spec": spec})

    def minutes(self) -> int:
        """Billed ones: every minute begun while it ran."""
        if self.started is None:
            return 0
        return math.ceil(((self.finished or time.time()) - self.started) / _SECONDS_A_MINUTE)

    def cost(self) -> float:
        """Dollars."""
        return self.minutes() * FLAVORS[self.spec.flavor].micro_dollars / 1_000_000

    def as_json(self, accounts: Accounts) -> dict[str, Any]:
        with self._lock:
            return {
                "type": "job",
                "id": self.id,
                **self._times(),
                **_asked(self.spec),
                "labels": self.labels,
                "status": {"stage": self.stage, "message": self.message, "failureCount": self.failures},
                "durations": self._durations(),
                "owner": {**people.owner(accounts, self.namespace), "id": stable_id(self.namespace)},
                "initiator": self._initiator(),
            }

    def _times(self) -> dict[str, str | None]:
        return {
            "createdAt": as_date(self.created),
            "startedAt": _date(self.started),
            "finishedAt": _date(self.finished),
        }

    def _durations(self) -> dict[str, int | None]:
        until = self.finished or time.time()
        return {
            "schedulingSecs": None if self.started is None else int(self.started - self.created),
            "runningSecs": None if self.started is None else int(until - self.started),
            "totalSecs": int(until - self.created),
        }

    def _initiator(self) -> dict[str, str]:
        if self.copied_from is not None:
            return {"type": "duplicated-job", "id": self.copied_from}
        return {"type": "user", "id": stable_id(self.user), "name": self.user}


def load(folder: Path) -> Job:
    """A job as an earlier sandbox left it; the values of its secrets are gone (empty texts)."""
    record = read_json(folder / "job.json")
    stored = record.pop("spec")
    secrets = dict.fromkeys(stored.pop("secret_names"), "")
    lists = {name: tuple(stored[name]) for name in ("command", "arguments")}
    volumes = tuple(Volume(**each) for each in stored["volumes"])
    spec = Spec(**{**stored, **lists, "volumes": volumes, "secrets": secrets})
    changes = [(stage, at) for stage, at in record.pop("changes")]
    return Job(folder=folder, spec=spec, changes=changes, **record)


def _asked(spec: Spec) -> dict[str, Any]:
    """The specification, with the names of its secrets and none of their values."""
    return {
        **({"dockerImage": spec.image} if spec.image else {"spaceId": spec.space}),
        "command": list(spec.command),
        "arguments": list(spec.arguments),
        "environment": spec.environment,
        "secrets": sorted(spec.secrets),
        "flavor": spec.flavor,
        "timeoutSeconds": spec.timeout,
        "timeout": spec.timeout,
        "attempts": spec.attempts,
        "retry": spec.attempts - 1,
        "volumes": [volume.as_json() for volume in spec.volumes],
    }


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else as_date(seconds)
