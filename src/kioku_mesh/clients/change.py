"""Carrying out plans: by editing the client's file, or with the client's own commands.

In the second case: copy the file, change, check, and put it back if that failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ..config import Config
from ..errors import KiokuError, NotAvailable
from . import entries, files, programs, rewriting
from .plan import Plan
from .results import Registration
from .rewriting import Part
from .shapes import command_of, environment_of, is_ours
from .table import Client, Place, mode_of


def require_programs(config: Config, plans: Sequence[Plan]) -> None:
    """Raises NotAvailable if a plan cannot be carried out because its client's command is missing."""
    for plan in plans:
        if plan.steps and not plan.error:
            _program(config, plan)


def commands_of(config: Config, plan: Plan) -> tuple[str, ...]:
    """The steps of a plan as one would type them."""
    import shlex

    client = plan.client
    if not plan.steps:
        return ()
    on_path = programs.find(client.program, config.environ.get("PATH", ""))
    program = client.program if on_path else programs.find_client(client, config) or client.program
    return tuple(shlex.join((program, *step)) for step in plan.steps)


def unreadable(client: Client, place: Place, error: KiokuError) -> Registration:
    """The row of a client whose file could not even be read."""
    return Registration(client.name, client.title, "failed", place.scope, "", place.file, error=error.as_json())


def carry_out(config: Config, plan: Plan, dry_run: bool) -> Registration:
    """What became of a plan, or would become of it; a failure stands in the row."""
    client, place = plan.client, plan.place
    row = Registration(
        client.name,
        client.title,
        plan.state,
        place.scope,
        plan.name,
        place.file,
        commands_of(config, plan),
        notes=plan.notes,
    )
    if not (plan.before or plan.after):
        return row
    edited = None if client.own else part_of(plan)
    try:
        row = row._replace(diff=_difference(config, plan, edited))
        if plan.error:
            return row._replace(error=plan.error.as_json())
        if dry_run:
            return row
        if edited is None:
            return row._replace(backup=_change(config, plan))
        write = rewriting.rewrite if plan.after else rewriting.take_back
        return row._replace(backup=write(config, edited))
    except KiokuError as error:
        return row._replace(state="failed", error=error.as_json())


def _difference(config: Config, plan: Plan, edited: Part | None) -> str:
    if edited is None:
        return entries.difference(plan.place, plan.before, plan.after)
    return rewriting.preview(edited) if plan.after else rewriting.preview_back(config, edited)


def part_of(plan: Plan) -> Part:
    """A plan as changes of the client's file."""
    client, place = plan.client, plan.place
    changes = [entries.change(client, place, name, entry) for name, entry in plan.after.items()]
    changes += [entries.change(client, place, name) for name in plan.before if name not in plan.after]

    def holds(content: object) -> bool:
        return any(is_ours(name, entry) for name, entry in entries.entries_at(content, place.keys).items())

    return Part(
        client.name,
        f"server {plan.name}",
        place.file,
        client.form,
        tuple(changes),
        holds,
        place.start,
        mode_of(place.scope),
    )


def _change(config: Config, plan: Plan) -> str | None:
    """Take the steps and return the copy of the file as it was. Raises KiokuError, with the old entries in place."""
    program = _program(config, plan)
    content = files.read_bytes(plan.place.file)
    backup = files.keep_copy(plan.client.name, plan.place.file, content, config.state_dir)
    try:
        for step in plan.steps:
            _run(config, plan, program, step)
        _verify(config, plan, program)
    except KiokuError as error:
        _restore(config, plan, content, backup, error)
        raise
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
    ran = programs.run((program, *step), {**config.environ, "NO_COLOR": "1"}, config.cwd)
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


def _verify(config: Config, plan: Plan, program: str) -> None:
    """Raises NotAvailable unless the file holds what was asked for, and the client itself finds it."""
    now = entries.entries_of(plan.client, plan.place)
    for name in {**plan.before, **plan.after}:
        if _essence(now, name) != _essence(plan.after, name):
            raise NotAvailable(
                f"{plan.client.title} said it was done, but {plan.place.file} does not say so",
                f"look with: {plan.client.program} mcp list",
            )
    if plan.client.own:
        for name in plan.after:
            _run(config, plan, program, plan.client.own.show(name))


def _essence(found: entries.Entries, name: str) -> tuple[tuple[str, ...], dict[str, str]] | None:
    return (command_of(found[name]), environment_of(found[name])) if name in found else None


def _still_there(plan: Plan) -> bool:
    try:
        now = entries.entries_of(plan.client, plan.place)
    except KiokuError:
        return False
    return all(now.get(name) == entry for name, entry in plan.before.items())


def _restore(config: Config, plan: Plan, content: bytes | None, backup: str | None, error: KiokuError) -> None:
    """After a failure: if an entry that was there is lost or changed, the file becomes what it was. `error` says so."""
    file = plan.place.file
    if content is None or _still_there(plan):
        return
    spoilt = files.read_bytes(file)
    with suppress(KiokuError):  # what the client made of it is worth keeping, but not at any price
        files.keep_copy(plan.client.name, file, spoilt, config.state_dir)
    try:
        files.replace(file, spoilt, content)
        error.message += "; the old registration was put back"
    except (KiokuError, files.Raced) as trouble:
        error.message += f"; {file} could not be put back ({trouble}), as it was it is in {backup}"
