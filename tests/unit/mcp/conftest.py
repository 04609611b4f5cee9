# ruff: noqa: ARG002  (the twin has the signatures of the memory)
"""A server without a process: a connection that takes messages and shows what it answers, over a memory kept in a dict."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from kioku_mesh import clock
from kioku_mesh.errors import BadInput, NotFound
from kioku_mesh.mcp import instructions, resources, tools
from kioku_mesh.mcp.caller import Caller
from kioku_mesh.mcp.connection import Connection, Offer
from kioku_mesh.mcp.sessions import Sessions
from kioku_mesh.model import Draft, Filter, Found, Hit, Observation, Query, Saved
from kioku_mesh.results import Deleted, Got, Project, Recalled, Restored, Status

EPOCH = 1_735_819_200 * clock.SECOND  # 2025-01-02T12:00:00Z: long enough ago to be shown as a date
PATIENCE = 10


def observation(number: int, content: str = "", **fields: Any) -> Observation:
    """A memory whose id tells its number."""
    plain = Observation(
        observation_id=f"{number:032x}",
        content=content or f"Content of memory {number}.",
        subject=f"memory {number}",
        summary="",
        derived=("summary",),
        memory_type="decision",
        importance=4,
        project="shop",
        tags=(),
        source_files=(),
        references=(),
        supersedes=(),
        superseded_by=(),
        conflicts_with=(),
        visibility="mesh",
        agent_family="codex",
        client_id="codex-cli",
        session_id="s1",
        pc_id="laptop-1a2b",
        host="laptop",
        created_at=EPOCH,
        expires_at=None,
        state="live",
        body_lost=False,
        origin_here=True,
        stamp="1",
    )
    return plain._replace(**fields)


class TwinMemory:
    """What the server needs of a memory, in a dict; words are found as substrings. `queries` and `drafts` keep what it was asked."""

    def __init__(self) -> None:
        self.observations: dict[str, Observation] = {}
        self.queries: list[Query] = []
        self.drafts: list[Draft] = []
        self.recalls: list[tuple[str, Filter, int]] = []
        self.closed = False
        self.tended: list[str] = []
        self.fails: Exception | None = None
        self.config = SimpleNamespace(file="", project_file="")

    def tend(self) -> None:
        """Nothing is due in a dict."""
        self.tended.append("tend")

    def embed_chosen(self, seconds: float) -> int:
        self.tended.append("embed_chosen")
        return 0

    def add(self, *observations: Observation) -> None:
        self.observations |= {each.observation_id: each for each in observations}

    def save(self, draft: Draft) -> Saved:
        self._fail()
        self.drafts.append(draft)
        if not draft.content.strip():
            raise BadInput("there is nothing to save: the content is empty", "say what shall be remembered")
        number = len(self.observations) + 1
        subject = draft.subject or draft.content[:40]
        self.add(observation(number, draft.content, subject=subject, project=draft.project or "shop"))
        return Saved(f"{number:032x}", "saved", "mesh", draft.project or "shop", subject)

    def revise(self, observation_id: str, draft: Draft) -> Saved:
        old = self._one(observation_id)
        return self.save(draft._replace(content=draft.content or old.content, supersedes=(observation_id,)))

    def search(self, query: Query) -> Found:
        self._fail()
        self.queries.append(query)
        fitting = [o for o in self.observations.values() if query.text.lower() in o.content.lower()]
        page = fitting[query.offset : query.offset + query.limit]
        explain = {"rank": 1} if query.explain else None
        hits = tuple(Hit(each, 1.0, "words", explain) for each in page)
        looked_in = {"projects": "all", "states": ["live"], "mode": query.mode}
        return Found(hits, len(hits), query.offset + len(page) < len(fitting), looked_in)

    def recall(self, task: str, where: Filter = Filter(), budget: int = 1200) -> Recalled:
        self._fail()
        self.recalls.append((task, where, budget))
        return Recalled(f"[decision 4] for {task}" + " and more" * budget, (), 0, 0)

    def brief(self, project: str | None = None, budget: int = 600) -> Recalled:
        self._fail()
        return Recalled(f"the brief of {project} in {budget}", (), 0, 0)

    def get(self, ids: Sequence[str], history: bool = False, prefixes: bool = False) -> Got:
        self._fail()
        found = [o for o in self.observations.values() if any(o.observation_id.startswith(i) for i in ids)]
        if not found:
            raise NotFound(f"there is no memory {ids[0]}", "look for it with a search")
        return Got(tuple(found), tuple(i for i in ids if not any(o.observation_id.startswith(i) for o in found)))

    def delete(self, ids: Sequence[str], reason: str | None = None, dry_run: bool = False) -> Deleted:
        self._fail()
        return Deleted((self._one(ids[0]).observation_id,), erased_after=EPOCH)

    def restore(self, observation_id: str) -> Restored:
        self._fail()
        old = self._one(observation_id)
        return Restored(observation_id, "undone", old.subject)

    def projects(self) -> tuple[Project, ...]:
        self._fail()
        return (Project("shop", ("store",), 3, 4, EPOCH),)

    def status(self) -> Status:
        self._fail()
        identity = {
            "agent_family": {"value": "claude", "source": "client"},
            "user_id": {"value": None, "source": "default"},
        }
        counts = {"state": {"live": 2}, "project": {f"p{n}": n for n in range(1, 30)}}
        return Status(
            "0.1.0",
            "/state",
            "/config",
            "local",
            "ok",
            identity,
            {},
            counts,
            1,
            4096,
            Saved("", "", "", None, "").stored,
        )

    def close(self) -> None:
        self.closed = True

    def _one(self, observation_id: str) -> Observation:
        if observation_id not in self.observations:
            raise NotFound(f"there is no memory {observation_id[:40]}", "look for it with a search")
        return self.observations[observation_id]

    def _fail(self) -> None:
        if self.fails is not None:
            raise self.fails


class Client:
    """Talks to a connection and waits for what comes back."""

    def __init__(self, offered: Sequence[dict[str, Any]], run: Callable[..., dict[str, Any]]) -> None:
        offer = Offer(instructions.TEXT, lambda: tuple(offered), resources.RESOURCES, resources.TEMPLATES)
        self.sent: list[dict[str, Any]] = []
        self.warmed = 0
        self._more = threading.Condition()
        self.connection = Connection(offer, self._take, run, self._warm)

    def raw(self, line: bytes | None, answers: int = 1) -> list[dict[str, Any]]:
        """Send one line and wait until so many messages more have come."""
        with self._more:
            before = len(self.sent)
        self.connection.receive(line)
        with self._more:
            assert self._more.wait_for(lambda: len(self.sent) >= before + answers, PATIENCE), "no answer"
            return self.sent[before:]

    def ask(self, method: str, params: Any = None, id: Any = 1) -> dict[str, Any]:
        message = {"jsonrpc": "2.0", "id": id, "method": method} | ({} if params is None else {"params": params})
        return self.raw(json.dumps(message).encode())[0]

    def tell(self, method: str, params: Any = None) -> None:
        self.connection.receive(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode())

    def greet(self, version: str = "2025-11-25", name: str = "claude-code", **capabilities: Any) -> dict[str, Any]:
        params = {
            "protocolVersion": version,
            "clientInfo": {"name": name, "version": "1"},
            "capabilities": capabilities,
        }
        return self.ask("initialize", params)

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of a tool call."""
        return dict(self.ask("tools/call", {"name": tool, "arguments": arguments})["result"])

    def _take(self, message: dict[str, Any]) -> None:
        with self._more:
            self.sent.append(json.loads(json.dumps(message)))
            self._more.notify_all()

    def _warm(self) -> None:
        self.warmed += 1


@pytest.fixture
def twin() -> TwinMemory:
    return TwinMemory()


@pytest.fixture
def callers() -> list[Caller]:
    """Whoever a memory was opened for."""
    return []


@pytest.fixture
def client(twin: TwinMemory, callers: list[Caller]) -> Iterator[Client]:
    """A client of a server with every tool."""
    offered = tools.offered("full", read_only=False)

    def open_(caller: Caller) -> Any:
        callers.append(caller)
        return twin

    sessions = Sessions({tool["name"]: tool for tool in offered}, open_, {}, "/work")
    talking = Client(offered, sessions.run)
    yield talking
    assert talking.connection.finish(PATIENCE)


@pytest.fixture
def make_client() -> Callable[..., Client]:
    return Client


@pytest.fixture
def make_observation() -> Callable[..., Observation]:
    return observation
