"""Two machines as a person sets them up: four commands, and every reply tells the truth about where things are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import Home, residents


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "hub")
    yield made
    residents.end(made)


@pytest.fixture
def spoke(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "spoke")
    yield made
    residents.end(made)


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def joined(hub: Home, spoke: Home, *existing: str) -> None:
    """Set both up, as the first one's reply says."""
    told = hub.ok("init", "--mode", "hub", "--listen", f"127.0.0.1:{free_port()}").out
    (line,) = [line for line in told.splitlines() if line.startswith("other machines join with kioku-mesh ")]
    spoke.ok(*line.partition("kioku-mesh ")[2].split(), *existing)


def contents(home: Home) -> set[str]:
    return {row["content"] for row in home.json("list")["results"]}


def everywhere(home: Home) -> Any:
    """The mesh once everything is everywhere."""

    def look() -> Any:
        found = home.json("mesh", "status")
        return found if found["everywhere"] and found["stored"]["of"] else None

    return residents.until(look)


def test_what_one_saves_the_other_has(hub: Home, spoke: Home) -> None:
    """Saved with a wait: here and there when the command ends. What was saved alone goes when somebody says so."""
    spoke.save("saved alone, before there was a mesh")
    joined(hub, spoke, "--share-existing", "no")
    everywhere(spoke)
    saved = spoke.json("save", "saved on the spoke", "--wait", "--timeout", "60")
    assert saved["stored"] == {"here": True, "peers": 1, "of": 1, "mesh": True}
    assert saved["warnings"] == []
    saved = hub.json("save", "saved on the hub", "--wait", "1", "--timeout", "60")
    assert saved["stored"]["peers"] == 1
    assert contents(hub) == {"saved on the spoke", "saved on the hub"}
    spoke.ok("init", "--share-existing", "yes")
    residents.until(lambda: contents(hub) == contents(spoke))
    assert everywhere(hub)["peers"][0]["up"]
    assert [check["status"] for check in hub.json("doctor", "--check", "serve,peers,ports,hubs")["checks"]] == [
        "pass"
    ] * 4


def test_what_is_known_is_known_after_a_restart(hub: Home, spoke: Home) -> None:
    """A machine that is there again and has not spoken yet still counts, with what it said before."""
    joined(hub, spoke)
    id_ = spoke.json("save", "saved on the spoke", "--wait", "1", "--timeout", "60")["observation_id"]
    everywhere(spoke)
    spoke.ok("serve", "--stop")
    spoke.ok("serve")
    while not (peer := spoke.json("mesh", "peers")["peers"][0])["up"]:
        assert peer["counted"]
    for _ in range(10):
        assert spoke.json("mesh", "status")["stored"]["of"] == 1
        assert spoke.json("get", id_)["results"][0]["stored"]["of"] == 1


def test_a_purge_brings_its_receipts(hub: Home, spoke: Home) -> None:
    """The other machine says that it has erased it, or that it was not reached yet."""
    joined(hub, spoke)
    hub.save("a secret that got in")
    (found,) = residents.until(lambda: spoke.json("list")["results"])
    everywhere(spoke)
    purged = spoke.json("purge", found["observation_id"], "--yes", "--wait", "--timeout", "60")
    assert [receipt["erased"] for receipt in purged["receipts"]] == [True]
    assert contents(hub) == set()
    kept = spoke.json("save", "another secret that got in", "--wait", "--timeout", "60")
    hub.ok("serve", "--stop")
    purged = spoke.json("purge", kept["observation_id"], "--yes", "--wait", "--timeout", "1")
    assert [receipt["erased"] for receipt in purged["receipts"]] == [False]
    assert [warning["code"] for warning in purged["warnings"]] == ["not_everywhere"]
    node = purged["receipts"][0]["node"]
    assert f"{node} lacks 1" in spoke.ok("mesh", "status").out
    (check,) = spoke.run("doctor", "--check", "hubs", "--json", status=2).json()["checks"]
    assert "nothing listens there" in check["summary"]


def test_leaving_and_coming_back(hub: Home, spoke: Home) -> None:
    """Every memory stays on both; what was saved alone meanwhile is asked about."""
    joined(hub, spoke)
    hub.save("saved in the mesh")
    residents.until(lambda: spoke.json("list")["results"])
    spoke.ok("init", "--mode", "local", "--yes")
    assert spoke.run("serve", "--status").status == 3
    spoke.save("saved alone")
    assert contents(spoke) == {"saved in the mesh", "saved alone"}
    assert spoke.json("status")["mode"] == "local"
    assert spoke.run("init", "--mode", "spoke", "--json", status=2).error()["details"]["existing"]["open"] == {
        "mesh": 1
    }
    spoke.ok("init", "--mode", "spoke", "--share-existing", "yes", "--yes")
    residents.until(lambda: contents(hub) == contents(spoke))


def test_a_port_that_is_taken(hub: Home, spoke: Home) -> None:
    """Another program, or the hub of another person on this machine: the reply, `serve --status` and doctor say so in
    words; saving goes on, and it works as soon as the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        told = hub.ok("init", "--mode", "hub", "--listen", address).out
        assert f"it is running, but mesh: cannot listen on tcp/{address}: Address already in use\n" in told
        found = hub.json("serve", "--status")["serve"]
        assert (found["addresses"], "Address already in use" in found["error"]) == ([], True)
        checks = {
            c["name"]: c for c in hub.run("doctor", "--check", "serve,ports", "--json", status=1).json()["checks"]
        }
        assert checks["ports"]["summary"] == f"another program listens at tcp/{address}"
        assert checks["serve"]["status"] == "warn"
        assert hub.json("save", "saved meanwhile")["stored"]["here"]
    residents.until(lambda: hub.json("serve", "--status")["serve"]["addresses"])
    told = spoke.ok("init", "--mode", "spoke", "--connect", address).out
    assert "it is running; " in told
    residents.until(lambda: contents(spoke) == {"saved meanwhile"})


def test_a_mode_that_is_written_by_hand(hub: Home, spoke: Home) -> None:
    """What was saved alone stays on the machine that saved it, and it says so; with the answer it goes."""
    port = free_port()
    hub.ok("init", "--mode", "hub", "--listen", f"127.0.0.1:{port}")
    spoke.save("saved alone")
    (spoke.config / "config.toml").write_text(f'mode = "spoke"\nconnect = "127.0.0.1:{port}"\n')
    spoke.ok("serve")
    spoke.ok("save", "saved in the mesh", "--wait", "1", "--timeout", "60")
    assert contents(hub) == {"saved in the mesh"}
    assert "stays here until you say" in spoke.ok("mesh", "status").err
    spoke.ok("init", "--share-existing", "yes")
    residents.until(lambda: contents(hub) == {"saved alone", "saved in the mesh"})


def test_a_backup_from_before_it_was_shared(hub: Home, spoke: Home) -> None:
    """What the others have is no secret of this machine: after the restore everything is everywhere again."""
    spoke.save("saved alone")
    backup = spoke.json("backup")["path"]
    joined(hub, spoke, "--share-existing", "yes")
    residents.until(lambda: contents(hub) == {"saved alone"})
    spoke.ok("restore-backup", backup)
    spoke.ok("save", "saved after the restore", "--wait", "1", "--timeout", "60")
    assert everywhere(spoke)["notes"][0]["code"] == "not_enforced"
    assert contents(hub) == contents(spoke) == {"saved alone", "saved after the restore"}
