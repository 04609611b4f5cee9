"""`doctor` as a person and a script call it, in real processes."""

from __future__ import annotations

import os

from support import Home


def scribble(home: Home) -> None:
    """Overwrite the second half of the database, behind the backs of everybody."""
    size = home.database.stat().st_size
    with open(home.database, "r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(size // 2))


def test_healthy_machines_exit_0(home: Home) -> None:
    """Before the first save and after some, every check passes, quickly and deeply."""
    for _ in range(2):
        for arguments in ((), ("--deep",)):
            report = home.json("doctor", *arguments)
            assert (report["ok"], report["worst_status"]) == (True, "pass")
            assert {check["status"] for check in report["checks"]} == {"pass"}
        home.save("The build needs Java 21.", "-t", "build", "--type", "fact")


def test_looking_creates_nothing(home: Home) -> None:
    """The examination of a machine without memories leaves it without a store."""
    home.ok("doctor")
    assert not home.state.exists()
    assert os.listdir(home.config) == []


def test_warnings_exit_1_and_failures_2(home: Home) -> None:
    """The exit status is the worst finding, and the text names the check and what to do."""
    home.save("something")
    warned = home.run("doctor", env=home.env(MESH_MEM_CLIENT_ID="x"))
    assert warned.status == 1
    assert "KIOKU_MESH_CLIENT_ID" in warned.out
    (home.config / "config.toml").write_text("retention_days = 'long'\n")
    failed = home.run("doctor")
    assert failed.status == 2
    assert "retention_days" in failed.out
    assert failed.err == ""


def test_single_checks(home: Home) -> None:
    """Checks can be chosen by name; an unknown one is bad input that lists them."""
    assert [check["name"] for check in home.json("doctor", "--check", "disk,place")["checks"]] == ["place", "disk"]
    assert home.json("doctor", "--check-legacy-namespace")["checks"][0]["name"] == "legacy_namespace"
    refused = home.run("doctor", "--check", "nope", "--json")
    assert (refused.status, '"bad_input"' in refused.err) == (2, True)
    assert "projections" in refused.err


def test_permissions_are_mended(home: Home) -> None:
    """A store that others could read is private again after `--fix`."""
    home.save("something")
    home.state.chmod(0o755)
    assert home.run("doctor").status == 1
    assert "made" in home.ok("doctor", "--fix").out
    assert home.state.stat().st_mode & 0o777 == 0o700
    home.ok("doctor")


def test_a_damaged_store_comes_back_with_its_backup(home: Home) -> None:
    """Damage is found, `--fix` puts the backup back and tells what it did, and saving goes on."""
    ids = [home.save(f"fact number {number}: {os.urandom(600).hex()}") for number in range(8)]
    home.ok("backup")
    home.run("gc", "--yes")
    scribble(home)
    assert home.run("doctor").status == 2
    fixed = home.json("doctor", "--fix")
    done = next(check for check in fixed["checks"] if check["name"] == "database")["details"]["fixed"]
    assert any("backup" in line for line in done)
    home.ok("doctor", "--deep")
    for id_ in ids:
        home.ok("get-memory", id_)
    home.save("and on it goes")


def test_a_removed_database_is_not_taken_for_a_new_one(home: Home) -> None:
    """When the file is gone, commands fail with a hint; the hint's command brings the memories back."""
    id_ = home.save("remember the milk")
    home.ok("backup")
    for part in ("", "-wal", "-shm"):
        path = home.database.with_name(home.database.name + part)
        if path.exists():
            path.unlink()
    failed = home.run("search", "milk")
    assert failed.status == 1
    assert "kioku-mesh doctor --fix" in failed.err
    home.ok("doctor", "--fix")
    assert "milk" in home.ok("get-memory", id_).out


def test_an_agent_goes_on_after_mending(home: Home) -> None:
    """An agent that has the store open while it is mended goes on with it, and loses nothing that it saves later."""
    with home.agent() as agent:
        agent.call("save_observation", content="before the damage")
        home.ok("backup")
        home.run("gc", "--yes")
        scribble(home)
        home.ok("doctor", "--fix")
        agent.call("save_observation", content="after the mending")
    assert {row["content"] for row in home.json("list")["results"]} == {"before the damage", "after the mending"}
