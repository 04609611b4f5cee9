"""How each product of the comparison is installed, set up and asked the same things."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import places

Arguments = dict[str, Any]


class Product(NamedTuple):
    """`save` and `ask` take a text and give the words after the command, or a tool and its arguments."""

    name: str
    requirement: str  # "" is this checkout
    program: str
    server: str
    save: Callable[[str], list[str]]
    ask: Callable[[str], list[str]]
    save_tool: Callable[[str], tuple[str, Arguments]]
    ask_tool: Callable[[str, int], tuple[str, Arguments]]
    setup: tuple[str, ...] = ()

    def install(self) -> places.Installed:
        """An environment of its own with the product in it. Kept: only the first comparison downloads."""
        if not self.requirement:
            return places.installed(byte_code=True)
        return places.environment(self.requirement.replace("==", "-"), self.requirement)


def set_up(installed: places.Installed, home: Path, setup: Sequence[str] = ()) -> dict[str, str]:
    """The environment of a fresh home in which a product works once the command `setup` has run."""
    home.mkdir()
    env = {name: value for name, value in installed.env.items() if not name.startswith("XDG_")}
    env |= {"HOME": str(home), "KIOKU_MESH_AGENT_FAMILY": "bench", "KIOKU_MESH_CLIENT_ID": "bench"}
    if setup:
        program, *words = setup
        command = [installed.command(program), *words]
        subprocess.run(command, env=env, cwd=home, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return env


OURS = Product(
    name="this checkout",
    requirement="",
    program="kioku-mesh",
    server="kioku-mesh-mcp",
    save=lambda text: ["save", text],
    ask=lambda question: ["search", question, "--json"],
    save_tool=lambda text: ("save_observation", {"content": text}),
    ask_tool=lambda question, limit: ("search_memory", {"query": question, "limit": limit, "max_tokens": 6000}),
)
KIOKU_MESH = Product(
    name="kioku-mesh 1.2.0",
    requirement="kioku-mesh==1.2.0",
    program="kioku-mesh",
    server="kioku-mesh-mcp",
    save=lambda text: ["save", "--subject", text[:60], "--summary", text[:200], text],
    ask=lambda question: ["search", question, "--format", "json", "--search-mode", "and_or", "-n", "10"],
    save_tool=lambda text: ("save_observation", {"content": text, "subject": text[:60], "summary": text[:200]}),
    ask_tool=lambda question, limit: ("search_memory", {"query": question, "limit": limit, "search_mode": "and_or"}),
    setup=("kioku-mesh", "init", "--mode", "local"),
)
MESH = Product(
    name="mesh-context-layer 0.8.3",
    requirement="mesh-context-layer==0.8.3",
    program="mesh",
    server="mesh-server",
    save=lambda text: ["add", text],
    ask=lambda question: ["ask", question, "--json", "-n", "10"],
    save_tool=lambda text: ("mesh_learn", {"content": text}),
    ask_tool=lambda question, limit: ("mesh_recall", {"query": question, "n": limit}),
)
PRODUCTS = (OURS, KIOKU_MESH, MESH)
