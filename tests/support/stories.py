"""Random stories of several machines: what happens to them, and what must hold when all is quiet again."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.clock import DAY, SECOND
from kioku_mesh.mesh.twin import Faults

from .meshes import Company, company

NAMES = "abcdefg"
TEAMS = {"a": ("team/red",), "b": ("team/red",), "c": (), "d": ("team/red",), "e": (), "f": ("team/red",), "g": ()}
LASTS = (0, 5 * SECOND, 30 * DAY)  # how long a deletion can be undone
ACTS = (
    "save", "save", "save", "revise", "delete", "undo", "purge", "part", "heal", "crash", "start", "run", "keep",
    "roll back", "clone",
)  # fmt: skip

steps = st.lists(
    st.tuples(
        st.sampled_from(ACTS),
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
            "delete": lambda: self.mark(name, wire.TOMBSTONE, target, scope, LASTS[one % len(LASTS)]),
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

    def mark(self, name: str, kind: str, target: str | None, scope: str, lasts: int = 0) -> None:
        if target is None:
            return
        id_ = self.made.mark(name, kind, target, scope=scope, lasts=lasts)
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
            stored = self.made.stored(name)
            for id_, (scope, body) in self.texts.items():
                foreign = scope != "mesh" and not self.teams(name)
                if foreign:
                    assert bytes.fromhex(id_) not in stored, f"{name} knows a memory of {scope}"
                if id_ in self.purged or foreign:
                    assert body not in stored, f"{name} has a body that was purged or is not for it"


def tell(machines: int, seed: int, faults: Faults, happened: list[tuple[str, int, int, bool]]) -> None:
    """A whole story from its beginning to the check at its end. Raises AssertionError."""
    with company(seed, faults) as made:
        story = Story(made, machines)
        for each in happened:
            story.happen(*each)
        made.settle()
        story.check()
