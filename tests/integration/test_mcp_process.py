"""The MCP server as clients start it: a real process over a real store."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support import Agent, Home, RpcError, ToolError, command, needs, text_of

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
}


def ask(id_: int | str, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}


def server(
    home: Home, *messages: dict[str, Any] | bytes, arguments: tuple[str, ...] = (), **settings: str
) -> subprocess.CompletedProcess[bytes]:
    """Start the server, say all of this at once, close its input, and wait for its end."""
    said = b"".join(m if isinstance(m, bytes) else json.dumps(m).encode() + b"\n" for m in messages)
    return subprocess.run(
        [*command("kioku-mesh-mcp"), *arguments],
        input=said,
        capture_output=True,
        env=home.env(**settings),
        cwd=home.work,
        timeout=60,
        check=False,
    )


def answers(done: subprocess.CompletedProcess[bytes]) -> dict[Any, dict[str, Any]]:
    return {message["id"]: message for message in map(json.loads, done.stdout.splitlines())}


def test_a_memory_saved_by_one_agent_is_found_by_another(home: Home) -> None:
    """Save, search, recall, read, delete and restore, each in a process of its own."""
    with home.agent(name="claude-code") as agent:
        saved = agent.call(
            "save_observation",
            content="Deploys run from the tag, never from main.",
            memory_type="decision",
            source_files=["ci.yml"],
        )
    id_ = saved["structuredContent"]["observation_id"]
    with home.agent("--profile", "full", name="codex-mcp-client") as agent:
        [row] = agent.call("search_memory", query="deploys tag")["structuredContent"]["results"]
        assert (row["observation_id"], row["agent_family"]) == (id_, "claude")
        assert id_ in text_of(agent.call("recall_context", task="change the deploys"))
        assert (
            agent.call("get_memory", observation_ids=[id_[:8]])["structuredContent"]["results"][0]["observation_id"]
            == id_
        )
        assert id_ in agent.request("resources/read", {"uri": "kioku://brief"})["contents"][0]["text"]
        agent.call("delete_memory", observation_id=id_)
        assert agent.call("search_memory", query="deploys tag")["structuredContent"]["results"] == []
        agent.call("restore_memory", observation_id=id_)
        assert agent.call("search_memory", query="deploys tag")["structuredContent"]["count"] == 1


def test_new_settings_count_for_an_agent_that_runs(home: Home) -> None:
    """Its next call has them: where a memory goes, and what the reply says of that. Wrong ones change nothing."""
    with home.agent() as agent:
        assert "peers" not in agent.call("save_observation", content="Saved alone.")["structuredContent"]["stored"]
        home.ok("config", "set", "autostart", "off")
        home.ok("init", "--mode", "spoke", "--connect", "127.0.0.1", "--share-existing", "no")
        saved = agent.call("save_observation", content="Saved for all machines.")["structuredContent"]
        assert saved["stored"]["of"] == 0
        assert home.json("get", saved["observation_id"])["results"][0]["stored"]["mesh"]
        assert home.json("init", "--share-existing", "yes")["existing"] == {"open": {}, "withheld": {"mesh": 1}}
        (home.config / "config.toml").write_text("mode = \n")
        assert agent.call("save_observation", content="Saved with wrong settings.")
        home.ok("init", "--mode", "local", "--force")
        agent.call("save_observation", content="Saved alone again.")
    assert home.run("init", "--mode", "spoke", "--connect", "127.0.0.1", "--json", status=2).error()["details"] == {
        "existing": {"open": {"mesh": 1}, "withheld": {}}
    }


def test_a_prefix_never_deletes(home: Home) -> None:
    """What changes something needs the whole id."""
    with home.agent() as agent:
        id_ = agent.call("save_observation", content="Keep me.")["structuredContent"]["observation_id"]
        with pytest.raises(ToolError) as caught:
            agent.call("delete_memory", observation_id=id_[:12])
        assert caught.value.code in ("bad_input", "not_found")
        assert agent.call("search_memory", query="keep")["structuredContent"]["count"] == 1


def test_starting_leaves_no_trace(home: Home) -> None:
    """Handshake, lists, bad calls and the end: nothing is written."""
    bad = ask(4, "tools/call", name="search_memory", arguments={"limit": -1})
    done = server(home, HELLO, ask(2, "tools/list"), ask(3, "resources/list"), bad)
    assert done.returncode == 0
    assert done.stderr == b""
    assert answers(done)[4]["result"]["isError"]
    assert not home.state.exists()
    assert list(home.config.iterdir()) == []


def test_reading_an_absent_store_creates_none(home: Home) -> None:
    """A search before the first save finds nothing and makes nothing."""
    found = answers(server(home, ask(1, "tools/call", name="search_memory", arguments={"query": "x"})))[1]["result"]
    assert found["structuredContent"]["results"] == []
    assert not (home.state / "memory.db").exists()


def test_closed_input_ends_it(home: Home) -> None:
    """No input is a quiet end."""
    done = server(home)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@needs("posix")
def test_input_that_was_never_open_ends_it(home: Home) -> None:
    """Neither is a traceback shown when the descriptor is missing."""
    shell = 'exec "$@" <&-'
    done = subprocess.run(
        ["sh", "-c", shell, "sh", *command("kioku-mesh-mcp")],
        capture_output=True,
        env=home.env(),
        cwd=home.work,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@needs("posix")
def test_a_person_at_a_terminal_is_told_what_this_is(home: Home) -> None:
    """Guidance on standard error and exit status 2, instead of waiting for JSON."""
    import pty

    master, terminal = pty.openpty()
    try:
        done = subprocess.run(
            command("kioku-mesh-mcp"),
            stdin=terminal,
            capture_output=True,
            env=home.env(),
            cwd=home.work,
            timeout=60,
            check=False,
        )
    finally:
        os.close(master)
        os.close(terminal)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"hint: " in done.stderr


def test_calls_that_run_when_the_input_ends_are_finished(home: Home) -> None:
    """A save that was asked for before the end is answered and kept."""
    saves = [
        ask(n, "tools/call", name="save_observation", arguments={"content": f"Fact number {n} about the build."})
        for n in range(1, 21)
    ]
    done = server(home, *saves)
    ids = {n: message["result"]["structuredContent"]["observation_id"] for n, message in answers(done).items()}
    assert sorted(ids) == list(range(1, 21))
    assert {row["observation_id"] for row in home.json("list", "--limit", "50")["results"]} == set(ids.values())


def test_nonsense_does_not_end_it(home: Home) -> None:
    """After every kind of bad line the next request is answered."""
    bad = [
        b"nonsense\n",
        b"\xff\xfe\x00\n",
        b"[" * 200_000 + b"\n",
        b"x" * 9_000_000 + b"\n",
        b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}\n',
        b"[]\n",
        b"{}\n",
        b"\n",
    ]
    done = server(home, *bad, ask("last", "ping"))
    assert done.returncode == 0
    assert done.stderr == b""
    assert answers(done)["last"]["result"] == {}
    assert len(done.stdout.splitlines()) == len(bad)  # the blank line has no answer, the ping has


def test_half_a_character_is_saved_as_a_whole_one(home: Home) -> None:
    """An emoji cut by a client does not fail the save."""
    line = (
        rb'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"save_observation","arguments":{"content":"cut emoji \ud83d here"}}}'
        + b"\n"
    )
    result = answers(server(home, line))[1]["result"]
    assert "isError" not in result
    assert home.json("list")["results"][0]["content"] == "cut emoji \ufffd here"


def test_only_the_protocol_reaches_the_output(home: Home, tmp_path: Path) -> None:
    """What a library prints, or a program it starts, goes to standard error."""
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, os\natexit.register(lambda: (print('stray', flush=True), os.system('echo louder')))\n"
    )
    path = os.pathsep.join((str(tmp_path), home.env()["PYTHONPATH"]))
    done = server(home, ask(1, "ping"), PYTHONPATH=path)
    assert json.loads(done.stdout) == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert done.stderr.split() == [b"stray", b"louder"]


def test_an_output_nobody_reads_ends_it(home: Home) -> None:
    """A client that died without closing our input does not leave a server behind."""
    with home.agent() as agent:
        assert agent.process.stdout
        agent.process.stdout.close()
        for _ in range(3):
            agent.send(ask(9, "ping"))
            time.sleep(0.05)
            if agent.process.poll() is not None:
                break
        assert agent.process.wait(timeout=10) == 0


def test_a_damaged_setting_is_told_by_the_calls(home: Home) -> None:
    """The tools are listed all the same; calls say what is wrong with the file."""
    (home.config / "config.toml").write_text("mode = [\n")
    done = answers(server(home, HELLO, ask(2, "tools/list"), ask(3, "tools/call", name="get_memory_status")))
    assert len(done[2]["result"]["tools"]) == 6
    assert done[3]["result"]["structuredContent"]["code"] == "bad_input"
    assert "config.toml" in done[3]["result"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("arguments", "settings", "file", "count"),
    [((), {}, "", 6), (("--profile", "full"), {}, "", 14), ((), {"mcp_profile": "full"}, "", 14), ((), {}, 'mcp_profile = "full"\n', 14),
     (("--profile=default",), {"mcp_profile": "full"}, "", 6), (("--read-only",), {}, "", 4)],
)  # fmt: skip
def test_the_profile_is_an_option_a_variable_or_a_setting(
    home: Home, arguments: tuple[str, ...], settings: dict[str, str], file: str, count: int
) -> None:
    """In that order."""
    if file:
        (home.config / "config.toml").write_text(file)
    done = server(home, ask(1, "tools/list"), arguments=arguments, **settings)
    assert len(answers(done)[1]["result"]["tools"]) == count


@pytest.mark.parametrize("arguments", [(), ("--read-only",)])
def test_instructions_fit_the_tools(home: Home, arguments: tuple[str, ...]) -> None:
    """A server that only reads does not tell its agent to save."""
    done = answers(server(home, HELLO, ask(2, "tools/list"), arguments=arguments))
    (told,) = [answer["result"]["instructions"] for answer in done.values() if "instructions" in answer["result"]]
    names = {tool["name"] for tool in done[2]["result"]["tools"]}
    for name in ("save_observation", "delete_memory", "recall_context", "search_memory"):
        assert (name in told) == (name in names)


def test_a_server_for_one_project_sees_no_other(home: Home) -> None:
    """Neither reading nor deleting reaches outside; saves land inside."""
    home.save("The outside secret handshake.", "-p", "other")
    outside = home.json("list")["results"][0]["observation_id"]
    with home.agent("--only-project", "mine") as agent:
        assert agent.call("save_observation", content="The inside handshake.")["structuredContent"]["project"] == "mine"
        assert [
            row["project"] for row in agent.call("search_memory", query="handshake")["structuredContent"]["results"]
        ] == ["mine"]
        for tool, arguments in (
            ("get_memory", {"observation_ids": [outside]}),
            ("delete_memory", {"observation_id": outside}),
        ):
            with pytest.raises(ToolError):
                agent.call(tool, **arguments)
        assert "outside" not in text_of(agent.call("recall_context", task="handshake"))


def test_the_project_is_that_of_the_folder_the_client_names(home: Home, tmp_path: Path) -> None:
    """A server that a desktop program starts in some folder asks the client where it works."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / ".kioku-mesh.yaml").write_text("project: the-shop\n")
    with home.agent(greet=False) as agent:
        agent.request(
            "initialize",
            {
                "protocolVersion": "2025-11-25",
                "capabilities": {"roots": {}},
                "clientInfo": {"name": "editor", "version": "1"},
            },
        )
        agent.notify("notifications/initialized")
        asked = agent.receive()
        assert asked["method"] == "roots/list"
        agent.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": [{"uri": shop.as_uri(), "name": "shop"}]}})
        assert (
            agent.call("save_observation", content="Prices are in cents.")["structuredContent"]["project"] == "the-shop"
        )


