"""`config`, `init`, `mcp`, `doctor` and `status`: what they read and write on a machine of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.clock import now
from kioku_mesh.model import Notice, Stored
from kioku_mesh.options import OPTIONS
from kioku_mesh.results import Resident, Status
from support import needs
from unit.clients.conftest import Computer

from .conftest import Asked


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Computer]:
    """A computer that has nothing to do with the one that runs the tests."""
    computer = Computer(tmp_path)
    for variable in [option.environment for option in OPTIONS.values() if option.environment] + [
        "XDG_DATA_HOME",
        "NO_COLOR",
    ]:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in (("HOME", computer.home), ("PATH", computer.bin), ("TMPDIR", computer.work / "tmp")):
        monkeypatch.setenv(variable, str(value))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(computer.home / "config"))
    monkeypatch.setenv("CALLS", str(computer.calls_file))
    monkeypatch.chdir(computer.work)
    return computer


def config_file(machine: Computer) -> Path:
    return machine.home / "config" / "kioku-mesh" / "config.toml"


def test_settings_are_listed_with_their_source(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting, its value and where it comes from."""
    monkeypatch.setenv("KIOKU_MESH_USER_ID", "kim")
    ran = cli("config", "list")
    assert [row.split()[0] for row in ran.out.splitlines()] == list(OPTIONS)
    assert "user_id             kim" in ran.out
    assert "(environment KIOKU_MESH_USER_ID)" in ran.out
    rows = {row["key"]: row for row in cli("config", "list", "--json").json()["settings"]}
    assert rows["user_id"] | {"help": ""} == {
        "key": "user_id",
        "value": "kim",
        "source": "environment KIOKU_MESH_USER_ID",
        "help": "",
    }


def test_a_setting_is_written_read_and_removed(cli: Any, machine: Computer) -> None:
    """`set`, `get`, `unset`, and the file that `path` names."""
    assert cli("config", "path").out == f"{config_file(machine)}\n"
    assert cli("config", "get", "user_id").out == ""
    assert cli("config", "set", "user_id", "kim").out == "kim\n"
    assert config_file(machine).read_text() == 'user_id = "kim"\n'
    got = cli("config", "get", "user_id", "--json").json()
    assert got == {"key": "user_id", "value": "kim", "source": f"config file {config_file(machine)}"}
    assert cli("config", "unset", "user_id").status == 0
    assert cli("config", "get", "user_id", "--json").json()["value"] is None


@pytest.mark.parametrize(
    "arguments",
    [["get", "nothing"], ["set", "nothing", "x"], ["set", "retention_days", "soon"], ["set", "user_id", "No!"]],
)
def test_a_wrong_setting_is_bad_input(cli: Any, machine: Computer, arguments: list[str]) -> None:
    """An unknown key or an impossible value changes nothing."""
    assert cli("config", *arguments, "--json").error()["code"] == "bad_input"
    assert not config_file(machine).exists()


def test_config_works_when_the_settings_are_broken(cli: Any, machine: Computer) -> None:
    """What cannot be used is named, so that it can be repaired with the same command."""
    config_file(machine).parent.mkdir(parents=True)
    config_file(machine).write_text('retention_days = "soon"\n')
    ran = cli("config", "list")
    assert ran.status == 0
    assert "note: retention_days cannot be 'soon'" in ran.err
    assert cli("config", "list", "--json").json()["problems"][0]["code"] == "bad_input"
    assert cli("config", "set", "retention_days", "7").out == "7\n"


def test_init_writes_what_is_given_once(cli: Any, machine: Computer) -> None:
    """The settings are written; doing it again changes nothing; printing writes nothing."""
    arguments = ["--mode", "local", "--user-id", "kim", "--team-id", "red"]
    ran = cli("init", *arguments, "--print")
    assert ran.out == f'user_id = "kim"\nteam_id = "red"\nwould be written to {config_file(machine)}\n'
    assert not config_file(machine).exists()
    assert cli("init", *arguments).out.endswith(f"written to {config_file(machine)}\n")
    before = config_file(machine).read_text()
    assert before == 'user_id = "kim"\nteam_id = "red"\n'
    assert cli("init", *arguments).out == f"nothing to change: {config_file(machine)} says so already\n"
    assert config_file(machine).read_text() == before


def test_init_replaces_a_name_only_with_consent(cli: Any, machine: Computer) -> None:
    """Another user id hides what was saved under the old one, so the person is asked."""
    cli("init", "--user-id", "kim")
    ran = cli("init", "--user-id", "lee", "--json")
    assert (ran.status, ran.error()["code"]) == (1, "refused")
    assert cli("init", "--user-id", "lee", "--yes", "--json").json() == {
        "file": str(config_file(machine)),
        "changes": {"user_id": "lee"},
        "written": True,
        "next": [],
        "notes": [],
    }
    assert config_file(machine).read_text() == 'user_id = "lee"\n'


def test_init_checks_everything_before_it_writes(cli: Any, machine: Computer) -> None:
    """One bad name keeps the good one out; modes that do not exist are not offered."""
    assert cli("init", "--user-id", "kim", "--team-id", "No!").status == 2
    assert cli("init", "--mode", "star").status == 2
    assert not config_file(machine).exists()


@needs("posix")
def test_clients_are_registered_and_checked(cli: Any, machine: Computer) -> None:
    """A dry run shows the change; install makes it; status sees it; uninstall takes it back."""
    machine.have("claude")
    dry = cli("mcp", "install", "--dry-run", "-e", "KIOKU_MESH_USER_ID=kim")
    assert dry.status == 0, dry.err
    assert dry.out.startswith(f"Claude Code: would be installed (user: {machine.claude_file})\n")
    assert "KIOKU_MESH_USER_ID" in dry.out
    assert machine.calls() == []
    assert cli("mcp", "install").out.startswith("Claude Code: installed (user: ")
    assert cli("mcp", "install").out.startswith("Claude Code: installed already (user: ")
    assert "kioku-mesh" in machine.claude_servers()
    assert cli("mcp", "status").status == 0
    (row,) = cli("mcp", "uninstall", "--client", "claude-code", "--json").json()["results"]
    assert (row["client"], row["state"]) == ("claude-code", "removed")
    assert machine.claude_servers() == {}


