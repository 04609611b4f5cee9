"""Which of two versions is the later one."""

from __future__ import annotations

import pytest

from kioku_mesh import __version__
from kioku_mesh.serve import installed

ORDER = ["0.9", "1.0.dev1", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1.0", "1.0.post1", "1.0.1", "1.2", "1.10", "2"]


def test_the_file_says_the_version_that_runs() -> None:
    """It is read as text: importing would give what was imported before."""
    assert installed.version() == __version__


@pytest.mark.parametrize("position", range(len(ORDER) - 1))
def test_versions_have_an_order(position: int) -> None:
    """Numbers count as numbers, and what leads to a release comes before it."""
    assert installed.is_newer(ORDER[position + 1], ORDER[position])
    assert not installed.is_newer(ORDER[position], ORDER[position + 1])


@pytest.mark.parametrize(("one", "other"), [("1.0", "1.0.0"), ("v1.2", "1.2"), ("1.2+local", "1.2"), ("", "")])
def test_the_same_is_not_newer(one: str, other: str) -> None:
    """Neither replaces the other."""
    assert not installed.is_newer(one, other)
    assert not installed.is_newer(other, one)
