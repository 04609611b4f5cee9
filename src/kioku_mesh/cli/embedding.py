"""Vectors for what was taken in at once, by the command that took it in."""

from __future__ import annotations

from ..errors import NotAvailable
from ..service.memory import Memory
from . import output

_STEP_S = 0.5  # between two signs of progress


def embed(memory: Memory) -> int:
    """Give every memory its vector; returns how many got one. Where that is impossible, a note says so."""
    count, done = output.counter("understood", "memories"), 0
    try:
        while got := memory.embed(_STEP_S):
            done += got
            count(done)
    except NotAvailable as problem:
        output.note(f"not found by meaning: {problem.message}")
    return done
