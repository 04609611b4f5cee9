"""Somebody hostile in a mesh of real processes: saves and other streams go on, memory and disk stay bounded, it is told."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import wire
from kioku_mesh.mesh import keys, talk
from kioku_mesh.mesh.heads import Heads
from kioku_mesh.mesh.peers import Address
from kioku_mesh.store.log import Head, Tip
from support import Home, residents
from support.meshed import check, count, files, ids, megabytes, peers, pid, until
from support.peers import heads as heads_of
from support.routers import free_port
from support.strangers import Stranger, head, honest, page, record, stream

YEAR_2099 = 4_070_908_800 * 1_000_000
CEILING = 200  # megabytes that a resident process may take, whatever it is sent
N = iter(range(10**6))


class Two:
    """A hub, a spoke, and the way in for a stranger."""

    def __init__(self, folder: Path) -> None:
        self.hub, self.ant = Home(folder / "hub"), Home(folder / "ant")
        self.endpoint = f"127.0.0.1:{free_port()}"
        self.hub.ok("init", "--mode", "hub", "--listen", self.endpoint, "--node", "hub", "--team-id", "red")
        self.ant.ok("init", "--mode", "spoke", "--connect", self.endpoint, "--node", "ant")
        for home in (self.hub, self.ant):
            home.ok("serve")
        until(lambda: "ant" in peers(self.hub), "they know each other")
        self.hub.save("first of the hub")
        self.ant.save("first of the spoke")
        self.pids = [pid(home) for home in (self.hub, self.ant)]

    def stranger(self) -> Stranger:
        mark = f"{next(N):x}"
        return Stranger(f"tcp/{self.endpoint}", f"stranger-{mark}", mark.rjust(16, "0"))

    def go_on(self, repair: bool = True) -> None:
        """What one saves the other gets, pushed and asked for; nobody has died or grown."""
        saved = self.ant.save(f"saved in trouble {next(N)}")
        until(lambda: saved in ids(self.hub), "what is saved while it happens arrives")
        if repair:
            self.ant.ok("serve", "--stop")
            apart = {self.ant.save(f"saved apart {next(N)}"), self.hub.save(f"saved apart {next(N)}")}
            self.ant.ok("serve")
            self.pids[1] = pid(self.ant)
            until(lambda: apart <= ids(self.hub) and apart <= ids(self.ant), "what was saved apart is asked for")
        assert self.pids == [pid(home) for home in (self.hub, self.ant)], "a resident process has died"
        for number in self.pids:
            assert megabytes(number) < CEILING

    def known(self, node: str) -> None:
        until(lambda: node in peers(self.hub), f"the hub knows {node}")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    made = Two(tmp_path_factory.mktemp("two"))
    yield made
    for home in (made.hub, made.ant):
        residents.end(home)


def origins(home: Home) -> set[str]:
    """Of the streams that the hub and the spoke wrote, on this machine."""
    return {each.origin for each in heads_of(home.state) if each.origin.startswith(("hub.", "ant."))}


def test_bytes_that_mean_nothing(two: Two) -> None:
    """On every shape of key, of every length, one byte too many among them."""
    good = record("ghost-1." + "a" * 16, 1)
    frame = wire.encode_frame(good)
    shapes = [
        keys.record(good.header, wire.digest(good.raw)), "mem/log/mesh/a/b/0/1/c", "mem/log/mesh/x",
        "mem/vv/mesh/ghost-1/" + "a" * 16, "mem/vv/mesh/%00/..", "mem/sync/mesh/hub/" + "a" * 16, "mem/alive/hub/x",
        "mem/log/team/red/a", "mem/vv/team/red/ghost-1/" + "a" * 16, "msg/log/mesh/a/b", "elsewhere",
    ]  # fmt: skip
    junk = [b"", b"\0", b"{}", b"[" * 9999, b"[]", os.urandom(5000), frame + b"x", frame[:-1], frame * 3,
            b'{"p":1}', b'{"heads":' * 2000, b"9" * 6000, bytes(talk.MESSAGE_MAX + 1)]  # fmt: skip
    hub = next(Address(*origin.rsplit(".", 1)) for origin in origins(two.hub) if origin.startswith("hub."))
    with two.stranger() as stranger:
        for token in (
            "UPPER/zz",
            "a%20b/" + "a" * 16,
            "x" * 300 + "/" + "b" * 16,
            "\x1b[31mred/" + "c" * 16,
            "deep/er/still",
        ):
            stranger._kept.append(stranger.session.liveliness().declare_token(f"mem/alive/{token}"))
        for key in shapes:
            for data in junk:
                stranger.put(key, data)
        for data in junk:
            stranger.ask(hub, data, timeout=0.2)
        two.go_on()
    assert not {name for name in peers(two.hub) if "ghost" in name or not name.isascii() or not name.islower()}
    assert b"\x1b[31mred" not in files(two.hub)


def test_the_same_again_and_again(two: Two) -> None:
    """Records, announcements and tokens that were said before change nothing."""
    with two.stranger() as stranger:
        stranger.listen()
        mark = two.ant.save("to be repeated")
        until(lambda: mark in ids(two.hub), "it is there")
        until(lambda: any("/log/" in key for key, _ in stranger.heard), "the stranger heard it")
        before = count(two.hub)
        heard = list(stranger.heard)
        for _ in range(200):
            for key, data in heard:
                stranger.put(key, data)
        two.go_on()
    assert count(two.hub) == before + 3
    assert check(two.hub, "node_names")["status"] == "pass"


def test_two_records_in_one_slot_and_seventy(two: Two) -> None:
    """All of a fork is kept everywhere, up to a bound; a fork of too many branches keeps nobody from anything."""
    with two.stranger() as stranger:
        first = record(stranger.origin, 1)
        pair = [record(stranger.origin, 2, wire.digest(first.raw), mark=n) for n in range(2)]
        for each in (first, *pair):
            stranger.push(each)
        until(lambda: {r.header.id for r in (first, *pair)} <= ids(two.ant), "both are kept")
        other = f"{stranger.me.node}.{'b' * 16}"
        for n in range(70):
            stranger.push(record(other, 1, mark=n))
        until(lambda: count(two.ant) >= 70, "they arrive")
        two.go_on()
    until(lambda: "stranger" in check(two.hub, "node_names")["summary"], "doctor tells of the fork")


def test_stamps_of_another_time(two: Two) -> None:
    """What is stamped in 2099, or at the end of all time, does not lift our stamps, and can be deleted."""
    with two.stranger() as stranger:
        late = [record(stranger.origin, 1, hlc=YEAR_2099)]
        late.append(record(stranger.origin, 2, wire.digest(late[0].raw), hlc=wire.INT_MAX - 1))
        for each in late:
            stranger.push(each)
        until(lambda: {r.header.id for r in late} <= ids(two.ant), "they arrive")
        two.go_on(repair=False)
        assert "stranger" in check(two.hub, "clock")["summary"]
        for each in late:
            two.ant.ok("delete", each.header.id)
        until(lambda: not {r.header.id for r in late} & ids(two.hub), "they are hidden everywhere")


def test_pages_that_never_end(two: Two) -> None:
    """More is promised and nothing comes, for many streams at once: others get their turn."""
    made = [stream(f"endless-{n:x}.{'e' * 16}", 1) for n in range(20)]

    def answer(asked: dict[str, Any]) -> bytes | None:
        if asked["ask"] == "heads":
            return talk.encode_heads(Heads(heads))
        if asked["ask"] == "page":
            return page([], high=asked["after"] + 1, more=True)
        return talk.encode_digests([Tip(asked["until"] or 9, "ab" * 32)])

    with two.stranger() as stranger:
        heads = [Head("mem", "mesh", each[0].header.origin, 1, (Tip(2**60, "cd" * 32),)) for each in made]
        stranger.serve(answer)
        stranger.appear()
        stranger.announce(heads)
        two.known(stranger.me.node)
        until(lambda: len(stranger.asked) > 20, "they are asked for")
        two.go_on()
        begin = len(stranger.asked)
        two.go_on()
        assert len(stranger.asked) - begin < 200, "it is asked without end"


def test_a_record_again_instead_of_what_was_asked_for(two: Two) -> None:
    """Answers with other slots, other streams and foreign scopes: only what was asked for is taken, and asking ends."""
    with two.stranger() as stranger:
        slipped = stream(f"slipped-1.{'a' * 16}", 3)
        foreign = stream(
            f"slipped-2.{'a' * 16}", 3, scope="team/blue", body=wire.encode_body({"content": "zebrafinch"})
        )
        asked_for = stream(stranger.origin, 3)
        tips = [Tip(seq, f"{seq:064x}") for seq in range(1, 4)]

        def answer(asked: dict[str, Any]) -> bytes | None:
            if asked["ask"] == "heads":
                return talk.encode_heads(Heads([Head("mem", "mesh", stranger.origin, 1, (tips[-1],))]))
            if asked["ask"] == "digests":
                return talk.encode_digests(tips)
            return page(slipped + foreign + asked_for[:1], high=9, more=True)

        for each in asked_for:
            stranger.push(each)
        until(lambda: asked_for[2].header.id in ids(two.hub), "it has what follows")
        stranger.serve(answer)
        stranger.appear()
        stranger.announce([Head("mem", "mesh", stranger.origin, 1, (tips[-1],))])
        until(lambda: any(asked["ask"] == "records" for asked in stranger.asked), "it is asked for single records")
        two.go_on()
        assert len(stranger.asked) < 200, "it is asked without end"
    for home in (two.hub, two.ant):
        assert not {r.header.id for r in slipped} & ids(home)
        assert b"zebrafinch" not in files(home)


def test_nothing_of_a_foreign_scope_stays(two: Two) -> None:
    """Pushed under keys of scopes that are ours, announced, served: no byte of another team is on a disk."""
    with two.stranger() as stranger:
        text = wire.encode_body({"content": "the plan is zebracrossing"})
        blue = stream(stranger.origin, 5, scope="team/blue", body=text)
        local = stream(f"local-1.{'a' * 16}", 2, scope="local", body=text)
        stranger.serve(honest(blue))
        stranger.serve(honest(blue), scope="team/red")
        for each in (*blue, *local):
            stranger.push(each)
            stranger.put(f"mem/log/mesh/{stranger.me.node}/{stranger.me.incarnation}/0/1/x", wire.encode_frame(each))
        stranger.appear()
        for scope in ("team/blue", "team/red", "mesh"):
            stranger.announce(
                [head(blue)._replace(scope=scope)], scope, scopes=["mesh", "team/blue", "team/red", "x" * 10**6]
            )
        two.go_on()
    for home in (two.hub, two.ant):
        found = files(home)
        assert b"zebracrossing" not in found
        assert not [r for r in (*blue, *local) if bytes.fromhex(r.header.id) in found]
        assert b"x" * 5000 not in found


def test_absurd_heads(two: Two) -> None:
    """Numbers at the edge of what fits, of our own streams too: nothing is believed but that the stranger said so."""
    with two.stranger() as stranger:
        own = [Address(*name.rsplit(".", 1)) for name in origins(two.hub)]
        heads = [
            Head(
                "mem",
                "mesh",
                f"{each.node}.{each.incarnation}",
                floor,
                (Tip(wire.INT_MAX - 1, "ab" * 32), Tip(1, "cd" * 32)),
            )
            for each in own
            for floor in (1,)
        ] + [Head("mem", "mesh", stranger.origin, wire.INT_MAX - 1, (Tip(1, "ef" * 32),))]
        stranger.appear()
        stranger.announce(heads)
        stranger.announce(heads, c=wire.INT_MAX - 1, now=wire.INT_MAX - 1, p=wire.INT_MAX - 1)
        two.known(stranger.me.node)
        two.go_on()
        two.hub.ok("mesh", "status")
        two.hub.ok("mesh", "peers")
        until(lambda: stranger.me.node in check(two.hub, "peer_versions")["summary"], "doctor names it")


def test_in_our_own_name(two: Two) -> None:
    """Records forged into the streams of a machine that is there, again and again: it goes on saving and sharing."""
    with two.stranger() as stranger:
        for n in range(30):
            for origin in origins(two.hub):
                stranger.push(record(origin, 1, hlc=n + 1))
                stranger.push(record(origin, 10**6 + n, "ab" * 32, hlc=n + 1))
            if n % 10 == 0:
                two.go_on(repair=False)
        two.go_on()


def test_peers_that_never_answer(two: Two) -> None:
    """Many announce what nobody has, and say nothing when asked: those who answer are asked meanwhile."""
    with two.stranger() as stranger:
        for n in range(12):
            me = Address(f"mute-{n:x}", f"{n:016x}")
            heads = [Head("mem", "mesh", f"mute-{n:x}.{k:016x}", 1, (Tip(5, "ab" * 32),)) for k in range(30)]
            stranger.serve(lambda _asked: None, of=me)
            stranger.appear(me)
            stranger.announce(heads, of=me)
        two.known("mute-b")
        two.go_on()


def test_somebody_who_speaks_and_cannot_be_asked(two: Two) -> None:
    """As after a line broke one way: the hub opens a new session, to which all come back, once and not again and again."""
    with two.stranger() as stranger:

        def router() -> str:
            return " ".join(map(str, stranger.session.info.routers_zid()))

        first = router()

        def renewed() -> bool:
            stranger.announce([Head("mem", "mesh", stranger.origin, 1, (Tip(5, "ab" * 32),))])
            time.sleep(1)
            return router() not in ("", first)

        until(renewed, "a new session is opened")
        second = router()
        two.go_on()
        assert router() == second


def crowd(two: Two, streams: int, tokens: int) -> None:
    """Streams of so many origins, and the tokens of so many machines that are none."""
    with two.stranger() as stranger:
        before = count(two.hub)
        for n in range(streams):
            stranger.push(record(f"many-{n:x}.{n:016x}", 1))
        for n in range(tokens):
            stranger.appear(Address(f"many-{n:x}", f"{n:016x}"))
        two.go_on()
        until(lambda: count(two.hub) > before + 0.9 * streams, "they arrive")
        two.go_on()


@pytest.mark.long
def test_many_origins(two: Two) -> None:
    """Slower perhaps, and nothing else."""
    crowd(two, 10_000, 10_000)
