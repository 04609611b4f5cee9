"""What comes with a registration: the rules block in the client's instructions, and the hooks that call us."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from ..config import Config
from ..errors import KiokuError, Refused
from ..model import Notice
from ..values import NamedTuple
from . import entries, hooks, plugin, programs, rewriting, rules
from .results import Companion
from .rewriting import Part
from .rows import CLIENTS
from .shapes import is_ours
from .table import Client, hooks_of, mode_of, place_of, rules_of

RULES, HOOKS = "rules", "hooks"


class Wanted(NamedTuple):
    """Which companions are asked for. `plugin`: also one that stands in for hooks; one that is there counts as hooks."""

    rules: bool = True
    hooks: bool = True
    plugin: bool = False


class Together(NamedTuple):
    """What became of the companions of one client."""

    rules: Companion | None = None
    hooks: Companion | None = None
    notes: tuple[Notice, ...] = ()


def rules_part(client: Client, scope: str, config: Config, *, taken: bool = False) -> Part | None:
    """The block in the client's instructions file; None if it has none in this scope."""
    found = rules_of(client, scope, config)
    if found is None:
        return None
    file, start = found
    return Part(client.name, RULES, file, "markdown", (rules.change(taken),), _has_block, start, mode_of(scope))


def _has_block(content: Any) -> bool:
    return rules.LABEL in content


def hooks_part(client: Client, scope: str, config: Config, program: str) -> Part | None:
    """Our entry for each event of the client, or our plugin; without `program` all of ours are taken out. None if it has
    neither here.

    Raises NotAvailable, BadInput for a file that cannot be used, Refused where an entry is not ours alone.
    """
    file, kind = hooks_of(client, scope, config), client.hooks
    if not file:
        return None
    if kind is None:
        change = plugin.change(program, client.name)
        return Part(client.name, HOOKS, file, plugin.FORM, (change,), plugin.holds, mode=mode_of(scope))
    there = hooks.installed(rewriting.parse(kind.form, file))
    for event, found in there.items():
        if any(map(hooks.is_shared, found)):
            raise Refused(
                f"{file}: an entry of {event} calls kioku-mesh and something else",
                "part them by hand, then run this again",
            )
    wanted = {
        theirs: hooks.entry(kind.kind, program, ours, client.name, config.platform, kind.timeout)
        for theirs, ours in (kind.events if program else ())
    }
    changes = [hooks.change(event) for event in there if event not in wanted]
    changes += [hooks.change(event, entry) for event, entry in wanted.items()]
    return Part(client.name, HOOKS, file, kind.form, tuple(changes), _has_hooks, kind.start, mode_of(scope))


def _has_hooks(content: Any) -> bool:
    return bool(hooks.installed(content))


def calls_us(config: Config, client: Client, scope: str, asked: bool) -> bool:
    """Whether a client has hooks, or a plugin of ours that was `asked` for or is there."""
    file = hooks_of(client, scope, config)
    if not file or client.hooks or asked:
        return bool(file)
    try:
        return plugin.holds(rewriting.parse(plugin.FORM, file))
    except KiokuError:
        return True  # which its reader then tells


def has_called_us(config: Config, client: Client, scope: str) -> bool:
    """As `calls_us`, also for a plugin that we wrote and somebody else took out."""
    file = hooks_of(client, scope, config)
    return calls_us(config, client, scope, asked=rewriting.is_noted(config, file, HOOKS))


def _install(config: Config, part: Part, dry_run: bool) -> Companion:
    """What became of it, or would become of it."""
    row = Companion("already_installed", part.file)
    try:
        held = part.holds(rewriting.parse(part.form, part.file) or {})
        diff = rewriting.preview(part)
        if not diff:
            return row
        row = row._replace(state="replaced" if held else "installed", diff=diff)
        return row if dry_run else row._replace(backup=rewriting.rewrite(config, part))
    except KiokuError as error:
        return row._replace(state="failed", error=error.as_json())


def _uninstall(config: Config, part: Part, dry_run: bool) -> Companion:
    row = Companion("not_installed", part.file)
    try:
        if not part.holds(rewriting.parse(part.form, part.file) or {}):
            if not dry_run:
                rewriting.forget(config, part)
            return row
        row = row._replace(state="removed", diff=rewriting.preview_back(config, part))
        return row if dry_run else row._replace(backup=rewriting.take_back(config, part))
    except KiokuError as error:
        return row._replace(state="failed", error=error.as_json())


def _needed_by(file: str, scope: str, config: Config, going: Collection[str]) -> str:
    """The title of a client that is not `going` and reads the same instructions file with our server registered; "" if none."""
    for client in CLIENTS.values():
        found, place = rules_of(client, scope, config), place_of(client, scope, config)
        if client.name in going or found is None or place is None or found[0] != file:
            continue
        try:
            if any(is_ours(name, entry) for name, entry in entries.entries_of(client, place).items()):
                return client.title
        except KiokuError:
            continue
    return ""


def program_for(server: str, config: Config) -> str | Notice:
    """What hooks call, or why there is nothing to call."""
    try:
        return programs.find_program(server, config)
    except KiokuError as error:
        return Notice("no_hooks", f"no hooks: {error.message}; {error.hint}")


def accompany(
    config: Config, client: Client, scope: str, wanted: Wanted, dry_run: bool, program: str | Notice
) -> Together:
    """Write what goes with a registration. `program` is what hooks call, or why there are none."""
    part = rules_part(client, scope, config) if wanted.rules else None
    together = Together(rules=_install(config, part, dry_run) if part else None)
    if not (wanted.hooks and calls_us(config, client, scope, wanted.plugin)):
        return together
    file = hooks_of(client, scope, config)
    if isinstance(program, Notice):
        return together._replace(notes=(program,))
    done = _guarded(
        file, lambda: hooks_part(client, scope, config, program), lambda part: _install(config, part, dry_run)
    )
    note = client.hooks.note if client.hooks and done and done.state in ("installed", "replaced") else ""
    return together._replace(hooks=done, notes=(Notice("last_step", note),) if note else ())


def part_from(
    config: Config, client: Client, scope: str, wanted: Wanted, dry_run: bool, going: Collection[str]
) -> Together:
    """Take out what went with a registration, the latest first. `going`: the clients that leave with it."""
    together = Together()
    file = hooks_of(client, scope, config)
    if wanted.hooks and has_called_us(config, client, scope):
        done = _guarded(
            file, lambda: hooks_part(client, scope, config, ""), lambda part: _uninstall(config, part, dry_run)
        )
        together = together._replace(hooks=done)
    part = rules_part(client, scope, config, taken=True) if wanted.rules else None
    title = _needed_by(part.file, scope, config, going) if part else ""
    if part and title:
        note = Notice("rules_kept", f"{title} reads the rules in {part.file} too: they stay")
        return together._replace(rules=Companion("kept", part.file), notes=(note,))
    return together._replace(rules=_uninstall(config, part, dry_run)) if part else together


def _guarded(file: str, plan: Callable[[], Part | None], carry_out: Callable[[Part], Companion]) -> Companion | None:
    try:
        part = plan()
    except KiokuError as error:
        return Companion("failed", file, error=error.as_json())
    return carry_out(part) if part else None
