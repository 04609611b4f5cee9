"""What a change of the settings means for the process that shares: the one place of the setup that starts and ends it."""

from __future__ import annotations

from ..config import Config
from ..errors import KiokuError
from ..serve import control, units
from ..zenohd import config as configuration
from ..zenohd import unit


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
    except KiokuError as error:
        return (f"the process that shares is not in step with this: {error.message}", f"what helps: {error.hint}")
    return ("it is running; kioku-mesh mesh status tells what has arrived where",)


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
