"""Whatever happens on the way, in the end every entitled machine has and shows the same, and nobody else has anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.mesh.twin import Faults
from support.meshes import Company, company

NAMES = "abcdefg"
TEAMS = {"a": ("team/red",), "b": ("team/red",), "c": (), "d": ("team/red",), "e": (), "f": ("team/red",), "g": ()}
SECOND = 1_000_000

steps = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "save",
                "save",
                "save",
                "revise",
                "delete",
                "undo",
                "purge",
                "part",
                "heal",
                "crash",
                "start",
                "run",
                "keep",
                "roll back",
                "clone",
            )
        ),
        st.integers(0, 6),
        st.integers(0, 6),
        st.booleans(),
    ),
    max_size=25,
)
faults = st.builds(
    Faults, st.sampled_from((0.0, 0.05, 0.4)), st.sampled_from((0.0, 0.2)), st.sampled_from((1000, 300_000))
)


class Story:
    """What happens on the machines, and what must hold afterwards."""

    def __init__(self, made: Company, machines: int) -> None:
        self.made, self.names = made, list(NAMES[:machines])
        for name in self.names:
            made.machine(name, *TEAMS[name])
        self.texts: dict[str, tuple[str, bytes]] = {}  # id -> scope and its body as it lies on a disk
        self.tombstones: dict[str, list[str]] = {}
        self.purged: set[str] = set()
        self.doubtful: set[str] = set()
        self.count = 0

    def happen(self, what: str, one: int, other: int, team: bool) -> None:
        """One step. `one` and `other` choose the machine, and what it acts on."""
        name, second = self.names[one % len(self.names)], self.names[other % len(self.names)]
        scope = "team/red" if team and self.teams(name) else "mesh"
        twin = self.made.twin
        here = [id_ for id_, (of, _) in self.texts.items() if of == scope]
        target = here[other % len(here)] if here else None
        acts: dict[str, Callable[[], object]] = {
            "save": lambda: self.save(name, scope),
            "revise": lambda: self.save(name, scope, (target,) if target else ()),
            "delete": lambda: self.mark(name, wire.TOMBSTONE, target, scope),
            "undo": lambda: self.mark(name, wire.UNDO, self.tombstone(scope, other), scope),
            "purge": lambda: self.mark(name, wire.PURGE, target, scope),
            "part": lambda: name != second and twin.part(name, second),
            "heal": twin.heal,
            "crash": lambda: self.running(name) and twin.crash(name),
            "start": lambda: self.running(name) or twin.start(name),
            "run": lambda: twin.run((1 + other) * SECOND),
            "keep": lambda: self.made.keep(name),
            "roll back": lambda: self.roll_back(name),
            "clone": lambda: len(self.names) < 6 and self.names.append(self.made.clone(name)),
        }
        acts[what]()

    def running(self, name: str) -> bool:
        return self.made.twin.stations[name].node is not None

    def tombstone(self, scope: str, number: int) -> str | None:
        found = self.tombstones.get(scope, [])
        return found[number % len(found)] if found else None

    def mark(self, name: str, kind: str, target: str | None, scope: str) -> None:
        if target is None:
            return
        id_ = self.made.mark(name, kind, target, scope=scope)
        if kind == wire.TOMBSTONE:
            self.tombstones.setdefault(scope, []).append(id_)
        if kind == wire.PURGE:
            self.purged.add(target)

    def roll_back(self, name: str) -> None:
        """What no other machine has yet may be gone with the newer file."""
        self.made.roll_back(name)
        known = set().union(*(self.made.ids(other) for other in self.names))
        self.doubtful |= self.texts.keys() - known

    def teams(self, name: str) -> tuple[str, ...]:
        return TEAMS[name[0]]

    def save(self, name: str, scope: str, supersedes: tuple[str, ...] = ()) -> None:
        self.count += 1
        id_ = self.made.save(name, self.count, scope, supersedes)
        self.texts[id_] = (scope, self.made.at_rest(name, id_))

    def check(self) -> None:
        for scope in ("mesh", "team/red"):
            entitled = [name for name in self.names if scope == "mesh" or self.teams(name)]
            if not entitled:
                continue
            first = entitled[0]
            saved = {id_ for id_, (of, _) in self.texts.items() if of == scope}
            for name in entitled:
                assert self.made.heads(name, scope) == self.made.heads(first, scope), (scope, first, name)
                assert self.made.seen(name, scope) == self.made.seen(first, scope)
                shown = set(self.made.seen(name, scope))
                assert saved - self.doubtful <= shown <= saved, "an acknowledged memory is lost"
        for name in self.names:
            stored = self._bytes(name)
            for id_, (scope, body) in self.texts.items():
                foreign = scope != "mesh" and not self.teams(name)
                if foreign:
                    assert bytes.fromhex(id_) not in stored, f"{name} knows a memory of {scope}"
                if id_ in self.purged or foreign:
                    assert body not in stored, f"{name} has a body that was purged or is not for it"

    def _bytes(self, name: str) -> bytes:
        self.made.store(name).close()
        folder = self.made.folder / name
        return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(machines=st.integers(2, 5), seed=st.integers(0, 10**6), faults=faults, steps=steps)
def test_in_the_end_all_have_the_same(
    machines: int, seed: int, faults: Faults, steps: list[tuple[str, int, int, bool]]
) -> None:
    """Loss, repeats, delays, partitions and crashes included; nothing acknowledged is lost, nothing purged is left."""
    with company(seed, faults) as made:
        story = Story(made, machines)
        for step in steps:
            story.happen(*step)
        made.settle()
        story.check()


def test_two_live_copies_of_a_machine() -> None:
    """Both write under one name at once: both lives are kept everywhere, and one of them goes on under a new one."""
    with company(7) as made:
        story = Story(made, 3)
        for _ in range(40):
            story.save("a", "mesh")
        made.settle()
        story.names.append(made.clone("a"))
        made.twin.part("a", story.names[-1])
        for _ in range(40):
            story.save("a", "mesh")
            story.save(story.names[-1], "mesh")
        made.settle()
        story.check()
        assert len({made.twin.stations[name].address for name in story.names}) == 4, "two machines go on as one"


def test_a_gap_costs_few_messages() -> None:
    """One page for each 256 KiB, and a handful of others; of twenty machines that could all answer, one does."""
    names = ["a", "b", *(f"n{number}" for number in range(19))]
    with company(3) as made:
        for name in names:
            made.machine(name)
        made.settle()
        for other in names[1:]:
            made.twin.part("a", other)
        for number in range(600):
            made.save("b", number)
        made.twin.run(10 * SECOND)
        before = made.twin.sent.get("Ask", 0)
        made.twin.heal()
        made.twin.run(5 * SECOND)
        assert made.heads("a") == made.heads("b")
        size = sum(len(made.at_rest("b", id_)) for id_ in made.saved["mesh"])
        assert made.twin.sent["Ask"] - before <= 3 * size // (256 * 1024) + 12


def test_a_text_that_was_erased_comes_back_from_a_peer() -> None:
    """A deletion past its time is undone by a machine that had not erased yet: the others ask it for the text."""
    with company(5) as made:
        for name in "abc":
            made.machine(name)
        id_ = made.save("a", 1)
        made.settle()
        made.twin.part("c", "a")
        made.twin.part("c", "b")
        mark = made.mark("a", wire.TOMBSTONE, id_)
        made.twin.run(60 * SECOND)
        assert made.seen("b")[id_] == ("deleted", "")
        made.mark("a", wire.UNDO, mark)
        made.settle()
        views = [made.seen(name) for name in "abc"]
        assert views[0] == views[1] == views[2]


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
