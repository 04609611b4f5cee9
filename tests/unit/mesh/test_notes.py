"""What the resident process writes down of the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.mesh.node import Node
from kioku_mesh.mesh.notes import NOTED, Notes
from kioku_mesh.store.run import Run
from support.meshes import Company, company


@pytest.fixture
def made() -> Iterator[Company]:
    with company() as found:
        for name in "ab":
            found.machine(name)
            found.save(name, f"of {name}")
        found.settle()
        yield found


def node(made: Company) -> Node:
    found = made.twin.stations["a"].node
    assert found
    return found


def write(made: Company, notes: Notes) -> None:
    """As after an announcement that says nothing new."""
    for peer in node(made).peers.values():
        peer.news = True
    made.twin.now += NOTED
    notes.write(node(made), made.twin.now)


def heads(folder: Path) -> int:
    return len(Run(str(folder)).heads("b"))


def test_only_what_changed_is_written_and_all_is_there(made: Company, tmp_path: Path) -> None:
    """Heads that were noted stay, and new ones come to them."""
    notes = Notes(str(tmp_path))
    write(made, notes)
    assert heads(tmp_path) == 2
    made.machine("c")
    made.save("c", "of c")
    made.settle()
    write(made, notes)
    assert heads(tmp_path) == 3


@pytest.mark.parametrize("how", ["forgotten", "another file"])
def test_what_others_dropped_is_written_again(made: Company, tmp_path: Path, how: str) -> None:
    """A machine that was forgotten and is heard again counts with all that it has."""
    notes = Notes(str(tmp_path))
    write(made, notes)
    if how == "forgotten":
        Run(str(tmp_path)).forget("b")
    else:
        for file in tmp_path.iterdir():
            file.unlink()
    write(made, notes)
    assert heads(tmp_path) == 2
