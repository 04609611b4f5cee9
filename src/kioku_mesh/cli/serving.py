"""What a change of the mode means for the process that shares: the one place that speaks of it."""

from __future__ import annotations

from ..config import Config
from ..errors import NotAvailable


def follow(config: Config) -> tuple[str, ...]:
    """After a change of the settings: what the person does next, or what was done."""
    return () if config.get("mode") == "local" else ("start it with kioku-mesh serve",)


def install_unit(_config: Config) -> str:
    """Have systemd start the process; says what was done. Raises NotAvailable."""
    raise NotAvailable("this version cannot install a service", "leave --install-systemd out")
