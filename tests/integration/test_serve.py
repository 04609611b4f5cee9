"""The resident process as people, agents and platforms meet it: real processes, from outside."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kioku_mesh import __version__
from support import Agent, Home, command, needs, residents
from support.mounts import read_only
from support.residents import copy_package, is_gone, resident, running, set_version, until

PLANTED = "the zebra sleeps at noon"
FORBIDDING = """

from .errors import Sandboxed


class Forbidden:
    name, error = "mesh", ""

    def start(self):
        raise Sandboxed("no sockets here", "allow them")

    def step(self, now):
        return 1.0

    def close(self):
        pass


def serve_parts(config, log):
    return (Forbidden(),)
"""


def share(home: Home) -> None:
    """A machine that shares: there the resident process is wanted."""
    (home.config / "config.toml").write_text('mode = "hub"\n')


def module(home: Home, *options: str) -> subprocess.Popen[bytes]:
    """As a service manager starts it."""
    whole = [sys.executable, "-P", "-m", "kioku_mesh.serve", *options, "--state-dir", str(home.state)]
    return subprocess.Popen([*whole, "--config-dir", str(home.config)], env=home.env(), cwd="/", stderr=subprocess.PIPE)


def test_started_looked_at_and_stopped(home: Home) -> None:
    """By hand, in any mode; each command says what it found, and a second start or stop changes nothing."""
    assert home.run("serve", "--status", status=3).out == "the resident process does not run\n"
    assert home.json("serve")["started"]
    first = resident(home)
    assert first
    assert (first["version"], first["mode"], first["running"], first["error"]) == (__version__, "local", True, "")
    assert not home.json("serve")["started"]
    assert f"process {first['pid']}" in home.ok("serve", "--status").out
    assert f"process {first['pid']}" in home.ok("status").out
    assert home.json("status")["serve"]["pid"] == first["pid"]
    assert home.json("serve", "--stop")["stopped"]
    until(lambda: is_gone(first["pid"]))
    stopped = home.json("serve", "--stop")
    assert (stopped["stopped"], stopped["running"], stopped["serve"]) == (False, False, None)
    assert home.json("status")["serve"] is None


def test_options_that_exclude_each_other(home: Home) -> None:
    """Bad usage starts and stops nothing."""
    assert home.run("serve", "--stop", "--status", "--json", status=2).error()["code"] == "bad_input"
    assert not home.state.exists()


def test_of_many_at_once_one_wins(home: Home) -> None:
    """The others say who runs, and exit 1; who asked for one in the background has it."""
    started = [home.start("serve", "--foreground") for _ in range(4)]
    losers = until(
        lambda: [p for p in started if p.poll() is not None] if sum(p.poll() is None for p in started) == 1 else None
    )
    (winner,) = [process for process in started if process not in losers]
    for loser in losers:
        _, err = loser.communicate(timeout=60)
        assert loser.returncode == 1
        assert f"runs already (process {winner.pid})" in err.decode()
    assert (resident(home) or {})["pid"] == winner.pid
    assert home.run("serve", "--foreground", "--json", status=1).error()["code"] == "refused"
    home.ok("serve", "--stop")
    assert winner.wait(60) == 0
    asked = [home.start("serve", "--json") for _ in range(4)]
    answers = [process.communicate(timeout=60)[0] for process in asked]
    assert [process.returncode for process in asked] == [0] * 4
    assert sum(b'"started": true' in answer for answer in answers) == 1
    assert resident(home)


@needs("posix")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_peace(home: Home, sign: int) -> None:
    """As a service manager or Ctrl-C does: exit status 0, and nobody believes that it runs."""
    process = home.start("serve", "--foreground")
    until(lambda: resident(home))
    process.send_signal(sign)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "started: version" in err.decode()
    assert "ended: asked to" in err.decode()
    assert home.json("status")["serve"] is None


@needs("posix")
def test_killed_and_started_again(home: Home) -> None:
    """Saves and searches go on without it; it is known to be gone; the next one starts at once."""
    share(home)
    home.ok("serve")
    pid = (resident(home) or {})["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_gone(pid))
    home.save(PLANTED)
    assert home.json("search", "zebra")["count"] == 1
    assert "does not run, last sign of life" in home.ok("status").out
    warned = home.run("doctor", "--check", "serve", status=1)
    assert "`kioku-mesh serve`" in warned.out
    assert home.json("serve")["started"]
    assert (resident(home) or {})["pid"] != pid


@needs("posix")
def test_the_number_of_a_dead_process_means_nothing(home: Home) -> None:
    """A lock file that names a living stranger keeps nobody from starting, and the stranger from nothing."""
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    home.ok("serve")
    home.ok("serve", "--stop")
    (home.state / "serve.lock").write_text(f"{stranger.pid} 1".ljust(63) + "\n")
    assert home.run("serve", "--status").status == 3
    assert home.json("serve", "--stop")["stopped"] is False
    assert home.json("serve")["started"]
    assert home.json("serve", "--stop")["stopped"]
    assert stranger.poll() is None
    stranger.communicate(b"\n", timeout=60)


def test_a_newer_program_replaces_it_and_an_older_one_does_not(home: Home, tmp_path: Path) -> None:
    """Whatever order they are used in, the newest version is the one that stays."""
    newer = home.env(PYTHONPATH=str(copy_package(tmp_path, "99.0")))
    older = home.env(PYTHONPATH=str(copy_package(tmp_path, "0.0.1")))
    home.ok("serve", env=older)
    first = resident(home) or {}
    assert first["version"] == "0.0.1"
    share(home)
    warned = home.run("doctor", "--check", "serve", status=1)
    assert "of version 0.0.1" in warned.out
    assert home.json("serve")["started"]
    until(lambda: is_gone(first["pid"]))
    assert (resident(home) or {})["version"] == __version__
    assert home.json("serve", env=newer)["started"]
    assert not home.json("serve")["started"]
    assert not home.json("serve", env=older)["started"]
    assert (resident(home) or {})["version"] == "99.0"
    home.ok("doctor", "--check", "serve")


def test_an_upgrade_in_its_place_ends_it(home: Home, tmp_path: Path) -> None:
    """It would import what does not fit it; the status and the log say why."""
    tree = copy_package(tmp_path, "1.0")
    home.ok("serve", env=home.env(PYTHONPATH=str(tree)))
    set_version(tree, "1.1")
    until(lambda: not resident(home))
    assert "version 1.1 was installed in the place of 1.0" in (home.state / "serve.log").read_text()
    assert "version 1.1 was installed" in home.json("status")["serve"]["error"]


@needs("posix")
def test_it_survives_the_agent_that_started_it(home: Home) -> None:
    """The whole process group of the agent's server is killed; the next server finds the same one."""
    share(home)
    script = "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])"  # a group of its own, to be killed
    server = [sys.executable, "-c", script, *command("kioku-mesh-mcp")]
    with Agent(server, env=home.env(), cwd=str(home.work), name="claude-code") as agent:
        agent.greet()
        agent.tools()
        assert resident(home) is None
        agent.call("search_memory", query="anything")
        first = until(lambda: resident(home)) or {}
        assert first["pid"] != agent.process.pid
        assert os.getsid(first["pid"]) != os.getsid(agent.process.pid)
        os.killpg(agent.process.pid, signal.SIGKILL)
        agent.process.wait(60)
    assert not is_gone(first["pid"])
    with home.agent() as agent:
        agent.call("search_memory", query="anything")
        assert (resident(home) or {})["pid"] == first["pid"]


