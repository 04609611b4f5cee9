"""Is a zenohd here, does it run, and does it keep what it is given?"""

from __future__ import annotations

import os
from typing import Any

from ..config import Config
from ..errors import KiokuError
from ..mesh.storage_probe import Visit, available
from ..values import NamedTuple
from . import config as configuration
from . import install, platforms


class Storage(NamedTuple):
    """One storage. `state`: `running`, `missing` (configured, but the router does not have it), or `unknown`."""

    name: str
    key: str
    volume: str
    folder: str
    state: str
    persists: bool | None


class Status(NamedTuple):
    """What is known. `running` and `persists` are None where it could not be found out."""

    installed: bool
    folder: str
    version: str | None
    missing: tuple[str, ...]
    config: str
    config_state: str  # absent, current, outdated, changed_by_hand
    listen: tuple[str, ...]
    running: bool | None
    router_version: str | None
    persists: bool | None
    storages: tuple[Storage, ...]
    problems: tuple[str, ...]


def status(config: Config, folder: str | None = None, patience: float = 2.0) -> Status:
    """Look at the installation in `folder`, the configuration, and the router that it describes."""
    place = os.path.abspath(folder or install.folder_of(config))
    problems: list[str] = []
    version, missing = _installation(place, problems)
    path = configuration.file_of(config)
    text = _read(path)
    state = _config_state(config, text, problems)
    listen = configuration.listens_in(text) or configuration.settings_of(config).listen
    running, router, found = _ask(listen, patience, problems)
    storages = _storages(text, found if running else None)
    persists = all(one.persists for one in storages) if running and storages else None
    lost = [one.name for one in storages if one.state == "missing"]
    if lost:
        problems.append(
            f"the running zenohd has no {', '.join(lost)}: restart it, and look at its log if that does not help"
        )
        places = dict.fromkeys(os.path.dirname(one.folder) for one in storages if one.state == "missing")
        problems.extend(f"{place} cannot be written" for place in places if not _writable(place))
    volatile = [one.name for one in storages if one.state == "running" and not one.persists]
    if volatile:
        problems.append(f"not kept over a restart: {', '.join(volatile)}")
    return Status(
        version is not None and not missing, place, version, missing, path, state, listen,
        running, router, persists, storages, tuple(problems),
    )  # fmt: skip


def _installation(place: str, problems: list[str]) -> tuple[str | None, tuple[str, ...]]:
    try:
        target = platforms.target()
    except KiokuError as problem:
        problems.append(problem.message)
        return None, ()
    missing = tuple(name for name in target.files if not os.path.isfile(os.path.join(place, name)))
    if target.program in missing:
        return None, missing
    if missing:
        problems.append(f"{place} has no {', '.join(missing)}: kioku-mesh zenohd install")
    try:
        return install.version_of(os.path.join(place, target.program)), missing
    except KiokuError as problem:
        problems.append(problem.message)
        return None, missing


def _config_state(config: Config, text: str, problems: list[str]) -> str:
    if not text:
        return "absent"
    if not configuration.is_ours(text):
        return "changed_by_hand"
    if configuration.text(configuration.settings_of(config, configuration.scopes_in(text))) == text:
        return "current"
    problems.append("the settings have changed since: kioku-mesh zenohd config, then restart zenohd")
    return "outdated"


def _ask(
    listen: tuple[str, ...], patience: float, problems: list[str]
) -> tuple[bool | None, str | None, dict[str, dict[str, Any]]]:
    """(does it run, its version, its storages by name), as the router describes itself."""
    if not available():
        problems.append("the Zenoh library is not installed here, so the router cannot be asked")
        return None, None, {}
    for endpoint in listen:
        try:
            with Visit(reachable(endpoint), patience) as router:
                return _described(router, endpoint, patience, problems)
        except KiokuError:
            continue
    return False, None, {}


def _described(
    router: Visit, endpoint: str, patience: float, problems: list[str]
) -> tuple[bool | None, str | None, dict[str, dict[str, Any]]]:
    for zid in router.routers():
        told = router.admin(f"@/{zid}/router", patience)
        version = next((value.get("version") for value in told.values() if isinstance(value, dict)), None)
        if version:
            below = f"@/{zid}/router/status/plugins/storage_manager/storages/"
            rows = router.admin(f"{below}*", patience)
            found = {key.removeprefix(below): value for key, value in rows.items() if isinstance(value, dict)}
            return True, install.version_in(str(version)), found
    problems.append(
        f"something answers at {endpoint} that does not describe itself: is it the zenohd of this configuration?"
    )
    return None, None, {}


def reachable(endpoint: str) -> str:
    """The endpoint as this machine reaches it: who listens on every address is asked on the loopback one."""
    for everywhere, loopback in (("/0.0.0.0:", "/127.0.0.1:"), ("/[::]:", "/[::1]:")):
        endpoint = endpoint.replace(everywhere, loopback, 1)
    return endpoint


def endpoint_of(config: Config) -> str:
    """The router that this machine is set up to use; empty when there is none."""
    if config.get("mode") == "local":
        return ""
    if config.get("engine") == "zenohd":
        return reachable((config.get("listen") or configuration.DEFAULT_LISTEN)[0])
    return next(iter(config.get("connect")), "")


def _storages(text: str, found: dict[str, dict[str, Any]] | None) -> tuple[Storage, ...]:
    """Every configured storage, and what the router says of it; `found` is None when it cannot be asked."""
    rows = []
    for name, wanted in configuration.storages_in(text).items():
        described = (found or {}).get(name)
        shown = described or wanted
        volume = shown.get("volume")
        volume = volume if isinstance(volume, dict) else {"id": volume}
        state = "unknown" if found is None else "running" if described is not None else "missing"
        persists = None if state == "unknown" else state == "running" and volume.get("id") == "rocksdb"
        rows.append(
            Storage(
                name,
                str(shown.get("key_expr", "")),
                str(volume.get("id", "")),
                str(volume.get("dir", "")),
                state,
                persists,
            )
        )
    return tuple(rows)


def _writable(place: str) -> bool:
    return os.path.isdir(place) and os.access(place, os.W_OK)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
