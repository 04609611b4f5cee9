"""Every command line in the documentation is run, in a home of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import Home, Result, needs, residents

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "guide").rglob("*.md")])
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# A client that is not on the machine, or is already registered, is no fault of the documentation.
# Nor is a network or a router that is not there, an older version, or another product.
MAY_LACK = (
    "mcp install",
    "mcp status",
    "mcp uninstall",
    "zenohd install",
    "zenohd status",
    "import --from",
    "--from legacy",
)
ELSEWHERE_ONLY = "it does not run on this platform"  # what is said of such a client


# A block that begins like this is typed on another machine than the others.
ELSEWHERE = "# on the second machine"


def lines(page: Path, here: bool = True) -> list[str]:
    blocks = [block for block in BLOCK.findall(page.read_text()) if block.startswith(ELSEWHERE) is not here]
    found = [line for block in blocks for line in block.splitlines()]
    return [re.sub(r"\s{2,}#.*$", "", line).strip() for line in found if line.strip() and not line.startswith("#")]


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Home]:
    """Another machine."""
    made = Home(tmp_path / "second")
    yield made
    residents.end(made)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_runs(page: Path, home: Home, second: Home) -> None:
    """A reader who types what the page shows, machine by machine, gets an answer, not an error."""
    address = f"127.0.0.1:{free_port()}"
    try_out(lines(page), home, address)
    try_out(lines(page, here=False), second, address)


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def try_out(shown: list[str], home: Home, address: str) -> None:
    old = home.save("We retry uploads 3 times", "-p", "PROJECT")
    whole = home.save("port 5433 belongs to staging, says the lease of the upload gateway", "-p", "old-project")
    for line in shown:
        if line.startswith("./dev "):
            recipe = line.split()[1]
            assert re.search(rf"^  {recipe}\b", (ROOT / "dev").read_text(), re.MULTILINE), f"./dev has no {recipe}"
        elif line.startswith("uv tool install"):
            continue  # ./dev build installs the wheel into fresh environments
        else:
            given = line.replace("192.168.1.10", address).replace("0123456789abcdef0123456789abcdef", whole)
            run(home, given, old)


def run(home: Home, line: str, observation_id: str) -> None:
    line = re.sub(r"\bID\b", observation_id, line)
    if line.startswith("kioku-mesh delete -p"):
        assert "--dry-run" in line, "a page must not delete in bulk without showing it first"
    done = shell(home, line)
    if any(words in line for words in MAY_LACK):
        assert done.status in (0, 1, 3) or ELSEWHERE_ONLY in done.err, f"{line}\n{done.err}"
        assert "Traceback" not in done.err
    elif line.startswith("kioku-mesh doctor"):
        assert done.status in (0, 1), f"{line}\n{done.out}{done.err}"
    else:
        assert done.status == 0, f"{line}\n{done.err}"


def shell(home: Home, line: str) -> Result:
    """The line as a POSIX shell runs it, with the commands of this environment."""
    env = home.env(PATH=str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"])
    done = subprocess.run(
        ["sh", "-c", line], cwd=home.work, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_pages_name_only_files_that_exist() -> None:
    """No link of the documentation leads nowhere."""
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_readme_is_short() -> None:
    """The README fits ten minutes."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 200


@needs("sh")
def test_no_page_names_a_command_that_does_not_exist(home: Home) -> None:
    """Whatever `kioku-mesh WORD` the documentation or the README speaks of is a command."""
    known = set(re.findall(r"^  ([a-z-]+)", home.ok("--help").out, re.MULTILINE)) | {"get", "show"}
    for page in PAGES:
        for word in re.findall(r"`kioku-mesh ([a-z][a-z-]*)", page.read_text()):
            assert word in known, f"{page.name}: kioku-mesh {word}"
