"""Agents in an editor or a desktop program."""

from __future__ import annotations

from ..hooks import COMPACT, END, START
from ..table import Client, Hooks, Paths, Place, Rules, Shape, anywhere
from .places import CLINE_RULES, CONFIG, LIBRARY, ROAMING, VERSION_1, in_code, profile

_CLAUDE_DESKTOP = Client(
    name="claude-desktop",
    title="Claude Desktop",
    form="json",
    traces=Paths(macos=(f"{LIBRARY}/Claude",), windows=(f"{ROAMING}/Claude",)),
    places=(
        Place(
            "user",
            Paths(
                macos=(f"{LIBRARY}/Claude/claude_desktop_config.json",),
                windows=(f"{ROAMING}/Claude/claude_desktop_config.json",),
            ),
            ("mcpServers",),
            note="quit it and start it again",
        ),
    ),
)

_CURSOR = Client(
    name="cursor",
    title="Cursor",
    form="jsonc",
    program="cursor",
    traces=anywhere("~/.cursor"),
    places=(
        Place("user", anywhere("~/.cursor/mcp.json"), ("mcpServers",)),
        Place("project", anywhere("./.cursor/mcp.json"), ("mcpServers",)),
    ),
    rules=(
        Rules(
            "project", anywhere("./.cursor/rules/kioku-mesh.mdc"),
            start="---\ndescription: Durable memory\nalwaysApply: true\n---\n",
        ),
    ),
    hooks=Hooks(
        "flat",
        (("user", anywhere("~/.cursor/hooks.json")), ("project", anywhere("./.cursor/hooks.json"))),
        (("sessionStart", START), ("preCompact", COMPACT), ("sessionEnd", END)),  # at a prompt it takes no context
        start=VERSION_1,
    ),
)  # fmt: skip

_VSCODE = Client(
    name="vscode",
    title="VS Code (Copilot)",
    form="jsonc",
    program="code",
    traces=in_code(""),
    places=(
        Place("user", in_code("mcp.json"), ("servers",)),
        Place("project", anywhere("./.vscode/mcp.json"), ("servers",)),
    ),
    shape=Shape(fixed=(("type", "stdio"),)),
    rules=(Rules("project", anywhere("./.github/copilot-instructions.md")),),
    also_reads=(anywhere("{COPILOT_HOME|.copilot}/mcp-config.json"), anywhere("./.mcp.json")),
)

_WINDSURF = Client(
    name="windsurf",
    title="Windsurf",
    form="jsonc",
    traces=anywhere("~/.codeium/windsurf"),
    places=(
        Place("user", anywhere("~/.codeium/mcp_config.json", "~/.codeium/windsurf/mcp_config.json"), ("mcpServers",)),
    ),
    rules=(Rules("user", anywhere("~/.codeium/windsurf/memories/global_rules.md")),),
)

_CLINE_FOLDER = "globalStorage/saoudrizwan.claude-dev"

_CLINE_VSCODE = Client(
    name="cline-vscode",
    title="Cline in VS Code",
    form="jsonc",
    traces=in_code(_CLINE_FOLDER),
    places=(Place("user", in_code(f"{_CLINE_FOLDER}/settings/cline_mcp_settings.json"), ("mcpServers",)),),
    shape=Shape(fixed=(("disabled", False),)),
    rules=CLINE_RULES,
    verified="unsure",
)

_ZED_FOLDERS = (f"{CONFIG}/zed", "~/.config/zed", f"{ROAMING}/Zed")

_ZED_RULES = (
    ".rules .cursorrules .windsurfrules .clinerules .github/copilot-instructions.md AGENT.md AGENTS.md".split()
)  # it reads the first one that is there

_ZED = Client(
    name="zed",
    title="Zed",
    form="jsonc",
    program="zed",
    traces=Paths(*((folder,) for folder in _ZED_FOLDERS)),
    places=(
        Place("user", profile(*_ZED_FOLDERS, "settings.json"), ("context_servers",)),
        Place("project", anywhere("./.zed/settings.json"), ("context_servers",)),
    ),
    shape=Shape(whole=True),
    rules=(
        Rules("user", profile(*_ZED_FOLDERS, "AGENTS.md")),
        Rules("project", anywhere(*(f"./{name}" for name in _ZED_RULES))),
    ),
)

EDITORS = (_CLAUDE_DESKTOP, _CURSOR, _VSCODE, _WINDSURF, _CLINE_VSCODE, _ZED)
