"""Paths and rules that several rows share."""

from __future__ import annotations

from ..table import Paths, Rules, anywhere

CONFIG = "{XDG_CONFIG_HOME|.config}"
ROAMING = "{APPDATA|AppData/Roaming}"
LIBRARY = "~/Library/Application Support"
AGENTS = Rules("project", anywhere("./AGENTS.md"))
CLINE_RULES = (Rules("user", anywhere("~/Documents/Cline/Rules/kioku-mesh.md")),)
VERSION_1 = '{\n  "version": 1\n}\n'  # what a new hooks file begins with


def profile(linux: str, macos: str, windows: str, end: str) -> Paths:
    """A file in a folder of its own on each platform."""
    return Paths((f"{linux}/{end}",), (f"{macos}/{end}",), (f"{windows}/{end}",))


def in_code(end: str) -> Paths:
    """A file of the user in VS Code."""
    return profile(f"{CONFIG}/Code/User", f"{LIBRARY}/Code/User", f"{ROAMING}/Code/User", end)
