"""What `import --from` reads: one row for each. A new source is a module with `read`, a row here, and a sample in the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..values import NamedTuple
from . import claude_code, claude_mem, engram, markdown, mesh_layer, server_memory
from .entries import Entry

Reader = Callable[[str, str], Iterator[Entry]]  # of a path, given the person's home directory


class Source(NamedTuple):
    """`usual`: where it is if nobody says; patterns below home, the first that fits anything counts. `expected`: what a
    path may be. `types`: what its types of memories are called here. Without `read`: an older version of our own.
    """

    title: str
    usual: tuple[str, ...] = ()
    expected: str = ""
    types: Mapping[str, str] = {}
    read: Reader | None = None


OLD_FILES, OLD_MESH = "kioku-mesh", "kioku-mesh-zenoh"

SOURCES: dict[str, Source] = {
    OLD_FILES: Source("the local files of kioku-mesh up to 1.2"),
    OLD_MESH: Source("the mesh of kioku-mesh up to 1.2"),
    "mesh": Source("Mesh (mesh-context-layer)", (".mesh",), mesh_layer.EXPECTED, mesh_layer.TYPES, mesh_layer.read),
    "server-memory": Source(
        "the MCP memory server",
        (
            ".npm/_npx/*/node_modules/@modelcontextprotocol/server-memory/dist/memory.jsonl",
            ".npm/_npx/*/node_modules/@modelcontextprotocol/server-memory/dist/memory.json",
        ),
        server_memory.EXPECTED,
        server_memory.TYPES,
        server_memory.read,
    ),
    "claude-mem": Source(
        "claude-mem", (".claude-mem/claude-mem.db",), claude_mem.EXPECTED, claude_mem.TYPES, claude_mem.read
    ),
    "engram": Source("engram", (".engram/engram.db",), engram.EXPECTED, engram.TYPES, engram.read),
    "basic-memory": Source(
        "basic-memory",
        (".basic-memory/config.json", "basic-memory"),
        markdown.NOTES,
        markdown.CATEGORIES,
        markdown.read_notes,
    ),
    "claude-code": Source("Claude Code", (".claude",), claude_code.EXPECTED, claude_code.TYPES, claude_code.read),
    "markdown": Source("Markdown files", (), markdown.EXPECTED, markdown.CATEGORIES, markdown.read),
}
