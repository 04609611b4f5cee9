"""Two machines that are never there at the same moment, and a real zenohd with RocksDB between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.home import Home
from support.needs import ZENOHD, needs
from support.routers import Router

pytestmark = [pytest.mark.zenohd, needs(ZENOHD)]


def until(true: Callable[[], object], what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.2)


def ids(home: Home) -> set[str]:
    return {each["observation_id"] for each in home.json("search", "-n", "1000")["results"]}


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Router]:
    with Router(tmp_path / "router") as made:
        yield made


def machine(folder: Path, name: str, router: Router) -> Home:
    home = Home(folder / name)
    home.ok("init", "--mode", "spoke", "--connect", router.endpoint, "--node", name, "--share-existing", "yes")
    return home


def stored(home: Home, router: Router) -> int:
    """How many records of this machine the storage holds."""
    with router.visit() as visit:
        return len(visit.everything(f"mem/log/mesh/{home.folder.name}/**"))


def test_two_that_never_meet(tmp_path: Path, router: Router) -> None:
    """Memories, deletions, and what was saved while there was no way to the router."""
    ant, bee = machine(tmp_path, "ant", router), machine(tmp_path, "bee", router)
    apart = {ant.save(f"saved before the process ran {n}") for n in range(3)}
    ant.ok("serve")
    live = ant.save("saved while it ran")
    until(lambda: stored(ant, router) >= 4, "the storage has everything of ant")
    ant.ok("serve", "--stop")
    router.kill()
    router.start()
    bee.ok("serve")
    until(lambda: ids(bee) == apart | {live}, "bee has what ant saved")
    bee.ok("delete", live)
    until(lambda: stored(bee, router) >= 1, "the storage has the deletion")
    bee.ok("serve", "--stop")
    ant.ok("serve")
    until(lambda: ids(ant) == apart, "ant learns of the deletion")
    ant.ok("serve", "--stop")


def test_purged_text_leaves_the_storage_and_never_comes_back(tmp_path: Path, router: Router) -> None:
    """The storage keeps the header alone, and a machine that reads it later gets no text."""
    ant, bee = machine(tmp_path, "ant", router), machine(tmp_path, "bee", router)
    ant.ok("serve")
    gone = ant.save("the word is xylophonequartz")
    kept = ant.save("this one stays")
    until(lambda: stored(ant, router) >= 2, "the storage has it")
    ant.ok("purge", gone, "--yes")
    with router.visit() as visit:
        until(
            lambda: not any(b"xylophonequartz" in frame for frame in visit.everything("mem/log/**").values()),
            "the storage answers with the header alone",
        )
    ant.ok("serve", "--stop")
    bee.ok("serve")
    until(lambda: ids(bee) == {kept}, "bee has what is left")
    bee.ok("serve", "--stop")
    assert b"xylophonequartz" not in b"".join(p.read_bytes() for p in bee.state.rglob("*") if p.is_file())
