"""Visibility and convergence: whatever order records arrive in, every store shows what the definitions say."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.store import upkeep
from kioku_mesh.store.replay import rebuild
from kioku_mesh.store.store import Store
from support.histories import IDS, SCOPES, SPAN, Writer, expected, random_history, seen, view, with_content, words

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def deliver(store: Store, records: list[wire.Record], rng: random.Random, now: int) -> None:
    """In random batches, some records twice."""
    pending = records + rng.sample(records, len(records) // 3)
    rng.shuffle(pending)
    while pending:
        size = rng.randint(1, 6)
        with store.write(now) as transaction:
            applied = transaction.apply(pending[:size])
        assert applied.gaps == applied.refused == 0
        pending = pending[size:]


@QUICK
@given(seed=st.integers(0, 2**32), length=st.integers(1, 24))
def test_visibility_equals_brute_force(seed: int, length: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The store shows what the definitions say, for every time, in two orders of arrival, after a rebuild as well."""
    rng = random.Random(seed)
    records = random_history(rng, length)
    views = []
    for _ in range(2):
        store = Store(str(tmp_path_factory.mktemp("s")), node="here-0001")
        deliver(store, records, rng, now=0)
        for scope in SCOPES:
            for now in range(SPAN + 2):
                assert seen(store, scope, now) == expected(records, scope, now)
        before = view(store)
        with store.write(0) as transaction:
            rebuild(transaction.db)
        assert view(store) == before
        # A purge that came first keeps the body out; one that came later leaves it for the next step.
        while upkeep.erase_step(store, now=0):
            pass
        views.append(view(store))
        store.close()
    assert views[0] == views[1]


@QUICK
@given(seed=st.integers(0, 2**32), length=st.integers(4, 24))
def test_erasing_changes_no_visibility(seed: int, length: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """After bodies were erased the view is the same, rebuild equals live, and a new store fed from it agrees."""
    rng = random.Random(seed)
    records = random_history(rng, length)
    old, new = (Store(str(tmp_path_factory.mktemp("s")), node="here-0001") for _ in range(2))
    deliver(old, records, rng, now=0)
    before = [seen(old, scope, now) for scope in SCOPES for now in range(SPAN + 2)]
    while upkeep.erase_step(old, now=SPAN + 1):
        pass
    assert [seen(old, scope, now) for scope in SCOPES for now in range(SPAN + 2)] == before
    erased = view(old)
    with old.write(0) as transaction:
        rebuild(transaction.db)
    assert view(old) == erased
    with old.read(frozenset(SCOPES)) as snapshot:
        carried = list(snapshot.records(include_local=False))
    rng.shuffle(carried)
    with new.write(SPAN + 1) as transaction:
        assert transaction.apply(carried).gaps == 0
    assert [seen(new, scope, now) for scope in SCOPES for now in range(SPAN + 2)] == before
    assert view(new)["counter"] == erased["counter"]
    assert view(new)["facet"] == erased["facet"]
    for store in (old, new):
        assert words(store, "said") == with_content(store)
        store.close()


@QUICK
@given(seed=st.integers(0, 2**32), length=st.integers(1, 16))
def test_every_stream_is_linked_to_its_tip(seed: int, length: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Records that arrive before their predecessors are seen at once, and heads wait until the gap is closed."""
    rng = random.Random(seed)
    records = random_history(rng, length)
    store = Store(str(tmp_path_factory.mktemp("s")), node="here-0001")
    missing = rng.choice(records)
    rest = [r for r in records if r is not missing]
    if rest:
        deliver(store, rest, rng, now=0)
    tips = {(origin, scope): seq for origin, scope, seq, _ in view(store)["tip"]}
    key = (missing.header.origin, missing.header.scope)
    assert tips.get(key, 0) == missing.header.seq - 1
    with store.write(0) as transaction:
        transaction.apply([missing])
    whole = {(origin, scope): seq for origin, scope, seq, _ in view(store)["tip"]}
    assert whole[key] == max(r.header.seq for r in records if (r.header.origin, r.header.scope) == key)
    store.close()


def test_fork_keeps_both_lives(tmp_path: Path) -> None:
    """Two records in one slot, as a cloned machine writes them, are both kept and shown; the stream has two tips."""
    common = Writer("ant", 1).write(wire.OBSERVATION, "mesh", 1, IDS[0])
    left, right = Writer.after(common), Writer.after(common)
    a = [left.write(wire.OBSERVATION, "mesh", 2, IDS[1]), left.write(wire.OBSERVATION, "mesh", 3, IDS[2])]
    b = [right.write(wire.OBSERVATION, "mesh", 2, IDS[3]), right.write(wire.OBSERVATION, "mesh", 3, IDS[4])]
    views = []
    for order in ([common, *a, *b], [*b, common, *a], [a[1], b[1], b[0], a[0], common]):
        store = Store(str(tmp_path / str(len(views))), node="here-0001")
        with store.write(0) as transaction:
            transaction.apply(order)
        assert set(seen(store, "mesh", 10)) == set(IDS[:5])
        assert [tip[2] for tip in view(store)["tip"]] == [3, 3]
        views.append(view(store))
    assert views[0] == views[1] == views[2]


def test_copies_with_equal_stamps_do_not_depend_on_arrival(tmp_path: Path) -> None:
    """Two clones of a machine that import one file, each with another text: the same text and words everywhere."""
    said = [
        Writer("desk-1", 7).write(wire.OBSERVATION, "mesh", 5, IDS[0], said=text) for text in ("firsttext", "othertext")
    ]
    views = []
    for number, order in enumerate((said, said[::-1])):
        store = Store(str(tmp_path / str(number)), node="here-0001")
        for record in order:
            with store.write(0) as transaction:
                transaction.apply([record])
        found = [sorted(words(store, text)) for text in ("firsttext", "othertext")]
        assert sorted(map(len, found)) == [0, 1], "words of a text that nobody is shown are left in the index"
        views.append((view(store), found))
        store.close()
    assert views[0] == views[1]
