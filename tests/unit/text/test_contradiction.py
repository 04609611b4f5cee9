"""Whether two texts contradict each other: by one value, or by a denial; rather no than wrongly yes."""

from __future__ import annotations

import pytest

from kioku_mesh.text.contradiction import difference
from kioku_mesh.text.wording import said
from support.wordings import COMPATIBLE, CONTRADICTING, SAME


@pytest.mark.parametrize(("a", "b"), CONTRADICTING)
def test_contradictions(a: str, b: str) -> None:
    """Another number, version or value of the same key, or one text denies the other."""
    told = difference(said("", a), said("", b))
    assert told
    assert difference(said("", b), said("", a)) == (told.other, told.one)


@pytest.mark.parametrize(("a", "b"), COMPATIBLE + SAME)
def test_what_may_both_be_true(a: str, b: str) -> None:
    """Numbers that tell one thing from its like, other subjects, questions, dates, paths, and the same said twice."""
    assert difference(said("", a), said("", b)) is None


def test_what_the_difference_is() -> None:
    """It is told in the words of the texts; a denial stands against nothing."""
    assert difference(said("", "The limit is 5 MB"), said("", "The limit is 9 MB")) == ("5", "9")
    assert difference(said("", "Never push to main"), said("", "Push to main")) == ("never", "")
    assert difference(said("", "Enable the disk cache"), said("", "Disable the disk cache")) == ("enable", "disable")


def test_a_name_is_a_value_where_the_subject_is_the_same() -> None:
    """Without a subject it may as well be what the text is about."""
    one, other = "We use SQLite for the queue", "We use Postgres for the queue"
    assert difference(said("", one), said("", other)) is None
    assert difference(said("Queue store", one), said("queue store", other)) == ("sqlite", "postgres")


def test_subjects_that_differ_are_of_different_things() -> None:
    """Unless they differ by the value itself."""
    one, other = "It listens on port 8080", "It listens on port 9090"
    assert difference(said("Gateway", one), said("Billing", other)) is None
    assert difference(said("Port 8080", one), said("Port 9090", other)) == ("8080", "9090")
