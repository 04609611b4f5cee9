"""Many processes on one store: nothing lost, nothing numbered twice, nobody turned away."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest

from kioku_mesh.store import inspect, upkeep
from support import Home
from support.company import Companion, read_until_told, save_many
from support.stores import contents, damage, fact, fill, memory, numbering

RECORDS = 10_000
SAVERS, SAVES = 8, 25


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a store with ten thousand memories, made once; to be copied."""
    folder = tmp_path_factory.mktemp("large") / "state"
    with memory(folder) as opened:
        fill(opened.store, RECORDS)
        upkeep.empty_wal(opened.store)
    return folder


@pytest.fixture
def crowd(large: Path, home: Home) -> Home:
    """A home with a store of ten thousand."""
    shutil.copytree(large, home.state)
    return home


def save_all(home: Home, by_command: int) -> list[str]:
    """Eight processes save at once, some by commands, each a process of its own; returns every acknowledged id."""
    savers = [Companion(save_many, home.state, f"s{n}", SAVES) for n in range(SAVERS - by_command)]
    ids: list[str] = []

    def command_line(name: str) -> None:
        ids.extend(home.save(fact(f"{name}-{n}")) for n in range(SAVES))

    threads = [Thread(target=command_line, args=(f"c{n}",)) for n in range(by_command)]
    for saver in savers:
        saver.go()
    for thread in threads:
        thread.start()
    for saver in savers:
        ids += saver.result()
    for thread in threads:
        thread.join()
    return ids


def check(home: Home, ids: list[str], by_command: int) -> None:
    """Two hundred of two hundred are stored, each once, each with its own text."""
    assert len(set(ids)) == SAVERS * SAVES
    with memory(home.state) as opened:
        found = {o.observation_id: o.content for o in opened.get(ids).results}
        assert opened.status().counts["states"]["live"] == RECORDS + SAVERS * SAVES
        assert numbering(opened.store) == []
    names = [f"{kind}{n}" for kind, count in (("s", SAVERS - by_command), ("c", by_command)) for n in range(count)]
    assert sorted(found[id_] for id_ in ids) == sorted(fact(f"{name}-{n}") for name in names for n in range(SAVES))


def test_eight_processes_save_at_once(crowd: Home) -> None:
    """Of eight times twenty-five saves at once on a store of ten thousand none fails, is lost or numbered twice."""
    check(crowd, save_all(crowd, by_command=2), by_command=2)


def test_readers_go_on_while_eight_processes_save(crowd: Home) -> None:
    """Eight readers meanwhile never meet an error, an empty answer or one that has shrunk."""
    readers = [Companion(read_until_told, crowd.state, RECORDS) for _ in range(8)]
    for reader in readers:
        reader.go()
    check(crowd, save_all(crowd, by_command=0), by_command=0)
    for reader in readers:
        reader.go()
    assert all(reader.result() > 0 for reader in readers)
    with memory(crowd.state) as opened:
        assert inspect.untrue_projections(opened.store) == []


def test_twenty_servers_on_one_store(crowd: Home) -> None:
    """Twenty agents, each with a server of its own, save and find what all the others saved."""
    with ExitStack() as stack:
        agents = [stack.enter_context(crowd.agent(name=f"agent-{n}")) for n in range(20)]
        ids = []
        for turn in range(2):
            for n, agent in enumerate(agents):
                saved = agent.call("save_observation", content=fact(f"a{n}t{turn}"), memory_type="note")
                ids.append(saved["structuredContent"]["observation_id"])
        for n, agent in enumerate(agents):
            found = agent.call("search_memory", query=f"wa{(n + 7) % 20}t1x")["structuredContent"]["results"]
            assert [hit["observation_id"] for hit in found][:1] == [ids[20 + (n + 7) % 20]]
    with memory(crowd.state) as opened:
        assert len(opened.get(ids).results) == 40
        assert numbering(opened.store) == []


def test_creation_by_many_at_once(home: Home) -> None:
    """Eight processes that all make the first save, with readers that come before, agree on one store."""
    readers = [Companion(read_until_told, home.state, 0) for _ in range(2)]
    savers = [Companion(save_many, home.state, f"s{n}", 3) for n in range(8)]
    for companion in (*readers, *savers):
        companion.go()
    ids = [id_ for saver in savers for id_ in saver.result()]
    for reader in readers:
        reader.go()
        reader.result()
    with memory(home.state) as opened:
        assert contents(opened.store).keys() == set(ids)
        assert damage(opened.store) == []
