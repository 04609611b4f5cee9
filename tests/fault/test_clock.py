"""A clock that jumps: stamps go on growing, a minute in 2099 passes without trace, and nothing is hidden or shown wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.clock import DAY, MINUTE, YEAR_10000
from kioku_mesh.clock import now as read_clock
from kioku_mesh.model import Draft, Filter, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import inspect
from kioku_mesh.store.transaction import AHEAD
from support.stores import body, contents, damage, everything, fact, memory, save

YEAR_2099 = 4_070_908_800 * 1_000_000


def save_at(opened: Memory, name: str, now: int, names: tuple[str, ...] = (), until: int | None = None) -> wire.Header:
    """Save by a machine whose clock says `now`."""
    with opened.store.write(now) as transaction:
        return transaction.append(wire.OBSERVATION, "mesh", body(name, now), names=names, until=until)


@pytest.mark.parametrize(
    "jump",
    [-400 * DAY, -3 * DAY, -30 * 1_000_000, 30 * 1_000_000, 3 * DAY, 400 * DAY],
    ids=lambda jump: f"{jump // 1_000_000} s",
)
def test_stamps_grow_whatever_the_clock_does(tmp_path: Path, jump: int) -> None:
    """Records are stamped in the order in which they were saved while the clock jumps by minutes, and by its time beyond."""
    now = read_clock()
    with memory(tmp_path) as opened:
        first = save_at(opened, "first", now)
        second = save_at(opened, "second", now + jump)
        third = save_at(opened, "third", now + 1)
        assert second.hlc > first.hlc or jump < -AHEAD
        assert third.hlc > first.hlc
        if jump <= AHEAD:
            assert third.hlc > second.hlc
            assert third.hlc < now + AHEAD
        assert third.hlc <= max(now, now + min(jump, AHEAD)) + 3
        assert contents(opened.store).keys() == {first.id, second.id, third.id}
        assert damage(opened.store) == []


def test_a_minute_in_2099_passes(tmp_path: Path) -> None:
    """What was saved in that minute stays and is found; what is saved afterwards is stamped with the present again."""
    with memory(tmp_path) as opened:
        before = save(opened, "before")
        future = [save_at(opened, f"future{n}", YEAR_2099 + n * MINUTE).id for n in range(3)]
        after = [save(opened, f"after{n}") for n in range(3)]
        assert contents(opened.store).keys() == {before, *future, *after}
        assert [hit.observation.observation_id for hit in opened.search(Query(text="wfuture1x")).results] == [future[1]]
        stamps = {o.observation_id: int(o.stamp.split(".")[0]) for o in opened.get([before, *after]).results}
        assert max(stamps.values()) < read_clock() + AHEAD
        assert [stamps[id_] for id_ in after] == sorted(stamps[id_] for id_ in after)
        assert [
            (count, newest > YEAR_2099) for _, count, newest in inspect.future_stamps(opened.store, read_clock() + DAY)
        ] == [(3, True)]
        assert damage(opened.store) == []


def test_what_was_saved_in_2099_can_be_revised(tmp_path: Path) -> None:
    """A revision is stamped above what it supersedes, also when that carries a stamp of the future."""
    with memory(tmp_path) as opened:
        future = save_at(opened, "future", YEAR_2099).id
        newer = opened.revise(future, Draft(content=fact("newer"))).observation_id
        newest = opened.revise(newer, Draft(content=fact("newest"))).observation_id
        assert contents(opened.store).keys() == {newest}
        assert {id_: state for id_, (state, _) in everything(opened.store).items()} == {
            future: "superseded",
            newer: "superseded",
            newest: "live",
        }


def test_what_was_saved_in_2099_can_be_deleted_and_restored(tmp_path: Path) -> None:
    """Undoing the deletion of a memory with a stamp of the future brings it back, as the answer says."""
    with memory(tmp_path) as opened:
        future = save_at(opened, "future", YEAR_2099).id
        opened.delete([future])
        assert contents(opened.store) == {}
        restored = opened.restore(future)
        assert contents(opened.store).keys() == {restored.observation_id}
        assert contents(opened.store)[restored.observation_id] == fact("future")


def test_what_was_saved_in_2099_can_be_purged(tmp_path: Path) -> None:
    """A purge takes effect at once, whatever the stamp of what it names."""
    with memory(tmp_path) as opened:
        future = save_at(opened, "future", YEAR_2099).id
        opened.purge([future])
        assert everything(opened.store)[future][0] == "deleted"
        assert b"wfuturex" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_deletion_in_2099_is_not_erased_before_its_time(tmp_path: Path) -> None:
    """Back in the present, a memory deleted in that minute can still be restored; nothing is erased early."""
    with memory(tmp_path) as opened:
        kept = save(opened, "kept")
        with opened.store.write(YEAR_2099) as transaction:
            transaction.append(wire.TOMBSTONE, "mesh", wire.encode_body({}), names=[kept], until=YEAR_2099 + 30 * DAY)
        assert contents(opened.store) == {}
        opened.gc()
        restored = opened.restore(kept)
        assert contents(opened.store)[restored.observation_id] == fact("kept")


def test_a_clock_in_2099_erases_nothing_that_is_live(tmp_path: Path) -> None:
    """Collecting in that minute sweeps what has expired by then and touches nothing that never expires."""
    with memory(tmp_path) as opened:
        kept = save(opened, "kept")
        passing = save_at(opened, "passing", read_clock(), until=read_clock() + DAY).id
        assert contents(opened.store).keys() == {kept, passing}
        with opened.store.read(now=YEAR_2099) as snapshot:
            assert snapshot.ids(snapshot.newest(Filter(), YEAR_2099, 10)) == [kept]
            assert snapshot.ids(snapshot.newest(Filter(states=("expired",)), YEAR_2099, 10)) == [passing]
        assert contents(opened.store).keys() == {kept, passing}


def test_expiry_follows_the_clock_both_ways(tmp_path: Path) -> None:
    """Expiring needs no write: the same store shows a memory or not by the time it is asked for."""
    now = read_clock()
    with memory(tmp_path) as opened:
        id_ = save_at(opened, "passing", now, until=now + DAY).id
        for at, state in ((now, "live"), (now + 2 * DAY, "expired"), (now + DAY - 1, "live"), (now + DAY, "expired")):
            with opened.store.read(now=at) as snapshot:
                row = snapshot.row_of(id_)
                assert row is not None
                assert snapshot.state(row, at) == state


def test_backups_outlive_a_clock_that_goes_back(tmp_path: Path) -> None:
    """The backup just made is kept, although the older one carries a later time in its name."""
    with memory(tmp_path) as opened:
        save(opened, "first")
        old = Path(opened.backup(keep=1).path)
        future = old.with_name(old.name.replace("memory-2", "memory-9"))
        old.rename(future)
        save(opened, "second")
        made = opened.backup(keep=1)
        assert [file.path for file in opened.backups()] == [made.path]
        assert made.records == 2


@pytest.mark.parametrize("now", [0, 1, YEAR_10000 - 1])
def test_a_clock_without_a_battery(tmp_path: Path, now: int) -> None:
    """A machine that says 1970 or 9999 saves, finds and shows; back in the present everything is there."""
    with memory(tmp_path) as opened:
        first = save_at(opened, "first", now).id
        second = save(opened, "second")
        assert contents(opened.store).keys() == {first, second}
        assert opened.search(Query(text="wfirstx")).count == 1
        assert opened.status().counts["states"]["live"] == 2
        assert damage(opened.store) == []
