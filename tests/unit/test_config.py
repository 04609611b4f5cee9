"""Settings: where each value comes from, what is refused, and what a hostile file can do."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kioku_mesh import config
from kioku_mesh import settings as config_files
from kioku_mesh.config import Config
from kioku_mesh.errors import BadInput, Internal
from kioku_mesh.options import OPTIONS

HOSTILE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class Person:
    """A home folder, a folder to work in and an environment, from which settings are read."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.work = self.home / "src" / "tool"
        self.global_dir = self.home / ".config" / "kioku-mesh"
        for path in (self.work, self.global_dir):
            path.mkdir(parents=True)
        self.environ = {"HOME": str(self.home)}

    def load(self, cwd: Path | str | None = None, tolerant: bool = False, **arguments: Any) -> Config:
        return config.load(self.environ, str(cwd or self.work), arguments, tolerant=tolerant, platform="linux")

    def writes(self, name: str, text: str | bytes) -> Path:
        """A file in the config folder (config.*) or in the folder of work."""
        path = (self.global_dir if name.startswith("config") else self.work) / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def test_without_any_file_every_setting_has_its_default(person: Person) -> None:
    """A new user has values that work, each marked as default."""
    found = person.load()
    assert {row.key for row in found.rows()} == set(OPTIONS)
    assert {row.source for row in found.rows()} == {"default"}
    assert (found.get("default_visibility"), found.get("retention_days"), found.get("user_id")) == ("mesh", 30, None)
    assert found.state_dir == str(person.home / ".local/share/kioku-mesh")
    assert found.config_dir == str(person.global_dir)
    assert found.notices == found.problems == []


def test_order_of_sources(person: Person) -> None:
    """Argument wins over environment, over project file, over global config, over default; each says where it is from."""
    assert person.load().source("team_id") == "default"
    path = person.writes("config.toml", 'team_id = "global"\n')
    assert (person.load().get("team_id"), person.load().source("team_id")) == ("global", f"config file {path}")
    path = person.writes(".kioku-mesh.yaml", "team_id: project\n")
    assert (person.load().get("team_id"), person.load().source("team_id")) == ("project", f"project file {path}")
    person.environ["KIOKU_MESH_TEAM_ID"] = " env "
    assert (person.load().get("team_id"), person.load().source("team_id")) == ("env", "environment KIOKU_MESH_TEAM_ID")
    assert person.load(team_id="given").get("team_id") == "given"
    assert person.load(team_id="given").source("team_id") == "argument"


def test_an_empty_value_is_not_set(person: Person) -> None:
    """An empty variable or file entry leaves the next source in force."""
    person.environ["KIOKU_MESH_USER_ID"] = "  "
    person.writes("config.toml", 'user_id = "kim"\nteam_id = ""\n')
    assert (person.load().get("user_id"), person.load().get("team_id")) == ("kim", None)


def test_user_id_never_comes_from_a_project_file_or_argument(person: Person) -> None:
    """A file in a repository cannot write into somebody's own namespace; the attempt is a notice."""
    person.writes(".kioku-mesh.yaml", "user_id: mallory\nproject: tool\n")
    found = person.load()
    assert found.get("user_id") is None
    assert [notice.code for notice in found.notices] == ["unknown_key"]
    with pytest.raises(Internal):
        person.load(user_id="mallory")


