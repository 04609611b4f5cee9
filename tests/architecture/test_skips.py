"""A skip is excused only by something that the machine truly lacks."""

from __future__ import annotations

import os

import pytest

from support.needs import NEEDS, excused


@pytest.mark.parametrize("name", NEEDS)
def test_a_lack_excuses_a_skip_and_nothing_else_does(name: str) -> None:
    """`needs NAME` is an excuse exactly where the machine lacks NAME."""
    assert excused(f"needs {name}") is not NEEDS[name]()


@pytest.mark.parametrize(
    "reason", ["", "not today", "needs", "needs time", f"needs {'windows' if os.name != 'nt' else 'posix'}, time"]
)
def test_other_reasons_are_no_excuse(reason: str) -> None:
    """A reason in free words, or one that names something unknown, does not count."""
    assert not excused(reason)
