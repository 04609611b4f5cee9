"""Which memories belong together: pure rules on what they say."""

from __future__ import annotations

from itertools import combinations

import pytest

from kioku_mesh.service.grouping import Cluster, clusters
from kioku_mesh.service.groups import CONTRADICTIONS, DUPLICATES
from kioku_mesh.service.pairing import Told
from kioku_mesh.text.wording import said
from support.wordings import COMPATIBLE, CONTRADICTING, SAME

HOME = ("mesh", "shop")


def told(*texts: str) -> list[Told]:
    """Memories that say these texts, the newest first."""
    return [Told(row, HOME, said("", text)) for row, text in enumerate(texts)]


def found(*texts: str, conflicts: tuple[tuple[int, ...], ...] = ()) -> list[Cluster]:
    """The groups among them, each pair being worth comparing."""
    return clusters(told(*texts), dict.fromkeys(combinations(range(len(texts)), 2), True), conflicts)


def shapes(groups: list[Cluster]) -> list[tuple[str, tuple[int, ...]]]:
    return [(group.kind, group.members) for group in groups]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_duplicates_in_any_script(a: str, b: str) -> None:
    """In either order, and never as a contradiction."""
    for pair in ((a, b), (b, a)):
        ((kind, members),) = shapes(found(*pair))
        assert (kind, sorted(members)) == (DUPLICATES, [0, 1])


@pytest.mark.parametrize(("a", "b"), CONTRADICTING)
def test_contradictions_in_any_script(a: str, b: str) -> None:
    """The newest one is kept; what differs is told."""
    ((kind, members, why),) = found(a, b)
    assert (kind, members) == (CONTRADICTIONS, (0, 1))
    assert "says" in why


@pytest.mark.parametrize(("a", "b"), COMPATIBLE)
def test_what_may_both_be_true_is_in_no_group(a: str, b: str) -> None:
    """However much alike the words are."""
    assert found(a, b) == []


def test_of_duplicates_the_fullest_text_is_kept() -> None:
    """Of equally full ones the newest."""
    full = "Run the tests of the gateway before each release. Marek knows why."
    texts = "Run the tests of the gateway before each release", full, "run tests of the gateway before each release!"
    assert shapes(found(*texts)) == [(DUPLICATES, (1, 0, 2))]
    assert shapes(found("Keep it in the vault!", "Keep it in the vault", "keep it in the vault")) == [
        (DUPLICATES, (0, 1, 2))
    ]


def test_each_member_is_a_duplicate_of_each_other() -> None:
    """Two that share too little are not one because a third has all of both."""
    one, other = "The nightly job copies ledgers.", "Marek keeps the keys of the vault."
    ((_, members),) = shapes(found(f"{one} {other} Ask.", f"{one} Ask.", f"{other} Ask."))
    assert len(members) == 2


def test_several_values_of_the_same_are_one_group() -> None:
    """And the newest of them is kept."""
    assert shapes(found("The limit is 5 MB", "The limit is 7 MB", "The limit is 9 MB")) == [(CONTRADICTIONS, (0, 1, 2))]


def test_a_memory_is_in_one_group() -> None:
    """Duplicates first: what of them contradicts others is told when they are one."""
    texts = "The limit is 5 MB.", "the limit is 5 MB", "The limit is 9 MB"
    assert shapes(found(*texts)) == [(DUPLICATES, (0, 1))]


def test_sides_of_a_conflict_are_a_contradiction() -> None:
    """Whatever they say; unless they say the same, then they are duplicates, and what is left is no conflict."""
    texts = (
        "Ledger is kept in the vault",
        "Ledger: see the vault",
        "Use uv for all of it",
        "ledger is kept in the vault",
    )
    assert shapes(found(*texts[:3], conflicts=((1, 2), (2, 1)))) == [(CONTRADICTIONS, (1, 2))]
    assert shapes(found(*texts, conflicts=((0, 3), (1,)))) == [(DUPLICATES, (0, 3))]


def test_a_group_has_a_bound() -> None:
    """What is more of it is settled later."""
    sizes = [len(group.members) for group in found(*(["keep the ledger in the vault"] * 50))]
    assert sizes == [20, 20, 10]
