"""Where measurements happen: environments with the product, and stores of known sizes, in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import texts

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kioku-mesh-bench"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


class Installed(NamedTuple):
    """An environment with the product in it. `env`: what its processes are started with."""

    folder: Path
    env: dict[str, str]

    def command(self, name: str) -> Path:
        return self.folder / SCRIPTS / name

    def at(self, state: Path) -> dict[str, str]:
        """The environment of a process that uses this state directory."""
        return self.env | {"KIOKU_MESH_STATE_DIR": str(state), "KIOKU_MESH_CONFIG_DIR": str(state)}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def installed(byte_code: bool) -> Installed:
    """This checkout, installed as users have it; without byte code it is as right after `uv tool install`."""
    folder = CACHE / f"{'compiled' if byte_code else 'bare'}-{_fingerprint()}"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KIOKU_MESH", "PYTHON"))}
    if not byte_code:
        env["PYTHONDONTWRITEBYTECODE"] = "1"
    if not (folder / "ready").exists():
        say(f"installing into {folder}")
        for old in CACHE.glob(f"{folder.name.split('-')[0]}-*"):
            shutil.rmtree(old)
        venv.create(folder, with_pip=True)
        _install(folder / SCRIPTS / "python", byte_code)
        (folder / "ready").touch()
    return Installed(folder, env)


def environment(name: str, *pip: str, python: str = sys.executable) -> Installed:
    """An environment of its own with what pip is told to install. Kept under its name: only the first use downloads.

    Raises subprocess.CalledProcessError when something cannot be had.
    """
    folder = CACHE / name
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("KIOKU_MESH", "MESH", "MCP", "PYTHON"))
    }
    if not (folder / "ready").exists():
        say(f"installing {name}")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        command = [folder / SCRIPTS / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        subprocess.run([*command, *pip], check=True)
        (folder / "ready").touch()
    return Installed(folder, env)


def _install(python: Path, byte_code: bool) -> None:
    compiled = "--compile" if byte_code else "--no-compile"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", compiled]
    locks = [f"--requirement={ROOT / 'lock' / name}" for name in ("runtime.txt", "build.txt")]
    subprocess.run([*pip, "--require-hashes", *locks], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(ROOT)], check=True)


def _fingerprint() -> str:
    """Of the interpreter and of everything that is installed."""
    digest = hashlib.sha256(f"{sys.version} {sys.prefix}".encode())
    for path in sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "lock").glob("*.txt"), ROOT / "pyproject.toml"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def dataset(count: int) -> Path:
    """A file of `count` memories for `kioku-mesh import`."""
    version = hashlib.sha256(Path(texts.__file__).read_bytes()).hexdigest()[:8]
    file = CACHE / f"memories-{count}-{version}.jsonl"
    if not file.exists():
        say(f"writing {file}")
        CACHE.mkdir(parents=True, exist_ok=True)
        texts.write(file, texts.memories(count))
    return file


def text_size(count: int) -> int:
    """Bytes of the stored text of a dataset: contents and subjects."""
    return sum(len((m["content"] + m["subject"]).encode()) for m in texts.memories(count))


def store(product: Installed, count: int) -> Path:
    """A state directory with `count` memories, made through the product's own import. To be copied, not written."""
    folder = CACHE / f"store-{count}-{_fingerprint()}"
    if not folder.exists():
        for old in CACHE.glob(f"store-{count}-*"):
            shutil.rmtree(old)
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        file = dataset(count)
        say(f"importing {count} memories")
        subprocess.run(
            [product.command("kioku-mesh"), "import", file], env=product.at(part), check=True, stdout=subprocess.DEVNULL
        )
        part.rename(folder)
    return folder


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk of the cache, gone afterwards."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="scratch-") as folder:
        yield Path(folder)


@contextmanager
def copied(product: Installed, count: int) -> Iterator[Path]:
    """A state directory of one's own with `count` memories, gone afterwards."""
    with scratch() as folder:
        state = folder / "state"
        shutil.copytree(store(product, count), state) if count else state.mkdir()
        subprocess.run(
            [product.command("kioku-mesh"), "save", "the first save after a copy begins a new life of the file"],
            env=product.at(state), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        yield state
