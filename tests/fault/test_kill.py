"""Death at any moment: what was acknowledged is there, what is derived is true, numbers have no gaps, saves go on."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.errors import KiokuError
from support import needs
from support.crashes import WORKS, Nursery
from support.stores import contents, damage, everything, fact, memory, save

pytestmark = needs("posix")

LIFE_S = 0.03  # the longest life of a worker after it got going: some of its steps
KILLS = {"saving": 40, "importing": 15, "backing_up": 15, "erasing": 20, "rebuilding": 10, "restoring": 15}
CREATIONS = 30


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as opened:
        yield opened


def check(folder: Path, said: list[list[str]]) -> None:
    """Everything acknowledged is there, everything deleted is gone, the store is whole, and it takes a save."""
    with memory(folder) as opened:
        found = everything(opened.store)
        gone = {words[1] for words in said if words[0] == "deleted"}
        for _, id_, token in (words for words in said if words[0] == "saved"):
            state, content = found.get(id_, ("lost", ""))
            if id_ in gone:
                assert state == "deleted"
            elif state != "deleted":  # a deletion may have been stored and not acknowledged
                assert (state in ("live", "superseded"), content) == (True, fact(token)), f"{id_} is {state}"
        assert damage(opened.store) == []
        fresh = save(opened, f"after-{os.urandom(4).hex()}")
        assert fresh in contents(opened.store)


def crash(nursery: Nursery, folder: Path, work: str, kills: int) -> int:
    """Kill workers one after another on one store; returns how many steps they had acknowledged."""
    rng = random.Random()
    acks = folder.with_suffix(".acks")
    with memory(folder) as opened:
        save(opened, "first")
    for number in range(kills):
        said = nursery.crash(work, folder, acks, rng.randint(0, 2), rng.uniform(0, LIFE_S))
        if number % 10 == 9:
            check(folder, said)
    check(folder, said)
    return len(said)


@pytest.mark.parametrize("work", WORKS)
def test_nothing_acknowledged_dies_with_its_process(nursery: Nursery, work: str, tmp_path: Path) -> None:
    """After kills at random moments every acknowledged step holds, rebuild equals live, and saves go on."""
    steps = crash(nursery, tmp_path / "state", work, KILLS[work])
    assert steps > KILLS[work] // 3, "the workers died before they did anything"


def test_death_during_the_first_save(nursery: Nursery, tmp_path: Path) -> None:
    """A store whose creation was cut off at any moment is empty or whole: it is read, and takes the next save."""
    rng = random.Random()
    begun = 0
    for number in range(CREATIONS):
        folder = tmp_path / str(number)
        said = nursery.crash("saving", folder, tmp_path / f"{number}.acks", number % 2, rng.uniform(0, 0.03))
        check(folder, said)
        begun += bool(said)
    assert begun > 0


@pytest.mark.long
def test_two_thousand_deaths(nursery: Nursery, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same two thousand times, on stores that grow and are made anew; prints how many steps were acknowledged."""
    kills = steps = 0
    while kills < 2000:
        for work in WORKS:
            folder = tmp_path / f"{work}-{kills}"
            steps += crash(nursery, folder, work, 40)
            kills += 40
            shutil.rmtree(folder)
    with capsys.disabled():
        print(f"\n{kills} kills, {steps} acknowledged steps, none lost")


def test_a_worker_that_fails_is_noticed(nursery: Nursery, tmp_path: Path) -> None:
    """The test itself can fail: a worker that ends by an error is no kill."""
    blocked = tmp_path / "state"
    blocked.write_text("a file in the place of the state directory")
    with pytest.raises(KiokuError), memory(blocked) as opened:
        save(opened, "x")
    with pytest.raises(AssertionError, match="ended by itself"):
        nursery.crash("saving", blocked, tmp_path / "acks", 1, 0)
