"""`init`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import click

from ... import config, endpoints, interfaces, settings
from ...config import Config
from ...errors import BadInput, Refused
from ...model import Notice
from ...options import OPTIONS, SHARING, choices, written
from ...results import Existing
from ...service import modes
from .. import options, output, serving
from ..consent import ask
from ..opening import open_memory
from ..reading import on_terminal

SHARED = {"yes": "shared", "no": "withheld"}


@click.command()
@click.option(
    "--mode",
    type=click.Choice(SHARING),
    help="How memories are shared: local not at all, hub others connect here, spoke connects to hubs.",
)
@click.option("--engine", type=click.Choice(choices(OPTIONS["engine"])), help="What carries the mesh (embedded).")
@options.many("--listen", metavar="ADDRESS", help="Where others reach this machine, repeated or by commas.")
@options.many("--connect", metavar="ADDRESS", help="The hubs to connect to, repeated or by commas.")
@click.option("--node", metavar="NAME", help="The name of this machine.")
@click.option(
    "--share-existing", type=click.Choice(tuple(SHARED)), help="Whether what was saved so far is shared as well."
)
@click.option("--user-id", metavar="NAME", help="Your name for visibility user, the same on all your machines.")
@click.option("--team-id", metavar="NAME", help="The team for visibility team.")
@click.option("--install-systemd", is_flag=True, help="Have systemd start what shares, now and after a restart.")
@click.option("--print", "printing", is_flag=True, help="Print what would be written, change nothing.")
@click.option(
    "--force", is_flag=True, help="Also over a config.toml that cannot be used; a copy of it stays beside it."
)
@options.yes
@options.as_json
def init(
    printing: bool, force: bool, yes: bool, as_json: bool, share_existing: str | None,
    install_systemd: bool, listen: tuple[str, ...], connect: tuple[str, ...], **given: str | None,
) -> None:  # fmt: skip
    """Set up this machine (never needed for local use).

    Writes what is given into config.toml; doing it again changes nothing. Every memory stays, whatever the mode.
    """
    before = usable(config.load(tolerant=True), force and not printing)
    given |= {key: ",".join(each) or None for key, each in (("listen", listen), ("connect", connect))}
    if modes.lacks(before, given, "hub", "listen"):
        given["listen"] = chosen_address()
    changes = modes.planned(before, given)
    joins = before.get("mode") == "local" and changes.get("mode", "local") != "local"
    existing = look() if joins or share_existing else Existing({}, {})
    shown: dict[str, Any] = {"file": before.file, "changes": changes, "written": not printing}
    if not printing:
        share_existing = decision(existing, share_existing) if joins else share_existing
        consent(before, changes, yes)
        carry_out(existing, share_existing)
        after = write(before, changes)
        begun = serving.install(after) if install_systemd else serving.follow(after) if changes else ()
        shown |= {"next": [*(advice(after) if changes else ()), *begun]}
        shown |= {"notes": cautions(after, None if joins else share_existing, existing)}
    if existing.total and (joins or share_existing):
        shown |= {"existing": existing._asdict(), "decision": SHARED.get(share_existing or "")}
    output.show(shown, as_json, told)
    if not as_json:
        output.notes(shown.get("notes", ()))


def usable(loaded: Config, force: bool) -> Config:
    """The settings, without what is wrong in config.toml when that may be replaced. Raises BadInput when it may not."""
    wrong = [problem for problem in loaded.problems if loaded.file in map(_file, problem.details.values())]
    if not wrong:
        return loaded
    if not force:
        raise BadInput(
            wrong[0].message,
            "correct the file, or add --force: it is written anew, with what can be read, and a copy stays beside it",
            file=loaded.file,
        )
    kept, after = loaded.set_aside()
    output.note(f"{loaded.file} was not usable; a copy is in {kept}")
    return after


def _file(detail: object) -> str:
    return str(detail).removeprefix("config file ")


def chosen_address() -> str:
    """Where the hub shall listen, from the person at the terminal. Raises BadInput with the addresses off one."""
    found = interfaces.interfaces()
    listed = [f"{each.address}{f' ({each.name})' if each.name else ''}" for each in found]
    if not on_terminal():
        raise BadInput(
            "a hub needs an address at which others reach it",
            f"add --listen ADDRESS; this machine has {', '.join(listed) or 'no address that others can reach'}",
            addresses=[each._asdict() for each in found],
        )
    rows = output.rows((f"  {number}", address) for number, address in enumerate(listed, 1)) if listed else "  none"
    answer = asked(f"addresses of this machine:\n{rows}\nlisten at which (number or address)? ")
    if not answer:
        raise Refused("nothing was changed", "choose an address, or add --listen ADDRESS")
    return ",".join(_address(piece.strip(), found) for piece in answer.split(","))


def _address(text: str, found: Sequence[interfaces.Interface]) -> str:
    if text.isascii() and text.isdigit() and 0 < int(text) <= len(found):
        return found[int(text) - 1].address
    return text


def asked(question: str) -> str:
    sys.stdout.flush()
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def look() -> Existing:
    with closing(open_memory(click.get_current_context())) as memory:
        return memory.existing()


def decision(existing: Existing, given: str | None) -> str | None:
    """Shall the other machines get what was saved so far? Raises BadInput when nobody says."""
    if given or not existing.open:
        return given
    what = told_of(existing)
    if not on_terminal():
        raise BadInput(
            f"{what}: shall the other machines get them?",
            "add --share-existing yes or --share-existing no; withheld ones can be shared later with `kioku-mesh share`",
            existing=existing._asdict(),
        )
    answer = asked(f"{what}.\nshare them with the other machines? [y/n] ").lower()
    if answer not in ("y", "yes", "n", "no"):
        raise Refused("nothing was changed", "answer y or n, or add --share-existing yes or no")
    return "yes" if answer.startswith("y") else "no"


def told_of(existing: Existing) -> str:
    scopes: dict[str, int] = {}
    for part in existing:
        for scope, count in part.items():
            scopes[scope] = scopes.get(scope, 0) + count
    saved = "memory was saved" if existing.total == 1 else "memories were saved"
    each = ", ".join(f"{count:,} {scope}" for scope, count in sorted(scopes.items()))
    return f"{existing.total:,} {saved} while this machine shared nothing ({each})"


def consent(before: Config, changes: dict[str, Any], yes: bool) -> None:
    replaced = [key for key in changes if before.source(key).startswith("config file")]
    if replaced:
        ask(f"change {' and '.join(replaced)} of this machine", lines(changes), yes, "--print")


def carry_out(existing: Existing, share: str | None) -> None:
    """Before the mode is written: nothing leaves the machine in between."""
    if share == "no" and existing.open:
        with closing(open_memory(click.get_current_context())) as memory:
            memory.withhold()
    if share == "yes" and existing.total:
        with closing(open_memory(click.get_current_context())) as memory:
            memory.release()


def write(loaded: Config, changes: dict[str, Any]) -> Config:
    for key, value in changes.items():
        loaded = loaded.unset(key) if value is None else loaded.set_value(key, written(value))
    return loaded


def advice(after: Config) -> list[str]:
    """How the next machine gets in."""
    if after.get("mode") != "hub":
        return []
    places = []
    for endpoint in after.get("listen"):
        host = endpoints.parts(endpoint)[1]
        anywhere = interfaces.interfaces() if host in modes.ANYWHERE else ()
        shown = f"[{host}]" if ":" in host else host
        places += [
            endpoint.replace(shown, f"[{each.address}]" if ":" in each.address else each.address) for each in anywhere
        ]
        places += [] if host in modes.ANYWHERE else [endpoint]
    connect = ",".join(map(modes.short, places)) or "ADDRESS"
    return [f"other machines join with kioku-mesh init --mode spoke --connect {connect}"]


def cautions(after: Config, share: str | None, existing: Existing) -> list[Notice]:
    if after.get("mode") == "local":
        return []
    notes = [Notice("not_enforced", modes.OPEN)]
    if share == "no" and not existing.total:
        notes.append(Notice("shared_already", "this machine shares already: what other machines have stays there"))
    mine = {each.address for each in interfaces.interfaces()}
    for endpoint in after.get("listen"):
        host = endpoints.parts(endpoint)[1]
        if (
            mine
            and host[-1].isdigit()
            and host not in mine
            and not host.startswith("127.")
            and host not in modes.ANYWHERE
        ):
            notes.append(
                Notice("not_here", f"{host} is no address of this machine now; it has {', '.join(sorted(mine))}")
            )
    return notes


def lines(changes: dict[str, Any]) -> str:
    return "\n".join(
        f"{key} removed" if value is None else settings.line_of(key, written(value)) for key, value in changes.items()
    )


def told(shown: dict[str, Any]) -> str:
    said = [lines(shown["changes"])] if shown["changes"] else []
    if "existing" in shown:
        existing = Existing(**shown["existing"])
        said.append(told_of(existing) + (f": {shown['decision']}" if shown["decision"] else ""))
    verb = "written to" if shown["written"] else "would be written to"
    said.append(
        f"{verb} {shown['file']}" if shown["changes"] else f"nothing to change: {shown['file']} says so already"
    )
    return "\n".join([*said, *shown.get("next", ())])
