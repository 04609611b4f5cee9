"""What zenohd is called on this platform: release targets, file names, archives, and digests that are known."""

from __future__ import annotations

import os
import sys

from ..errors import NotAvailable
from ..values import NamedTuple

DEFAULT_VERSION = "1.9.0"

# SHA-256 of published archives. Only what was verified stands here; for the rest somebody has to say it.
DIGESTS = {
    "zenoh-backend-rocksdb-1.9.0-x86_64-unknown-linux-musl-standalone.zip": (
        "88b13af5ddaadff9ec55c61765db6344666ae38731257877023b07c59a0c4bd1"
    ),
    "zenoh-backend-rocksdb-1.9.0-aarch64-unknown-linux-musl-standalone.zip": (
        "298734a4f50dfa12c27337cbafeb7d99949f4f3fda4c330ff6891d39fdd97112"
    ),
}
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
_SYSTEMS = {"darwin": "apple-darwin", "win32": "pc-windows-msvc"}
_SUPPORTED = "zenohd is published for Linux, macOS and Windows on x86_64 and aarch64 (Windows: x86_64)"


class Archive(NamedTuple):
    """One archive of a release, and the files we take out of it."""

    repository: str
    version: str
    name: str
    files: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where it lies below the host of the releases."""
        return f"/{self.repository}/releases/download/{self.version}/{self.name}"


class Target(NamedTuple):
    """A platform as the releases call it."""

    triple: str

    @property
    def program(self) -> str:
        return "zenohd.exe" if "windows" in self.triple else "zenohd"

    @property
    def plugin(self) -> str:
        return self._library("zenoh_plugin_storage_manager")

    @property
    def backend(self) -> str:
        return self._library("zenoh_backend_rocksdb")

    @property
    def files(self) -> tuple[str, ...]:
        """What an installation consists of."""
        return (self.program, self.plugin, self.backend)

    def archives(self, version: str) -> tuple[Archive, ...]:
        """The two archives of one version."""
        return (
            Archive(
                "eclipse-zenoh/zenoh",
                version,
                f"zenoh-{version}-{self.triple}-standalone.zip",
                (self.program, self.plugin),
            ),
            Archive(
                "eclipse-zenoh/zenoh-backend-rocksdb",
                version,
                f"zenoh-backend-rocksdb-{version}-{self.triple}-standalone.zip",
                (self.backend,),
            ),
        )

    def _library(self, name: str) -> str:
        if "windows" in self.triple:
            return f"{name}.dll"
        return f"lib{name}.dylib" if "apple" in self.triple else f"lib{name}.so"


def target(machine: str | None = None, system: str = sys.platform, musl: bool | None = None) -> Target:
    """This machine's target, or that of a described one. Raises NotAvailable where nothing is published."""
    named = (machine or _machine()).lower()
    architecture = _ARCHITECTURES.get(named)
    ending = _SYSTEMS.get(system)
    if system == "linux":
        ending = "unknown-linux-musl" if (_musl() if musl is None else musl) else "unknown-linux-gnu"
    if architecture is None or ending is None or (system == "win32" and architecture != "x86_64"):
        raise NotAvailable(f"there is no zenohd for {named} on {system}", _SUPPORTED)
    return Target(f"{architecture}-{ending}")


def _machine() -> str:
    import platform

    return platform.machine()


def _musl() -> bool:
    """Whether the C library is musl: the GNU one tells its version."""
    try:
        return not os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError, AttributeError):
        return True
