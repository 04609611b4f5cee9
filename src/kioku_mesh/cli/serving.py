"""What a change of the mode means for the process that shares: the one place that speaks of it."""

from __future__ import annotations

from ..config import Config
from ..serve import control, units


def follow(config: Config) -> tuple[str, ...]:
    """After a change of the settings: what the person does next, or what happens by itself."""
    if config.get("mode") == "local":
        return ()
    if control.state(config):
        return ("the process that shares runs, and takes this over within a few seconds",)
    return ("start it with kioku-mesh serve",)


def install_unit(config: Config) -> str:
    """Have the system start the process, now and after each login; says what was done. Raises NotAvailable."""
    done = units.install(config)
    return f"installed {done.path}"
