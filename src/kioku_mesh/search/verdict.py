"""How sure an answer is: judged by what speaks for the best of it."""

from __future__ import annotations

from .rank import Evidence

STRONG, FAIR, WEAK = "strong", "fair", "weak"

# Of words and meaning together, which each go from 0 to 1. `./dev recall --verdicts` shows how questions with an answer
# and questions of other stores, which have none, lie on this line.
STRONG_FROM = 1.05
WEAK_BELOW = 0.7


def of(evidence: Evidence) -> str:
    """`covered`: how much of the query the best memory has in words; `cosine`: how near the nearest one means."""
    sure = evidence.covered + max(evidence.cosine, 0.0)
    return STRONG if sure >= STRONG_FROM else WEAK if sure < WEAK_BELOW else FAIR
