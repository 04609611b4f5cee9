"""How sure an answer is: judged by what speaks for the best of it."""

from __future__ import annotations

from .rank import Evidence, Scored

STRONG, FAIR, WEAK = "strong", "fair", "weak"

# Of words and meaning together, which each go from 0 to 1. `./dev recall --verdicts` shows how questions with an answer
# and questions of other stores, which have none, lie on this line.
STRONG_FROM = 1.05
WEAK_BELOW = 0.7
CLEAR_FROM = 1.2  # of one hit: hardly a question of another store has one


def of(evidence: Evidence) -> str:
    """`covered`: how much of the query the best memory has in words; `cosine`: how near the nearest one means."""
    sure = evidence.covered + max(evidence.cosine, 0.0)
    return STRONG if sure >= STRONG_FROM else WEAK if sure < WEAK_BELOW else FAIR


def is_clear(hit: Scored) -> bool:
    """Does this hit clearly belong to the query? For where silence is the normal answer: half of the right ones are not."""
    return hit.covered + max(hit.cosine or 0.0, 0.0) >= CLEAR_FROM
