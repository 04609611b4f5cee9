"""The command line and MCP are two doors to one service: same results, same errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support import Agent, Home, ToolError, peers

TEXTS = [
    ("The lease of the upload gateway is 30 s", {"project": "shop", "tags": ["net"], "memory_type": "fact"}),
    ("flushInterval must stay below the lease", {"project": "shop", "memory_type": "decision", "importance": 4}),
    ("キャッシュの無効化は書き込み時に行う", {"project": "site", "memory_type": "pattern"}),
]
UNKNOWN = "0" * 32


@pytest.fixture
def agent(home: Home) -> Iterator[Agent]:
    with home.agent("--profile", "full") as agent:
        for text, fields in TEXTS:
            agent.call("save_observation", content=text, **fields)
        yield agent


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["observation_id"] for row in rows]


QUERIES: list[tuple[list[str], dict[str, Any]]] = [
    (["lease"], {"query": "lease"}),
    (["lease", "-p", "shop"], {"query": "lease", "project": "shop"}),
    (["flush"], {"query": "flush"}),
    (["キャッシュ"], {"query": "キャッシュ"}),
    (["upload lease", "--mode", "and"], {"query": "upload lease", "mode": "and"}),
    (["nothing-like-this"], {"query": "nothing-like-this"}),
    (["", "--type", "decision"], {"memory_type": "decision"}),
    (["", "-t", "net"], {"tags": ["net"]}),
    (["", "-n", "1"], {"limit": 1}),
    (["", "--include", "deleted"], {"include": ["deleted"]}),
]


@pytest.mark.parametrize(("words", "arguments"), QUERIES)
def test_search(home: Home, agent: Agent, words: list[str], arguments: dict[str, Any]) -> None:
    """A query finds the same memories in the same order through both."""
    here = home.json("search", *words)
    there = agent.call("search_memory", **arguments)["structuredContent"]
    assert ids(here["results"]) == ids(there.get("results", []))
    assert here["more"] == there.get("more", False)


def test_what_was_missed_is_told_by_both(home: Home, agent: Agent) -> None:
    """A hidden match, one in another project, what hides a memory and when it was deleted: the same words."""
    found = ids(home.json("search", "gateway")["results"])[0]
    agent.call("delete_memory", observation_id=found, reason="moved")
    for words, arguments in (
        (["gateway"], {"query": "gateway"}),
        (["flush", "-p", "site"], {"query": "flush", "project": "site"}),
        ([" -flush"], {"query": "-flush"}),
        (["gateway", "--why-not", found], {"query": "gateway", "why_not": found}),
    ):
        here = home.json("search", *words)
        there = agent.call("search_memory", **arguments)["structuredContent"]
        assert [note["message"] for note in here["notes"]] == there["notes"] != []
        assert here.get("why_not") == there.get("why_not")
        assert ids(here["results"]) == ids(there.get("results", []))
    there = agent.call("get_memory", observation_ids=[found])["structuredContent"]["results"][0]
    assert there["deleted_reason"] == "moved"
    here = home.json("get", found)["results"][0]
    assert [here[name] for name in ("deleted_at", "deleted_by")] == [
        there[name] for name in ("deleted_at", "deleted_by")
    ]


def test_get_shows_the_same_memory(home: Home, agent: Agent) -> None:
    """Every field of a memory that MCP shows is the one the command line shows."""
    for id_ in ids(home.json("list")["results"]):
        here = home.json("get", id_)["results"][0]
        there = agent.call("get_memory", observation_ids=[id_])["structuredContent"]["results"][0]
        for field, value in there.items():
            if field in here:
                assert here[field] == value, field


ERRORS: list[tuple[list[str], str, dict[str, Any], str]] = [
    (["save", ""], "save_observation", {"content": ""}, "bad_input"),
    (["save", "TBD"], "save_observation", {"content": "TBD"}, "bad_input"),
    (["save", "x y z", "--type", "poem"], "save_observation", {"content": "x y z", "memory_type": "poem"}, "bad_input"),
    (
        ["save", "a b c", "--supersedes", UNKNOWN],
        "save_observation",
        {"content": "a b c", "supersedes": [UNKNOWN]},
        "not_found",
    ),
    (
        ["save", "a b c", "--visibility", "user"],
        "save_observation",
        {"content": "a b c", "visibility": "user"},
        "bad_input",
    ),
    (["get", UNKNOWN], "get_memory", {"observation_ids": [UNKNOWN]}, "not_found"),
    (["delete", UNKNOWN, "--yes"], "delete_memory", {"observation_id": UNKNOWN}, "not_found"),
    (["revise", UNKNOWN, "new"], "revise_memory", {"observation_id": UNKNOWN, "content": "new"}, "not_found"),
    (["restore", UNKNOWN], "restore_memory", {"observation_id": UNKNOWN}, "not_found"),
    (["search", "x", "--since", "soon"], "search_memory", {"query": "x", "since": "soon"}, "bad_input"),
    (["search", "x", "--type", "nope"], "search_memory", {"query": "x", "memory_type": "nope"}, "bad_input"),
    (
        ["search", "x", "--since", "1d", "--until", "2d"],
        "search_memory",
        {"query": "x", "since": "1d", "until": "2d"},
        "bad_input",
    ),
    (["search", "x", "-p", ""], "search_memory", {"query": "x", "project": ""}, "bad_input"),
    (["search", "x", "-t", ""], "search_memory", {"query": "x", "tags": [""]}, "bad_input"),
    (["search", "x", "--file", " "], "search_memory", {"query": "x", "source_files": [" "]}, "bad_input"),
    (["recall", "x", "-p", " "], "recall_context", {"task": "x", "project": " "}, "bad_input"),
    (["list", "--client-id", ""], "mesh_inspect", {"agent_id": ""}, "bad_input"),
    (["save", "a b c", "-p", ""], "save_observation", {"content": "a b c", "project": ""}, "bad_input"),
    (
        ["save", "a b c", "--supersedes", UNKNOWN[:8]],
        "save_observation",
        {"content": "a b c", "supersedes": [UNKNOWN[:8]]},
        "bad_input",
    ),
    (["search", "x", "--mode", "psychic"], "search_memory", {"query": "x", "mode": "psychic"}, "bad_input"),
]


@pytest.mark.parametrize(("command", "tool", "arguments", "code"), ERRORS, ids=lambda value: str(value)[:30])
def test_errors(home: Home, agent: Agent, command: list[str], tool: str, arguments: dict[str, Any], code: str) -> None:
    """Bad input and unknown ids have the same code through both, and nothing is saved."""
    before = home.json("status")["counts"]
    assert home.run(*command, "--json").error()["code"] == code
    with pytest.raises(ToolError) as refused:
        agent.call(tool, **arguments)
    assert refused.value.code == code
    assert home.json("status")["counts"] == before


def test_a_revision_that_changes_nothing(home: Home, agent: Agent) -> None:
    """It is bad input through both, and no revision."""
    first = ids(home.json("list")["results"])[0]
    assert home.run("revise", first, "", "--json", status=2).error()["code"] == "bad_input"
    with pytest.raises(ToolError) as refused:
        agent.call("revise_memory", observation_id=first)
    assert refused.value.code == "bad_input"
    assert home.json("get", first)["results"][0]["state"] == "live"


@pytest.mark.parametrize("tool", ["delete_memory", "restore_memory", "revise_memory", "mesh_forget"])
def test_a_part_of_an_id_changes_nothing(home: Home, agent: Agent, tool: str) -> None:
    """An agent reads by the beginning of an id; to change something it gives the whole one."""
    first = ids(home.json("list")["results"])[0]
    assert agent.call("get_memory", observation_ids=[first[:8]])
    name = "memory_id" if tool == "mesh_forget" else "observation_id"
    with pytest.raises(ToolError) as refused:
        agent.call(tool, **{name: first[:8]})
    assert refused.value.code == "bad_input"
    assert home.json("get", first)["results"][0]["state"] == "live"


def test_delete_restore_revise(home: Home, agent: Agent) -> None:
    """What one door hides the other one shows as hidden, and can bring back."""
    first = ids(home.json("list")["results"])[0]
    agent.call("delete_memory", observation_id=first)
    assert home.json("get", first)["results"][0]["state"] == "deleted"
    assert home.json("restore", first)["how"] == "undone"
    newer = agent.call("revise_memory", observation_id=first, content="another text")["structuredContent"][
        "observation_id"
    ]
    shown = home.json("get", first, "--history")
    assert [row["observation_id"] for row in shown["history"]] == [first, newer]
    assert shown["results"][0]["superseded_by"] == [newer]


def test_a_retry_saves_nothing_new(home: Home) -> None:
    """The same save by the same client is answered with the first id, through either door."""
    first = home.json("save", "the same text twice")
    again = home.json("save", "the same text twice")
    assert (again["status"], again["observation_id"]) == ("already_saved", first["observation_id"])
    with home.agent() as agent:
        one = agent.call("save_observation", content="said by an agent")["structuredContent"]
        two = agent.call("save_observation", content="said by an agent")["structuredContent"]
    assert one["observation_id"] == two["observation_id"]


def test_status_counts_the_same(home: Home, agent: Agent) -> None:
    """Both tell the same numbers."""
    here = home.json("status")["counts"]
    there = agent.call("get_memory_status")["structuredContent"]["counts"]
    assert there["states"]["live"] == here["states"]["live"] == len(TEXTS)


def test_where_a_memory_is(home: Home) -> None:
    """In a mesh both tell who has it, in a reply, by its id and over all; alone neither speaks of others."""
    env = home.env(autostart="off", client_id="both", agent_family="both")
    alone = home.json("save", "known to both", env=env)
    assert alone["stored"] == {"here": True, "peers": 0, "of": 0}
    home.ok("init", "--mode", "hub", "--listen", "127.0.0.1", "--share-existing", "yes")
    peers.hear(home.state, "desk-1")
    peers.hear(home.state, "van-2", ())
    there = {"here": True, "peers": 1, "of": 2, "mesh": True}
    with home.agent(env=env) as agent:
        for text in ("known to both", "known to nobody yet"):
            said = agent.call("save_observation", content=text)
            here = home.json("save", text, env=env)
            assert here["status"] == "already_saved"
            assert said["structuredContent"]["stored"] == here["stored"]
            assert f"stored here and on {here['stored']['peers']} of 2 machines" in said["content"][0]["text"]
        got = agent.call("get_memory", observation_ids=[alone["observation_id"]])
        here = home.json("get", alone["observation_id"], env=env)
        assert got["structuredContent"]["results"][0]["stored"] == here["results"][0]["stored"] == there
        assert "stored here and on 1 of 2 machines" in got["content"][0]["text"]
        status = agent.call("get_memory_status")
        here = home.json("status", env=env)
        assert status["structuredContent"]["stored"] == here["stored"]
        for field in ("summary", "admission", "engine", "everywhere"):
            assert status["structuredContent"]["mesh"][field] == here["mesh"][field]
        assert "van-2 lacks 2" in status["content"][0]["text"]
        assert "no one enforces" in status["content"][0]["text"]


def test_what_became_of_files(home: Home) -> None:
    """A search and a memory by its id tell the same of the files through both, and mark it in the same words."""
    dot = home.work / ".git"
    for folder in ("refs", "objects"):
        (dot / folder).mkdir(parents=True)
    (dot / "HEAD").write_text("0123456789abcdef0123456789abcdef01234567")
    (home.work / "a.py").write_text("x")
    (home.work / "b.py").write_text("x")
    ids_ = [home.save("Lemons by the command line", "--file", "a.py", "--file", "b.py")]
    with home.agent() as agent:
        said = agent.call("save_observation", content="Lemons by an agent", source_files=["a.py", "b.py"])
        ids_.append(said["structuredContent"]["observation_id"])
        (home.work / "a.py").write_text("y")
        rows = agent.call("search_memory", query="lemons")["structuredContent"]["results"]
        assert len(rows) == 2
        for here, there in zip(home.json("search", "lemons")["results"], rows, strict=True):
            for field in ("observation_id", "freshness", "changed_files"):
                assert here[field] == there[field]
        for id_ in ids_:
            here = home.json("get", id_)["results"][0]
            got = agent.call("get_memory", observation_ids=[id_])
            there = got["structuredContent"]["results"][0]
            for field in ("commit", "freshness", "changed_files"):
                assert here[field] == there[field]
            assert "[note 2, files changed since] Lemons by" in got["content"][0]["text"]
