"""Vectors for what came without: imports, what other machines saved, a newer table of meanings."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import NotAvailable
from ..service.memory import Memory

STEP_S = 0.2  # of work in one step
BREATH_S = 0.1  # before the next, so that others have the processor
LOOK_S = 2.0  # between two looks when there is nothing to do
TRY_S = 600.0  # when there is no table of meanings


class Embedding:
    """A part of the resident process. `open_`: how it gets the memory."""

    name = "embedding"

    def __init__(self, open_: Callable[[], Memory]) -> None:
        self.error = ""
        self._open = open_
        self._memory: Memory | None = None

    def start(self) -> None:
        self._memory = self._open()

    def step(self, now: int) -> float:  # noqa: ARG002
        assert self._memory is not None
        try:
            done = self._memory.embed(STEP_S)
        except NotAvailable as problem:
            self.error = problem.message
            return TRY_S
        self.error = ""
        return BREATH_S if done else LOOK_S

    def close(self) -> None:
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()
