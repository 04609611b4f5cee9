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


def compose() -> tuple[str, ...]:
    """How Docker Compose is called here: as a part of docker, or as a program of its own; nothing where there is none."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if (
            shutil.which(command[0])
            and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0
        ):
            return command
    return ()


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
    "buildah": lambda: _root() and all(map(shutil.which, ("buildah", "ldd", "unzip", "dash"))),
    "docker compose": lambda: bool(compose()),
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
