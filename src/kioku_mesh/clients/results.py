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


class Registration(NamedTuple):
    """What became, or in a dry run would become, of one client.

    `state`: installed, replaced, already_installed; removed, not_installed; needs_force (it is registered in another
    way: nothing was changed, `diff` shows it); failed. The last two come with `error`: {code, message, hint}.
    `commands` are the client's own, as one would type them. `diff` is of the entries alone. `backup` is a copy of
    `file` as it was.
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


class Installed(NamedTuple):
    """The answer of install and uninstall. `server` is the command that clients start (install only)."""

    results: tuple[Registration, ...]
    server: str | None = None
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        return not any(row.error for row in self.results)


class Health(NamedTuple):
    """One registration, or the lack of one. `state`: ok, not_installed, differs (something else is registered under our
    name), disabled, command_missing, not_executable, no_answer, unreadable; `hint` says what to do unless it is ok.
    `tools` are those that the server offered."""

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


class Checked(NamedTuple):
    """The answer of status."""

    results: tuple[Health, ...]

    @property
    def ok(self) -> bool:
        return all(row.state in ("ok", "not_installed", "differs") for row in self.results)
