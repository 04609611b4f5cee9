"""Where the pinned zenohd is: a folder named after its sources, so that a changed version is a new folder."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSION = "1.10.2"  # of the wheel too: they speak the same protocol, and the tests hold one against the other
SOURCES = ("Cargo.toml", "Cargo.lock", "router/Cargo.toml", "rocksdb/Cargo.toml", "rocksdb/build.rs", "rocksdb/src/lib.rs",
           "storage-manager/Cargo.toml", "storage-manager/src/lib.rs")  # fmt: skip
PRODUCTS = {  # what cargo makes -> the name under which the router looks for it
    "zenohd": "zenohd",
    "libstorage_manager.so": "libzenoh_plugin_storage_manager.so",
    "librocksdb_backend.so": "libzenoh_backend_rocksdb.so",
}
SUMS = "SHA256SUMS"


def folder(environ: Mapping[str, str]) -> Path:
    """The folder of these pins below the user's cache; it need not exist."""
    digest = hashlib.sha256(platform.machine().encode())
    for name in SOURCES:
        digest.update((HERE / name).read_bytes())
    cache = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home(), ".cache"))
    return Path(cache, "kioku-mesh-tests", f"zenohd-{digest.hexdigest()[:12]}")


def complete(folder: Path) -> bool:
    """Is everything there?"""
    return all((folder / name).exists() for name in (*PRODUCTS.values(), SUMS))
