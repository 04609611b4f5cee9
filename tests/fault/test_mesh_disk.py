"""A machine of a mesh whose disk is full: it stops receiving, goes on saving while it can, says so, and catches up."""

from __future__ import annotations

from pathlib import Path

from kioku_mesh.store.exchange import FREE_MIN
from support import meshed
from support.hosts import network
from support.meshed import ids, until
from support.mounts import fill_up, small_disk
from support.needs import needs

pytestmark = needs("network namespaces")
SPARE = 16 << 20


def test_receiving_stops_and_saving_goes_on(tmp_path: Path) -> None:
    """First too little for others, then nothing at all: what was acknowledged stays, and with room all is received."""
    with network(tmp_path) as lan:
        hub, bee = meshed.hub(lan), meshed.spoke(lan, "bee", lan.hosts[0])
        bee.ok("serve", "--stop")
        with small_disk(bee.state, (FREE_MIN + SPARE) >> 10) as disk:
            bee.ok("serve")
            before = hub.save("before it was full")
            until(lambda: before in ids(bee), "it receives")
            (disk / "ballast").write_bytes(bytes(SPARE))
            missed = hub.save("while there is less than a gigabyte")
            until(lambda: "receiving has stopped" in str(bee.json("mesh", "status")["notes"]), "it says so")
            saved = {bee.save(f"saved in want {n}") for n in range(5)}
            until(lambda: saved <= ids(hub), "it goes on saving and sending")
            assert missed not in ids(bee)
            assert "receiving has stopped" in meshed.check(bee, "serve")["summary"]
            ballast = fill_up(disk)
            assert bee.run("save", "no room for this").status == 1
            assert saved | {before} == ids(bee)
            ballast.unlink()
            until(lambda: missed in ids(bee), "with room again it receives")
            until(lambda: ids(bee) == ids(hub) == saved | {before, missed}, "and is equal")
            bee.ok("serve", "--stop")
