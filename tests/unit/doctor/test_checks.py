"""Every check: passes on a healthy machine, names what is wrong, and says what helps."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from kioku_mesh import config, doctor, wire
from kioku_mesh.cli.table import ENTRIES
from kioku_mesh.clock import DAY, now
from kioku_mesh.doctor import Check, Report
from kioku_mesh.errors import BadInput
from kioku_mesh.model import as_plain
from kioku_mesh.store import backup, compare
from kioku_mesh.store.store import Store
from support import needs, stores

MESHED = (
    "serve", "peers", "peer_clocks", "peer_versions", "node_names", "hubs", "ports", "sharing", "zenohd", "admission",
)  # fmt: skip


class Machine:
    """A home folder with a store, and settings to examine it with."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        self.state = self.home / "state"
        self.config = self.home / "config"
        self.environ = {
            "HOME": str(self.home),
            "KIOKU_MESH_STATE_DIR": str(self.state),
            "KIOKU_MESH_CONFIG_DIR": str(self.config),
        }
        self.store = Store(str(self.state), host="desk")

    def examine(self, *only: str, fix: bool = False, deep: bool = False) -> Report:
        self.store.close()
        settings = config.load(self.environ, str(self.home), tolerant=True)
        return doctor.examine(settings, fix=fix, deep=deep, only=only)

    def check(self, name: str, fix: bool = False, deep: bool = False) -> Check:
        (check,) = self.examine(name, fix=fix, deep=deep).checks
        return check

    def sql(self, statement: str) -> None:
        self.store.close()
        db = apsw.Connection(self.store.path)
        db.execute(statement)
        db.close()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def used(machine: Machine) -> Machine:
    """A machine on which thirty memories were saved."""
    stores.fill(machine.store, 30)
    return machine


def test_an_empty_machine_is_healthy(machine: Machine) -> None:
    """Where nothing was saved yet every check passes, and looking creates nothing."""
    report = machine.examine(deep=True)
    assert (report.ok, report.worst_status) == (True, "pass")
    assert {check.status for check in report.checks} == {"pass"}
    assert list(machine.home.iterdir()) == []


@pytest.mark.parametrize("deep", [False, True])
def test_a_used_machine_is_healthy(used: Machine, deep: bool) -> None:
    """After ordinary use every check passes, quickly and deeply, and nothing is left behind."""
    used.store.close()
    before = sorted(os.listdir(used.state))
    report = used.examine(deep=deep)
    assert [check for check in report.checks if check.status != "pass"] == []
    assert sorted(os.listdir(used.state)) == before
    assert compare.COPY not in before


def test_the_report_is_plain(used: Machine) -> None:
    """The JSON of a report has the documented fields, every check by name in a stable order."""
    plain = as_plain(used.examine())
    assert list(plain) == ["version", "ok", "worst_status", "checks"]
    assert all(list(check) == ["name", "status", "summary", "hint", "details"] for check in plain["checks"])
    assert [check["name"] for check in plain["checks"]] == [
        n for n in doctor.NAMES if n not in ("legacy_namespace", *MESHED)
    ]


def test_checks_are_chosen_by_name(machine: Machine) -> None:
    """`only` makes the named checks, those that are otherwise left out too; an unknown name is bad input."""
    assert [check.name for check in machine.examine("legacy_namespace", "disk").checks] == ["disk", "legacy_namespace"]
    with pytest.raises(BadInput) as error:
        machine.examine("nope")
    assert "projections" in error.value.hint


Broken = Callable[[Machine], None]


def open_to_all(machine: Machine) -> None:
    machine.state.chmod(0o755)
    (machine.state / "memory.db").chmod(0o644)


def old_variables(machine: Machine) -> None:
    machine.environ |= {"MESH_MEM_USER_ID": "kim", "KIOKU_MESH_BACKEND": "zenoh", "KIOKU_MESH_PROJCT": "x"}


def write_config(text: str) -> Broken:
    def broken(machine: Machine) -> None:
        machine.config.mkdir()
        (machine.config / "config.toml").write_text(text)

    return broken


def stale(machine: Machine) -> None:
    part = machine.state / compare.COPY
    part.write_text("")
    os.utime(part, (1, 1))


def older(machine: Machine) -> None:
    machine.store.close()
    copy = machine.home / "copy.db"
    backup.make(machine.store, str(copy))
    stores.fill(machine.store, 2, 100)
    machine.store.close()
    for part in ("-wal", "-shm"):
        (machine.state / f"memory.db{part}").unlink(missing_ok=True)
    (machine.state / "memory.db").write_bytes(copy.read_bytes())


def sql(statement: str) -> Broken:
    return lambda machine: machine.sql(statement)


