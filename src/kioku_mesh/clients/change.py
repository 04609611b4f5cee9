"""Carrying out plans with the clients' own commands: copy the file, change, check, and put it back if that failed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from ..config import Config
from ..errors import KiokuError, NotAvailable
from . import files, programs
from .plan import Plan, command_of, environment_of
from .results import Registration
from .table import Client, Place


def require_programs(config: Config, plans: Sequence[Plan]) -> None:
    """Raises NotAvailable if a plan cannot be carried out because its client's command is missing."""
    for plan in plans:
        if plan.steps and not plan.error:
            _program(config, plan)


def commands_of(config: Config, plan: Plan) -> tuple[str, ...]:
    """The steps of a plan as one would type them."""
    import shlex

    client = plan.client
    on_path = programs.find(client.program, config.environ.get("PATH", ""))
    program = client.program if on_path else programs.find_client(client, config) or client.program
    before = [f"{key}={shlex.quote(value)} " for key, value in plan.place.environ]
    return tuple("".join(before) + shlex.join((program, *step)) for step in plan.steps)


def unreadable(client: Client, place: Place, error: KiokuError) -> Registration:
    """The row of a client whose file could not even be read."""
    return Registration(client.name, client.title, "failed", place.scope, "", place.file, error=error.as_json())


def carry_out(config: Config, plan: Plan, dry_run: bool) -> Registration:
    """What became of a plan, or would become of it; a failure stands in the row."""
    client, place = plan.client, plan.place
    row = Registration(
        client.name, client.title, plan.state, place.scope, plan.name, place.file,
        commands_of(config, plan), files.difference(client, place, plan.before, plan.after), notes=plan.notes,
    )  # fmt: skip
    if plan.error:
        return row._replace(error=plan.error.as_json())
    if not plan.steps or dry_run:
        return row
    try:
        return row._replace(backup=_change(config, plan))
    except KiokuError as error:
        return row._replace(state="failed", error=error.as_json())


def _change(config: Config, plan: Plan) -> str | None:
    """Take the steps and return the copy of the file as it was. Raises KiokuError, with the old entries in place."""
    program = _program(config, plan)
    content = files.read_bytes(plan.place.file)
    backup = files.keep_copy(plan.client, plan.place.file, config.state_dir)
    try:
        for step in plan.steps:
            _run(config, plan, program, step)
        _verify(config, plan, program)
    except KiokuError as error:
        _restore(config, plan, content, backup, error)
        raise
    finally:
        _tidy(plan)
    return backup


def _program(config: Config, plan: Plan) -> str:
    found = programs.find_client(plan.client, config)
    if found is None:
        raise NotAvailable(
            f"the command {plan.client.program} of {plan.client.title} was not found",
            f"put it on PATH, or run by hand where it is: {'; '.join(commands_of(config, plan))}",
        )
    return found


def _run(config: Config, plan: Plan, program: str, step: Sequence[str]) -> None:
    environ = {**config.environ, **dict(plan.place.environ), "NO_COLOR": "1"}
    for key, folder in plan.place.environ:
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise NotAvailable(f"{folder} ({key}) cannot be made: {error.strerror}", "make it by hand") from None
    ran = programs.run((program, *step), environ, config.cwd)
    if ran.status:
        raise NotAvailable(
            f"{plan.client.program} {' '.join(step[:2])} failed: {_reason(ran)}",
            f"run it by hand to see why: {'; '.join(commands_of(config, plan))}",
        )


def _reason(ran: programs.Ran) -> str:
    """The line that says why: the one that begins with "error", else the last; a trace of calls may follow."""
    said = [line.strip() for line in (ran.errors or ran.output).splitlines() if line.strip()]
    told = (line for line in said if line.lower().startswith("error"))
    return next(told, said[-1] if said else f"exit status {ran.status}")


def _tidy(plan: Plan) -> None:
    """Remove the empty folders that a client leaves where it was made to work in another place than its own."""
    for _, top in plan.place.environ:
        for folder, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):  # not empty
                os.rmdir(folder)


def _verify(config: Config, plan: Plan, program: str) -> None:
    """Raises NotAvailable unless the file holds what was asked for, and the client itself finds it."""
    now = files.entries_of(plan.client, plan.place)
    for name in {**plan.before, **plan.after}:
        if _essence(now, name) != _essence(plan.after, name):
            raise NotAvailable(
                f"{plan.client.title} said it was done, but {plan.place.file} does not say so",
                f"look with: {plan.client.program} mcp list",
            )
    for name in plan.after:
        _run(config, plan, program, plan.client.show(name))


def _essence(entries: files.Entries, name: str) -> tuple[tuple[str, ...], dict[str, str]] | None:
    return (command_of(entries[name]), environment_of(entries[name])) if name in entries else None


def _still_there(plan: Plan) -> bool:
    try:
        now = files.entries_of(plan.client, plan.place)
    except KiokuError:
        return False
    return all(now.get(name) == entry for name, entry in plan.before.items())


def _restore(config: Config, plan: Plan, content: bytes | None, backup: str | None, error: KiokuError) -> None:
    """After a failure: if an entry that was there is lost or changed, the file becomes what it was. `error` says so."""
    if content is None or _still_there(plan):
        return
    with suppress(KiokuError):  # what the client made of it is worth keeping, but not at any price
        files.keep_copy(plan.client, plan.place.file, config.state_dir)
    try:
        files.put_back(plan.place.file, content)
        error.message += "; the old registration was put back"
    except OSError as trouble:
        error.message += f"; {plan.place.file} could not be put back ({trouble}), as it was it is in {backup}"
