"""What a machine may lack. A test skips only through `needs`, so that CI can tell a true lack from a forgotten install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from zenohd import pins

from . import manager


def _root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _docker_compose() -> bool:
    docker = shutil.which("docker")
    return (
        bool(docker)
        and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    )


def _zenohd() -> bool:
    return sys.platform == "linux" and (pins.complete(pins.folder(os.environ)) or shutil.which("cargo") is not None)


ZENOHD = "zenohd of tests/zenohd/build"
NEEDS: dict[str, Callable[[], bool]] = {
    "linux": lambda: sys.platform == "linux",
    "macos": lambda: sys.platform == "darwin",
    "windows": lambda: os.name == "nt",
    "posix": lambda: os.name == "posix",
    "root": _root,
    "no-root": lambda: not _root(),
    "network namespaces": lambda: sys.platform == "linux" and _root() and shutil.which("ip") is not None,
    "git": lambda: shutil.which("git") is not None,
    "npm": lambda: shutil.which("npm") is not None,
    "systemd --user": manager.available,
    "systemd-analyze": lambda: shutil.which("systemd-analyze") is not None,
    "sh": lambda: shutil.which("sh") is not None,
    "bash": lambda: shutil.which("bash") is not None,
    "zsh": lambda: shutil.which("zsh") is not None,
    "fish": lambda: shutil.which("fish") is not None,
    "docker compose": _docker_compose,
    ZENOHD: _zenohd,
}


def needs(*names: str) -> Any:
    """A mark that skips a test where the machine lacks one of `names` (keys of NEEDS)."""
    missing = [name for name in names if not NEEDS[name]()]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing or names)}")


def excused(reason: str) -> bool:
    """Whether a skip says `needs NAME…` and the machine really lacks every one of them."""
    _, found, names = reason.partition("needs ")
    return bool(found) and all(name in NEEDS and not NEEDS[name]() for name in names.split(", "))