@pytest.mark.parametrize("key", sorted(key for key, option in OPTIONS.items() if not option.in_project))
def test_a_project_file_sets_three_keys_only(person: Person, key: str) -> None:
    """Whatever else stands in a project file has no effect and is named."""
    before = person.load().get(key)
    person.writes(".kioku-mesh.toml", f'"{key}" = "block"\n')
    assert person.load().get(key) == before
    assert key in person.load().notices[0].message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("KIOKU_MESH_USER_ID", "Kim Lee"),
        ("KIOKU_MESH_TEAM_ID", "-x"),
        ("KIOKU_MESH_DEFAULT_VISIBILITY", "world"),
        ("KIOKU_MESH_MCP_PROFILE", "huge"),
        ("KIOKU_MESH_LOG", "loud"),
        ("KIOKU_MESH_PROJECT", "two\nlines"),
        ("KIOKU_MESH_ONLY_PROJECT", "x" * 201),
        ("KIOKU_MESH_STATE_DIR", "a\x00b"),
    ],
)
def test_a_wrong_variable_is_named(person: Person, name: str, text: str) -> None:
    """A bad value in the environment is bad input that names the variable and says what would be right."""
    person.environ[name] = text
    with pytest.raises(BadInput) as error:
        person.load()
    assert name in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(
    "line",
    ["retention_days = 3651", "retention_days = -1", "retention_days = 2.5", "retention_days = true", 'user_id = "A"',
     "user_id = []", "mode = 'star'", "save.secrets = 1", "backup.keep = '１'", "team_id = 1979-05-27"],
)  # fmt: skip
def test_a_wrong_value_in_the_global_config_is_named(person: Person, line: str) -> None:
    """A bad value in config.toml is bad input that names file and key; a tolerant load keeps the default and reports it."""
    path = person.writes("config.toml", line + "\n")
    key = line.partition(" ")[0]
    with pytest.raises(BadInput, match=key) as error:
        person.load()
    assert str(path) in error.value.message
    tolerant = person.load(tolerant=True)
    assert [problem.message for problem in tolerant.problems] == [error.value.message]
    assert tolerant.source(key) == "default"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("config.toml", 'a = 1\nb = "\n', ", line 2"),
        ("config.toml", b"a = 1\n\xff\n", ", line 2"),
        ("config.toml", "x" * 70_000, "too large"),
        (".kioku-mesh.yaml", "project: [a\n", ", line"),
        (".kioku-mesh.yaml", "- a\n- b\n", "key: value"),
        (".kioku-mesh.yaml", "just words", ", line 1"),
        (".kioku-mesh.yaml", "a: " + "[" * 5000, "nested"),
        (".kioku-mesh.yaml", "a: \x07", "not"),
        (".kioku-mesh.toml", "project = tool\n", ", line 1"),
    ],
)
def test_a_broken_file_is_bad_input_with_path_and_line(person: Person, name: str, text: str | bytes, line: str) -> None:
    """A file that does not parse stops the command with its path and line, never with a traceback."""
    path = person.writes(name, text)
    with pytest.raises(BadInput) as error:
        person.load()
    assert str(path) in error.value.message
    assert line in error.value.message
    assert person.load(tolerant=True).problems


def test_the_nearest_project_file_upwards_counts_and_home_is_the_end(person: Person) -> None:
    """The search goes up from the working folder, yaml before toml, and does not leave the home folder."""
    (person.home.parent / ".kioku-mesh.yaml").write_text("project: outside\n")
    assert person.load().project() == (None, "none")
    (person.home / ".kioku-mesh.toml").write_text('project = "home"\n')
    assert person.load().project()[0] == "home"
    (person.work / ".kioku-mesh.toml").write_text('project = "near"\n')
    deep = person.work / "a" / "b"
    deep.mkdir(parents=True)
    assert person.load(deep).project() == ("near", f"project file {person.work / '.kioku-mesh.toml'}")
    assert person.load(deep).project_file == str(person.work / ".kioku-mesh.toml")


def test_outside_of_home_the_search_ends_at_the_root(person: Person, tmp_path: Path) -> None:
    """A working folder that is not below home finds project files up to the root."""
    (tmp_path / ".kioku-mesh.yaml").write_text("project: elsewhere\n")
    outside = tmp_path / "mnt" / "x"
    outside.mkdir(parents=True)
    assert person.load(outside).project()[0] == "elsewhere"


@pytest.mark.parametrize(
    ("text", "project"),
    [
        ("project: tool # the best\n", "tool"),
        ("# note\n\nproject:   my.tool-2\r\nteam_id: t\r\n", "my.tool-2"),
        ('project: "my tool"\n', "my tool"),
        ("project: 記憶\n", "記憶"),
        ("project: yes\n", "yes"),
        ("project: 1.10\n", "1.10"),
        ("---\nproject: a\n", "a"),
        ("project:\n", None),
        ("", None),
        ("project: a#b\n", "a#b"),
    ],
)
def test_yaml_project_files(person: Person, text: str, project: str | None) -> None:
    """Scalars of a YAML project file are taken as they are written, whichever way they are read."""
    person.writes(".kioku-mesh.yaml", text)
    assert person.load().project()[0] == project


def test_dotted_keys_and_tables_are_the_same(person: Person) -> None:
    """`save.secrets` may be written dotted or as a table."""
    for text in ('save.secrets = "block"\n', '[save]\nsecrets = "block"\n', 'save = {secrets = "block"}\n'):
        person.writes("config.toml", text)
        assert person.load().get("save.secrets") == "block"


