"""What a person is told to do works, and names what has to do with the matter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kioku_mesh.errors import BadInput, NotFound, StoreError
from kioku_mesh.model import Draft
from mcp_client import ToolError
from support import Home
from support.stores import memory, save


def test_erased_text_is_said_to_be_gone(tmp_path: Path) -> None:
    """Neither a backup nor a restore is recommended for what they cannot bring back."""
    with memory(tmp_path / "state", retention_days=0) as opened:
        erased, purged = save(opened, 1), save(opened, 2)
        opened.delete([erased])
        opened.gc()
        opened.purge([purged])
        with pytest.raises(NotFound, match="was erased") as gone:
            opened.restore(erased)
        assert "backup --list" not in gone.value.hint
        assert "a backup neither" in gone.value.hint
        for id_ in (erased, purged):
            with pytest.raises(BadInput, match="is gone") as nothing:
                opened.revise(id_, Draft(content="once more"))
            assert "restore" not in nothing.value.hint


def test_a_deleted_memory_can_be_restored_and_revised(tmp_path: Path) -> None:
    """While its text is there that is what is said."""
    with memory(tmp_path / "state") as opened:
        id_ = save(opened, 1)
        opened.delete([id_])
        with pytest.raises(BadInput, match="is deleted") as hidden:
            opened.revise(id_, Draft(content="once more"))
        assert "restore it first" in hidden.value.hint


def test_a_damaged_backup_is_not_mended_by_the_doctor(tmp_path: Path) -> None:
    """The doctor looks at the store; another file is needed."""
    with memory(tmp_path / "state") as opened:
        for number in range(50):
            save(opened, number)
        copy = Path(opened.backup(str(tmp_path / "copy.db")).path)
        with copy.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 40_000)
        with pytest.raises(StoreError) as broken:
            opened.restore_backup(str(copy))
        assert "doctor" not in broken.value.hint
        assert "backup --list" in broken.value.hint
        with pytest.raises(BadInput, match="is no file"):
            opened.restore_backup(str(tmp_path))


@pytest.mark.parametrize("when", ["tomorrow", "7d", "2d"])
def test_an_expiry_is_a_point_in_time(home: Home, when: str) -> None:
    """How long something stays true is another option, in both interfaces."""
    refused = home.run("save", "x is y", "--expires-at", when, status=2)
    assert "--ttl 7d" in refused.err
    assert "ago" not in refused.err
    home.run("save", "x is y", "--expires-at", "2001-01-01", status=2)
    with home.agent() as agent, pytest.raises(ToolError, match="ttl_sec"):
        agent.call("save_observation", content="x is y", expires_at=when)


def test_what_came_from_the_future_can_be_put_right(home: Home) -> None:
    """Not the clock is at fault when memories were imported: deleted and saved anew, the doctor is content."""
    line = {"content": "The meeting is on Mondays.", "created_at": "2999-01-01T00:00:00Z"}
    line["stamp"] = "32472144000000000.elsewhere-0001.1.1"
    home.run("import", "-", input=json.dumps(line))
    (check,) = home.run("doctor", "--check", "clock", "--json").json()["checks"]
    if check["status"] == "pass":
        pytest.skip("imports take no time of the future")
    assert "imported" in check["summary"]
    since = check["hint"].split("--since ")[1].split("`")[0]
    (found,) = home.json("list", "--since", since)["results"]
    home.ok("delete", found["observation_id"])
    (check,) = home.run("doctor", "--check", "clock", "--json").json()["checks"]
    assert check["status"] == "pass"


def test_variables_that_nothing_reads(home: Home) -> None:
    """Counted right, and no likeness is seen where there is none."""
    env = home.env(url="x", foo="1")
    (check,) = home.run("doctor", "--check", "environment", "--json", env=env).json()["checks"]
    assert check["summary"] == "the variables KIOKU_MESH_FOO and 1 more are set and nothing reads them"
    assert "use" not in check["hint"]


@pytest.mark.parametrize(
    ("name", "text", "said", "hint"),
    [
        ("config.toml", 'project = "x"', "'project'", "retention_days"),
        ("config.toml", "retention_days = 1.5", "1.5", "a whole number from 0 to 3650"),
        (".kioku-mesh.yaml", "projet: x", "'projet'", "team_id, default_visibility, project"),
        (".kioku-mesh.yaml", "", "says nothing", "project: NAME"),
    ],
)
def test_settings_that_are_wrong(home: Home, name: str, text: str, said: str, hint: str) -> None:
    """The hint offers what may stand in this very file."""
    folder = home.config if name == "config.toml" else home.work
    (folder / name).write_text(text + "\n")
    (check,) = home.run("doctor", "--check", "config", "--json").json()["checks"]
    assert check["status"] in ("warn", "fail")
    assert said in check["summary"]
    assert hint in check["hint"]
    assert "state_dir" not in check["hint"]


def test_wrong_usage_points_to_the_command(home: Home) -> None:
    """A missing value is one of this command; a limit is about the limit."""
    assert "kioku-mesh save --help" in home.run("save", "x", "--importance", status=2).err
    assert home.run("search", "-n", "0", status=2).err.startswith("error: limit cannot be 0\n")
    assert "no client was found" in home.run("mcp", "uninstall", env=home.env(PATH="/nowhere"), status=0).err
    assert home.ok("config", "unset", "user_id").err == "note: user_id is not set\n"


def test_a_file_that_is_no_export_is_not_a_flood(home: Home) -> None:
    """A few bad lines are named, the others counted; programs get more."""
    ran = home.run("import", "-", input=b"\xff\xfe\n" * 60, status=1)
    assert len(ran.err.splitlines()) == 11
    assert ran.err.splitlines()[-1] == "note: and 50 more bad lines"


def test_completion_knows_the_new_name_of_a_project(tmp_path: Path) -> None:
    """A renamed project is offered as it is shown, and hidden memories where they are wanted."""
    with memory(tmp_path / "state") as opened:
        kept = save(opened, 1, project="P1")
        gone = save(opened, 2, project="other")
        opened.rename_project("P1", "Q1")
        opened.delete([gone])
        assert opened.known("project", "") == ("Q1", "other")
        assert opened.known("project", "Q") == ("Q1",)
        assert opened.known("hidden", "") == (gone,)
        assert opened.known("hidden", gone[:6]) == (gone,)
        assert opened.known("hidden", kept[:6]) == ()
        assert opened.known("id", kept[:1]) == (kept,)


def test_a_removed_backup_is_named(home: Home) -> None:
    """A plain backup removes nothing; with a number the command says what it removed, in both forms."""
    home.save("The crane is serviced in May.")
    paths = [home.json("backup")["path"] for _ in range(2)]
    assert [(file["path"], file["kind"]) for file in home.json("backup", "--list")["backups"]] == [
        (path, "manual") for path in reversed(paths)
    ]
    assert f"removed: {paths[0]}" in home.ok("backup", "--keep", "2").out
    assert home.json("backup", "--keep", "2")["removed"] == [paths[1]]
    assert home.ok("backup", "--list").out.count("bytes  manual") == 2


def test_a_warning_about_a_secret_names_what_erases_it(tmp_path: Path) -> None:
    """Deleting would keep the text."""
    with memory(tmp_path / "state") as opened:
        saved = opened.save(Draft(content="the database password: kX93" + "mvLq2#"))
        (warning,) = saved.warnings
        assert f"`kioku-mesh purge {saved.observation_id}`" in warning.message
        assert "change the secret" in warning.message
