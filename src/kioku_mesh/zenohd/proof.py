"""Does the zenohd that runs really put on disk what it is given? Found out without stopping it: nobody here owns it."""

from __future__ import annotations

import os
from contextlib import suppress

from ..errors import KiokuError
from ..mesh.storage_probe import Visit
from ..values import NamedTuple
from .status import Status, reachable

_STORING = 5.0  # seconds until what was written can be read
_FILES = 4  # the newest files that a write may be in
_KEY = "self-test/0/0/1/"  # below a storage; what is no record is passed over by all who hear it


class Proof(NamedTuple):
    """`stored`: could it be read back? `on_disk`: was it in the files; None where they cannot be looked at."""

    stored: bool
    on_disk: bool | None = None


def prove(found: Status) -> Proof | None:
    """Write something, read it back, look for it in the files of the storage, take it out again. None where nothing
    can be tried."""
    storages = [one for one in found.storages if one.state == "running" and one.persists and "/log/" in one.key]
    for endpoint in found.listen if storages else ():
        with suppress(KiokuError), Visit(reachable(endpoint)) as router:
            return _tried(router, storages[0].key.removesuffix("**"), storages[0].folder)
    return None


def _tried(router: Visit, below: str, folder: str) -> Proof:
    payload = os.urandom(32)
    key = f"{below}{_KEY}{payload[:4].hex()}"
    router.put(key, payload)
    try:
        if not router.settled(key, payload, _STORING):
            return Proof(False)
        return Proof(True, _has(folder, payload))
    finally:
        router.delete(key)


def _has(folder: str, payload: bytes) -> bool | None:
    """What was written last is in a write-ahead log of RocksDB, as it is."""
    try:
        with os.scandir(folder) as entries:
            logs = [(entry.stat().st_mtime, entry.path) for entry in entries if entry.name.endswith(".log")]
        for _, path in sorted(logs, reverse=True)[:_FILES]:
            with open(path, "rb") as file:
                if payload in file.read():
                    return True
    except OSError:  # of another user, or in a container
        return None
    return False
