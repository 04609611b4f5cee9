"""What a change of the settings means for the process that shares: the one place of the setup that starts and ends it."""

from __future__ import annotations

import time

from ..config import Config
from ..errors import KiokuError
from ..serve import control, units
from ..zenohd import config as configuration
from ..zenohd import unit

SETTLE_S = 3.0  # for the process to take up the settings


def follow(config: Config) -> tuple[str, ...]:
    """After a change of the settings: have the process run, or end it. Says what was done or is left to do.

    One that runs takes the new settings up by itself, but not at once: who stops sharing wants it stopped now.
    What does not work is told: the settings stand.
    """
    try:
        if config.get("mode") == "local":
            stopped = control.stop(config)
            return ("nothing is shared any more; what other machines have stays there",) if stopped else ()
        if config.get("autostart") == "off":
            return ("start it with kioku-mesh serve",)
        control.ensure(config)
        error = _settled(config)
    except KiokuError as problem:
        return (f"the process that shares is not in step with this: {problem.message}", f"what helps: {problem.hint}")
    if error:
        return (f"it is running, but {error}", "it tries again by itself; kioku-mesh doctor tells what helps")
    carried = ("the zenohd of this machine carries it: kioku-mesh doctor --check zenohd tells whether it does",)
    running = ("it is running; kioku-mesh mesh status tells what has arrived where",)
    return running + (carried if config.get("engine") == "zenohd" else ())


def _settled(config: Config) -> str:
    """What keeps it from its work under these settings, as far as a moment shows."""
    listen = config.get("listen") if config.get("engine") == "embedded" else ()
    end = time.monotonic() + SETTLE_S
    while True:
        row = control.state(config)
        if row and not row.error and row.scopes and (row.mode, row.addresses) == (config.get("mode"), listen):
            return ""
        if time.monotonic() > end:  # an error may still be that of the settings before
            return row.error if row else ""
        time.sleep(0.05)


def install(config: Config) -> tuple[str, ...]:
    """Have the system start it, now and after every login, and the zenohd that carries the mesh where there is one.

    Raises NotAvailable where no way is known, or where no zenohd is installed.
    """
    router: tuple[str, ...] = ()
    if config.get("engine") == "zenohd":
        text = unit.of(config)
        configuration.write(config)
        router = _said(units.beside(config, unit.NAME, text))
    return (*router, *_said(units.install(config)))


def _said(done: units.Installed) -> tuple[str, ...]:
    said = f"service {'written to' if done.written else 'is in'} {done.path}"
    return (said, *((f"{done.why}; run by hand: {'; '.join(done.left)}",) if done.left else ()))
