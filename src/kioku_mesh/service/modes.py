"""What it takes to be local, a hub or a spoke. Pure: settings in, changes of settings out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import endpoints
from ..config import Config
from ..errors import BadInput
from ..options import parse, writable

# Admission `network`, the only one that there is yet.
ADMISSION = "network"
OPEN = "whoever reaches this mesh is in it: no one enforces yet who reads or writes which scope"
ANYWHERE = ("0.0.0.0", "::")
_FIRST = ("listen", "connect", "engine")  # written before the mode, so that no reader finds a hub without an address


def planned(config: Config, given: Mapping[str, str | None]) -> dict[str, Any]:
    """The settings that would change, in the order of writing; None for one that is removed. Raises BadInput.

    A hub needs an address to listen at, a spoke one to connect to; a hub that becomes a spoke stops listening.
    """
    wanted: dict[str, Any] = {key: parse(writable(key), text) for key, text in given.items() if text is not None}
    old = config.get("mode")
    mode = wanted.get("mode", old)
    if (old, mode) == ("hub", "spoke") and config.get("listen") and not wanted.get("listen"):
        wanted["listen"] = None
    for key in ("listen", "connect"):
        if mode == "local" and wanted.get(key):
            raise BadInput(
                f"--{key} is for a machine that shares, and this one would be local", "add --mode hub or --mode spoke"
            )
    if lacks(config, given, "hub", "listen"):
        raise BadInput("a hub needs an address at which others reach it", "add --listen ADDRESS")
    if lacks(config, given, "spoke", "connect"):
        raise BadInput(
            "a spoke needs the address of a hub",
            "add --connect ADDRESS; on the hub, `kioku-mesh config get listen` shows it",
        )
    changes = {key: value for key, value in wanted.items() if not _stands(config, key, value)}
    return dict(sorted(changes.items(), key=lambda change: change[0] not in _FIRST))


def lacks(config: Config, given: Mapping[str, str | None], mode: str, key: str) -> bool:
    """Would this be a machine of that mode without the endpoints that it needs?"""
    text = given.get(key)
    there = parse(writable(key), text) if text is not None else config.get(key)
    return (given.get("mode") or config.get("mode")) == mode and not there


def _stands(config: Config, key: str, value: Any) -> bool:
    """Is this the value already, by the config file or by itself?"""
    return bool(config.get(key) == value) and config.source(key).startswith(("config file", "default"))


def short(endpoint: str) -> str:
    """As a person would type it."""
    return endpoint.removeprefix("tcp/").removesuffix(f":{endpoints.PORT}")
