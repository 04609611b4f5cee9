"""The table that a run prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One figure. `aim` bounds `value`; `floor` says what a ratio is a ratio to; `seen` shows the raw figures."""

    what: str
    floor: str
    value: float
    aim: float
    unit: str = "×"
    at_least: bool = False
    seen: str = ""

    @property
    def reached(self) -> bool:
        return self.value >= self.aim if self.at_least else self.value <= self.aim


def show(rows: Sequence[Row], machine: str) -> str:
    cells = [("what", "floor", "measured", "aim", "", "seen")]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        aim = f"{sign} {plain(row.aim)} {row.unit}"
        cells.append(
            (row.what, row.floor, f"{plain(row.value)} {row.unit}", aim, "ok" if row.reached else "MISSED", row.seen)
        )
    return f"{table(cells)}\n({machine})"


def table(cells: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first line as their heads."""
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
