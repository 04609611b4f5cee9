"""The files with which Docker runs a zenohd with RocksDB: made here, so that versions and digests stand in one place."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..config import Config
from ..errors import Internal, Refused, StoreUnwritable
from ..values import NamedTuple
from . import config as configuration
from .platforms import DEFAULT_VERSION, DIGESTS, Target

START = "docker compose up -d --build"
PORT = 7447
_DATA = "/data"
_CONFIG = "/etc/zenohd.json5"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}  # ours -> Docker's


class Made(NamedTuple):
    """Path -> `written` or `current`."""

    files: dict[str, str]


def write(config: Config, folder: str, scopes: Sequence[str] = (), force: bool = False) -> Made:
    """Write the files for the scopes of this machine and `scopes` into `folder`.

    Raises Refused when other files of these names are there (unless `force`), BadInput, StoreUnwritable.
    """
    wanted = files(configuration.settings_of(config, scopes).scopes)
    place = os.path.abspath(folder)
    found = {name: _read(os.path.join(place, name)) for name in wanted}
    foreign = [name for name, old in found.items() if old not in ("", wanted[name]) and not configuration.is_ours(old)]
    if foreign and not force:
        raise Refused(
            f"{place} has other files: {', '.join(foreign)}", "choose another folder, or --force to replace them"
        )
    try:
        os.makedirs(place, exist_ok=True)
        for name, text in wanted.items():
            if found[name] != text:
                with open(os.path.join(place, name), "w", encoding="utf-8", newline="\n") as file:
                    file.write(text)
    except OSError as error:
        raise StoreUnwritable(f"cannot write into {place}: {error.strerror}", "choose another folder") from None
    return Made(
        {os.path.join(place, name): "current" if found[name] == text else "written" for name, text in wanted.items()}
    )


def files(scopes: Sequence[str] = ("mesh",)) -> dict[str, str]:
    """Name -> text of the files."""
    settings = configuration.Settings(tuple(scopes), _DATA, (f"tcp/0.0.0.0:{PORT}",))
    return {
        "Dockerfile": _dockerfile(),
        "docker-compose.yaml": _compose(),
        configuration.FILE: configuration.text(settings),
    }


def _digest(machine: str) -> str:
    name = Target(f"{machine}-unknown-linux-musl").archives(DEFAULT_VERSION)[1].name
    if name not in DIGESTS:
        raise Internal(f"no digest is known for {name}")
    return DIGESTS[name]


def _dockerfile() -> str:
    arguments = "\n".join(f"ARG ROCKSDB_SHA256_{name.upper()}={_digest(name)}" for name in _MACHINES)
    cases = " \\\n".join(
        f'        {name}|{docker}) machine={name}; digest="$ROCKSDB_SHA256_{name.upper()}" ;;'
        for name, docker in _MACHINES.items()
    )
    return f"""# zenohd with the RocksDB backend, for kioku-mesh. Made by `kioku-mesh zenohd docker`.
# Another version: --build-arg ZENOH_VERSION=… and the digest of its backend for your platform, ROCKSDB_SHA256_….
# ZENOH_IMAGE=eclipse/zenoh:…@sha256:… pins the router too.
ARG ZENOH_VERSION={DEFAULT_VERSION}
ARG ZENOH_IMAGE=eclipse/zenoh:${{ZENOH_VERSION}}

FROM alpine:3 AS backend
ARG ZENOH_VERSION
ARG TARGETARCH
{arguments}
RUN set -eu; \\
    case "${{TARGETARCH:-$(uname -m)}}" in \\
{cases} \\
        *) echo "there is no RocksDB backend for ${{TARGETARCH:-$(uname -m)}}" >&2; exit 1 ;; \\
    esac; \\
    name="zenoh-backend-rocksdb-$ZENOH_VERSION-$machine-unknown-linux-musl-standalone.zip"; \\
    wget -q -O /tmp/backend.zip \\
        "https://github.com/eclipse-zenoh/zenoh-backend-rocksdb/releases/download/$ZENOH_VERSION/$name"; \\
    echo "$digest  /tmp/backend.zip" | sha256sum -c -; \\
    unzip -q -j /tmp/backend.zip -d /backend

FROM ${{ZENOH_IMAGE}}
COPY --from=backend /backend/libzenoh_backend_rocksdb.so /
VOLUME {_DATA}
EXPOSE {PORT}/tcp
ENTRYPOINT ["/zenohd"]
CMD ["-c", "{_CONFIG}"]
"""


def _compose() -> str:
    arguments = "\n".join(
        f"        ROCKSDB_SHA256_{name.upper()}: ${{ROCKSDB_SHA256_{name.upper()}:-{_digest(name)}}}"
        for name in _MACHINES
    )
    return f"""# An always-on hub for kioku-mesh. Made by `kioku-mesh zenohd docker`; {START} runs it.
services:
  zenohd:
    build:
      context: .
      args:
        ZENOH_VERSION: ${{ZENOH_VERSION:-{DEFAULT_VERSION}}}
{arguments}
    image: kioku-mesh-zenohd:${{ZENOH_VERSION:-{DEFAULT_VERSION}}}
    init: true
    restart: unless-stopped
    stop_grace_period: 30s
    environment:
      RUST_LOG: ${{RUST_LOG:-warn}}
    ports:
      # Only this machine, unless ZENOH_BIND names an address of the network the other machines are in.
      - "${{ZENOH_BIND:-127.0.0.1}}:{PORT}:{PORT}"
    volumes:
      - ./data/zenoh:{_DATA}
      - ./{configuration.FILE}:{_CONFIG}:ro
    security_opt:
      - no-new-privileges:true
    healthcheck:
      test: ["CMD", "nc", "-z", "127.0.0.1", "{PORT}"]
      interval: 30s
      timeout: 5s
      retries: 3
"""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StoreUnwritable(f"cannot read {path}: {error.strerror}", "choose another folder") from None
