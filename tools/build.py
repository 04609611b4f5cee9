"""Make wheel and sdist, install each into a fresh environment, and try what is in them as a user would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

from mcp_client import Agent

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
JUNK = re.compile(r"__pycache__|\.pyc$|(?<!/meaning/table)\.db$|/tests?/|/bench/|\.venv|\.env$|\.orig$|~$|\.DS_Store")
WHEEL_ONLY = re.compile(r"^(kioku_mesh/.+|kioku_mesh-[^/]+\.dist-info/.+)$")
SDIST_MAX = 14_000_000  # bytes


def main() -> int:
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(DIST), str(ROOT), quiet=True)
    wheel, sdist = next(DIST.glob("*.whl")), next(DIST.glob("*.tar.gz"))
    inspect(wheel, sdist)
    with tempfile.TemporaryDirectory(prefix="kioku-mesh-build-") as folder:
        for package in (wheel, sdist):
            bin_folder = install(package, Path(folder) / package.suffix.strip("."))
            try_out(bin_folder, Path(folder) / f"home{package.suffix}")
            print(f"{package.name}: installs and works ({package.stat().st_size // 1024} KiB)")
        try_out(install_tool(wheel, Path(folder) / "tool"), Path(folder) / "home.tool")
        print(f"{wheel.name}: works as a uv tool")
    return 0


def inspect(wheel: Path, sdist: Path) -> None:
    """What is in the two files: our package and nothing else in the wheel, no junk in either, the licence in both."""
    in_wheel = zipfile.ZipFile(wheel).namelist()
    with tarfile.open(sdist) as archive:
        in_sdist = archive.getnames()
    strange = [name for name in in_wheel if not WHEEL_ONLY.match(name)]
    junk = [name for name in in_wheel + in_sdist if JUNK.search(name)]
    sources = {p.relative_to(ROOT / "src").as_posix() for p in (ROOT / "src").rglob("*") if p.is_file()}
    missing = {name for name in sources if "__pycache__" not in name} - set(in_wheel)
    expect(not strange, f"the wheel has what is not ours: {strange}")
    expect(not junk, f"junk in the packages: {junk}")
    expect(not missing, f"not in the wheel: {sorted(missing)}")
    expect(any(name.endswith("/LICENSE") for name in in_wheel), "the wheel has no licence")
    expect(any(name.endswith("/LICENSE") for name in in_sdist), "the sdist has no licence")
    expect(sdist.stat().st_size < SDIST_MAX, f"the sdist has {sdist.stat().st_size} bytes")


def install(package: Path, folder: Path) -> Path:
    """A fresh environment with the package and the pinned libraries; returns where its commands are."""
    venv.create(folder, with_pip=True)
    bin_folder = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = (str(bin_folder / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    locks = ("runtime.txt", "build.txt") if package.suffix == ".gz" else ("runtime.txt",)
    run(*pip, "--require-hashes", *(f"--requirement={ROOT / 'lock' / name}" for name in locks))
    run(*pip, "--no-deps", "--no-build-isolation", str(package))
    return bin_folder


def install_tool(package: Path, folder: Path) -> Path:
    """As `uv tool install` does it: without byte code."""
    env = os.environ | {"UV_TOOL_DIR": str(folder / "tools"), "UV_TOOL_BIN_DIR": str(folder / "bin")}
    constraint = ("--constraints", str(unhashed(ROOT / "lock" / "runtime.txt", folder)))
    run(
        sys.executable,
        "-m",
        "uv",
        "tool",
        "install",
        "--quiet",
        "--python",
        sys.executable,
        *constraint,
        str(package),
        env=env,
    )
    return folder / "bin"


def unhashed(lock: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    plain = folder / lock.name
    pins = re.findall(r"^([A-Za-z0-9_.-]+==\S+(?: ; [^\\\n]+)?)", lock.read_text(), re.MULTILINE)
    plain.write_text("\n".join(pins) + "\n")
    return plain


def try_out(bin_folder: Path, home: Path) -> None:
    """Save, search, diagnose and shake hands."""
    home.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KIOKU_MESH", "PYTHON"))}
    env |= {
        "HOME": str(home),
        "KIOKU_MESH_STATE_DIR": str(home / "state"),
        "KIOKU_MESH_CONFIG_DIR": str(home / "config"),
    }

    def command(*arguments: str) -> str:
        return run(str(bin_folder / "kioku-mesh"), *arguments, env=env, cwd=home)

    version = re.search(r'__version__ = "(.+?)"', (ROOT / "src/kioku_mesh/__init__.py").read_text())
    expect(bool(version) and version[1] in command("--version"), "--version says another version")
    saved = json.loads(command("save", "a memory of the smoke test", "--json"))
    found = json.loads(command("search", "smoke", "--json"))
    expect([hit["observation_id"] for hit in found["results"]] == [saved["observation_id"]], f"search found {found}")
    meant = json.loads(command("search", "what was remembered when it was tried out", "--json", "--explain"))
    expect(meant["results"][0]["explain"]["meaning"] is not None, f"nothing is found by meaning: {meant}")
    expect(json.loads(command("doctor", "--deep", "--json"))["ok"], "doctor is not content with a fresh install")
    with Agent([str(bin_folder / "kioku-mesh-mcp")], env=env, cwd=str(home)) as agent:
        expect(agent.greet()["serverInfo"]["name"] == "kioku-mesh", "the MCP server has another name")
        expect("search_memory" in [tool["name"] for tool in agent.tools()], "the MCP server lacks a tool")
        answer = agent.call("search_memory", query="smoke")
        expect(saved["observation_id"] in json.dumps(answer), "the MCP server did not find the memory")
    expect(agent.process.returncode == 0, "the MCP server did not end cleanly")


def run(*command: str, quiet: bool = False, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run to the end and return what it printed; stop everything if it failed."""
    done = subprocess.run(
        command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    expect(done.returncode == 0, f"{' '.join(command)} exited {done.returncode}\n{done.stdout}{done.stderr}")
    if done.stderr and not quiet:
        print(done.stderr.rstrip(), file=sys.stderr)
    return done.stdout


def expect(fulfilled: bool, otherwise: str) -> None:
    if not fulfilled:
        sys.exit(f"error: {otherwise}")


if __name__ == "__main__":
    sys.exit(main())
