"""Whatever happens on the way, in the end every entitled machine has and shows the same, and nobody else has anything."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.clock import SECOND
from kioku_mesh.mesh import talk, twin
from kioku_mesh.mesh.answers import answer
from kioku_mesh.mesh.outgoing import Announce
from kioku_mesh.mesh.twin import Faults
from kioku_mesh.store import exchange
from kioku_mesh.store.store import Store
from support.meshes import Company, company
from support.stories import Story, faults, steps, tell

stories = given(machines=st.integers(2, 7), seed=st.integers(0, 10**6), faults=faults, steps=steps)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@stories
def test_in_the_end_all_have_the_same(
    machines: int, seed: int, faults: Faults, steps: list[tuple[str, int, int, bool]]
) -> None:
    """Loss, repeats, delays, partitions and crashes included; nothing acknowledged is lost, nothing purged is left."""
    tell(machines, seed, faults, steps)


@pytest.mark.long
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@stories
def test_thousands_of_stories(
    machines: int, seed: int, faults: Faults, steps: list[tuple[str, int, int, bool]]
) -> None:
    """The same for an hour."""
    tell(machines, seed, faults, steps)


def test_two_live_copies_of_a_machine() -> None:
    """Both write under one name at once: both lives are kept everywhere, and one of them goes on under a new one."""
    with company(7) as made:
        story = Story(made, 3)
        for _ in range(40):
            story.save("a", "mesh")
        made.settle()
        story.names.append(made.clone("a"))
        for one, other in (("a", story.names[-1]), ("a", "b"), (story.names[-1], "b"), ("a", "c")):
            made.twin.part(one, other)
        for _ in range(40):
            story.save("a", "mesh")
            story.save(story.names[-1], "mesh")
        made.settle()
        story.check()
        assert len({made.twin.stations[name].address for name in story.names}) == 4, "two machines go on as one"


def test_a_live_copy_that_alone_writes() -> None:
    """Who asks by name gets the other one, which has nothing new: the copies must notice that they are two."""
    with company(17) as made:
        story = Story(made, 2)
        story.save("a", "mesh")
        made.settle()
        story.names.append(made.clone("a"))
        for name in "ab":
            made.twin.part(name, story.names[-1])
        story.save(story.names[-1], "mesh")
        made.twin.run(SECOND)
        made.settle()
        story.check()


def test_its_own_announcement_is_no_copy() -> None:
    """A router hands a node what it said itself."""
    with company(19) as made:
        made.machine("a")
        made.save("a", 1)
        node = made.twin.stations["a"].node
        assert node is not None
        said = []
        for second in range(100):
            node.step(made.twin.now + second * SECOND)
            said += [message.said for message in node.out if isinstance(message, Announce)]
            node.out = []
        assert len(said) > 2
        for each in said:
            node.heard(talk.encode_announcement(each), made.twin.now)
        node.step(made.twin.now + 101 * SECOND)
        assert exchange.writer(made.store("a")) == node.who
        node.heard(talk.encode_announcement(said[-1]._replace(counter=said[-1].counter + 1)), made.twin.now)
        node.step(made.twin.now + 102 * SECOND)
        assert exchange.writer(made.store("a")) != node.who


def test_a_gap_costs_few_messages() -> None:
    """One page for each 256 KiB, and a handful of others; of twenty machines that could all answer, one does."""
    names = ["a", "b", *(f"n{number}" for number in range(19))]
    with company(3) as made:
        for name in names:
            made.machine(name)
        made.settle()
        for other in names[1:]:
            made.twin.part("a", other)
        for number in range(200):
            made.save("b", number)
        made.twin.run(10 * SECOND)
        before = made.twin.sent.get("Ask", 0)
        made.twin.heal()
        made.twin.run(5 * SECOND)
        assert made.heads("a") == made.heads("b")
        size = sum(len(made.at_rest("b", id_)) for id_ in made.saved["mesh"])
        assert made.twin.sent["Ask"] - before <= 3 * size // (256 * 1024) + 12


def test_a_text_that_was_erased_comes_back_from_a_peer() -> None:
    """A deletion is undone in time by a machine that is apart; the others have erased by then, and ask for the text."""
    with company(5) as made:
        for name in "abc":
            made.machine(name)
        id_ = made.save("a", 1)
        mark = made.mark("a", wire.TOMBSTONE, id_, lasts=10 * SECOND)
        made.twin.run(5 * SECOND)
        made.twin.part("c", "a")
        made.twin.part("c", "b")
        made.mark("c", wire.UNDO, mark)
        made.twin.run(60 * SECOND)
        made.save("a", 2)
        made.twin.run(60 * SECOND)
        text = made.at_rest("c", id_)
        assert text not in made.stored("a") + made.stored("b")
        made.settle()
        views = [made.seen(name) for name in "abc"]
        assert views[0] == views[1] == views[2]
        assert views[0][id_][0] == "live"
        assert text in made.stored("a")


def test_what_idles_says_little() -> None:
    """An announcement about every half minute from each machine, and nothing else."""
    with company(11) as made:
        for name in "abcd":
            made.machine(name)
        made.settle()
        before = dict(made.twin.sent)
        made.twin.run(600 * SECOND)
        said = {kind: count - before.get(kind, 0) for kind, count in made.twin.sent.items()}
        assert said["Announce"] <= 4 * 26
        assert said.get("Ask", 0) == said.get("Push", 0) == 0


def test_memories_of_a_machine_that_is_gone_for_good() -> None:
    """Whoever has them passes them on."""
    with company(9) as made:
        made.machine("a")
        made.machine("b")
        gone = {made.save("a", n) for n in range(3)}
        made.twin.run(5 * SECOND)
        made.twin.crash("a")
        made.machine("c")
        made.twin.run(60 * SECOND)
        assert gone <= made.ids("c")


def test_a_scope_is_a_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a peer pushes or slips into its answers that is not for a machine never reaches its disk."""
    with company(13) as made:
        team = made.machine("a", "team/red")
        made.save("a", 1, "team/red")
        (foreign,), _ = exchange.saved_since(team, 0, 1)
        plain = made.save("a", 2)
        made.settle()

        def slipping_in(store: Store, scopes: frozenset[str], data: bytes) -> bytes | None:
            asked, told = talk.decode_request(data), answer(store, scopes, data)
            if asked.ask != "page" or told is None:
                return told
            page = exchange.page(store, exchange.Name("mem", "mesh", asked.origin), 0, None, 10**6)
            return talk.encode_page(page._replace(frames=(wire.encode_frame(foreign), *page.frames)))

        monkeypatch.setattr(twin, "answer", slipping_in)
        made.machine("c")
        node = made.twin.stations["c"].node
        assert node is not None
        node.pushed(wire.encode_frame(foreign))
        made.settle()
        assert made.ids("c") == {plain}
        assert bytes.fromhex(foreign.header.id) not in made.stored("c")


