"""The mesh of an older version in a real zenohd with RocksDB, read into ours."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.errors import NotAvailable, PeerUnreachable, Timeout
from kioku_mesh.mesh.foreign import ForeignSpace
from kioku_mesh.transfer.kioku_mesh import STEMS
from support import Result, older
from support.home import Home
from support.needs import ZENOHD, needs
from support.residents import end
from support.routers import Router

pytestmark = [pytest.mark.zenohd, needs(ZENOHD)]
FROM = ("import", "--from", "kioku-mesh-zenoh")
OUTCOME = ("added", "known", "conflicts", "failed")


class OldMesh(Router):
    """A zenohd as the older version has it set up; `stores` is what its storage takes."""

    def __init__(self, folder: Path, stores: str = "mem/**") -> None:
        super().__init__(folder, text="{}")
        self.file.write_text(older.zenohd(self.endpoint, self.data, stores))

    def hold(self, *samples: older.Sample) -> None:
        """Put these into its storage, and wait until it has them."""
        wanted = {sample.key for sample in samples}
        with self.visit() as visit:
            for sample in samples:
                visit.put(sample.key, sample.payload)
            until(lambda: wanted <= set(visit.everything("mem/**")), "the storage has everything")


def until(true: Callable[[], object], what: str) -> None:
    """Wait for a condition."""
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit, f"never: {what}"
        time.sleep(0.1)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[OldMesh]:
    with OldMesh(tmp_path / "old") as made:
        yield made


@pytest.fixture
def kim(tmp_path: Path) -> Iterator[Home]:
    yield from person(tmp_path / "kim", "kim")


@pytest.fixture
def lee(tmp_path: Path) -> Iterator[Home]:
    yield from person(tmp_path / "lee", "lee")


def person(folder: Path, name: str) -> Iterator[Home]:
    made = Home(folder)
    made.ok("config", "set", "user_id", name)
    made.ok("config", "set", "team_id", "blue")
    yield made
    end(made)


def outcome(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[name] for name in OUTCOME)


def shown(home: Home) -> dict[str, str]:
    """Subject -> stamp, without the machine that wrote it, of everything that this machine has."""
    found = home.json("search", "-n", "1000", "--include", "superseded,expired,deleted")["results"]
    return {f"{each['observation_id']} {each['state']}": each["stamp"].partition(".")[0] for each in found}


def test_a_mesh_is_read_whole_and_once(kim: Home, old: OldMesh) -> None:
    """The dry run says what happens; a second import finds everything known; the old mesh stays as it is."""
    old.hold(*older.samples())
    with old.visit() as visit:
        before = visit.everything("mem/**")
    connect = ("--connect", old.endpoint)
    plan = kim.json(*FROM, *connect, "--dry-run")
    assert outcome(plan) == (14, 0, 0, 0)
    assert shown(kim) == {}
    report = kim.json(*FROM, *connect)
    assert {**report, "dry_run": True} == plan
    assert report["left_out"] == {"user/lee": 1}
    assert report["found"]["by_visibility"] == {"mesh": 10, "team/blue": 1, "user/kim": 1}
    states = {key.split()[1] for key in shown(kim)}
    assert states == {"live", "superseded", "expired", "deleted"}
    assert outcome(kim.json(*FROM, *connect)) == (0, 14, 0, 0)
    text = kim.ok(*FROM, *connect)
    assert "12 memories" in text.out
    assert "user/lee" in text.err
    with old.visit() as visit:
        assert visit.everything("mem/**") == before
    assert b"lee's secret" not in b"".join(path.read_bytes() for path in kim.state.rglob("*") if path.is_file())


def test_two_machines_that_import_it_agree(kim: Home, lee: Home, old: OldMesh) -> None:
    """Alone they have the same; joined, through the very zenohd of the old mesh, each memory is there once."""
    late = [older.observation(n) for n in range(1, 60)]
    late += [older.observation(60, supersedes=[f"{1:032x}"], created_at="2025-01-01T00:00:00Z"), older.tombstone(7)]
    old.hold(*older.samples(), *late)
    connect = ("--connect", old.endpoint)
    for home in (kim, lee):
        assert home.json(*FROM, *connect)["failed"] == 0
    both = dict(shown(kim).items() & shown(lee).items())
    assert len(both) == 11 + 60  # all but what is kim's or lee's alone
    for home in (kim, lee):
        home.ok("init", "--mode", "spoke", *connect, "--share-existing", "yes", "--node", home.folder.name)
        home.ok("serve")
    marker = kim.save("both are joined")
    until(lambda: lee.run("get", marker).status == 0, "lee has what kim saved")
    back = lee.save("and the other way")
    until(lambda: kim.run("get", back).status == 0, "kim has what lee saved")
    joined = shown(kim), shown(lee)
    assert len(joined[0]) == len(joined[1]) == len(both) + 3  # one of their own, and the two saved since
    assert all(both.items() <= each.items() for each in joined)
    assert not any(each["conflicts_with"] for each in kim.json("search", "-n", "1000")["results"])
    assert outcome(kim.json(*FROM, *connect)) == (0, 14 + 61, 0, 0)


def test_bad_records_are_named_with_their_keys(kim: Home, old: OldMesh) -> None:
    """They stop nothing else, and the exit status tells of them."""
    broken = older.Sample(older.key("b" * 32), b"{", 0)
    future = older.Sample(older.key("c" * 32, "planet/earth"), b"{}", 0)
    old.hold(older.observation(1), broken, future)
    result = kim.run(*FROM, "--connect", old.endpoint, "--json", status=1)
    assert outcome(result.json()) == (1, 0, 0, 2)
    assert {error["key"] for error in result.json()["errors"]} == {broken.key, future.key}
    assert broken.key in kim.run(*FROM, "--connect", old.endpoint, status=1).err


def failed(home: Home, *arguments: str) -> Result:
    return home.run(*arguments, "--json", status=1)


def test_nothing_found_is_said_only_of_a_storage_that_is_empty(kim: Home, tmp_path: Path) -> None:
    """A router without one, a storage of something else, or nobody at all, are errors."""
    for stores in ("", "other/**"):
        with OldMesh(tmp_path / f"old-{len(stores)}", stores) as bare:
            refused = failed(kim, *FROM, "--connect", bare.endpoint).error()
        assert refused["code"] == "not_available"
        assert "stores" in refused["message"]
    assert failed(kim, *FROM, "--connect", bare.endpoint).error()["code"] == "peer_unreachable"
    with OldMesh(tmp_path / "empty") as empty:
        assert outcome(kim.json(*FROM, "--connect", empty.endpoint)) == (0, 0, 0, 0)


def test_a_router_that_dies_in_the_middle_is_an_error(old: OldMesh) -> None:
    """Also when it is back before anybody looks."""
    old.hold(*(older.observation(n << 124) for n in range(16)))

    def dies(count: int) -> None:
        if count == 3:
            old.kill()
            old.start()

    with ForeignSpace(old.endpoint, STEMS) as space, pytest.raises((PeerUnreachable, NotAvailable)):
        space.gather(lambda _key: True, dies)


def test_what_is_answered_once_and_not_again_is_an_error(old: OldMesh) -> None:
    """A machine that left in the middle of the first reading would not be noticed otherwise."""
    samples = [older.observation(n << 124) for n in range(16)]
    old.hold(*samples)

    def removes(count: int) -> None:
        if count == 16:
            with old.visit() as visit:
                visit.delete(samples[3].key)
                assert visit.settled(samples[3].key, None, 30)

    with ForeignSpace(old.endpoint, STEMS) as space, pytest.raises(PeerUnreachable, match="1 of 16 records"):
        space.gather(lambda _key: True, removes)


def test_what_is_saved_while_it_is_read_comes_along(old: OldMesh) -> None:
    """The old mesh may be in use meanwhile."""
    old.hold(*(older.observation(n << 124) for n in range(1, 16)))
    late = older.observation(5)

    def saves(count: int) -> None:
        if count == 15:
            old.stores(late.key, late.payload)

    with ForeignSpace(old.endpoint, STEMS) as space:
        assert late.key in space.gather(lambda _key: True, saves)


def test_a_router_that_stops_answering_is_an_error(old: OldMesh) -> None:
    """A slice is cut smaller before it is given up; what had come does not count."""
    old.hold(older.observation(1))
    assert old.process
    with ForeignSpace(old.endpoint, STEMS, patience=0.3) as space:
        assert space.stored()
        old.process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(Timeout):
                space.gather(lambda _key: True, lambda _count: None)
        finally:
            old.process.send_signal(signal.SIGCONT)


def test_migrate_visibility_takes_what_has_none(kim: Home, old: OldMesh) -> None:
    """With the visibility that was asked for, and asks before it does."""
    old.hold(*older.samples())
    migrate = ("migrate-visibility", "--from", "legacy", "--to", "user", "--connect", old.endpoint)
    assert outcome(kim.json(*migrate, "--dry-run")) == (4, 0, 0, 0)
    kim.run(*migrate, status=1)
    assert shown(kim) == {}
    assert outcome(kim.json(*migrate, "--yes")) == (4, 0, 0, 0)
    found = kim.json("search", "-n", "100", "--include", "deleted")["results"]
    assert {each["visibility"] for each in found} == {"user/kim"}
    assert outcome(kim.json(*FROM, "--connect", old.endpoint)) == (10, 4, 0, 0)


def test_what_was_local_alone_is_not_shared_unsaid(kim: Home, old: OldMesh) -> None:
    """On a machine of a mesh, an import of local files says where they go, before and after."""
    older.database(kim.state / "local" / "raw.db", "raw.sql")
    local = ("import", "--from", "kioku-mesh")
    assert "shared" not in codes(kim.json(*local, "--dry-run"))
    kim.ok("init", "--mode", "spoke", "--connect", old.endpoint, "--share-existing", "yes")
    assert "shared" in codes(kim.json(*local, "--dry-run"))
    assert "shared" in codes(kim.json(*local))
    assert "shared" not in codes(kim.json(*local))


def codes(report: dict[str, Any]) -> set[str]:
    return {note["code"] for note in report["notes"]}


def test_doctor_says_what_is_still_over_there(kim: Home, old: OldMesh) -> None:
    """How many of which shape, and with which command they come over; nothing once they are here."""
    old.hold(*older.samples())
    look = ("doctor", "--check-legacy-namespace", "--json")
    assert kim.ok(*look).json()["checks"][0]["status"] == "pass"  # no router is set up
    kim.ok("init", "--mode", "spoke", "--connect", old.endpoint, "--share-existing", "yes")
    check = kim.run(*look, status=1).json()["checks"][0]
    assert check["details"]["shapes"] == {
        "mesh": 7, "team/blue": 1, "user/kim": 1, "user/lee": 1, "without a visibility": 3
    }  # fmt: skip
    assert "12 of them not here" in check["summary"]
    assert check["hint"] == f"kioku-mesh import --from kioku-mesh-zenoh --connect {old.endpoint}"
    assert outcome(kim.json(*check["hint"].split()[1:])) == (14, 0, 0, 0)
    assert kim.ok(*look).json()["checks"][0]["status"] == "pass"
    old.kill()
    assert kim.run(*look, status=1).json()["checks"][0]["status"] == "warn"