@needs("linux")
def test_it_takes_nothing_from_whoever_started_it(home: Home) -> None:
    """No open stream, no child, no variable that says who asked or that may be a secret."""
    share(home)
    env = home.env(only_project="shop", session_id="s1", SECRET_KEY="hunter2")
    with home.agent(env=env) as agent:
        agent.call("search_memory", query="anything")
        pid = (until(lambda: resident(home)) or {})["pid"]
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1]
        assert int(parent) != agent.process.pid
        until(lambda: {os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)} == {os.devnull})
        variables = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"hunter2" not in variables
        assert b"ONLY_PROJECT" not in variables
        assert os.readlink(f"/proc/{pid}/cwd") == "/"


@pytest.mark.parametrize(
    ("mode", "setting", "wanted"), [("local", None, False), ("spoke", None, True), ("hub", "off", False)]
)
def test_an_agent_starts_it_only_where_it_is_wanted(home: Home, mode: str, setting: str | None, wanted: bool) -> None:
    """Where memories are shared, unless it is turned off; never before the first call of a tool."""
    (home.config / "config.toml").write_text(f'mode = "{mode}"\n')
    with home.agent(env=home.env(autostart=setting)) as agent:
        agent.tools()
        agent.call("save_observation", content=PLANTED)
        if wanted:
            assert until(lambda: resident(home))
        else:
            subprocess.run([sys.executable, "-c", "import time; time.sleep(1)"], check=True)
            assert resident(home) is None
            assert not (home.state / "serve.lock").exists()


