"""Where a memory is: never more than a peer said, never at the price of a save, and nothing at all in mode local."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from kioku_mesh import app, config
from kioku_mesh.clock import DAY, MINUTE, SECOND, now
from kioku_mesh.errors import BadInput, NotFound
from kioku_mesh.model import Draft, Patience, Stored, as_plain
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.log import Tip
from kioku_mesh.store.run import Run
from support import peers
from support.stores import memory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def opened(folder: Path, mode: str = "hub", **arguments: object) -> Memory:
    return memory(folder, mode=mode, **arguments)


def test_a_save_tells_who_has_it(folder: Path) -> None:
    """Right after the commit nobody does; a repeated save and a look by id tell who said so since."""
    with opened(folder) as it:
        first = it.save(Draft("the lease is 30 s"))
        assert first.stored == Stored(True, 0, 0, True)
        peers.hear(folder, "desk-1")
        peers.hear(folder, "van-2", has=())
        assert it.save(Draft("another one")).stored == Stored(True, 0, 2, True)
        again = it.save(Draft("the lease is 30 s"))
        assert (again.status, again.stored) == ("already_saved", Stored(True, 1, 2, True))
        assert it.get([first.observation_id]).results[0].stored == Stored(True, 1, 2, True)
        assert it.revise(first.observation_id, Draft("the lease is 40 s")).stored == Stored(True, 0, 2, True)


def test_only_those_who_may_see_it_are_counted(folder: Path) -> None:
    """A scope that a peer did not declare, a peer that was silent for a month, and `local` memories wait for nobody."""
    with opened(folder) as it:
        first = it.save(Draft("to begin with")).observation_id
        peers.hear(folder, "desk-1", scopes=("mesh", "user/kim"))
        peers.hear(folder, "van-2")
        peers.hear(folder, "old-3", heard=now() - 31 * DAY)
        assert it.get([first]).results[0].stored == Stored(True, 2, 2, True)
        mine = it.save(Draft("only mine", visibility="user"))
        assert mine.stored == Stored(True, 0, 1, True)
        assert [warning.code for warning in mine.warnings] == ["not_enforced"]
        here = it.save(Draft("only here", visibility="local"))
        assert (here.stored, here.warnings) == (Stored(), ())
        assert it.get([here.observation_id]).results[0].stored == Stored()


def test_a_memory_that_was_shared_later_counts_where_it_was_shared(folder: Path) -> None:
    """The withheld copy is nowhere else and never will be; the shared one is."""
    with opened(folder, "local") as it:
        id_ = it.save(Draft("saved alone")).observation_id
        it.withhold()
    with opened(folder) as it:
        peers.hear(folder, "desk-1")
        assert it.get([id_]).results[0].stored == Stored()
        it.share([id_])
        assert it.get([id_]).results[0].stored == Stored(True, 0, 1, True)
        peers.hear(folder, "desk-1")
        assert it.get([id_]).results[0].stored == Stored(True, 1, 1, True)


def test_in_mode_local_nothing_of_others_is_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the module that could is imported."""
    for name in [name for name in sys.modules if name.endswith((".replicas", ".meshing", ".store.run"))]:
        monkeypatch.delitem(sys.modules, name)
    with opened(folder, "local") as it:
        id_ = it.save(Draft("the lease is 30 s")).observation_id
        it.save(Draft("the lease is 30 s"))
        it.get([id_])
        assert it.purge([id_]).receipts == ()
        assert [name for name in sys.modules if name.endswith((".replicas", ".meshing", ".store.run"))] == []
        plain = as_plain(it.status())
    assert (plain["stored"], "mesh" in plain) == ({"here": True, "peers": 0, "of": 0}, False)


@pytest.mark.parametrize("damage", [b"no database" * 1000, b"", None])
def test_a_lost_run_db_is_nobody(folder: Path, damage: bytes | None) -> None:
    """Saving, reading, status and purging go on, and say that nobody is known."""
    with opened(folder) as it:
        id_ = it.save(Draft("the lease is 30 s")).observation_id
        peers.hear(folder, "desk-1")
        path = folder / "run.db"
        path.unlink()
        if damage is not None:
            path.write_bytes(damage)
        assert it.save(Draft("another one")).stored == Stored(True, 0, 0, True)
        assert it.get([id_]).results[0].stored == Stored(True, 0, 0, True)
        assert it.status().stored == Stored(True, 0, 0, True)
        assert it.purge([id_]).receipts == ()
        assert path.exists() is (damage is not None)


