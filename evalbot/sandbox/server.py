"""Starting and stopping the sandbox: from a test, from the demo, from `evalbot sandbox serve`."""

from __future__ import annotations

import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Literal, Self

import uvicorn

from evalbot.sandbox import accounts, app, fault_rules, seed
from evalbot.sandbox.accounts import Organisation
from evalbot.sandbox.buckets import Buckets
from evalbot.sandbox.call import Hub
from evalbot.sandbox.faults import Faults
from evalbot.sandbox.git_store import MAIN, GitStore
from evalbot.sandbox.jobs.reader import with_readers
from evalbot.sandbox.jobs.store import Jobs
from evalbot.sandbox.repos import Repos, add_files, kind_named
from evalbot.sandbox.request_log import RequestLog
from evalbot.sandbox.xet import XetStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from evalbot.sandbox.accounts import Accounts
    from evalbot.sandbox.repos import Repo
    from evalbot.sandbox.request_log import RequestRecord

_ADDRESS = "127.0.0.1"  # and no other: the tokens are public constants
_LONGEST_START = 10.0  # seconds
_LONGEST_STOP = 5.0


class SandboxHub:
    """A Hub on 127.0.0.1 over one data folder. What is in the folder outlives the process.

    `endpoint` is known once it has started; `tokens` are the ready-made ones by label (seed.py: "alice", "bob" and
    "carol" may write, "alice-read" and "carol-read" may not, "alice-fine-read" and "bob-fine" are fine-grained);
    `faults` spoils answers; `log` holds what was asked, oldest first. `jobs` holds what jobs wait for and cost
    (jobs/store.py); `job_environment` is given to all of them: besides it they inherit PATH and nothing else.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        discussions_per_page: int = 10,
        job_environment: Mapping[str, str] | None = None,
    ) -> None:
        data_dir = data_dir.absolute()  # jobs are told where their bucket is, and run in folders of their own
        data_dir.mkdir(parents=True, exist_ok=True)
        self._data_dir = data_dir
        self.endpoint = ""
        self.faults = Faults()
        self._port = port
        self._per_page = discussions_per_page
        self._accounts = _accounts(data_dir / "accounts.json")
        self._repos = Repos(data_dir / "repos")
        self._log = RequestLog(data_dir / "requests.jsonl")
        self._buckets = Buckets(data_dir / "buckets", XetStore(data_dir / "xet"))
        self.jobs = Jobs(data_dir / "jobs", self._buckets, self._repos, job_environment or {})
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def tokens(self) -> dict[str, str]:
        return {token.label: token.value for token in self._accounts.tokens.values()}

    @property
    def log(self) -> list[RequestRecord]:
        return self._log.records

    def start(self) -> None:
        """Serve in a thread; returns once requests are answered. The port is taken before that."""
        if self._thread is not None:
            raise RuntimeError("The sandbox is already running")
        listener = _listener(self._port)
        self.endpoint = f"http://{_ADDRESS}:{listener.getsockname()[1]}"
        self.jobs.open(self.endpoint)
        hub = Hub(
            self.endpoint,
            self._accounts,
            self._repos,
            self._per_page,
            self.faults,
            self._log,
            self._buckets,
            self.jobs,
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                with_readers(app.build(hub, self.faults, self._log)),
                access_log=False,
                date_header=False,  # jobs/reader.py gives one that is right
                http="h11",
                lifespan="off",
                log_config=None,
                loop="asyncio",
                server_header=False,
                timeout_graceful_shutdown=1,
                ws="none",
            ),
        )
        arguments: dict[str, Any] = {"sockets": [listener]}
        self._thread = threading.Thread(target=self._server.run, kwargs=arguments, daemon=True, name="sandbox-hub")
        self._thread.start()
        self._await_start(self._server, self._thread)

    def _await_start(self, server: uvicorn.Server, thread: threading.Thread) -> None:
        deadline = time.monotonic() + _LONGEST_START
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("The sandbox did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        """End all jobs, answer what is being asked, then close. Stopping twice is fine."""
        if self._server is not None and self._thread is not None:
            self.jobs.close()
            self._server.should_exit = True
            self._thread.join(_LONGEST_STOP)
            self._server.force_exit = True  # a client that was killed in the middle of a file never reads its end
            self._thread.join(_LONGEST_STOP)
            self._server = self._thread = None

    def create_repo(
        self,
        repo_id: str,
        *,
        files: Mapping[str, bytes | Path],
        repo_type: str = "model",
        private: bool = False,
        gated: bool | Literal["auto", "manual"] = False,
        disabled: bool = False,
        discussions: bool = True,
        revisions: Iterable[str] = (),
    ) -> str:
        """Make a repository with these files by its owner's hand, past all checks; the head of main.

        A large file may be given as the path where it lies on disk. `revisions` are further names of that head, kept
        as tags: a program that pins a commit of the real repository asks for an id that a copy cannot have.
        ValueError where nobody has that name here or the id is taken.
        """
        namespace = self._owner(repo_id)
        made = self._repos.create(kind_named(repo_type), repo_id, author=namespace, private=private)
        if made is None:
            raise ValueError(f"{repo_id} exists already")
        head = add_files(made, files, author=namespace) if files else made.store().resolve(MAIN)
        for revision in revisions:
            GitStore(made.folder).point(f"refs/tags/{revision}", head)
        self.change_repo(repo_id, repo_type=repo_type, gated=gated, disabled=disabled, discussions=discussions)
        return head

    def change_repo(
        self,
        repo_id: str,
        *,
        repo_type: str = "model",
        private: bool | None = None,
        gated: bool | Literal["auto", "manual"] | None = None,
        disabled: bool | None = None,
        discussions: bool | None = None,
    ) -> None:
        """Change what a repository is; None leaves as it is. ValueError where there is no such repository."""
        repo = self._repo(repo_id, repo_type)
        with repo.alone():
            repo.private = repo.private if private is None else private
            repo.gated = repo.gated if gated is None else "auto" if gated is True else gated
            repo.disabled = repo.disabled if disabled is None else disabled
            repo.discussions_on = repo.discussions_on if discussions is None else discussions

    def move_repo(self, old: str, new: str, *, repo_type: str = "model") -> None:
        """Give a repository another id; the old one leads to it.

        ValueError where `old` is unknown, `new` is taken, or nobody has the name it starts with.
        """
        repo = self._repo(old, repo_type)
        self._owner(new)
        found = self._repos.find(repo.kind, new)
        if found is not None and found is not repo:
            raise ValueError(f"{new} exists already")
        self._repos.move(repo, new)

    def _owner(self, repo_id: str) -> str:
        name = repo_id.partition("/")[0]
        namespace = self._accounts.namespace(name)
        if namespace is None:
            raise ValueError(f"Nobody is called {name} here")
        return namespace

    def _repo(self, repo_id: str, repo_type: str) -> Repo:
        found = self._repos.find(kind_named(repo_type), repo_id)
        if found is None:
            raise ValueError(f"There is no {repo_type} {repo_id} here")
        return found

    def add_organisation(self, name: str, *, members: Iterable[str] = ("alice",)) -> None:
        """Make an organisation, as the owner of copies of real repositories. ValueError where the name is taken."""
        if self._accounts.namespace(name) is not None:
            raise ValueError(f"{name} is taken")
        self._accounts.organisations[name] = Organisation(name, tuple(members))
        self._accounts.save(self._data_dir / "accounts.json")

    def delete_user(self, name: str) -> None:
        """Close an account: its tokens end, and what it wrote is answered without an `author`, as on the Hub."""
        self._accounts.remove(name)
        self._accounts.save(self._data_dir / "accounts.json")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(
    data_dir: Path,
    port: int,
    *,
    announce: Callable[[SandboxHub], None] = lambda _: None,
    faults: Any = (),
    job_environment: Mapping[str, str] | None = None,
) -> None:
    """Serve until the process is interrupted or terminated; `announce` is called once it answers.

    `faults` are rules as fault_rules.read gives them. Jobs run only where `job_environment` is given, be it empty: the
    tokens are known to all, so whoever else works on this machine could run commands as this user. Raises
    fault_rules.BadRuleError.
    """
    leave = threading.Event()
    # Control-C as well: a shell that starts us in the background has told us to ignore it.
    ways = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(way, lambda _number, _frame: leave.set()) for way in ways]
    try:
        hub = SandboxHub(data_dir, port=port, job_environment=job_environment)
        hub.jobs.runs = job_environment is not None
        fault_rules.add(hub.faults, faults)
        with hub:
            announce(hub)
            leave.wait()
    finally:
        for way, handler in zip(ways, before, strict=True):
            signal.signal(way, handler)


def _accounts(path: Path) -> Accounts:
    if not path.exists():
        seed.accounts().save(path)
    return accounts.load(path)


def _listener(port: int) -> socket.socket:
    # The protocol is named because asyncio turns off Nagle's algorithm only then: 40 ms a request otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_ADDRESS, port))
    except OSError:
        listener.close()
        raise
    return listener