def test_many_agents_save_at_once(home: Home) -> None:
    """Several servers with several calls each: nothing is lost, nothing is mixed up."""
    agents = [home.agent(name=f"agent-{n}") for n in range(4)]
    try:
        for n, agent in enumerate(agents):
            for i in range(10):
                agent.send(
                    ask(f"{n}-{i}", "tools/call", name="save_observation", arguments={"content": f"agent {n} says {i}"})
                )
        got = {m["id"]: m for agent in agents for m in (agent.receive() for _ in range(10))}
        assert len(got) == 40
        assert not any(m["result"].get("isError") for m in got.values())
    finally:
        for agent in agents:
            agent.close()
    found = home.json("list", "--limit", "100")["results"]
    assert sorted(row["content"] for row in found) == sorted(f"agent {n} says {i}" for n in range(4) for i in range(10))
    assert {row["client_id"] for row in found} == {f"agent-{n}" for n in range(4)}


def test_a_request_that_is_no_request_is_refused(home: Home) -> None:
    """The codes of JSON-RPC reach the client of a real process."""
    with home.agent() as agent:
        for method, code in (("nothing", -32601), ("tools/call", -32602)):
            with pytest.raises(RpcError) as caught:
                agent.request(method)
            assert caught.value.code == code


def test_an_interrupt_ends_it_quietly(home: Home) -> None:
    """Ctrl-C in the client's terminal is no traceback."""
    import signal

    agent = Agent(command("kioku-mesh-mcp"), env=home.env(), cwd=str(home.work), stderr=subprocess.PIPE)
    agent.greet()
    agent.process.send_signal(signal.SIGINT)
    assert agent.process.wait(timeout=10) == 130
    assert agent.process.stderr
    assert agent.process.stderr.read() == b""
    agent.process.stderr.close()
    agent.close()