def future(machine: Machine) -> None:
    with machine.store.write() as transaction:
        transaction.append(wire.OBSERVATION, "mesh", stores.body("later", 1), hlc=now() + 30 * DAY)


def a_later_release(machine: Machine) -> None:
    with machine.store.write() as transaction:
        transaction.append("card", "mesh", wire.encode_body({}))


def newer_schema(machine: Machine) -> None:
    machine.sql("PRAGMA user_version = 99")


def orphan(machine: Machine) -> None:
    machine.store.close()
    (machine.state / "memory.db").unlink()
    (machine.state / "memory.db-wal").write_bytes(b"x")


def old_backup(machine: Machine) -> None:
    os.utime(backup.make(machine.store).path, (1_750_000_000, 1_750_000_000))


def registered_without_command(machine: Machine) -> None:
    (machine.home / ".claude.json").write_text(
        '{"mcpServers": {"kioku-mesh": {"type": "stdio", "command": "/gone/kioku-mesh-mcp", "args": []}}}'
    )


TROUBLE: list[tuple[str, str, Broken, str]] = [
    ("state_directory", "warn", open_to_all, "other users"),
    ("config", "fail", write_config("retention_days = -1\n"), "retention_days"),
    ("config", "fail", write_config("retention_days =\n"), "line 1"),
    ("config", "fail", write_config('default_visibility = "team"\n'), "no team_id"),
    ("config", "warn", write_config("retention_day = 3\n"), "retention_day"),
    ("environment", "warn", old_variables, "and 2 more"),
    ("leftovers", "warn", stale, "1 file"),
    ("leftovers", "fail", orphan, "memory.db-wal"),
    ("database", "fail", orphan, "missing"),
    ("database", "fail", newer_schema, "newer kioku-mesh"),
    ("database", "fail", sql("UPDATE record SET body = x'00' WHERE n = 7"), "damaged"),
    ("database", "fail", sql("DELETE FROM record WHERE n = 30"), "1 record"),
    ("database", "warn", older, "2 acknowledged records"),
    ("projections", "fail", sql("DELETE FROM observation WHERE n = 7"), "differs from the log"),
    ("unread", "warn", a_later_release, "1 record"),
    ("unread", "warn", sql("UPDATE record SET body = NULL WHERE n = 7; UPDATE observation SET content = NULL WHERE n = 7"), "text of"),
    ("clock", "warn", future, "from the future, saved or imported on this machine"),
    ("incarnations", "warn", sql(f"INSERT INTO lives SELECT n, {now()}, 'x' FROM record LIMIT 9"), "10 new"),
    ("backups", "warn", old_backup, "newest backup was made"),
    ("backups", "warn", sql("UPDATE record SET hlc = 5"), "no backup"),
    ("clients", "warn", registered_without_command, "does not exist"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "status", "broken", "said"), TROUBLE, ids=[f"{t[0]}-{t[3]}" for t in TROUBLE])
def test_trouble_is_named_with_a_way_out(used: Machine, name: str, status: str, broken: Broken, said: str) -> None:
    """Each kind of trouble is found by its check, with a hint whose commands exist."""
    broken(used)
    check = used.check(name)
    assert (check.status, said in check.summary) == (status, True), check
    assert check.hint
    assert not used.examine(name).ok
    for command in re.findall(r"`kioku-mesh ([a-z-]+)", check.hint):
        assert command in ENTRIES, check.hint


def test_old_variables_are_named_with_their_successors(used: Machine) -> None:
    """Variables of older versions and mistyped ones are listed with what replaces them."""
    old_variables(used)
    used.environ |= {
        "MESH_MEM_STATE_DIR": "x",
        "KIOKU_MESH_INDEX_DB": "x",
        "KIOKU_MESH_FORCE_REBUILD": "1",
        "KIOKU_MESH_DISABLE_INDEX": "1",
        "KIOKU_MESH_LEGACY_READ_FALLBACK": "1",
        "KIOKU_MESH_LEGACY_WRITE_EMERGENCY": "1",
    }
    check = used.check("environment")
    assert {
        "MESH_MEM_USER_ID": "KIOKU_MESH_USER_ID",
        "MESH_MEM_STATE_DIR": "KIOKU_MESH_STATE_DIR",
        "KIOKU_MESH_INDEX_DB": "KIOKU_MESH_STATE_DIR",
        "KIOKU_MESH_PROJCT": "KIOKU_MESH_PROJECT",
        "KIOKU_MESH_LEGACY_READ_FALLBACK": "",
    }.items() <= check.details["variables"].items()
    assert len(check.details["variables"]) == 9
    assert all(name in check.hint for name in check.details["variables"])
    used.environ = {name: value for name, value in used.environ.items() if name not in check.details["variables"]}
    assert used.check("environment").status == "pass"


