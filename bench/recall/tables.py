"""What was measured, as people read it: a block for each figure, a row for each category, a column for each system."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from metrics import FIRST, Outcome, mean
from sets import FOREIGN, NONE

BySystem = dict[str, list[Outcome]]
Row = tuple[str, int, list[str]]

FIGURES = (f"recall@{FIRST}", f"hit@{FIRST}", "MRR", f"nDCG@{FIRST}")
ALL = "all"
PARTS = ((50, "p50"), (95, "p95"))


def show(title: str, by_system: BySystem) -> None:
    """All blocks of a set."""
    print(title)
    if by_system:
        for at, figure in enumerate(FIGURES):
            _block(figure, by_system, _ranked(by_system, at))
        _block("empty or weak, %", by_system, _doubted(by_system))
        _block("milliseconds", by_system, _times(by_system))
    print()


def _block(title: str, by_system: BySystem, rows: Iterator[Row]) -> None:
    print(f"\n{title:16}{'n':>5}" + "".join(f"  {system:>15}" for system in by_system))
    for name, count, cells in rows:
        print(f"{name:16}{count:5}" + "".join(f"  {cell:>15}" for cell in cells))


def _ranked(by_system: BySystem, figure: int) -> Iterator[Row]:
    """One figure of the ranking, for each category that has answers and for all of them."""
    first = next(iter(by_system.values()))
    categories = sorted({each.question.category for each in first if each.question.answers})
    for category in [*categories, ALL]:
        parts = [
            [each for each in outcomes if each.question.answers and category in (ALL, each.question.category)]
            for outcomes in by_system.values()
        ]
        yield category, len(parts[0]), [f"{mean(part)[figure]:.1f}" for part in parts]


def _doubted(by_system: BySystem) -> Iterator[Row]:
    """How many answers were empty or said to be weak, in percent; and of these, how many rightly."""
    kinds: dict[str, Callable[[Outcome], bool]] = {
        "answerable": lambda each: bool(each.question.answers),
        NONE: lambda each: each.question.category == NONE,
        FOREIGN: lambda each: each.question.category == FOREIGN,
    }
    for name, fits in kinds.items():
        parts = [[each.doubted for each in outcomes if fits(each)] for outcomes in by_system.values()]
        if parts[0]:
            yield name, len(parts[0]), [f"{100 * sum(part) / len(part):.1f}" for part in parts]
    asked = [[each for each in outcomes if each.doubted] for outcomes in by_system.values()]
    rightly = [sum(not each.question.answers for each in part) for part in asked]
    total = len(next(iter(by_system.values())))
    yield "rightly so", total, [f"{right} of {len(part)}" for right, part in zip(rightly, asked, strict=True)]


def _times(by_system: BySystem) -> Iterator[Row]:
    """Of a search, in the process where it happens: of the processor, and on the wall."""
    count = len(next(iter(by_system.values())))
    for what, took in (("processor", lambda each: each.cpu_ms), ("wall", lambda each: each.wall_ms)):
        for percent, name in PARTS:
            sorted_ = [sorted(map(took, outcomes)) for outcomes in by_system.values()]
            yield f"{what} {name}", count, [f"{times[len(times) * percent // 100]:.1f}" for times in sorted_]
