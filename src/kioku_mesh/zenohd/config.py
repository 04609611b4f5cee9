"""The configuration of zenohd: one storage per scope for the log and one for what was last heard, and nothing else.

A storage is a cache that is read by exact keys. It has no replication block: that ignores access control and brings
deletions back. Several zenohd are levelled by the machines that use them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import Any

from ..config import Config
from ..errors import BadInput, Refused, StoreUnwritable
from ..ids import is_slug
from ..mesh import session
from ..values import NamedTuple

FILE = "zenohd.json5"
DEFAULT_LISTEN = ("tcp/127.0.0.1:7447",)
LANES = ("mem",)
PARTS = ("log", "vv")
_MARK = "// kioku-mesh "  # the rest of the line is the digest of what follows


class Settings(NamedTuple):
    """What a configuration is made of."""

    scopes: tuple[str, ...]
    data: str
    listen: tuple[str, ...] = DEFAULT_LISTEN
    connect: tuple[str, ...] = ()


class Written(NamedTuple):
    """What `zenohd config` did. `status`: created, changed, current."""

    file: str
    status: str
    scopes: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    data: str
    listen: tuple[str, ...]
    restart: bool
    engine: str  # as it is set: only `zenohd` makes the resident process use this router


def file_of(config: Config) -> str:
    """Where the configuration of this machine's zenohd is."""
    return os.path.join(config.config_dir, FILE)


def data_of(config: Config) -> str:
    """Where this machine's zenohd keeps its data."""
    return os.path.join(config.state_dir, "zenohd")


def scopes_of(config: Config) -> tuple[str, ...]:
    """The scopes that this machine declares."""
    return tuple(config.declared())


def settings_of(config: Config, scopes: Iterable[str] = ()) -> Settings:
    """The settings of this machine's zenohd; `scopes` are stored as well. Raises BadInput."""
    chosen = tuple(dict.fromkeys((*scopes_of(config), *map(_scope, scopes))))
    return Settings(chosen, data_of(config), config.get("listen") or DEFAULT_LISTEN, config.get("connect"))


def write(config: Config, scopes: Sequence[str] = (), drop: Sequence[str] = (), force: bool = False) -> Written:
    """Write the configuration file. Scopes that it has are kept unless they are in `drop`.

    Raises Refused when somebody else changed the file (unless `force`: theirs is kept beside it), BadInput,
    StoreUnwritable.
    """
    path = file_of(config)
    old = _read(path)
    before = scopes_in(old)
    if old and not is_ours(old) and not force:
        raise Refused(
            f"{path} was changed by hand", "--force writes it anew and keeps yours beside it; --print only shows it"
        )
    wanted = settings_of(config, (*before, *scopes))
    unknown = [scope for scope in drop if scope not in wanted.scopes]
    own = [scope for scope in drop if scope in scopes_of(config)]
    if unknown or own:
        raise BadInput(
            f"cannot drop {', '.join(unknown or own)}",
            "this machine declares it itself" if own else "it is not in the configuration",
        )
    wanted = wanted._replace(scopes=tuple(scope for scope in wanted.scopes if scope not in drop))
    new = text(wanted)
    if new != old:
        _store(path, old if old and not is_ours(old) else "", new, wanted.data)
    return Written(
        path,
        "current" if new == old else "changed" if old else "created",
        wanted.scopes,
        tuple(scope for scope in wanted.scopes if scope not in before),
        tuple(scope for scope in before if scope not in wanted.scopes),
        wanted.data,
        wanted.listen,
        bool(old) and new != old,
        config.get("engine"),
    )


def text(settings: Settings) -> str:
    """The file for `settings`: JSON with a comment on top, in which a change by hand can be recognised."""
    body = json.dumps(tree(settings), indent=2) + "\n"
    return (
        f"{_MARK}{_digest(body)}\n"
        "// Made by `kioku-mesh zenohd config`, which also adds what is missing after a change of the settings.\n"
        "// Restart zenohd after a change.\n" + body
    )


def tree(settings: Settings) -> dict[str, Any]:
    """The configuration as data: that of every node of the mesh, and what makes a storage of it."""
    return {
        **session.settings(settings.listen, settings.connect),
        "adminspace": {"enabled": True, "permissions": {"read": True, "write": False}},
        "plugins_loading": {"enabled": True},
        "plugins": {
            "storage_manager": {
                "__required__": True,
                "volumes": {"rocksdb": {}},
                "storages": dict(_storages(settings)),
            }
        },
    }


def _storages(settings: Settings) -> Iterable[tuple[str, dict[str, Any]]]:
    for scope in settings.scopes:
        for lane in LANES:
            for part in PARTS:
                name = "-".join((lane, part, *scope.split("/")))
                folder = f"{settings.data.rstrip('/')}/{name}".replace("\\", "/")
                volume = {"id": "rocksdb", "dir": folder, "create_db": True}
                yield name, {"key_expr": f"{lane}/{part}/{scope}/**", "volume": volume}


def scopes_in(text: str) -> tuple[str, ...]:
    """The scopes that a configuration of ours stores; none if it is not one of ours."""
    keys = [str(storage.get("key_expr", "")).split("/", 2) for storage in storages_in(text).values()]
    return tuple(dict.fromkeys(key[2].removesuffix("/**") for key in keys if len(key) == 3))


def storages_in(text: str) -> dict[str, dict[str, Any]]:
    """Name -> description of every storage of a configuration in plain JSON."""
    try:
        found = parse(text)["plugins"]["storage_manager"]["storages"].items()
    except (LookupError, TypeError, AttributeError):
        return {}
    return {name: storage for name, storage in found if isinstance(storage, dict)}


def listens_in(text: str) -> tuple[str, ...]:
    """Where the router of this configuration listens."""
    try:
        return tuple(map(str, parse(text)["listen"]["endpoints"]))
    except (LookupError, TypeError):
        return ()


def parse(text: str) -> dict[str, Any]:
    """The data of a configuration in plain JSON under comments; empty if it is written in another way."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("//")]
    try:
        parsed = json.loads("\n".join(lines) or "{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def is_ours(text: str) -> bool:
    """Whether the file is as it was written."""
    mark, _, rest = text.partition("\n")
    body = "".join(line for line in rest.splitlines(True) if not line.startswith("//"))
    return mark == f"{_MARK}{_digest(body)}"


def _scope(scope: str) -> str:
    kind, _, name = scope.partition("/")
    if scope != "mesh" and not (kind in ("user", "team") and is_slug(name)):
        raise BadInput(f"not a scope: {scope[:60]!r}", "a scope is mesh, user/NAME or team/NAME")
    return scope


def _digest(body: str) -> str:
    import hashlib

    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", "check the file and its permissions") from None


def _store(path: str, theirs: str, new: str, data: str) -> None:
    try:
        for folder in (os.path.dirname(path), data):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        if theirs:
            _put(path + ".bak", theirs)
        _put(path, new)
    except OSError as error:
        raise StoreUnwritable(
            f"cannot write {path}: {error.strerror}", "check the folder and its permissions"
        ) from None


def _put(path: str, text: str) -> None:
    temporary = f"{path}.{os.getpid()}"
    with open(os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
