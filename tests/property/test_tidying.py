"""Tidying loses no text and ends: whatever was said before can still be read, and what was settled stays settled."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kioku_mesh.errors import Refused
from kioku_mesh.model import Draft
from kioku_mesh.service.groups import Group
from kioku_mesh.service.memory import Memory
from support import stores
from support.wordings import COMPATIBLE, CONTRADICTING, DIFFERENT, SAME

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
TEXTS = [text for pair in SAME + CONTRADICTING + DIFFERENT + COMPATIBLE for text in pair]


def filled(memory: Memory, rng: random.Random, count: int) -> None:
    """Texts that repeat and contradict each other, in two projects and three scopes; some revised, some deleted."""
    pool = rng.sample(TEXTS, 6)
    pool += [other for pair in SAME + CONTRADICTING for one, other in (pair, pair[::-1]) if one in pool]
    ids: list[str] = []
    for _ in range(count):
        fields = {
            "project": rng.choice((None, "shop", "site")),
            "visibility": rng.choice(("mesh", "mesh", "user", "local")),
            "tags": tuple(rng.sample("abcdef", 2)),
            "importance": rng.randint(1, 5),
        }
        draft = Draft(rng.choice(pool) + rng.choice(("", ".", " ", "!")), **fields)
        act = rng.random()
        if ids and act < 0.2:
            old = memory.get([rng.choice(ids)]).results[0]
            ids.append(
                memory.save(
                    draft._replace(supersedes=(old.observation_id,), visibility=old.visibility.partition("/")[0])
                ).observation_id
            )
        elif ids and act < 0.3:
            memory.delete([rng.choice(ids)])
        else:
            ids.append(memory.save(draft).observation_id)


def settle_all(memory: Memory, rng: random.Random) -> list[Group]:
    """Settle every group there is until there is none, some by another choice; returns all of them."""
    done: list[Group] = []
    while groups := memory.tidy_plan().groups:
        assert len(done) < 50, "it does not end"
        for group in groups:
            keep = rng.choice(group.members).observation_id if rng.random() < 0.3 else None
            memory.tidy([group], keep)
            done.append(group)
    return done


@QUICK
@given(seed=st.integers(0, 2**32), count=st.integers(2, 25))
def test_no_text_is_lost_and_it_ends(seed: int, count: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each memory says what it said; each live one is live or in the history of one that is; nothing is settled twice."""
    rng = random.Random(seed)
    with stores.memory(tmp_path_factory.mktemp("s") / "s", retention_days=30) as memory:
        filled(memory, rng, count)
        before = stores.everything(memory.store)
        done = settle_all(memory, rng)
        after = stores.everything(memory.store)
        assert {id_: after[id_][1] for id_ in before} == {id_: content for id_, (_, content) in before.items()}
        for id_, (state, content) in before.items():
            if state == "live":
                history = memory.get([id_], history=True).history
                assert any(each.state == "live" for each in history)
                assert content in [each.content for each in history]
            else:
                assert after[id_][0] == state
        for group in done:
            with pytest.raises(Refused):
                memory.tidy([group])
        assert memory.tidy_plan().groups == ()
        assert stores.everything(memory.store) == after
        assert stores.damage(memory.store) == []


@QUICK
@given(seed=st.integers(0, 2**32), count=st.integers(2, 20))
def test_a_settled_group_is_undone_by_deleting_what_took_its_place(
    seed: int, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What was live is live again, and the same groups are proposed."""
    rng = random.Random(seed)
    with stores.memory(tmp_path_factory.mktemp("s") / "s", retention_days=30) as memory:
        filled(memory, rng, count)
        before, plan = stores.contents(memory.store), memory.tidy_plan()
        settled = memory.tidy(plan.groups).settled
        if settled:
            memory.delete([each.observation_id for each in settled])
        assert stores.contents(memory.store) == before
        assert memory.tidy_plan() == plan
