"""One embedder out of several: what all of them do, and rest for one that has just failed."""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from ..store.meaning import Fault
from . import folder, server
from .given import Choice, Numbers

_QUERY_REST_S = (30.0, 30.0)  # after a failure: the first pause and the longest, each twice the one before
_PASSAGE_REST_S = (30.0, 600.0)

T = TypeVar("T")


class Embedder(Protocol):
    """Thread-safe. `at_home`: what it is given does not leave this machine; `at_once`: texts that it takes well."""

    at_home: bool
    at_once: int

    @property
    def made_by(self) -> str:
        """What tells its vectors from others. Raises Fault."""

    def query(self, text: str) -> Numbers:
        """What a question is about, soon or not at all. Raises Fault."""

    def passages(self, texts: Sequence[str], local: bool) -> list[Numbers | None]:
        """What memories are about; None for one that it refuses. `local`: some of them may not leave this machine.

        Raises Fault."""


class Resting:
    """An embedder with the same interface that is left alone for a while after it failed. `name`: as it is shown."""

    def __init__(self, embedder: Embedder, name: str) -> None:
        self.name = name
        self.at_home, self.at_once = embedder.at_home, embedder.at_once
        self._embedder = embedder
        self._queries, self._passages = _Rest(*_QUERY_REST_S), _Rest(*_PASSAGE_REST_S)

    @property
    def why(self) -> str:
        """What went wrong last, unless it worked since; or ""."""
        return self._passages.why or self._queries.why

    @property
    def made_by(self) -> str:
        return hashlib.sha256(self._embedder.made_by.encode()).hexdigest()[:32]

    def query(self, text: str) -> Numbers:
        return self._queries.of(lambda: self._embedder.query(text))

    def passages(self, texts: Sequence[str], local: bool) -> list[Numbers | None]:
        made = self._passages.of(lambda: self._embedder.passages(texts, local))
        self._queries.end()
        return made


class _Rest:
    """After a failure the same is answered at once, for a growing while."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._lock = threading.Lock()
        self.end()

    def end(self) -> None:
        with self._lock:
            self._pause, self._until, self.why = self._first_s, 0.0, ""

    def of(self, ask: Callable[[], T]) -> T:
        left = self._until - time.monotonic()
        if left > 0:
            raise Fault(f"{self.why}; it is asked again in {left:.0f} s")
        try:
            answer = ask()
        except Fault as problem:
            with self._lock:
                self.why = str(problem)
                self._until = time.monotonic() + self._pause
                self._pause = min(2 * self._pause, self._longest_s)
            raise
        self.end()
        return answer


@functools.lru_cache(maxsize=4)
def opened(choice: Choice) -> Resting:
    """The embedder of these settings, the same one for the whole process. Nothing is loaded or asked before the first text."""
    made: Embedder = folder.Folder(choice) if choice.kind == "onnx" else server.Server(choice)
    return Resting(made, choice.name)
