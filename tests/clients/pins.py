"""Where the pinned clients are, and the Node that runs them: folders named after the pins, so that a changed version is a
new folder, and only that one is installed anew."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
NPM = (
    HERE / "npm"
)  # a folder for each client; after a change there: npm install --package-lock-only --userconfig ../../.npmrc
FILES = ("package.json", "package-lock.json")
SETTINGS = HERE / ".npmrc"
NODE = HERE / "node.txt"
PROGRAMS = {  # by our name of the client
    "claude-code": "claude",
    "codex-cli": "codex",
    "gemini-cli": "gemini",
    "opencode": "opencode",
    "qwen-code": "qwen",
    "copilot-cli": "copilot",
    "cline": "cline",
    "inspector": "mcp-inspector",
}


def folder(client: str, environ: Mapping[str, str]) -> Path:
    """The folder of a client's pins below the user's cache; it need not exist."""
    return _cached(client, [SETTINGS, *(NPM / client / name for name in FILES)], environ)


def node_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the pinned Node; it need not exist."""
    return _cached("node", [NODE], environ)


def programs(folder: Path) -> Path:
    """The folder to put on PATH for a client."""
    return folder / "node_modules" / ".bin"


def node(folder: Path) -> Path:
    """The folder to put on PATH for Node: it has nothing else in it."""
    return folder / "bin"


def missing(environ: Mapping[str, str], clients: Iterable[str] = PROGRAMS) -> list[str]:
    """Those of the clients, and Node, that are not there."""
    absent = [name for name in clients if not (programs(folder(name, environ)) / PROGRAMS[name]).exists()]
    return absent + ([] if (node(node_folder(environ)) / "node").exists() else ["node"])


def version(client: str) -> str:
    """The version that a client is pinned to."""
    (pinned,) = json.loads((NPM / client / "package.json").read_text())["dependencies"].values()
    return str(pinned)


def _cached(name: str, files: Iterable[Path], environ: Mapping[str, str]) -> Path:
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files) + platform.machine().encode()).hexdigest()
    cache = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home(), ".cache"))
    return Path(cache, "kioku-mesh-tests", f"{name}-{digest[:12]}")
