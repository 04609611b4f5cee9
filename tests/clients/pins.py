"""Where the pinned clients are: a folder named after the pins, so that a changed version is a new folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = (".npmrc", "package.json", "package-lock.json")
PROGRAMS = {
    "claude": "@anthropic-ai/claude-code",
    "codex": "@openai/codex",
    "gemini": "@google/gemini-cli",
    "opencode": "opencode-ai",
    "qwen": "@qwen-code/qwen-code",
    "copilot": "@github/copilot",
    "cline": "cline",
}


def folder(environ: Mapping[str, str]) -> Path:
    """The folder of these pins below the user's cache; it need not exist."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()
    cache = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home(), ".cache"))
    return Path(cache, "kioku-mesh-tests", f"npm-{digest[:12]}")


def programs(folder: Path) -> Path:
    """The folder to put on PATH."""
    return folder / "node_modules" / ".bin"


def complete(folder: Path) -> bool:
    """Is every client there?"""
    return all((programs(folder) / name).exists() for name in PROGRAMS)


def versions() -> dict[str, str]:
    """Program -> the version it is pinned to."""
    pinned = json.loads((HERE / "package.json").read_text())["dependencies"]
    return {program: pinned[package] for program, package in PROGRAMS.items()}
