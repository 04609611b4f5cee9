"""What the program says about itself: help, version, worked examples. Plain text, so that it costs no start-up time."""

from __future__ import annotations

from collections.abc import Callable

from .. import __version__
from .table import PROGRAM, SECTIONS

EXAMPLES = """\
kioku-mesh: one memory for every coding agent

  kioku-mesh save "The staging database listens on port 5433"     save a memory
  git log -1 | kioku-mesh save --type result                      save what a program prints
  kioku-mesh search staging port                                  find it again
  kioku-mesh recall "move staging to the new host"                what to know before a task
  kioku-mesh list -p shop --since 7d                              what is new in a project
  kioku-mesh mcp install                                          register it with your agents

All commands and exit statuses: kioku-mesh --help
"""

OPTIONS = (
    ("--version", "Show the version and exit."),
    ("-h, --help", "Show this message and exit; after a command: its own help."),
)
STATUSES = (
    ("0", "done (also when nothing was found)"),
    ("1", "it failed"),
    ("2", "bad input or usage"),
    ("3", "no such thing"),
    ("130", "interrupted"),
)


def help_page() -> str:
    """All commands in their sections, and the exit statuses."""
    sections = {title: [(name, entry.help) for name, entry in rows.items()] for title, rows in SECTIONS.items()}
    blocks = {"Options": OPTIONS, **sections, "Exit status": STATUSES}
    width = max(len(name) for rows in blocks.values() for name, _ in rows)
    parts = [f"Usage: {PROGRAM} COMMAND [OPTIONS] [ARGS]...\n\n  One memory for every coding agent on this machine.\n"]
    for title, rows in blocks.items():
        parts.append(f"{title}:\n" + "".join(f"  {name.ljust(width)}  {text}\n" for name, text in rows))
    return "\n".join(parts)


def version_line() -> str:
    return f"{PROGRAM} {__version__}\n"


PAGES: dict[tuple[str, ...], Callable[[], str]] = {
    ("--help",): help_page,
    ("-h",): help_page,
    ("--version",): version_line,
}
