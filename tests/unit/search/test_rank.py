"""The formula."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh.clock import DAY
from kioku_mesh.search.rank import factors, order

NOW = 20_000 * DAY


class Seen(NamedTuple):
    importance: int = 2
    hlc: int = NOW
    project: str | None = None


@given(st.integers(-3, 9), st.integers(0, 2 * NOW), st.sampled_from([None, "a", "b"]), st.sampled_from([None, "a"]))
def test_factors_are_gentle(importance: int, hlc: int, project: str | None, current: str | None) -> None:
    """Whatever the importance, the time and the project: the factors together are within 1 and 1.2."""
    weight = factors(Seen(importance, hlc, project), current, NOW)
    assert min(weight) >= 1
    assert weight.importance * weight.recency * weight.project <= 1.2


def test_each_factor_tips_the_scales() -> None:
    """Of equally relevant memories the more important, the newer, the one of the current project comes first."""
    for better, worse in (
        (Seen(importance=5), Seen(importance=1)),
        (Seen(hlc=NOW - DAY), Seen(hlc=NOW - 90 * DAY)),
        (Seen(project="a"), Seen(project="b")),
    ):
        found = list(order({1: 2.0, 2: 2.0}, {1: better, 2: worse}, 2.0, "a", NOW))
        assert [hit.row for hit in found] == [1, 2]


def test_no_project_is_not_the_current_one() -> None:
    """Without a current project nobody is preferred."""
    assert factors(Seen(project=None), None, NOW).project == 1


def test_relevance_beats_everything_together() -> None:
    """What is 1.2 times as relevant wins against importance, age and project."""
    found = list(order({1: 1.21, 2: 1.0}, {1: Seen(1, 0, "b"), 2: Seen(5, NOW, "a")}, 1.21, "a", NOW))
    assert [hit.row for hit in found] == [1, 2]


def test_ties_go_to_the_newest_row() -> None:
    """Equal scores come in a fixed order; rows that are gone are left out."""
    found = list(order({1: 1.0, 3: 1.0, 2: 1.0, 4: 9.0}, {1: Seen(), 2: Seen(), 3: Seen()}, 1.0, None, NOW))
    assert [hit.row for hit in found] == [3, 2, 1]
