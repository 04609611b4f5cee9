"""Agents in a terminal."""

from __future__ import annotations

from ..hooks import COMPACT, END, PROMPT, START
from ..table import Client, Environment, Hooks, Own, Paths, Place, Rules, Shape, anywhere
from .places import AGENTS, CLINE_RULES, CONFIG, ROAMING, VERSION_1, profile
from .trust import reviewed_by_codex, trusted_by_gemini

CLAUDE_EVENTS = (("SessionStart", START), ("UserPromptSubmit", PROMPT), ("PreCompact", COMPACT), ("SessionEnd", END))
CODEX_AGENTS = "AGENTS.override.md", "AGENTS.md"  # where there is an override, it alone is read


def _options(option: str, environment: Environment) -> tuple[str, ...]:
    return tuple(word for key, value in environment.items() for word in (option, f"{key}={value}"))


_CLAUDE_CODE = Client(
    name="claude-code",
    title="Claude Code",
    form="json",
    program="claude",
    elsewhere=(".local/bin", ".claude/local"),
    traces=anywhere("~/.claude.json", "~/.claude"),
    places=(
        Place("user", anywhere("{CLAUDE_CONFIG_DIR|}/.claude.json"), ("mcpServers",)),
        Place("project", anywhere("./.mcp.json"), ("mcpServers",), note="it asks for approval at the next start"),
    ),
    shape=Shape(fixed=(("type", "stdio"),), whole=True),
    rules=(
        Rules("user", anywhere("{CLAUDE_CONFIG_DIR|.claude}/CLAUDE.md")),
        Rules("project", anywhere("./CLAUDE.md")),
    ),
    hooks=Hooks(
        "nested",
        (
            ("user", anywhere("{CLAUDE_CONFIG_DIR|.claude}/settings.json")),
            ("project", anywhere("./.claude/settings.json")),
        ),
        CLAUDE_EVENTS,
        timeout=5,
    ),
    own=Own(
        add=lambda scope, name, environment, command: (
            "mcp", "add", "-s", scope, name, *_options("-e", environment), "--", *command
        ),
        remove=lambda scope, name: ("mcp", "remove", "-s", scope, name),
        show=lambda name: ("mcp", "get", name),
        per_project="projects",
    ),
    verified="program",
)  # fmt: skip

_CODEX = Client(
    name="codex-cli",
    title="Codex CLI",
    form="toml",
    program="codex",
    traces=anywhere("{CODEX_HOME|.codex}"),
    places=(
        Place("user", anywhere("{CODEX_HOME|.codex}/config.toml"), ("mcp_servers",)),
        Place(
            "project", anywhere("./.codex/config.toml"), ("mcp_servers",),
            note="it is read only in a project that Codex trusts",
        ),
    ),
    rules=(
        Rules("user", anywhere(*(f"{{CODEX_HOME|.codex}}/{name}" for name in CODEX_AGENTS))),
        Rules("project", anywhere(*(f"./{name}" for name in CODEX_AGENTS))),
    ),
    hooks=Hooks(
        "nested",
        (
            ("user", anywhere("{CODEX_HOME|.codex}/hooks.json")),
            ("project", anywhere("./.codex/hooks.json")),
        ),
        CLAUDE_EVENTS,
        timeout=3,  # the most that it allows at the end of a session
        note="Codex runs new hooks only when you have reviewed them: type /hooks in it",
        reviewed=reviewed_by_codex,
    ),
    verified="program",
)  # fmt: skip

_GEMINI = Client(
    name="gemini-cli",
    title="Gemini CLI",
    form="json with comments",
    program="gemini",
    traces=anywhere("~/.gemini/settings.json"),
    places=(
        Place("user", anywhere("~/.gemini/settings.json"), ("mcpServers",)),
        Place(
            "project", anywhere("./.gemini/settings.json"), ("mcpServers",),
            note="it starts no server in a folder that you have not trusted",
        ),
    ),
    rules=(Rules("user", anywhere("~/.gemini/GEMINI.md")), Rules("project", anywhere("./GEMINI.md"))),
    hooks=Hooks(
        "nested",
        (("user", anywhere("~/.gemini/settings.json")), ("project", anywhere("./.gemini/settings.json"))),
        (("SessionStart", START), ("BeforeAgent", PROMPT), ("SessionEnd", END)),  # PreCompress comes before each model call
        timeout=5000,  # milliseconds
        form="json with comments",
    ),
    trusts=trusted_by_gemini,
    verified="program",
)  # fmt: skip

_OPENCODE = Client(
    name="opencode",
    title="OpenCode",
    form="jsonc",
    program="opencode",
    elsewhere=(".local/bin", ".opencode/bin"),
    traces=anywhere(f"{CONFIG}/opencode"),
    places=(
        Place("user", anywhere(*(f"{CONFIG}/opencode/opencode.{end}" for end in ("json", "jsonc"))), ("mcp",)),
        Place("project", anywhere("./.opencode/opencode.jsonc", "./opencode.jsonc", "./opencode.json"), ("mcp",)),
    ),
    shape=Shape(args="", env="environment", fixed=(("type", "local"), ("enabled", True))),
    rules=(Rules("user", anywhere(f"{CONFIG}/opencode/AGENTS.md")), AGENTS),
    plugin=(
        ("user", anywhere(f"{CONFIG}/opencode/plugin/kioku-mesh.js")),
        ("project", anywhere("./.opencode/plugin/kioku-mesh.js")),
    ),
    verified="program",
)

