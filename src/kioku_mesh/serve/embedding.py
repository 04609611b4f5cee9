"""Vectors for what came without: imports, what other machines saved, a newer table of meanings; or, where another embedder
was chosen, everything that is saved."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import NotAvailable
from ..service.memory import Memory

STEP_S = 0.2  # of work in one step
BREATH_S = 0.1  # before the next, so that others have the processor
LOOK_S = 2.0  # between two looks when there is nothing to do
TRY_S = 600.0  # when there is no table of meanings
CHOSEN_TRY_S = 10.0  # when the embedder that was chosen fails: it takes a rest by itself, but settings may change

Embed = Callable[[Memory, float], int]


class Embedding:
    """A part of the resident process. `open_`: how it gets the memory; `embed`: whose vectors it makes."""

    def __init__(
        self, open_: Callable[[], Memory], name: str = "embedding", embed: Embed = Memory.embed, try_s: float = TRY_S
    ) -> None:
        self.name, self.error = name, ""
        self._open, self._embed, self._try_s = open_, embed, try_s
        self._memory: Memory | None = None

    def start(self) -> None:
        self._memory = self._open()

    def step(self, now: int) -> float:  # noqa: ARG002
        assert self._memory is not None
        try:
            done = self._embed(self._memory, STEP_S)
        except NotAvailable as problem:
            self.error = problem.message
            return self._try_s
        self.error = ""
        return BREATH_S if done else LOOK_S

    def close(self) -> None:
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()


def by_choice(open_: Callable[[], Memory]) -> Embedding:
    """The part for an embedder that was chosen: in a thread of its own, as it may be slow to answer."""
    return Embedding(open_, "embedder", Memory.embed_chosen, CHOSEN_TRY_S)