def test_old_files_are_named_and_untouched(used: Machine) -> None:
    """What an older version keeps in the same folders is no trouble, is named, and survives `--fix`."""
    old = [used.state / "pc_id", used.state / "index.db", used.config / "config.yaml"]
    used.config.mkdir()
    for path in old:
        path.write_text("")
    check = used.check("leftovers", fix=True)
    assert check.status == "pass"
    assert sorted(check.details["older"]) == sorted(map(str, old))
    assert all(path.exists() for path in old)
    assert used.check("legacy_namespace").status == "pass"


MENDED = [
    ("state_directory", open_to_all),
    ("leftovers", stale),
    ("database", sql("UPDATE record SET body = x'00' WHERE n = 7")),
    ("database", sql("DELETE FROM record WHERE n = 30")),
    ("database", older),
    ("projections", sql("DELETE FROM observation WHERE n = 7")),
    ("backups", old_backup),
]


@pytest.mark.parametrize(("name", "broken"), MENDED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(MENDED)])
def test_fix_mends_and_tells(used: Machine, name: str, broken: Broken) -> None:
    """`--fix` mends what it can, says what it did, and the next examination finds nothing."""
    broken(used)
    check = used.check(name, fix=True)
    assert check.status == "pass", check
    assert check.details["fixed"]
    assert used.check(name, deep=True).status == "pass"


def test_fix_tells_what_is_missing(used: Machine) -> None:
    """When something cannot be brought back, the report of the mending says how much."""
    used.sql("UPDATE record SET body = x'00' WHERE n = 7")
    fixed = used.check("database", fix=True).details["fixed"]
    assert "missing: 1 record that had been acknowledged" in fixed
    assert len(stores.contents(used.store)) == 29


def test_fix_leaves_a_newer_store_alone(used: Machine) -> None:
    """A store of a newer release is reported, and `--fix` does not touch it."""
    newer_schema(used)
    used.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    before = (used.state / "memory.db").read_bytes()
    report = used.examine(fix=True)
    assert (used.state / "memory.db").read_bytes() == before
    by_name = {check.name: check for check in report.checks}
    assert "update kioku-mesh" in by_name["database"].hint
    assert by_name["projections"].status == "not_checked"


def test_an_unreadable_database_is_one_failure(used: Machine) -> None:
    """When the database cannot be read, that is said once; what rests upon it was not checked."""
    used.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    (used.state / "memory.db").write_bytes(b"x" * 8192)
    report = used.examine()
    failed = [check.name for check in report.checks if check.status == "fail"]
    assert failed == ["database"]
    assert {check.status for check in report.checks if check.name in ("projections", "clock")} == {"not_checked"}


def test_fix_in_one_go(used: Machine) -> None:
    """One call mends everything at once: permissions, leftovers and a damaged database with a backup."""
    backup.make(used.store)
    open_to_all(used)
    stale(used)
    used.sql("UPDATE record SET header = x'00' WHERE n = 7")
    report = used.examine(fix=True)
    assert report.ok, report
    assert used.examine(deep=True).ok
    assert len(stores.contents(used.store)) == 30


def test_a_lock_that_is_kept_is_named(used: Machine) -> None:
    """A process that keeps the write lock is found and named."""
    with Store(str(used.state)).locked():
        check = used.check("lock")
    assert check.status == "fail"
    assert str(os.getpid()) in check.summary


def test_a_state_directory_that_cannot_be(machine: Machine) -> None:
    """A file in place of the directory, or above it, is a failure with a way out."""
    machine.state.write_text("")
    assert machine.check("state_directory").status == "fail"
    machine.environ["KIOKU_MESH_STATE_DIR"] = str(machine.state / "below")
    check = machine.check("state_directory")
    assert (check.status, "KIOKU_MESH_STATE_DIR" in check.hint) == ("fail", True)


@needs("no-root")
def test_a_state_directory_without_rights(used: Machine) -> None:
    """A directory that may not be written is a failure."""
    used.state.chmod(0o500)
    assert used.check("state_directory").status == "fail"
    used.state.chmod(0o700)


def test_a_folder_that_is_copied_elsewhere(machine: Machine) -> None:
    """A store inside of a folder of a synchronising program is warned of."""
    machine.environ["KIOKU_MESH_STATE_DIR"] = str(machine.home / "Dropbox" / "kioku")
    check = machine.check("place")
    assert (check.status, check.details["synced_by"]) == ("warn", "Dropbox")


def test_turned_off_backups_are_no_trouble(used: Machine) -> None:
    """Whoever turned backups off is not told to make one."""
    used.sql("UPDATE record SET hlc = 5")
    write_config("backup.keep = 0\n")(used)
    assert used.check("backups").status == "pass"
