"""The protocol with one of its rules taken out: each time, what test_mesh.py claims must fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.mesh import repair, tasks, turns
from kioku_mesh.mesh.asking import Asking
from kioku_mesh.mesh.heads import Heads
from kioku_mesh.mesh.node import Node
from kioku_mesh.mesh.peers import Known, Peer
from kioku_mesh.mesh.plan import Pull, Step
from kioku_mesh.store import exchange, log
from kioku_mesh.store.exchange import Name, Receiver
from kioku_mesh.store.transaction import Applied
from property import test_mesh
from support.stories import faults, steps, tell
from unit.mesh import test_heads

Replaced = tuple[object, str, object]


def stories() -> None:
    """More random stories than one run of test_mesh.py has; always the same ones, and none made smaller."""
    run = settings(
        max_examples=400,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )(given(st.integers(2, 5), st.integers(0, 10**6), faults, steps)(tell))
    run()


def wall() -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        test_mesh.test_a_scope_is_a_wall(monkeypatch)


def always(*_: Any) -> bool:
    return True


def never(*_: Any) -> bool:
    return False


def nothing(*_: Any) -> None:
    return None


def no_heads(*_: Any) -> repair.Work:
    """A piece of repair that asks for nothing."""
    yield from ()
    return False


def pulled_on(self: Asking, step: Step, peer: Peer) -> repair.Work:
    return repair.pull(step if isinstance(step, Pull) else Pull(step.name, step.tip.seq), peer, self._inbox.receive)


def as_a_union(self: Known, heads: Heads) -> None:
    self.heads = self.heads.changed(heads)
    self.digest = self.heads.digest


def whatever_comes(self: Receiver, records: Sequence[wire.Record]) -> Applied:
    with self._store.write() as transaction:
        return transaction.apply(records)


def of_any_stream(found: Iterable[wire.Record], _: Name) -> list[wire.Record]:
    return list(found)


# What is claimed, how it is broken, and who must see it.
RULES: dict[str, tuple[Sequence[Replaced], Callable[[], None]]] = {
    "a head stops before a gap": ([(log, "_links", always)], stories),
    "two lives are compared": ([(Asking, "_repair_of", pulled_on)], test_mesh.test_two_live_copies_of_a_machine),
    "unknown heads are asked for": (
        [(repair, "heads", no_heads)],
        test_mesh.test_memories_of_a_machine_that_is_gone_for_good,
    ),
    "what is purged is erased before that is announced": ([(Node, "_erased", always)], stories),
    "heads are the last heard": ([(Known, "replace", as_a_union)], test_heads.test_a_peer_has_what_it_said_last),
    "a text that was erased too early is asked for": (
        [(Asking, "_look_for_bodies", nothing)],
        test_mesh.test_a_text_that_was_erased_comes_back_from_a_peer,
    ),
    "a crowd is asked little by little": (
        [(tasks, "FEW", 1000), (turns, "CROWD", 1000), (Asking, "_as_another", never)],
        test_mesh.test_a_gap_costs_few_messages,
    ),
    "what has no body travels with what justifies that": (
        [(exchange, "_reasons", lambda *_: {})],
        lambda: test_mesh.test_a_gap_that_was_purged_meanwhile(False),
    ),
    "what idles says little": ([(turns, "IDLE", turns.SECOND)], test_mesh.test_what_idles_says_little),
    "scopes are checked on arrival": (
        [(Receiver, "take", whatever_comes), (repair, "of_stream", of_any_stream)],
        wall,
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes one out sees a test fail."""
    replaced, claim = RULES[rule]
    for where, name, instead in replaced:
        monkeypatch.setattr(where, name, instead)
    with pytest.raises(AssertionError):
        claim()