def test_waiting_ends_when_they_have_it(folder: Path) -> None:
    """A peer that says so during the wait ends it; the reply counts it and warns of nothing."""
    with opened(folder) as it:
        it.save(Draft("to begin with"))
        peers.hear(folder, "desk-1", has=())
        peers.hear(folder, "van-2", has=())
        for count, told in ((1, ["desk-1"]), (None, ["desk-1", "van-2"])):
            timer = threading.Timer(0.2, lambda told=told: [peers.hear(folder, node) for node in told])
            timer.start()
            saved = it.save(Draft(f"wait for {count}"), Patience(count, 60 * SECOND))
            timer.join()
            assert (saved.stored.peers >= len(told), saved.warnings) == (True, ())


@pytest.mark.parametrize(
    ("mode", "visibility", "known", "code"),
    [
        ("hub", "mesh", True, "not_everywhere"),
        ("hub", "mesh", False, "not_waited"),
        ("hub", "local", True, "not_waited"),
        ("local", "mesh", True, "not_waited"),
    ],
)
def test_a_wait_that_brings_nothing_is_told(folder: Path, mode: str, visibility: str, known: bool, code: str) -> None:
    """The memory is saved all the same."""
    with opened(folder, mode) as it:
        it.save(Draft("to begin with"))
        if known:
            peers.hear(folder, "desk-1", has=())
        saved = it.save(Draft("wait for it", visibility=visibility), Patience(None, SECOND // 10))
        assert (saved.status, saved.stored.peers) == ("saved", 0)
        assert [warning.code for warning in saved.warnings] == [code]


def test_while_one_waits_others_save(folder: Path) -> None:
    """Also a repeated save waits without the write lock."""
    with opened(folder) as it, opened(folder, wait_s=1.0) as other:
        it.save(Draft("said twice"))
        peers.hear(folder, "desk-1", has=())
        waiting = threading.Thread(target=lambda: it.save(Draft("said twice"), Patience(None, 60 * SECOND)))
        waiting.start()
        other.save(Draft("meanwhile"))
        peers.hear(folder, "desk-1")
        waiting.join(60)
        assert not waiting.is_alive()


def test_a_purge_collects_receipts(folder: Path) -> None:
    """A peer past the purge has erased it; one that may not see the memory is not asked."""
    with opened(folder) as it:
        id_ = it.save(Draft("a secret that got in")).observation_id
        before = peers.heads(folder)
        peers.hear(folder, "desk-1", before)
        peers.hear(folder, "van-2", before)
        peers.hear(folder, "guest-3", (), scopes=("user/kim",))
        timer = threading.Timer(0.2, lambda: peers.hear(folder, "van-2"))
        timer.start()
        purged = it.purge([id_], patience=Patience(1, 60 * SECOND))
        timer.join()
        assert [(receipt.node, receipt.erased) for receipt in purged.receipts] == [("desk-1", False), ("van-2", True)]
        assert (purged.stored, purged.warnings) == (Stored(True, 1, 2, True), ())


def test_the_mesh_in_one_line(folder: Path) -> None:
    """Nobody known, somebody behind, this machine behind, everything everywhere."""
    with opened(folder) as it:
        assert it.mesh().summary == "no other machine is known yet"
        it.save(Draft("one"))
        old = peers.heads(folder)
        it.save(Draft("two"))
        it.save(Draft("only here", visibility="local"))
        peers.hear(folder, "desk-1", old)
        peers.hear(folder, "van-2")
        found = it.mesh()
        assert (found.everywhere, found.stored) == (False, Stored(True, 1, 2, True))
        assert found.summary == "not everything is everywhere: desk-1 lacks 1 (records)"
        (head,) = peers.heads(folder)
        further = head._replace(tips=(Tip(head.tips[0].seq + 3, "ab" * 32),))
        peers.hear(folder, "desk-1", (further, head._replace(scope="user/else", origin="x-1." + "0" * 16)))
        assert it.mesh().summary == "not everything is everywhere: this machine lacks 3 (records)"
        peers.hear(folder, "desk-1")
        with peers.running(folder):
            found = it.mesh()
            assert it.status().mesh == found._replace(notes=(), serve=None)
        assert (found.everywhere, found.summary) == (True, "everything is everywhere: here and on 2 other machines")
        assert [note.code for note in found.notes] == ["not_enforced"]
        away = it.mesh().summary
        assert away.startswith("everything is everywhere as last heard")
        assert away.endswith("not in touch: desk-1, van-2")


def test_a_peer_that_said_nothing_yet_has_nothing_yet(folder: Path) -> None:
    """It is there, but it is neither counted nor behind; whoever waits for all waits for it too."""
    with opened(folder) as it:
        it.save(Draft("one"))
        peers.hear(folder, "new-1", (), scopes=())
        found = it.mesh()
        assert (found.everywhere, found.stored.of, found.summary) == (False, 0, "no other machine is known yet")
        assert [note.message for note in found.notes if note.code == "not_said"] == [
            "not counted, as they have not said yet what they have: new-1"
        ]
        saved = it.save(Draft("wait for it"), Patience(None, SECOND // 10))
        assert [warning.code for warning in saved.warnings] == ["not_everywhere"]


def test_the_lag_of_a_peer(folder: Path) -> None:
    """In records and since when; by its scopes; branches of a fork are lacked one by one."""
    with opened(folder) as it:
        it.save(Draft("one"))
        (old,) = peers.heads(folder)
        it.save(Draft("two"))
        it.save(Draft("mine", visibility="user"))
        peers.hear(folder, "desk-1", (old,), ahead=-7 * MINUTE, error="too slow")
        peers.hear(folder, "van-2", (), scopes=("mesh", "user/kim"), heard=now() - 31 * DAY)
        desk, van = it.mesh(heads=True).peers
        assert (desk.lag_records, desk.missing_here, desk.counted) == (1, 0, True)
        assert 0 <= desk.lag_seconds < 3600
        assert (desk.clock_offset_seconds, desk.last_error) == (-420.0, "too slow")
        assert desk.heads == ({**old._asdict(), "tips": [{"seq": old.tips[0].seq, "digest": old.tips[0].digest}]},)
        assert (van.lag_records, van.counted, van.heads) == (3, False, ())
        assert it.mesh().stored == Stored(True, 0, 1, True)
        current = peers.heads(folder)[0]
        other = current._replace(tips=(Tip(current.tips[0].seq, "cd" * 32),))
        peers.hear(folder, "desk-1", (other,))
        desk = it.mesh().peers[0]
        assert (desk.lag_records, desk.missing_here) == (1, 1)


def test_a_machine_is_forgotten_until_it_is_heard(folder: Path) -> None:
    """Nobody waits for it; an unknown name is not found; alone there is nobody to forget."""
    with opened(folder) as it:
        it.save(Draft("one"))
        peers.hear(folder, "desk-1", ())
        assert (it.known("peer", "de"), it.known("peer", "x")) == (("desk-1",), ())
        with pytest.raises(NotFound, match="desk-2") as error:
            it.forget_peer("desk-2")
        assert "desk-1" in error.value.hint
        it.forget_peer("desk-1")
        assert it.save(Draft("two")).stored.of == 0
        peers.hear(folder, "desk-1", ())
        assert it.save(Draft("three")).stored.of == 1
    with opened(folder, "local") as it, pytest.raises(BadInput, match="in no mesh"):
        it.forget_peer("desk-1")


def test_who_has_the_process_that_shares(folder: Path) -> None:
    """Running, or gone with what it last said."""
    with opened(folder) as it:
        it.save(Draft("one"))
        assert [note.code for note in it.mesh().notes] == ["not_running", "not_enforced"]
        with peers.running(folder, error="port 7447 is taken", addresses=("tcp/10.0.0.1:7447",)):
            found = it.mesh()
        assert found.serve is not None
        assert (found.serve.running, found.serve.pid) == (True, os.getpid())
        assert [note.message for note in found.notes if note.code == "serve_error"] == ["port 7447 is taken"]
        Run(str(folder)).drop_serve()
        assert it.mesh().serve is None


def test_a_team_that_only_a_project_file_names_is_not_shared(tmp_path: Path) -> None:
    """The save says so and what helps, the status too; with the setting it is shared as any other."""
    (tmp_path / ".kioku-mesh.yaml").write_text("team_id: web\n")
    environ = {"HOME": str(tmp_path), "KIOKU_MESH_STATE_DIR": str(tmp_path / "s")}
    (tmp_path / ".config" / "kioku-mesh").mkdir(parents=True)
    file = tmp_path / ".config" / "kioku-mesh" / "config.toml"
    file.write_text('mode = "spoke"\nconnect = "10.0.0.1"\nteams = "app"\n')
    with app.open_memory(config.load(environ, str(tmp_path), platform="linux")) as it:
        saved = it.save(Draft("for the team", visibility="team"), Patience(None, 0))
        assert [warning.code for warning in saved.warnings] == ["not_shared", "not_waited"]
        assert "kioku-mesh config set teams app,web" in saved.warnings[0].message
        assert "not_shared" in [note.code for note in it.mesh().notes]
    file.write_text(file.read_text().replace('"app"', '"app,web"'))
    loaded = config.load(environ, str(tmp_path), platform="linux")
    assert list(loaded.declared()) == ["mesh", "team/app", "team/web"]
    with app.open_memory(loaded) as it:
        saved = it.save(Draft("for the team as well", visibility="team"))
        assert [warning.code for warning in saved.warnings] == ["not_enforced"]
        peers.hear(tmp_path / "s", "desk-1")
        told = it.save(Draft("and a third", visibility="team"), Patience(None, 0)).warnings[-1]
        assert told.message == "nobody to wait for: no other machine shares team/web"


def test_a_scope_that_the_running_process_does_not_know(tmp_path: Path) -> None:
    """A variable of one agent is none of the process that another one started."""
    environ = {"HOME": str(tmp_path), "KIOKU_MESH_STATE_DIR": str(tmp_path / "s"), "KIOKU_MESH_USER_ID": "kim"}
    (tmp_path / ".config" / "kioku-mesh").mkdir(parents=True)
    (tmp_path / ".config" / "kioku-mesh" / "config.toml").write_text('mode = "spoke"\nconnect = "10.0.0.1"\n')
    with app.open_memory(config.load(environ, str(tmp_path), platform="linux")) as it:
        said = []
        for scopes in (("mesh",), ("mesh", "user/kim")):
            with peers.running(tmp_path / "s", scopes=scopes):
                said.append(it.save(Draft(f"mine, {scopes}", visibility="user")).warnings[-1])
        assert [warning.code for warning in said] == ["not_shared", "not_enforced"]
        assert "kioku-mesh config set user_id kim" in said[0].message


def test_a_purge_is_written_once(folder: Path) -> None:
    """Again: nothing is written, and the receipts are those of the first. One that stayed on this machine is not enough
    in a mesh."""
    with opened(folder, "local") as it:
        alone = it.save(Draft("a secret that got in")).observation_id
        assert it.purge([alone]).purged == (alone,)
        written = it.store.version()
        again = it.purge([alone], unknown=True, visibility="mesh")
        assert (again.purged, again.already_purged, it.store.version()) == ((), (alone,), written)
    with opened(folder) as it:
        assert it.purge([alone]).purged == (alone,)
        id_ = it.save(Draft("another secret")).observation_id
        it.purge([id_, "c" * 32], unknown=True, visibility="mesh")
        peers.hear(folder, "desk-1")
        written = it.store.version()
        again = it.purge([id_, "c" * 32, alone], unknown=True, visibility="mesh", patience=Patience(None, SECOND))
        assert (again.purged, again.unknown, it.store.version()) == ((), (), written)
        assert set(again.already_purged) == {id_, "c" * 32, alone}
        assert [(receipt.node, receipt.erased) for receipt in again.receipts] == [("desk-1", True)]
        assert (again.stored.peers, again.warnings) == (1, ())
        preview = it.purge([id_], dry_run=True)
        assert (preview.preview, preview.already_purged) == ((), (id_,))
