"""How good a ranking is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sets import Question

FIRST = 10  # ranks that count for recall, hit and nDCG
DEPTH = 50  # ranks that count for MRR


class Outcome(NamedTuple):
    """One question: what was shown, the share of its answers among the first ten, any of them there, 1 / rank of the first,
    nDCG, how sure the answer was (None if the system does not say), milliseconds of the processor and on the wall."""

    question: Question
    shown: Sequence[str]
    recall: float
    hit: float
    reciprocal: float
    ndcg: float
    verdict: str | None
    cpu_ms: float
    wall_ms: float

    @property
    def doubted(self) -> bool:
        """The answer was empty, or said to be weak."""
        return not self.shown or self.verdict == "weak"


def judge(question: Question, shown: Sequence[str], verdict: str | None, cpu_ms: float, wall_ms: float) -> Outcome:
    """`shown`: ids of memories, best first."""
    ranks = [id_ for id_ in shown if id_ not in question.excluded][:DEPTH]
    right = [id_ in question.answers for id_ in ranks]
    wanted = len(question.answers)
    found = sum(right[:FIRST])
    first = right.index(True) + 1 if True in right else 0
    gained = sum(1 / math.log2(at + 2) for at, is_right in enumerate(right[:FIRST]) if is_right)
    best = sum(1 / math.log2(at + 2) for at in range(min(wanted, FIRST)))
    return Outcome(
        question,
        ranks,
        found / wanted if wanted else 0.0,
        float(found > 0),
        1 / first if first else 0.0,
        gained / best if best else 0.0,
        verdict,
        cpu_ms,
        wall_ms,
    )


def mean(outcomes: Sequence[Outcome]) -> tuple[float, float, float, float]:
    """recall@10, hit@10, MRR, nDCG@10, in percent."""
    count = len(outcomes) or 1
    rows = [(each.recall, each.hit, each.reciprocal, each.ndcg) for each in outcomes]
    recall, hit, reciprocal, ndcg = (100 * sum(column) / count for column in zip(*rows, strict=True))
    return recall, hit, reciprocal, ndcg
