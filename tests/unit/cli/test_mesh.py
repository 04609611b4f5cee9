"""What the commands say of other machines."""

from __future__ import annotations

from typing import Any

import pytest

from kioku_mesh.cli.commands.mesh import length, offset
from kioku_mesh.clock import DAY, SECOND, now
from kioku_mesh.errors import NotFound
from kioku_mesh.model import Draft, Notice, Patience, Stored
from kioku_mesh.results import Got, MeshStatus, PeerState, Purged, Receipt

from .conftest import IDS, SAVED, Asked, line, observation

PEER = PeerState(
    "desk-1", "desk", "tcp/10.0.0.9:7447", True, now(), True, 0, 0.0, 0, 0.2, "1.0", 1, ("mesh",), "",
    ({"lane": "mem", "scope": "mesh", "origin": "x", "floor": 1, "tips": []},),
)  # fmt: skip
NOTES = (Notice("not_running", "it is not running"), Notice("not_enforced", "nobody enforces"))
MESH = MeshStatus("hub", "embedded", "network", True, "all well", Stored(True, 1, 1, True), None, (PEER,), NOTES)


@pytest.mark.parametrize(
    ("options", "patience"),
    [
        ([], None),
        (["--wait"], Patience()),
        (["--wait", "2"], Patience(2)),
        (["--wait", "--timeout", "5"], Patience(None, 5 * SECOND)),
        (["--wait=1", "--timeout", "2m"], Patience(1, 120 * SECOND)),
    ],
)
def test_waiting_is_asked_of_the_service(cli: Any, options: list[str], patience: Patience | None) -> None:
    """For all known machines or for K, so long; by default nobody waits."""
    wanted = () if patience is None else (patience,)
    saving = Asked(save=SAVED, revise=SAVED)
    assert cli("save", "text", *options, memory=saving).status == 0
    assert saving.only("save") == (Draft("text"), *wanted)
    assert cli("revise", IDS[0], "text", *options, memory=saving).status == 0
    assert saving.only("revise") == (IDS[0], Draft("text"), *wanted)
    purging = Asked(purge=Purged((IDS[0],), preview=(line(1),)))
    assert cli("purge", IDS[0], "--yes", *options, memory=purging).status == 0
    assert purging.asked("purge")[1] == ([IDS[0]], False, False, None, *wanted)


@pytest.mark.parametrize(
    "options", [["--wait", "text"], ["--wait", "0"], ["--wait", "-1"], ["--wait", "--timeout", "soon"]]
)
def test_a_wait_that_means_nothing_is_bad_input(cli: Any, options: list[str]) -> None:
    """Before anything is saved."""
    memory = Asked(save=SAVED)
    assert cli("save", "text", *options, "--json", memory=memory).error()["code"] == "bad_input"
    assert memory.asked("save") == []


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (Stored(), ""),
        (Stored(mesh=True), ", stored here"),
        (Stored(True, 0, 2, True), ", stored here and on 0 of 2 machines"),
        (Stored(True, 2, 2, True), ", stored here and on 2 of 2 machines"),
    ],
)
def test_a_reply_says_where_it_is(cli: Any, stored: Stored, told: str) -> None:
    """In a mesh only; the JSON has the numbers always, and exit 0 whatever they are."""
    ran = cli("save", "text", memory=Asked(save=SAVED._replace(stored=stored)))
    assert (ran.status, ran.out) == (0, f"saved: {IDS[0]} (visibility=mesh){told}\n")
    said = cli("save", "text", "--json", memory=Asked(save=SAVED._replace(stored=stored))).json()["stored"]
    assert said == {"here": True, "peers": stored.peers, "of": stored.of} | ({"mesh": True} if stored.mesh else {})


def test_a_memory_says_where_it_is(cli: Any) -> None:
    """Looked at by its id."""
    there = observation(1, stored=Stored(True, 1, 3, True))
    assert (
        "where:       stored here and on 1 of 3 machines\n" in cli("get", IDS[0], memory=Asked(get=Got((there,)))).out
    )
    alone = Asked(get=Got((observation(1),)))
    assert "where:" not in cli("get", IDS[0], memory=alone).out
    assert "stored" not in cli("get", IDS[0], "--json", memory=alone).json()["results"][0]


def test_receipts_are_shown(cli: Any) -> None:
    """Who erased it, and who was not reached yet."""
    got = (Receipt("desk-1", "desk", True, now()), Receipt("van-2", "", False, now() - 3 * DAY))
    purged = Purged((IDS[0],), stored=Stored(True, 1, 2, True), receipts=got, warnings=(Notice("x", "it took long"),))
    ran = cli("purge", IDS[0], "--yes", "--wait", memory=Asked(purge=purged))
    assert ran.out.endswith("erased on desk-1 (desk)\nnot yet erased on van-2, last seen 3d ago\n")
    assert ran.err == "note: it took long\n"


def test_the_mesh_in_a_line_and_in_rows(cli: Any) -> None:
    """The line alone on stdout; what is urgent as notes; all of it as JSON."""
    ran = cli("mesh", "status", memory=Asked(mesh=MESH))
    assert (ran.status, ran.out, ran.err) == (0, "all well\n", "note: it is not running\n")
    behind = PEER._replace(
        node="van-2", up=False, last_seen=now() - DAY, lag_records=1200, lag_seconds=7200.0, missing_here=3,
        clock_offset_seconds=-400.0, last_error="its disk is \x1bfull",
    )  # fmt: skip
    ran = cli("mesh", "peers", memory=Asked(mesh=MESH._replace(peers=(PEER, behind))))
    first, second = (row.split() for row in ran.out.splitlines()[1:])
    assert first == "desk-1 tcp/10.0.0.9:7447 connected - - 1 - 1.0 -".split()
    assert second == "van-2 tcp/10.0.0.9:7447 1d ago 1,200 (2h) 3 1 -6m 1.0 its disk is ␛full".split()
    plain = cli("mesh", "peers", "--json", memory=Asked(mesh=MESH)).json()
    assert plain["peers"][0]["heads"][0]["origin"] == "x"
    assert plain["peers"][0]["last_seen"].endswith("Z")
    assert cli("mesh", "peers", memory=Asked(mesh=MESH._replace(peers=()))).err.startswith("note: all well\n")


def test_forgetting(cli: Any) -> None:
    """By the name that `mesh peers` shows."""
    memory = Asked(forget_peer=None)
    assert cli("mesh", "forget", "desk-1", "--json", memory=memory).json() == {"forgotten": "desk-1"}
    assert memory.only("forget_peer") == ("desk-1",)
    assert cli("mesh", "forget", "desk-2", memory=Asked(forget_peer=NotFound("no such machine"))).status == 3


def test_lengths_of_time() -> None:
    """The largest unit that fits; a clock that is less than a second off is right."""
    assert [length(s) for s in (0, 59.9, 60, 3599, 3600, 86_400 * 3)] == ["0s", "59s", "1m", "59m", "1h", "3d"]
    assert [offset(s) for s in (0.9, -0.9, 61.0, -7200.0)] == ["-", "-", "+1m", "-2h"]
