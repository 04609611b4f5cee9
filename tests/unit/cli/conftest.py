"""A command line without a process: `cli` runs one, over a memory that answers what it was told to and notes what it was asked."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from kioku_mesh.cli import main
from kioku_mesh.clock import now
from kioku_mesh.model import Found, Hit, Observation, Saved
from kioku_mesh.results import Deleted, Line

IDS = [f"{n:x}" * 32 for n in range(1, 10)]
SAVED = Saved(IDS[0], "saved", "mesh", "shop", "a subject")


class Ran(NamedTuple):
    """How a command line ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)

    def error(self) -> dict[str, Any]:
        """The object on stderr, its last line."""
        return dict(json.loads(self.err.splitlines()[-1])["error"])

    def error_line(self) -> str:
        """What the message of the failure says."""
        return next(line for line in self.err.splitlines() if "error: " in line).partition("error: ")[2]


class Asked:
    """A memory that answers as it was told (a value, an exception to raise, or a function) and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {"resolve": lambda text: text, "embed": 0, "embed_chosen": 0, **answers}
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.closed = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.calls.append((name, arguments, named))
            answer = self.answers[name]
            if isinstance(answer, BaseException):
                raise answer
            return answer(*arguments, **named) if callable(answer) else answer

        return call

    def close(self) -> None:
        self.closed = True

    def asked(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of a method, named ones behind the others."""
        return [(*arguments, *named.values()) for called, arguments, named in self.calls if called == name]

    def only(self, name: str) -> tuple[Any, ...]:
        """The arguments of the only call of a method."""
        (arguments,) = self.asked(name)
        return arguments


class Typed(io.TextIOWrapper):
    """What a person types at a terminal."""

    def isatty(self) -> bool:
        return True


def observation(number: int = 1, content: str = "what was said", **fields: Any) -> Observation:
    """A memory saved an hour ago."""
    plain = Observation(
        observation_id=IDS[number - 1],
        content=content,
        subject=f"subject {number}",
        summary="",
        derived=(),
        memory_type="decision",
        importance=4,
        project="shop",
        tags=("a", "b"),
        source_files=(),
        references=(),
        supersedes=(),
        superseded_by=(),
        conflicts_with=(),
        visibility="mesh",
        agent_family="codex",
        client_id="codex-cli",
        session_id=None,
        pc_id="laptop-1a2b",
        host="laptop",
        created_at=now() - 3_600_000_000,
        expires_at=None,
        state="live",
        body_lost=False,
        origin_here=True,
        stamp="1.laptop-1a2b.1",
    )
    return plain._replace(**fields)


def found(*observations: Observation, **fields: Any) -> Found:
    """The answer to a search."""
    hits = tuple(Hit(o, 1.0, "words: x") for o in observations)
    return Found(hits, len(hits), fields.pop("more", False), {"projects": "all"}, **fields)


def line(number: int) -> Line:
    """One row of a preview."""
    return Line(IDS[number - 1], f"subject {number}", "shop", "note", now() - 3_600_000_000, "live")


def preview(*numbers: int) -> Deleted:
    """What a deletion would do."""
    return Deleted((), preview=tuple(map(line, numbers)), dry_run=True)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run one command line: `memory` is what it opens, `stdin` what it is piped, `typed` what a person at a terminal types."""

    def run(*arguments: str, memory: Any = None, stdin: bytes = b"", typed: str | None = None) -> Ran:
        raw = io.BytesIO(stdin if typed is None else typed.encode())
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw) if typed is None else Typed(raw))
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        status = main.run(arguments, None if memory is None else lambda: memory)
        return Ran(status, *(stream.buffer.getvalue().decode() for stream in (out, err)))  # type: ignore[attr-defined]

    return run