def test_a_sandbox_that_forbids_its_work(home: Home, tmp_path: Path) -> None:
    """It gives up after a while, says why where a person looks, and the agent that started it works on."""
    share(home)
    tree = copy_package(tmp_path, __version__)
    app, process = (tree / "kioku_mesh" / name for name in ("app.py", "serve/process.py"))
    app.write_text(app.read_text() + FORBIDDING)
    process.write_text(process.read_text().replace("SANDBOX_S = 60.0", "SANDBOX_S = 2.0"))
    with home.agent(env=home.env(PYTHONPATH=str(tree))) as agent:
        agent.call("save_observation", content=PLANTED)
        until(lambda: (resident(home) or {"error": ""})["error"] == "mesh: no sockets here")
        until(lambda: resident(home) is None)
        assert "a sandbox keeps mesh from its work: no sockets here" in home.ok("status").out
        assert "no sockets here" in home.run("doctor", "--check", "serve", status=1).out
        assert agent.call("search_memory", query="zebra")["structuredContent"]["results"]


def test_a_directory_that_is_removed_ends_it(home: Home) -> None:
    """It makes nothing anew; a save does, and the next one serves that."""
    home.ok("serve")
    pid = (resident(home) or {})["pid"]
    shutil.rmtree(home.state)
    until(lambda: is_gone(pid))
    assert not home.state.exists()
    home.save("a new beginning")
    assert home.json("serve")["started"]


@needs("linux", "root")
def test_a_place_that_cannot_be_written(home: Home) -> None:
    """It says so, exits 1, and an agent goes on reading without one."""
    share(home)
    home.save(PLANTED)
    with read_only(home.state):
        for arguments in (["serve"], ["serve", "--foreground"]):
            failed = home.run(*arguments, "--json", status=1).error()
            assert failed["code"] in ("not_available", "store_unwritable")
            assert "serve.lock" in failed["message"]
        assert home.run("serve", "--status").status == 3
        with home.agent() as agent:
            found = agent.call("search_memory", query="zebra")
            assert found["structuredContent"]["results"]


@needs("posix")
def test_one_that_hangs_is_told_from_one_that_runs(home: Home) -> None:
    """No sign of life for some seconds: `doctor` says so, and saving goes on."""
    share(home)
    with running(home) as found:
        os.kill(found["pid"], signal.SIGSTOP)
        try:
            until(lambda: not (resident(home) or {"running": True})["running"])
            warned = home.run("doctor", "--check", "serve", status=1)
            assert f"{found['pid']} gives no sign of life" in warned.out
            home.save(PLANTED)
        finally:
            os.kill(found["pid"], signal.SIGCONT)
        until(lambda: (resident(home) or {"running": False})["running"])


def test_doctor_starts_it(home: Home) -> None:
    """In a mode that needs it, and only there it is looked for unasked."""
    assert "serve" not in [check["name"] for check in home.json("doctor")["checks"]]
    share(home)
    assert home.run("doctor", "--check", "serve").status == 1
    (check,) = home.json("doctor", "--fix", "--check", "serve")["checks"]
    assert (check["status"], check["details"]["fixed"]) == ("pass", ["started the resident process"])
    home.ok("doctor", "--check", "serve")


def test_it_looks_after_the_store(home: Home) -> None:
    """A deleted text goes without anybody calling `gc`, a backup is kept, and the log tells of no text."""
    (home.config / "config.toml").write_text("retention_days = 0\n")
    home.save("the lease of the gateway ends in May")
    home.ok("delete", home.save(PLANTED))
    env = home.env(log="debug")
    home.ok("serve", env=env)
    until(lambda: not any(b"zebra" in path.read_bytes() for path in home.state.rglob("*") if path.is_file()))
    until(lambda: list((home.state / "backups").glob("*.db")))
    text = (home.state / "serve.log").read_text()
    assert "started" in text
    assert "lease" not in text


def test_a_service_manager_takes_over(home: Home) -> None:
    """What it starts replaces the one that runs, serves the folders it names, and ends when asked."""
    home.ok("serve")
    first = (resident(home) or {})["pid"]
    refused = module(home)
    assert refused.wait(60) == 1
    assert b"runs already" in refused.communicate()[1]
    process = module(home, "--replace")
    until(lambda: is_gone(first))
    until(lambda: (resident(home) or {"pid": 0})["pid"] == process.pid)
    home.ok("serve", "--stop")
    assert process.wait(60) == 0
    bad = module(home, "--nonsense")
    assert bad.wait(60) == 2
    bad.communicate()


def test_nothing_is_left_running_by_the_tests(home: Home) -> None:
    """The home of a test ends what was started in it."""
    home.ok("serve")
    pid = (resident(home) or {})["pid"]
    residents.end(home)
    until(lambda: is_gone(pid))
