"""Every command: where it is written, what it does in one line, and under which heading the help lists it.

The help and the completion of command names read this table alone, so they import no command.
"""

from __future__ import annotations

import importlib
from typing import Any

from ..values import NamedTuple

PROGRAM = "kioku-mesh"
# loading click is most of the start-up time, so the group is found like a command
GROUP = "group:invoke"
VERBOSE = "group:verbose"


class Entry(NamedTuple):
    """`target`: module and function below this package."""

    target: str
    help: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Save and find": {
        "save": Entry("commands.save:save", "Save a memory (- or a pipe: from stdin)."),
        "search": Entry("commands.search:search", "Search memories by words and by meaning."),
        "recall": Entry("commands.recall:recall", "Everything worth knowing before a task, as one text."),
        "brief": Entry("commands.recall:brief", "What an agent should know at the start of a session."),
        "list": Entry("commands.search:list_", "The newest memories, one line each."),
        "get-memory": Entry("commands.get:get_memory", "Every field of memories, by id (also: get, show)."),
    },
    "Change and remove": {
        "revise": Entry("commands.save:revise", "Save a new version of a memory."),
        "delete": Entry("commands.erase:delete", "Hide memories, by id or in bulk."),
        "restore": Entry("commands.erase:restore", "Bring a deleted memory back."),
        "tidy": Entry("commands.tidy:tidy", "Merge what was said twice, settle what contradicts itself."),
        "purge": Entry("commands.erase:purge", "Erase memories for good."),
        "projects": Entry("commands.projects:projects", "List, rename, alias and delete projects."),
    },
    "Several machines": {
        "mesh": Entry("commands.mesh:mesh", "The other machines, and what each of them has."),
        "share": Entry("commands.share:share", "Share memories that were withheld from other machines."),
    },
    "Files": {
        "export": Entry("commands.transfer:export", "Write memories to a file (JSON Lines)."),
        "import": Entry("commands.transfer:import_", "Read memories from a file, or from another program."),
        "migrate-visibility": Entry(
            "commands.migrate:migrate_visibility", "Import what has no visibility from an old mesh."
        ),
        "backup": Entry("commands.backup:backup", "Write a verified copy of the whole store."),
        "restore-backup": Entry("commands.backup:restore_backup", "Put the store back to a backup."),
    },
    "Set up and look after": {
        "init": Entry("commands.init:init", "Set up this machine (never needed for local use)."),
        "mcp": Entry("commands.mcp:mcp", "Register the memory with your agents."),
        "hook": Entry("commands.hook:hook", "Answer an event of a client's session (clients call it)."),
        "review": Entry("commands.usage:review", "What was captured from sessions and waits for you."),
        "stats": Entry("commands.usage:stats", "How agents use the memory, per client and week."),
        "config": Entry("commands.config:config", "Show and change settings."),
        "serve": Entry("commands.serve:serve", "Start, stop and look at the resident process."),
        "status": Entry("commands.status:status", "What is here, where, and who you are."),
        "doctor": Entry("commands.doctor:doctor", "Check that everything works, and repair it."),
        "gc": Entry("commands.erase:gc", "Erase what is past its time."),
        "rebuild": Entry("commands.backup:rebuild", "Rebuild everything derived from the log."),
        "zenohd": Entry("commands.zenohd:zenohd", "A real zenohd with RocksDB, for an always-on hub."),
        "completion": Entry("commands.completion:completion", "Print the completion script of a shell."),
    },
}
ENTRIES = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
ALIASES = {"get": "get-memory", "show": "get-memory"}


def find(target: str) -> Any:
    """The function of a target, its module imported now."""
    module, _, function = target.partition(":")
    return getattr(importlib.import_module(f".{module}", __package__), function)


def command(name: str) -> Any:
    """The command of this name or alias, imported now; None if there is none."""
    entry = ENTRIES.get(ALIASES.get(name, name))
    return find(entry.target) if entry else None