@needs("posix")
def test_a_failed_client_is_told_and_fails_the_command(cli: Any, machine: Computer) -> None:
    """Another server of the same name is left alone, with what to do; the status is 1."""
    machine.have("claude")
    machine.write_claude({"kioku-mesh": {"type": "stdio", "command": "/bin/other", "args": [], "env": {}}})
    ran = cli("mcp", "uninstall")
    assert ran.status == 1
    assert ran.out.startswith("Claude Code: left as it is (user: ")
    assert "\n    error: " in ran.out
    assert "--force" in ran.out


def test_without_any_client_the_command_says_so(cli: Any) -> None:
    """Not available, with the names of clients one could install."""
    error = cli("mcp", "install", "--json").error()
    assert error["code"] == "not_available"
    assert "Claude Code" in error["hint"]
    assert "claude-code" in cli("mcp", "clients").out


@pytest.mark.parametrize(
    "arguments", [["-e", "NOVALUE"], ["--client", "nobody"], ["--scope", "galaxy"], ["--name", "a b"]]
)
def test_a_wrong_registration_is_bad_input(cli: Any, machine: Computer, arguments: list[str]) -> None:
    """Before anything is looked at or changed."""
    machine.have("claude")
    assert cli("mcp", "install", *arguments, "--json").error()["code"] == "bad_input"
    assert machine.calls() == []


def test_doctor_reports_every_check(cli: Any) -> None:
    """One line each, and the exit status of the worst."""
    ran = cli("doctor")
    assert ran.status in (0, 1)
    assert "state_directory: " in ran.out
    report = cli("doctor", "--json").json()
    assert set(report) == {"version", "ok", "worst_status", "checks"}
    assert set(report["checks"][0]) == {"name", "status", "summary", "hint", "details"}
    assert len(report["checks"]) == len(
        [row for row in ran.out.splitlines() if row[:4] in ("ok  ", "WARN", "FAIL", "-   ")]
    )


def test_doctor_fails_loudly(cli: Any, machine: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure exits 2, a warning 1, one named check alone is made, an unknown one is bad input."""
    monkeypatch.setenv("KIOKU_MESH_STATE_DIR", str(machine.work / "file" / "below"))
    (machine.work / "file").write_text("")
    ran = cli("doctor", "--check", "state_directory")
    assert (ran.status, len(ran.out.splitlines())) == (2, 2)
    assert ran.out.startswith("FAIL  state_directory: ")
    monkeypatch.setenv("MESH_MEM_STATE_DIR", "x")
    assert cli("doctor", "--check", "environment").status == 1
    assert cli("doctor", "--check", "everything", "--json").error()["code"] == "bad_input"
    assert cli("doctor", "--check-legacy-namespace", "--json").json()["checks"][0]["name"] == "legacy_namespace"


@pytest.mark.parametrize(
    ("mode", "changes", "shown"),
    [
        ("local", None, ""),
        ("hub", None, "resident process  does not run\n"),
        ("local", {}, "resident process  runs since just now (version 1.2, process 42)\n"),
        ("hub", {"error": "mesh: no\x1b cable"}, "(version 1.2, process 42); error: mesh: no"),
        ("hub", {"running": False}, "resident process  does not run, last sign of life just now\n"),
        (
            "hub",
            {"running": False, "last_seen": None, "error": "a sandbox"},
            "process  does not run; error: a sandbox\n",
        ),
    ],
)
def test_status_tells_of_the_resident_process(cli: Any, mode: str, changes: dict[str, Any] | None, shown: str) -> None:
    """Where it is needed, or runs: since when, and what keeps it from its work or ended it."""
    row = Resident(True, "1.2", 42, now(), now(), mode, "embedded")
    serve = None if changes is None else row._replace(**changes)
    some = {"user_id": {"value": None, "source": "default"}}
    answer = Status("1", "/s", "/c", mode, "ok", some, some, {"states": {"live": 1}}, 0, 0, Stored(), (), serve)
    out = cli("status", memory=Asked(status=answer)).out
    assert shown in out
    assert ("resident process" in out) == bool(shown)
    assert "\x1b" not in out


def test_status_shows_who_where_and_how_much(cli: Any) -> None:
    """Counts, the identity with its sources, settings, and notes on stderr."""
    answer = Status(
        version="1.2.3",
        state_dir="/state",
        config_dir="/config",
        mode="local",
        store="empty",
        identity={"user_id": {"value": "kim", "source": "default"}, "team_id": {"value": None, "source": "default"}},
        settings={"retention_days": {"value": 30, "source": "default"}},
        counts={"states": {"live": 1234}, "projects": {f"p{n}": 1 for n in range(13)}, "types": {}},
        session_saves=2,
        bytes=4096,
        stored=Stored(),
        notes=(Notice("x", "a note"),),
    )
    ran = cli("status", memory=Asked(status=answer))
    for shown in ("1.2.3", "/state (nothing saved yet)", "4,096 bytes", "2 saves", "live 1,234", "p9 1 and 3 more"):
        assert shown in ran.out
    assert "user_id  kim  (default)" in ran.out
    assert "types" not in ran.out
    assert ran.err == "note: a note\n"
    assert cli("status", "--json", memory=Asked(status=answer)).json()["counts"]["states"] == {"live": 1234}
