"""Service files: their formats, quoting in each, and that doing it again changes nothing."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kioku_mesh import config
from kioku_mesh.errors import NotAvailable
from kioku_mesh.serve import units
from support import needs

HOSTILE = [
    "plain",
    "two words",
    'a"b',
    "it's",
    "back\\slash",
    "end\\",
    "100%h",
    "$HOME",
    "<a&b>",
    "ünï",
    "",
    '\\"',
    "a;b",
]
COMMAND = [sys.executable, "-P", "-m", "kioku_mesh.serve", *HOSTILE]
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def settings(folder: Path, bin: Path | None = None) -> config.Config:
    environ = {"HOME": str(folder), "USERPROFILE": str(folder), "USERNAME": "kim", "USERDOMAIN": "DESK"}
    environ |= {"KIOKU_MESH_STATE_DIR": str(folder / "my state"), "KIOKU_MESH_CONFIG_DIR": str(folder / "config")}
    return config.load(environ | {"PATH": str(bin or folder)}, str(folder))


def systemd_words(line: str) -> list[str]:
    """As systemd.service(5) says: quoted words, escapes in them, doubled specifiers and variables."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%").replace("$$", "$") for word in words]


def windows_words(line: str) -> list[str]:
    """As the C runtime of Windows takes a command line apart."""
    words, word, quoted, begun = [], "", False, False
    for slashes, char in re.findall(r"(\\*)([^\\]|$)", line):
        if char == '"':
            word += "\\" * (len(slashes) // 2)
            if len(slashes) % 2:
                word += '"'
            else:
                quoted = not quoted
            begun = True
        elif char in (" ", "") and not quoted:
            word += slashes
            if word or begun:
                words.append(word)
            word, begun = "", False
        else:
            word += slashes + char
    return words


def test_the_systemd_unit_starts_the_command() -> None:
    """Nothing in a path is taken for a quote, a specifier or a variable."""
    (line,) = re.findall(r"^ExecStart=(.*)$", units.systemd(COMMAND), re.MULTILINE)
    assert systemd_words(line) == COMMAND
    assert not re.search(r"(?<!%)%(?:%%)*(?!%)[a-zA-Z]", line)


def test_a_python_in_a_folder_with_quotes_is_found_by_env() -> None:
    """systemd takes no quotes in the name of the program itself."""
    odd = '/opt/"my" py/bin/python'
    (line,) = re.findall(r"^ExecStart=(.*)$", units.systemd([odd, "-P"]), re.MULTILINE)
    assert systemd_words(line) == ["/usr/bin/env", odd, "-P"]


@needs("systemd-analyze")
@pytest.mark.parametrize("folder", ["plain", "a b", "100%h", "d$x", "q'x", 'q"x', "ü"])
def test_systemd_accepts_the_unit(tmp_path: Path, folder: str) -> None:
    """`systemd-analyze verify` has nothing to say, wherever Python lies."""
    (tmp_path / folder).mkdir()
    python = tmp_path / folder / "python"
    python.symlink_to(sys.executable)
    unit = tmp_path / units.UNIT
    unit.write_text(units.systemd([str(python), *COMMAND[1:]]))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_launchd_agent_is_a_property_list() -> None:
    """It starts the command at login, and again when it failed, but not when it was asked to end."""
    read = plistlib.loads(units.launchd(COMMAND).encode())
    assert read["ProgramArguments"] == COMMAND
    assert (read["Label"], read["RunAtLoad"], read["KeepAlive"]) == (units.LABEL, True, {"SuccessfulExit": False})


def test_the_scheduled_task_is_of_its_schema() -> None:
    """Elements in the order that the schema wants, nothing that ends it after a while or on batteries."""
    text = units.task(["C:\\Program Files\\py\\python.exe", *COMMAND[1:]], "DESK\\kim & co")
    root = ElementTree.fromstring(text.encode("utf-16"))
    assert root.tag == f"{TASK}Task"
    names = [child.tag.removeprefix(TASK) for child in root]
    assert names == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    found = {element.tag.removeprefix(TASK): element.text for element in root.iter()}
    assert found["Command"] == "C:\\Program Files\\py\\pythonw.exe"
    assert (found["UserId"], found["ExecutionTimeLimit"], found["DisallowStartIfOnBatteries"]) == (
        "DESK\\kim & co", "PT0S", "false",
    )  # fmt: skip
    assert windows_words(found["Arguments"] or "") == COMMAND[1:]


def test_a_task_without_a_user_is_for_whoever_registers_it() -> None:
    """No empty element stands where a name should."""
    assert "UserId" not in units.task(["python", "-P"], "")


def fake(bin: Path, name: str, status: int = 0, says: str = "") -> Path:
    """A program that notes how it was called."""
    bin.mkdir(exist_ok=True)
    noted = bin / f"{name}.calls"
    (bin / name).write_text(f"#!/bin/sh\necho \"$@\" >> '{noted}'\necho '{says}' >&2\nexit {status}\n")
    (bin / name).chmod(0o755)
    return noted


@needs("posix")
@pytest.mark.parametrize(
    ("platform", "program", "path", "first", "second"),
    [
        ("linux", "systemctl", ".config/systemd/user/kioku-mesh.service",
         ["--user daemon-reload", "--user enable kioku-mesh.service", "--user restart kioku-mesh.service"],
         ["--user enable --now kioku-mesh.service"]),
        ("darwin", "launchctl", "Library/LaunchAgents/kioku-mesh.serve.plist",
         ["bootout gui/UID/kioku-mesh.serve", "bootstrap gui/UID PATH"], ["kickstart gui/UID/kioku-mesh.serve"]),
        ("win32", "schtasks", "config/kioku-mesh-task.xml",
         ["/Create /TN kioku-mesh /XML PATH /F", "/Run /TN kioku-mesh"], ["/Run /TN kioku-mesh"]),
    ],
)  # fmt: skip
def test_installing_twice_writes_once(
    tmp_path: Path, platform: str, program: str, path: str, first: list[str], second: list[str]
) -> None:
    """The file is written and taken up; the second time it is only seen to that it runs."""
    noted = fake(tmp_path / "bin", program)
    loaded = settings(tmp_path, tmp_path / "bin")

    def calls() -> list[str]:
        text = noted.read_text() if noted.exists() else ""
        noted.unlink(missing_ok=True)
        return text.replace(f"gui/{os.getuid()}", "gui/UID").replace(str(tmp_path / path), "PATH").splitlines()

    planned = units.install(loaded, platform, dry_run=True)
    assert (planned.written, len(planned.left), calls()) == (True, len(first), [])
    assert not (tmp_path / path).exists()
    done = units.install(loaded, platform)
    assert (done.path, done.written, done.left, done.why) == (str(tmp_path / path), True, (), "")
    assert calls() == first
    text = (tmp_path / path).read_bytes()
    assert "my state" in done.text
    again = units.install(loaded, platform)
    assert (again.written, again.left, calls()) == (False, (), second)
    assert (tmp_path / path).read_bytes() == text


@needs("posix")
def test_where_the_platform_refuses_a_person_is_told_what_to_do(tmp_path: Path) -> None:
    """The file stands, the commands that are left are named with the reason, and the next time begins with them."""
    noted = fake(tmp_path / "bin", "systemctl", 1, "Failed to connect to bus")
    loaded = settings(tmp_path, tmp_path / "bin")
    done = units.install(loaded, "linux")
    assert (done.written, done.ran, done.why) == (True, (), "Failed to connect to bus")
    assert done.left[0] == "systemctl --user daemon-reload"
    fake(tmp_path / "bin", "systemctl")
    assert units.install(loaded, "linux").left == ()
    assert noted.exists()
    shutil.rmtree(tmp_path / "bin")
    assert units.install(loaded, "linux").why.startswith("systemctl: ")


@needs("posix")
def test_one_that_was_registered_and_is_gone_is_registered_anew(tmp_path: Path) -> None:
    """The file alone is no service."""
    noted = fake(tmp_path / "bin", "schtasks")
    loaded = settings(tmp_path, tmp_path / "bin")
    units.install(loaded, "win32")
    fake(tmp_path / "bin", "schtasks", 1, "not found")
    noted.unlink()
    done = units.install(loaded, "win32")
    assert (done.why, done.written) == ("not found", False)
    assert [line.split()[0] for line in noted.read_text().splitlines()] == ["/Run", "/Create"]


def test_other_platforms_are_told_so(tmp_path: Path) -> None:
    """With what to do instead."""
    with pytest.raises(NotAvailable) as refused:
        units.install(settings(tmp_path), "plan9")
    assert "serve --foreground" in refused.value.hint


@needs("linux")
def test_a_service_beside_ours(tmp_path: Path) -> None:
    """That of a router is installed in the same way, under its own name."""
    done = units.beside(settings(tmp_path), "other.service", "[Unit]\n", dry_run=True)
    assert done.path.endswith(os.path.join("systemd", "user", "other.service"))
    assert not os.path.exists(done.path)
    assert [line.split()[-1] for line in done.left] == ["daemon-reload", "other.service", "other.service"]
