"""What to paste where a client is not in the table."""

from __future__ import annotations

from collections.abc import Mapping

from . import edit
from .edit import Change
from .shapes import entry_of
from .table import Shape

FORMS = {"json": ("jsonc", "mcpServers"), "toml": ("toml", "mcp_servers")}

ADVICE = (
    "Any client that starts local MCP servers (stdio) takes this; the key around it may have another name there.",
    "ChatGPT: where the desktop app's settings offer MCP servers with a command, enter this command there. The web app and "
    "releases without that take remote servers alone, and this server is a local one.",
)


def snippet(form: str, name: str, server: str, environment: Mapping[str, str]) -> str:
    """The registration as text, in `json` or `toml`."""
    kind, key = FORMS[form]
    entry = entry_of(Shape(), name, (server,), environment)
    return edit.revised(kind, "", [Change((key,), name, entry)])
