"""The odd files of tests/golden/clients/odd, and what is put into a file of each kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from kioku_mesh.clients.edit import TAKEN, Change
from kioku_mesh.clients.rules import BLOCK

FOLDER = Path(__file__).parents[2] / "golden" / "clients" / "odd"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
ENTRY: dict[str, Any] = {
    "type": "stdio", "command": "/opt/k m/kioku-mesh-mcp", "args": ["--read-only", "C:\\x \"y\""], "env": {"A": "ü b", "N": "1"}
}  # fmt: skip


def named(item: Any) -> bool:
    return isinstance(item, dict) and item.get("name") == "kioku-mesh"


class Kind(NamedTuple):
    """How files of a folder are written, and where our entry goes in them."""

    form: str
    keys: tuple[str, ...]
    where: str | Callable[[Any], bool] = "kioku-mesh"
    value: Any = ENTRY

    def change(self, value: Any = None) -> Change:
        return Change(self.keys, self.where, self.value if value is None else value)

    @property
    def taken(self) -> Change:
        return Change(self.keys, self.where, TAKEN)


KINDS = {
    "json": Kind("json", ("mcpServers",)),
    "jsonc": Kind("jsonc", ("mcpServers",)),
    "toml": Kind("toml", ("mcp_servers",)),
    "yaml": Kind("yaml", ("extensions",), value=ENTRY | {"enabled": True, "timeout": 300}),
    "yaml_list": Kind("yaml", ("mcpServers",), named, {"name": "kioku-mesh"} | ENTRY),
    "markdown": Kind("markdown", (), "kioku-mesh", BLOCK),
    "shell": Kind("shell", ("mcp",)),
}


def kind_of(path: Path) -> Kind:
    return KINDS[path.parent.name]


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()