def test_an_unknown_key_is_a_notice(person: Person) -> None:
    """A setting of a later version, or a typing error, does not stop anything and is not overlooked."""
    person.writes("config.toml", 'retention_day = 3\n[mesh]\nlisten = ["a"]\n')
    assert sorted(notice.message.split("'")[1] for notice in person.load().notices) == ["mesh.listen", "retention_day"]


def test_folders_are_absolute(person: Person) -> None:
    """`~` is expanded, relative folders are relative to the working folder, and XDG folders count when absolute."""
    person.environ |= {"KIOKU_MESH_STATE_DIR": "~/memory", "KIOKU_MESH_CONFIG_DIR": "../conf"}
    found = person.load()
    assert found.state_dir == str(person.home / "memory")
    assert found.config_dir == str(person.home / "src" / "conf")
    assert found.source("state_dir") == "environment KIOKU_MESH_STATE_DIR"
    person.environ = {"HOME": str(person.home), "XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "relative"}
    assert person.load().state_dir == "/data/kioku-mesh"
    assert person.load().config_dir == str(person.global_dir)
    assert person.load(state_dir="s").state_dir == str(person.work / "s")


def test_folders_of_other_platforms() -> None:
    """macOS and Windows have their own places; XDG variables of a shell do not split the memory there."""
    mac = config.load({"HOME": "/Users/kim", "XDG_DATA_HOME": "/x"}, "/", platform="darwin")
    assert mac.state_dir == mac.config_dir == "/Users/kim/Library/Application Support/kioku-mesh"
    windows = {"USERPROFILE": "/c/kim", "LOCALAPPDATA": "/c/kim/AppData/Local", "APPDATA": "/c/kim/AppData/Roaming"}
    found = config.load(windows, "/", platform="win32")
    assert (found.state_dir, found.config_dir) == (
        "/c/kim/AppData/Local/kioku-mesh",
        "/c/kim/AppData/Roaming/kioku-mesh",
    )


def test_without_a_home_directory(tmp_path: Path) -> None:
    """No home is an error that says which variable helps, and none when the folders are given."""
    with pytest.raises(BadInput) as error:
        config.load({}, str(tmp_path), platform="win32")
    assert "KIOKU_MESH_STATE_DIR" in error.value.hint
    given = {"KIOKU_MESH_STATE_DIR": "state", "KIOKU_MESH_CONFIG_DIR": "config"}
    assert config.load(given, str(tmp_path), platform="win32").state_dir == str(tmp_path / "state")


def test_a_removed_working_folder(person: Person) -> None:
    """A process whose folder was deleted still works: it has no project."""
    code = (
        "import os, shutil, sys\nfrom kioku_mesh import config\n"
        "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
        "print(config.load({'HOME': sys.argv[1]}).project())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(person.home)],
        cwd=person.work,
        env={"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "(None, 'none')"


def test_only_project_confines(person: Person) -> None:
    """A confined process has that project, whatever else names one."""
    person.environ |= {"KIOKU_MESH_PROJECT": "other", "KIOKU_MESH_ONLY_PROJECT": "mine"}
    found = person.load()
    assert found.project() == ("mine", "environment KIOKU_MESH_ONLY_PROJECT")
    assert found.only_project == "mine"


def test_identity_names_its_sources(person: Person) -> None:
    """Environment wins over what the client says of itself, which wins over human/cli."""
    assert person.load().identity()[:3] == ("human", "cli", None)
    assert person.load().identity(("codex", "codex-cli"))[:2] == ("codex", "codex-cli")
    person.environ |= {"KIOKU_MESH_CLIENT_ID": "mine", "KIOKU_MESH_SESSION_ID": "s1", "KIOKU_MESH_USER_ID": "kim"}
    who = person.load().identity(("codex", "codex-cli"))
    assert (who.agent_family, who.client_id, who.session_id, who.user_id) == ("codex", "mine", "s1", "kim")
    rows = person.load().identity_rows(("codex", "codex-cli"))
    assert rows["agent_family"] == {"value": "codex", "source": "client"}
    assert rows["client_id"] == {"value": "mine", "source": "environment KIOKU_MESH_CLIENT_ID"}


def test_an_old_config_is_a_source_until_there_is_a_new_one(person: Person) -> None:
    """config.yaml of an older version is read, taken over by the first write, and left as it was."""
    text = "backend: zenoh\nuser_id: kim\nteam_id: NOT-A-SLUG\ndefault_visibility: user\nmessaging:\n  tmux: {}\n"
    old = person.writes("config.yaml", text)
    found = person.load(tolerant=True)
    assert (found.get("user_id"), found.source("user_id")) == ("kim", f"config file {old}")
    assert not (person.global_dir / "config.toml").exists()
    found = found.set_value("retention_days", "7")
    new = (person.global_dir / "config.toml").read_text()
    assert 'user_id = "kim"' in new
    assert "team_id" not in new
    assert found.problems == []
    assert (found.get("retention_days"), found.get("default_visibility")) == (7, "user")
    assert old.read_text() == text


def test_writing_keeps_comments_order_and_line_ends(person: Person) -> None:
    """A change touches its own line alone."""
    path = person.writes("config.toml", "# mine\r\nuser_id = 'kim'   # me\r\n\r\n[save]\r\nsecrets = \"warn\"\r\n")
    found = person.load().set_value("user_id", "bo").set_value("save.secrets", "block").set_value("log", "debug")
    assert path.read_bytes() == (
        b'# mine\r\nuser_id = "bo"   # me\r\nlog = "debug"\r\n\r\n[save]\r\nsecrets = "block"\r\n'
    )
    assert (found.get("user_id"), found.get("save.secrets"), found.get("log")) == ("bo", "block", "debug")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(person.global_dir) == ["config.toml"]
    found = found.unset("save.secrets").unset("user_id").unset("user_id")
    assert path.read_bytes() == b'# mine\r\nlog = "debug"\r\n\r\n[save]\r\n'
    assert found.get("save.secrets") == "warn"


def test_writing_refuses_what_it_cannot_do_safely(person: Person) -> None:
    """A file that does not parse, or a value over several lines, is left as it is."""
    for text in ("user_id = \n", 'user_id = """\nkim"""\n', 'save = {secrets = "warn"}\n'):
        path = person.writes("config.toml", text)
        with pytest.raises(BadInput):
            person.load(tolerant=True).set_value("save.secrets" if "save" in text else "user_id", "block")
        assert path.read_text() == text
        assert os.listdir(person.global_dir) == ["config.toml"]


def test_only_known_settings_of_the_file_can_be_written(person: Person) -> None:
    """Unknown keys, wrong values and what belongs into the environment are refused with what to do."""
    for key, text, hint in (
        ("nope", "1", "retention_days"),
        ("session_id", "x", "KIOKU_MESH_SESSION_ID"),
        ("log", "loud", "error, warning"),
    ):
        with pytest.raises(BadInput) as error:
            person.load().set_value(key, text)
        assert hint in error.value.hint
    assert os.listdir(person.global_dir) == []


def test_lists_of_addresses(person: Person) -> None:
    """Text with commas or a TOML list; read as normal endpoints, written as text, in place of either."""
    file = person.global_dir / "config.toml"
    assert person.load().get("connect") == ()
    file.write_text('mode = "hub"\nlisten = ["10.0.0.1", "tls/[fd00::1]"] # both\nconnect = "10.0.0.2, 10.0.0.3:1"\n')
    loaded = person.load()
    assert loaded.get("listen") == ("tcp/10.0.0.1:7447", "tls/[fd00::1]:7447")
    assert loaded.get("connect") == ("tcp/10.0.0.2:7447", "tcp/10.0.0.3:1")
    assert loaded.set_value("listen", "10.0.0.9").get("listen") == ("tcp/10.0.0.9:7447",)
    assert file.read_text().splitlines()[1] == 'listen = "tcp/10.0.0.9:7447" # both'
    assert person.load().unset("listen").get("listen") == ()
    file.write_text("listen = [7447]\n")
    with pytest.raises(BadInput, match=r"listen cannot be .*config\.toml"):
        person.load()


PIECES = ("a", "a.b", "b", "-1", "_", " ", "=", ' = ', '"x"', '"', "'y'", "1", "0", "01", "1_0", "true", "# c", "#", ".", "\\",
          "\n", "\n", "\r\n", "\r", "\t", "\x00", "\x7f", "\u2028", "é", "[", "]", "[t]", ",", "1.5", "\ufeff")  # fmt: skip


@HOSTILE
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_plain_files_read_as_any_other(text: str) -> None:
    """What is read without the parser of TOML is what that parser reads; what it refuses is not read."""
    plain = config_files._parse_plain_toml(text)
    if plain is not None:
        assert plain == config_files._flat(tomllib.loads(text))


@pytest.mark.parametrize("text", ['a = "x"\n', '# c\n\na.b = 1 # c\r\nc="é, #"\n', 'listen = "tcp/10.0.0.1:7447"'])
def test_what_we_write_is_plain(text: str) -> None:
    """No parser is loaded for it."""
    assert config_files._parse_plain_toml(text) == config_files._flat(tomllib.loads(text))


def test_a_linked_config_stays_a_link(person: Person) -> None:
    """A config.toml that links into a folder of dotfiles is written there."""
    target = person.home / "dotfiles.toml"
    target.write_text("log = 'info'\n")
    (person.global_dir / "config.toml").symlink_to(target)
    person.load().set_value("log", "debug")
    assert target.read_text() == 'log = "debug"\n'
    assert (person.global_dir / "config.toml").is_symlink()


def test_writers_at_the_same_time_lose_nothing(person: Person) -> None:
    """Two processes that set different keys at once leave both."""
    code = (
        "import sys\nfrom kioku_mesh import config\n"
        "for n in range(20): config.load({'HOME': sys.argv[1]}).set_value(sys.argv[2], str(n))"
    )
    environ = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(person.home), key], env=environ, cwd=person.work)
        for key in ("retention_days", "backup.keep")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    found = config.load({"HOME": str(person.home)}, str(person.work))
    assert (found.get("retention_days"), found.get("backup.keep")) == (19, 19)


def test_reading_nothing_imports_nothing(person: Person) -> None:
    """Without a settings file neither a TOML nor a YAML parser is imported; nor for a plain project file."""
    code = (
        "import sys\nfrom kioku_mesh import config\nfound = config.load({'HOME': sys.argv[1]})\nfound.project()\n"
        "print(found.get('project'), sorted({'tomllib', 'yaml', 'json', 'pathlib'} & set(sys.modules)))"
    )
    command = [sys.executable, "-S", "-c", code, str(person.home)]
    environ = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    for expected in ("None []", "tool []"):
        done = subprocess.run(command, cwd=person.work, env=environ, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected
        person.writes(".kioku-mesh.yaml", "project: tool\n")


@HOSTILE
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "surrogatepass"))))
def test_hostile_files_are_bad_input_or_settings(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Whatever bytes a file holds, loading answers settings or bad input, and a tolerant load always answers."""
    person = Person(tmp_path_factory.mktemp("hostile"))
    for name in (".kioku-mesh.yaml", ".kioku-mesh.toml", "config.yaml", "config.toml"):
        path = person.writes(name, raw)
        with contextlib.suppress(BadInput):
            person.load()
        person.load(tolerant=True).rows()
        path.unlink()


_KEYS = st.sampled_from([key for key, option in OPTIONS.items() if option.in_config] + ["other", "save.other", "a.b.c"])
_LINES = st.one_of(
    st.builds("{} = {}".format, _KEYS, st.sampled_from(['"x"', "3", "'y' # why", "[1,\n 2]", '"""\n[save]\n"""'])),
    st.builds("[{}]".format, st.sampled_from(["save", "backup", "other", "a.b"])),
    st.sampled_from(["# note", "", '[["save"]]', "[[list]]", "   "]),
)


@HOSTILE
@given(st.lists(_LINES, max_size=8), st.sampled_from(["user_id", "save.secrets", "backup.keep"]))
def test_a_change_alters_one_setting_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], key: str
) -> None:
    """However a file is written, a change leaves every other line, and takes effect, or is refused."""
    person = Person(tmp_path_factory.mktemp("change"))
    text = "\n".join(lines)
    path = person.writes("config.toml", text)
    value = {"user_id": "kim", "save.secrets": "block", "backup.keep": "7"}[key]
    try:
        found = person.load(tolerant=True).set_value(key, value)
    except BadInput:
        assert path.read_text() == text
        return
    assert str(found.get(key)) == value
    after = path.read_text().split("\n")
    assert sum(line not in after for line in text.split("\n")) <= 1
    assert found.unset(key).get(key) == OPTIONS[key].default
