"""What the functions of this package answer; `model.as_plain` gives the JSON."""

from __future__ import annotations

from typing import Any

from ..model import Notice
from ..values import NamedTuple


class Known(NamedTuple):
    """A client of the table: whether it is in use here, its command, and the file of each scope."""

    name: str
    title: str
    detected: bool
    program: str | None
    files: dict[str, str]


class Companion(NamedTuple):
    """What became of the rules or the hooks of a client. `state` as in Registration, and: kept (others still need it)."""

    state: str
    file: str
    diff: str = ""
    backup: str | None = None
    error: dict[str, Any] | None = None


class Registration(NamedTuple):
    """What became, or in a dry run would become, of one client.

    `state`: installed, replaced, already_installed; removed, not_installed; needs_force (it is registered in another
    way: nothing was changed, `diff` shows it); failed. The last two come with `error`: {code, message, hint}.
    `commands` are the client's own, as one would type them, if it is changed by those; then `diff` is of the entries
    alone, else of the file. `backup` is a copy of `file` as it was. `rules` and `hooks` are None where the client has none
    in this scope or they were not asked for.
    """

    client: str
    title: str
    state: str
    scope: str
    name: str
    file: str
    commands: tuple[str, ...] = ()
    diff: str = ""
    backup: str | None = None
    notes: tuple[Notice, ...] = ()
    error: dict[str, Any] | None = None
    rules: Companion | None = None
    hooks: Companion | None = None


class Installed(NamedTuple):
    """The answer of install and uninstall. `server` is the command that clients start (install only)."""

    results: tuple[Registration, ...]
    server: str | None = None
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        return not any(part and part.error for row in self.results for part in (row, row.rules, row.hooks))


class Presence(NamedTuple):
    """The rules or the hooks of a client. `state`: current, outdated, missing, broken (what is called is not there),
    unreviewed (the client waits for your review), unreadable; `hint` says what to do unless it is current."""

    state: str
    file: str
    message: str = ""
    hint: str = ""

    @property
    def ok(self) -> bool:
        return self.state in ("current", "missing", "unreviewed")


class Health(NamedTuple):
    """One registration, or the lack of one. `state`: ok, not_installed, differs (something else is registered under our
    name), disabled, command_missing, not_executable, no_answer, unreadable; `hint` says what to do unless it is ok.
    `tools` are those that the server offered. `notes` name what is registered twice, what wins over it in a project, and a
    folder that the client does not trust."""

    client: str
    title: str
    state: str
    scope: str
    name: str
    file: str
    command: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    version: str | None = None
    message: str = ""
    hint: str = ""
    rules: Presence | None = None
    hooks: Presence | None = None
    notes: tuple[Notice, ...] = ()

    @property
    def ok(self) -> bool:
        fine = self.state in ("ok", "not_installed", "differs")
        return fine and all(part is None or part.ok for part in (self.rules, self.hooks))


class Checked(NamedTuple):
    """The answer of status."""

    results: tuple[Health, ...]

    @property
    def ok(self) -> bool:
        return all(row.ok for row in self.results)