_COPILOT = Client(
    name="copilot-cli",
    title="Copilot CLI",
    form="jsonc",
    program="copilot",
    traces=anywhere("{COPILOT_HOME|.copilot}"),
    places=(
        Place("user", anywhere("{COPILOT_HOME|.copilot}/mcp-config.json"), ("mcpServers",)),
        Place(
            "project", anywhere("./.github/mcp.json"), ("mcpServers",),
            note="it is read only in a folder that you have trusted",
        ),
    ),
    shape=Shape(fixed=(("type", "local"), ("tools", ["*"])), whole=True),
    rules=(Rules("user", anywhere("{COPILOT_HOME|.copilot}/copilot-instructions.md")), AGENTS),
    hooks=Hooks(
        "paired",
        (
            ("user", anywhere("{COPILOT_HOME|.copilot}/hooks/kioku-mesh.json")),
            ("project", anywhere("./.github/hooks/kioku-mesh.json")),
        ),
        (("sessionStart", START), ("userPromptSubmitted", PROMPT), ("sessionEnd", END)),
        timeout=5,
        start=VERSION_1,
    ),
    also_reads=(anywhere("./.mcp.json"),),
    verified="program",
)  # fmt: skip

_CLINE = Client(
    name="cline",
    title="Cline CLI",
    form="jsonc",
    program="cline",
    traces=anywhere("~/.cline"),
    places=(Place("user", anywhere("~/.cline/data/settings/cline_mcp_settings.json"), ("mcpServers",)),),
    shape=Shape(inside="transport", fixed=(("type", "stdio"),)),
    rules=CLINE_RULES,
    verified="program",
)

_QWEN = Client(
    name="qwen-code",
    title="Qwen Code",
    form="json with comments",
    program="qwen",
    traces=anywhere("~/.qwen"),
    places=(
        Place("user", anywhere("~/.qwen/settings.json"), ("mcpServers",)),
        Place(
            "project", anywhere("./.qwen/settings.json"), ("mcpServers",),
            note="it asks for approval at the next start",
        ),
    ),
    rules=(Rules("user", anywhere("~/.qwen/QWEN.md")), AGENTS),
    hooks=Hooks(
        "nested",
        (("user", anywhere("~/.qwen/settings.json")), ("project", anywhere("./.qwen/settings.json"))),
        CLAUDE_EVENTS,
        form="json with comments",
    ),
    verified="program",
)  # fmt: skip

_GOOSE_FOLDERS = (f"{CONFIG}/goose", "~/.config/goose", f"{ROAMING}/Block/goose/config")

_GOOSE = Client(
    name="goose",
    title="Goose",
    form="yaml",
    program="goose",
    traces=Paths(*((folder,) for folder in _GOOSE_FOLDERS)),
    places=(Place("user", profile(*_GOOSE_FOLDERS, "config.yaml"), ("extensions",)),),
    shape=Shape(
        command="cmd", env="envs", naming="name", whole=True,
        fixed=(("type", "stdio"), ("enabled", True), ("timeout", 300)),
    ),
    rules=(Rules("user", profile(*_GOOSE_FOLDERS, ".goosehints")),),
)  # fmt: skip

_CONTINUE_START = "name: kioku-mesh\nversion: 0.0.1\nschema: v1\n"

_CONTINUE = Client(
    name="continue",
    title="Continue",
    form="yaml",
    program="cn",
    traces=anywhere("~/.continue"),
    places=(
        Place("user", anywhere("~/.continue/config.yaml"), ("mcpServers",), start=_CONTINUE_START),
        Place("project", anywhere("./.continue/mcpServers/kioku-mesh.yaml"), ("mcpServers",), start=_CONTINUE_START),
    ),
    shape=Shape(naming="name"),
    listed=True,
    rules=(
        Rules("user", anywhere("~/.continue/rules/kioku-mesh.md")),
        Rules("project", anywhere("./.continue/rules/kioku-mesh.md")),
    ),
)

_AMP = Client(
    name="amp",
    title="Amp",
    form="jsonc",
    program="amp",
    traces=anywhere("~/.config/amp"),
    places=(
        Place("user", anywhere("~/.config/amp/settings.jsonc", "~/.config/amp/settings.json"), ("amp.mcpServers",)),
        Place(
            "project", anywhere("./.amp/settings.jsonc", "./.amp/settings.json"), ("amp.mcpServers",),
            note="approve it with: amp mcp approve kioku-mesh",
        ),
    ),
    rules=(Rules("user", anywhere("~/.config/amp/AGENTS.md")), AGENTS),
)  # fmt: skip

_CRUSH = Client(
    name="crush",
    title="Crush",
    form="shell",
    program="crush",
    traces=anywhere(f"{CONFIG}/crush"),
    places=(
        Place("user", anywhere(f"{CONFIG}/crush/crushrc"), ("mcp",)),
        Place("project", anywhere("./crushrc", "./.crushrc"), ("mcp",)),
    ),
    shape=Shape(fixed=(("type", "stdio"),)),
    rules=(AGENTS,),
)

TERMINALS = (_CLAUDE_CODE, _CODEX, _GEMINI, _OPENCODE, _COPILOT, _CLINE, _QWEN, _GOOSE, _CONTINUE, _AMP, _CRUSH)