def frames(made: Company, name: str, of: str) -> list[bytes]:
    """The records of one stream as this machine would send them, in their order."""
    store = made.store(name)
    (found,) = [head for head in exchange.heads(store, "mem", "mesh") if head.origin.startswith(f"{of}.")]
    return list(exchange.page(store, exchange.Name(*found[:3]), 0, None, 1 << 20).frames)


@pytest.mark.parametrize("crosswise", [False, True])
def test_a_gap_that_was_purged_meanwhile(crosswise: bool) -> None:
    """A push was lost, the next one came, and then the lost memory was purged. The machine that lacks it can take it in
    only with the purge, which comes later in the same stream, or (crosswise) in another one that has such a gap too."""
    with company(23) as made:
        for name in "abc":
            made.machine(name)
            made.save(name, f"first of {name}")
        made.settle()
        made.twin.part("a", "c")
        made.twin.part("b", "c")
        gone = {name: made.save(name, f"lost on the way from {name}") for name in "ab"}
        lost = [made.at_rest(name, gone[name]) for name in "ab"]
        for name in "ab":
            made.save(name, f"next of {name}")
            node = made.twin.stations["c"].node
            assert node is not None
            node.pushed(frames(made, name, name)[-1])
        made.twin.run(SECOND)
        for name, other in (("a", "b"), ("b", "a")):
            made.save(name, f"more of {name}")
            made.mark(name, wire.PURGE, gone[other if crosswise else name])
        made.twin.run(60 * SECOND)
        assert not any(text in made.stored(name) for name in "ab" for text in lost)
        made.settle()
        assert made.heads("a") == made.heads("b") == made.heads("c")
        assert made.seen("a") == made.seen("b") == made.seen("c")
