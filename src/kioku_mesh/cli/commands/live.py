"""`mesh start`, `join` and `sync`: the mesh in the foreground, and waiting for it."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Any

import click

from ... import app, config, endpoints, interfaces, wire
from ...clock import SECOND
from ...errors import BadInput, Timeout
from ...mesh import talk
from ...mesh.peers import Address
from ...serve import control
from ...service.memory import Memory
from ...text.derive import derive_subject
from .. import options, output
from ..opening import with_memory
from . import init

_LOOK_S = 0.2
_EVERYWHERE = "0.0.0.0"
_SHOWN = 5  # records of a page


share_existing = click.option(
    "--share-existing", type=click.Choice(("yes", "no")), help="Whether what was saved so far is shared as well."
)


@click.command()
@click.argument("address", required=False)
@share_existing
def start(address: str | None, share_existing: str | None) -> int:
    """Be a hub here and now, in the foreground, and show what arrives. Ctrl-C ends it; nothing is written into the settings.

    ADDRESS is where others reach this machine; without it every interface is listened on.
    """
    listen = endpoints.several(address or _EVERYWHERE)
    _settle(share_existing)
    for each in interfaces.interfaces() if address is None else ():
        click.echo(f"on another machine: kioku-mesh mesh join {each.address}", err=True)
    if address:
        click.echo(f"on another machine: kioku-mesh mesh join {address}", err=True)
    return _live({"mode": "hub", "listen": ",".join(listen)})


@click.command()
@click.argument("address", nargs=-1, required=True)
@share_existing
def join(address: tuple[str, ...], share_existing: str | None) -> int:
    """Join the mesh at ADDRESS here and now, in the foreground, and show what arrives. Ctrl-C ends it.

    Everything of the mesh comes here, and what is saved here goes there.
    """
    _settle(share_existing)
    return _live({"mode": "spoke", "connect": ",".join(endpoints.several(",".join(address)))})


@click.command()
@click.option(
    "--timeout", default="1m", show_default=True, metavar="DURATION", callback=options.span, help="How long to wait."
)
@options.as_json
@with_memory
def sync(memory: Memory, timeout: int, as_json: bool) -> None:
    """Wait until everything is everywhere: here, and on every machine that is known."""
    if memory.config.get("mode") == "local":
        raise BadInput("this machine is in no mesh (mode local)", "join one with `kioku-mesh init`")
    control.ensure(memory.config)
    end = time.monotonic() + timeout / SECOND
    while not (shown := memory.mesh()).everywhere:
        if time.monotonic() > end:
            raise Timeout(shown.summary, "see `kioku-mesh mesh peers`; saving and searching go on meanwhile")
        time.sleep(_LOOK_S)
    output.show(shown, as_json, lambda found: output.one_line(found.summary))


def _settle(share_existing: str | None) -> None:
    """Nothing that was saved while the machine shared nothing leaves it unasked. Raises BadInput when nobody says."""
    existing = init.look()
    init.carry_out(existing, init.decision(existing, share_existing))


def _live(arguments: dict[str, Any]) -> int:
    """Raises Refused when a resident process runs already."""
    loaded = config.load(arguments=arguments)
    click.echo(f"mode {loaded.get('mode')}; memories in {loaded.state_dir}; Ctrl-C ends it", err=True)
    return app.serve(loaded, echo=sys.stderr, watch=_Shown())


class _Shown:
    """Says on stdout what happens, a line each."""

    def __init__(self) -> None:
        self._there: set[Address] = set()

    def __call__(self, what: str, value: Any) -> None:
        if what == "up" and value not in self._there:
            self._there.add(value)
            self._say(f"+ {value.node} is there")
        elif what == "down" and value in self._there:
            self._there.discard(value)
            self._say(f"- {value.node} is gone")
        elif what == "pushed":
            with suppress(wire.Malformed):
                self._record(wire.decode_frame(value)[0])
        elif what == "answered" and value is not None:
            self._page(value)

    def _page(self, data: bytes) -> None:
        """What was missed; other answers are passed over."""
        with suppress(wire.Malformed):
            records = talk.decode_page(data).records
            for record in records[:_SHOWN]:
                self._record(record)
            if len(records) > _SHOWN:
                self._say(f"  and {len(records) - _SHOWN:,} more")

    def _record(self, record: wire.Record) -> None:
        header, said = record.header, ""
        if header.kind == wire.OBSERVATION and record.body is not None:
            body = wire.read_observation(header, record.body)
            said = f": {body.subject or derive_subject(body.content)}"
        self._say(f"  {header.kind} of {header.origin.rpartition('.')[0]}{output.one_line(said)}")

    def _say(self, line: str) -> None:
        click.echo(line)
        sys.stdout.flush()
